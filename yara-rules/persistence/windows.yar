// SPDX-License-Identifier: Apache-2.0
// Ways to be started again on Windows.

rule persistence_windows_run_key : persistence registry
{
	meta:
		id = "LOEP-0521"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that makes a program in a profile or temporary folder, or a script interpreter, start at each log-on."
		reference = "https://attack.mitre.org/techniques/T1547/001/"
		tlp = "TLP:CLEAR"
		score = 60
		attack = "T1547.001"

	strings:
		$reg = /\breg(\.exe)?["']?\s{1,4}add\s{1,4}["']?HK(CU|LM|EY_CURRENT_USER|EY_LOCAL_MACHINE)\\[^\n]{0,60}\\CurrentVersion\\Run(Once)?\b["']?[^\n]{0,120}(\\AppData\\|\\Temp\\|%(appdata|temp|tmp|public|localappdata|programdata)%|\\Users\\Public\\|\\ProgramData\\|powershell|mshta|wscript|cscript|rundll32|regsvr32)/ nocase ascii wide
		$ps = /\b(Set-ItemProperty|New-ItemProperty|sp)\b[^\n]{0,60}HK(CU|LM):?\\[^\n]{0,60}\\CurrentVersion\\Run(Once)?\b[^\n]{0,160}(\$env:|\\AppData\\|\\Temp\\|\\Users\\Public\\|\\ProgramData\\|powershell|mshta|wscript|rundll32|regsvr32)/ nocase ascii wide
		$wsh = /\.RegWrite\b[^\n]{0,20}["']HK(CU|LM|EY_CURRENT_USER|EY_LOCAL_MACHINE)\\[^\n]{0,60}\\CurrentVersion\\Run(Once)?\\/ nocase ascii wide
		$python = /(winreg|_winreg)\.(OpenKey|CreateKey)[^\n]{0,120}CurrentVersion\\{1,2}Run\b/ nocase

	condition:
		filesize < 2MB
		and uint16(0) != 0x5a4d and uint32(0) != 0x464c457f
		and any of them
}

rule persistence_windows_scheduled_task : persistence task
{
	meta:
		id = "LOEP-0522"
		author = "Loep"
		date = "2026-11-21"
		description = "A script or command that makes a scheduled task of a script interpreter or of a program in a profile or temporary folder."
		reference = "https://attack.mitre.org/techniques/T1053/005/"
		tlp = "TLP:CLEAR"
		score = 55
		attack = "T1053.005"

	strings:
		$cmd = /\bschtasks(\.exe)?["']?\s[^\n]{0,40}\/create\b[^\n]{0,200}(powershell|pwsh|mshta|wscript|cscript|rundll32|regsvr32|\\AppData\\|\\Temp\\|%(appdata|temp|tmp|public|localappdata)%|\\Users\\Public\\|\\ProgramData\\)/ nocase ascii wide
		$ps = /\bNew-ScheduledTaskAction\b[^\n]{0,60}-Execute\b[^\n]{0,40}(powershell|pwsh|mshta|wscript|cscript|rundll32|regsvr32|\$env:|\\AppData\\|\\Temp\\)/ nocase ascii wide

	condition:
		filesize < 16MB
		and any of them
}

rule persistence_windows_task_file : persistence task
{
	meta:
		id = "LOEP-0523"
		author = "Loep"
		date = "2026-11-21"
		description = "The XML of a scheduled task that starts a script interpreter with hidden or encoded content, or a program in a profile or temporary folder."
		reference = "https://learn.microsoft.com/en-us/windows/win32/taskschd/task-scheduler-schema"
		tlp = "TLP:CLEAR"
		score = 55
		attack = "T1053.005"

	strings:
		$task = "http://schemas.microsoft.com/windows/2004/02/mit/task" ascii wide
		$command = /<Command>\s{0,8}["']?[^<\n]{0,120}(powershell|pwsh|mshta|wscript|cscript|rundll32|regsvr32|cmd(\.exe)?\s{0,4}<)/ nocase ascii wide
		$place = /<Command>\s{0,8}["']?[^<\n]{0,120}(\\AppData\\|\\Temp\\|%(appdata|temp|tmp|public)%|\\Users\\Public\\)/ nocase ascii wide
		$arguments = /<Arguments>[^<]{0,200}(-w(indowstyle)?\s{1,4}h|-e(nc|ncodedcommand|c)?\s{1,4}[A-Za-z0-9+\/]{20}|DownloadString|\biex\b|https?:\/\/|javascript:|vbscript:|\.(vbs|js|hta)\b)/ nocase ascii wide

	condition:
		filesize < 256KB
		and $task
		and ($place or ($command and $arguments))
}

rule persistence_windows_wmi : persistence wmi
{
	meta:
		id = "LOEP-0524"
		author = "Loep"
		date = "2026-11-21"
		description = "A script or MOF file that binds a command or a script to a WMI event."
		reference = "https://attack.mitre.org/techniques/T1546/003/"
		tlp = "TLP:CLEAR"
		score = 70
		attack = "T1546.003"

	strings:
		$filter = "__EventFilter" nocase ascii wide
		$binding = "__FilterToConsumerBinding" nocase ascii wide
		$command = "CommandLineEventConsumer" nocase ascii wide
		$script = "ActiveScriptEventConsumer" nocase ascii wide
		$write_ps = /\b(Set-WmiInstance|New-CimInstance|CreateInstance\s{0,4}\(|\.Put\s{0,4}\(|Put_\b|SpawnInstance_)/ nocase ascii wide
		$write_mof = /\binstance\s{1,4}of\s{1,4}(__EventFilter|CommandLineEventConsumer|ActiveScriptEventConsumer)/ nocase ascii wide
		$write_wmic = /\bwmic\b[^\n]{0,120}\bcreate\b/ nocase ascii wide

	condition:
		filesize < 4MB
		and $filter and $binding
		and any of ($command, $script)
		and any of ($write*)
}

rule persistence_windows_accessibility : persistence backdoor
{
	meta:
		id = "LOEP-0525"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that makes a key of the log-on screen start another program."
		reference = "https://attack.mitre.org/techniques/T1546/008/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1546.008,T1546.012"

	strings:
		$ifeo = /Image File Execution Options\\(sethc|utilman|osk|magnify|narrator|displayswitch|atbroker)\.exe[^\n]{0,80}(debugger|cmd|powershell)/ nocase ascii wide
		$copy = /\b(copy|move|xcopy|Copy-Item|cp)\b[^\n]{0,80}\b(cmd|powershell|explorer)\.exe["']?\s[^\n]{0,80}\\(sethc|utilman|osk|magnify|narrator|displayswitch)\.exe/ nocase ascii wide

	condition:
		filesize < 2MB
		and any of them
}

rule persistence_windows_service : persistence service
{
	meta:
		id = "LOEP-0526"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that makes a service of a script interpreter or of a program in a profile or temporary folder."
		reference = "https://attack.mitre.org/techniques/T1543/003/"
		tlp = "TLP:CLEAR"
		score = 50
		attack = "T1543.003"

	strings:
		$sc = /\bsc(\.exe)?["']?\s{1,4}(\\\\[\w.-]{1,60}\s{1,4})?create\s{1,4}[^\n]{1,50}binpath\s{0,2}=\s{0,4}["']?[^\n]{0,50}(powershell|cmd(\.exe)?\s{1,4}\/c|mshta|rundll32|regsvr32|\\AppData\\|\\Temp\\|%(appdata|temp|tmp|public|comspec)%|\\Users\\Public\\|\\ProgramData\\)/ nocase ascii wide
		$ps = /\bNew-Service\b[^\n]{0,120}-BinaryPathName\b[^\n]{0,80}(powershell|cmd(\.exe)?\s{1,4}\/c|\$env:|\\AppData\\|\\Temp\\|\\Users\\Public\\)/ nocase ascii wide

	condition:
		filesize < 2MB
		and any of them
}
