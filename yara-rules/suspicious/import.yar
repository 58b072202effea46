// SPDX-License-Identifier: Apache-2.0
// Combinations of Windows functions that a program of good intent seldom has together.

rule suspicious_import_remote_thread : suspicious pe injection
{
	meta:
		id = "LOEP-0231"
		author = "Loep"
		date = "2026-11-21"
		description = "A PE file with the functions that start code in another process."
		reference = "https://attack.mitre.org/techniques/T1055/"
		tlp = "TLP:CLEAR"
		score = 45
		attack = "T1055.001,T1055.002"

	strings:
		$open = "OpenProcess" fullword
		$alloc = /\b(Nt|Zw)?(VirtualAllocEx|AllocateVirtualMemory)\b/
		$write = /\b(WriteProcessMemory|(Nt|Zw)WriteVirtualMemory)\b/
		$thread = /\b(CreateRemoteThread(Ex)?|RtlCreateUserThread|(Nt|Zw)CreateThreadEx)\b/
		$system = /\b(BaseThreadInitThunk|LdrInitializeThunk|KernelBaseGetGlobalData)\b/

	condition:
		uint16(0) == 0x5a4d
		and filesize < 4MB
		and not $system
		and all of ($open, $alloc, $write, $thread)
}

rule suspicious_import_hollowing : suspicious pe injection
{
	meta:
		id = "LOEP-0232"
		author = "Loep"
		date = "2026-11-21"
		description = "A PE file with the functions that replace the code of a new, suspended process."
		reference = "https://attack.mitre.org/techniques/T1055/012/"
		tlp = "TLP:CLEAR"
		score = 60
		attack = "T1055.012"

	strings:
		$create = /\bCreateProcess(As(User|))?[AW]\b/
		$unmap = /\b(Nt|Zw)UnmapViewOfSection\b/
		$write = /\b(WriteProcessMemory|(Nt|Zw)WriteVirtualMemory)\b/
		$context = /\b(SetThreadContext|Wow64SetThreadContext|(Nt|Zw)SetContextThread)\b/
		$resume = /\b(ResumeThread|(Nt|Zw)ResumeThread)\b/
		$system = /\b(BaseThreadInitThunk|LdrInitializeThunk|KernelBaseGetGlobalData)\b/

	condition:
		uint16(0) == 0x5a4d
		and filesize < 4MB
		and not $system
		and all of ($create, $unmap, $write, $context, $resume)
}

rule suspicious_import_apc : suspicious pe injection
{
	meta:
		id = "LOEP-0233"
		author = "Loep"
		date = "2026-11-21"
		description = "A PE file with the functions that queue code to a thread of another process."
		reference = "https://attack.mitre.org/techniques/T1055/004/"
		tlp = "TLP:CLEAR"
		score = 50
		attack = "T1055.004"

	strings:
		$alloc = /\b(VirtualAllocEx|(Nt|Zw)AllocateVirtualMemory)\b/
		$write = /\b(WriteProcessMemory|(Nt|Zw)WriteVirtualMemory)\b/
		$queue = /\b(QueueUserAPC2?|(Nt|Zw)QueueApcThread(Ex)?)\b/
		$find = /\b(OpenThread|Thread32First|CreateProcess[AW]|ResumeThread)\b/
		$system = /\b(BaseThreadInitThunk|LdrInitializeThunk|KernelBaseGetGlobalData)\b/

	condition:
		uint16(0) == 0x5a4d
		and filesize < 4MB
		and not $system
		and all of ($alloc, $write, $queue, $find)
}

rule suspicious_import_keylogger : suspicious pe keylogging
{
	meta:
		id = "LOEP-0234"
		author = "Loep"
		date = "2026-11-21"
		description = "A small PE file that reads every key and the title of the window that gets it."
		reference = "https://attack.mitre.org/techniques/T1056/001/"
		tlp = "TLP:CLEAR"
		score = 45
		attack = "T1056.001"

	strings:
		$hook = /\bSetWindowsHookEx[AW]\b/
		$raw = "RegisterRawInputDevices" fullword
		$state = "GetAsyncKeyState" fullword
		$window = "GetForegroundWindow" fullword
		$title = /\bGetWindowText[AW]\b/
		$name = /\bGetKeyNameText[AW]\b/
		$map = /\b(MapVirtualKey(Ex)?[AW]|ToUnicode(Ex)?|ToAscii)\b/
		$label = /[\[<{](enter|return|backspace|caps ?lock|page ?up|esc|tab)[\]>}]/ nocase ascii wide

	condition:
		uint16(0) == 0x5a4d
		and filesize < 2MB
		and $window and $title
		and (1 of ($hook, $raw, $state))
		and ($label or ($name and $map and $state))
}

rule suspicious_import_antidebug : suspicious pe evasion
{
	meta:
		id = "LOEP-0235"
		author = "Loep"
		date = "2026-11-21"
		description = "A PE file that looks for a debugger in four ways or more."
		reference = "https://attack.mitre.org/techniques/T1622/"
		tlp = "TLP:CLEAR"
		score = 45
		attack = "T1622"

	strings:
		$remote = "CheckRemoteDebuggerPresent" fullword
		$present = "IsDebuggerPresent" fullword
		$query = /\b(Nt|Zw)QueryInformationProcess\b/
		$hide = /\b(Nt|Zw)SetInformationThread\b/
		$close = "DbgUiRemoteBreakin" fullword
		$break = "DbgBreakPoint" fullword
		$tool_olly = "OLLYDBG" nocase ascii wide
		$tool_x64 = /\bx(32|64)dbg\b/ nocase ascii wide
		$tool_ida = /\bida(q|g|w|u)?(64)?\.exe\b/ nocase ascii wide
		$tool_monitor = /\bproc(mon|exp|esshacker)(64)?\.exe\b/ nocase ascii wide
		$tool_shark = "wireshark.exe" nocase ascii wide
		$tool_windbg = "WinDbgFrameClass" ascii wide
		$system = /\b(BaseThreadInitThunk|LdrInitializeThunk|KernelBaseGetGlobalData)\b/

	condition:
		uint16(0) == 0x5a4d
		and filesize < 4MB
		and not $system
		and 1 of ($remote, $hide, $close, $tool*)
		and 4 of ($remote, $present, $query, $hide, $close, $break, $tool*)
}

rule suspicious_import_token : suspicious pe privilege
{
	meta:
		id = "LOEP-0236"
		author = "Loep"
		date = "2026-11-21"
		description = "A PE file that takes the token of another process and starts a program with it."
		reference = "https://attack.mitre.org/techniques/T1134/002/"
		tlp = "TLP:CLEAR"
		score = 40
		attack = "T1134.001,T1134.002"

	strings:
		$open = "OpenProcessToken" fullword
		$duplicate = "DuplicateTokenEx" fullword
		$adjust = "AdjustTokenPrivileges" fullword
		$debug = "SeDebugPrivilege" ascii wide
		$start = /\bCreateProcess(WithToken|AsUser)[AW]\b/
		$victim = /\b(winlogon|lsass|spoolsv|services)\.exe\b/ nocase ascii wide

	condition:
		uint16(0) == 0x5a4d
		and filesize < 4MB
		and all of them
}

rule suspicious_import_driver : suspicious pe kernel
{
	meta:
		id = "LOEP-0237"
		author = "Loep"
		date = "2026-11-21"
		description = "A PE file that loads a kernel driver by the native call or installs one that lies in a temporary folder."
		reference = "https://attack.mitre.org/techniques/T1543/003/"
		tlp = "TLP:CLEAR"
		score = 45
		attack = "T1543.003,T1068"

	strings:
		$load = /\b(Nt|Zw)LoadDriver\b/
		$privilege = "SeLoadDriverPrivilege" ascii wide
		$registry = "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\" nocase ascii wide
		$device = /\\\\\.\\[A-Za-z0-9_]{3,32}\x00/ ascii wide
		$system = /\b(BaseThreadInitThunk|LdrInitializeThunk|KernelBaseGetGlobalData)\b/

	condition:
		uint16(0) == 0x5a4d
		and filesize < 4MB
		and not $system
		and uint16(uint32(0x3c) + 92) != 1
		and $load and $registry and any of ($privilege, $device)
}

rule suspicious_import_amsi : suspicious evasion
{
	meta:
		id = "LOEP-0238"
		author = "Loep"
		date = "2026-11-21"
		description = "A program or script that overwrites the functions by which Windows shows scripts and events to defenders."
		reference = "https://attack.mitre.org/techniques/T1562/001/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1562.001"

	strings:
		$amsi_dll = "amsi.dll" nocase ascii wide
		$amsi_scan = "AmsiScanBuffer" nocase ascii wide
		$amsi_open = "AmsiOpenSession" nocase ascii wide
		$amsi_net = "AmsiUtils" nocase ascii wide
		$amsi_flag = "amsiInitFailed" nocase ascii wide
		$etw = "EtwEventWrite" fullword ascii wide
		$protect = "VirtualProtect" ascii wide
		$address = "GetProcAddress" ascii wide
		$set = /\bSetValue\s*\(\s*\$null\s*,/ nocase ascii wide

	condition:
		filesize < 4MB
		and (
			($amsi_net and $amsi_flag and $set)
			or ($amsi_dll and 1 of ($amsi_scan, $amsi_open)
			and $protect and $address)
			or ($etw and $amsi_dll and $protect)
		)
}

rule suspicious_import_sandbox : suspicious evasion
{
	meta:
		id = "LOEP-0239"
		author = "Loep"
		date = "2026-11-21"
		description = "A program that knows the drivers, files and processes of several sandboxes and virtual machines."
		reference = "https://attack.mitre.org/techniques/T1497/001/"
		tlp = "TLP:CLEAR"
		score = 45
		attack = "T1497.001"

	strings:
		$vbox_service = "VBoxService.exe" nocase ascii wide
		$vbox_mouse = "VBoxMouse.sys" nocase ascii wide
		$vbox_guest = "\\\\.\\VBoxMiniRdrDN" nocase ascii wide
		$vmware_tools = "vmtoolsd.exe" nocase ascii wide
		$vmware_hgfs = "vmhgfs.sys" nocase ascii wide
		$vmware_tray = "vmwaretray.exe" nocase ascii wide
		$sandboxie = "SbieDll.dll" nocase ascii wide
		$cuckoo = "\\\\.\\pipe\\cuckoo" nocase ascii wide
		$qemu = "qemu-ga.exe" nocase ascii wide
		$joe = "joeboxcontrol.exe" nocase ascii wide
		$parallels = "prl_cc.exe" nocase ascii wide
		$xen = "xenservice.exe" nocase ascii wide
		$wine = "wine_get_unix_file_name" ascii wide

	condition:
		(uint16(0) == 0x5a4d or uint32(0) == 0x464c457f or filesize < 512KB)
		and filesize < 8MB
		and 4 of them
}

rule suspicious_import_uac : suspicious privilege
{
	meta:
		id = "LOEP-0240"
		author = "Loep"
		date = "2026-11-21"
		description = "A program or script that puts a command where a self-elevating Windows program will run it."
		reference = "https://attack.mitre.org/techniques/T1548/002/"
		tlp = "TLP:CLEAR"
		score = 70
		attack = "T1548.002"

	strings:
		$key_settings = "ms-settings\\shell\\open\\command" nocase ascii wide
		$key_mscfile = "mscfile\\shell\\open\\command" nocase ascii wide
		$key_exefile = "Classes\\exefile\\shell\\open\\command" nocase ascii wide
		$key_folder = "Classes\\Folder\\shell\\open\\command" nocase ascii wide
		$delegate = "DelegateExecute" nocase ascii wide
		$run_fod = "fodhelper" nocase ascii wide
		$run_computer = "computerdefaults" nocase ascii wide
		$run_event = "eventvwr" nocase ascii wide
		$run_sdclt = "sdclt.exe" nocase ascii wide
		$run_slui = "slui.exe" nocase ascii wide

	condition:
		filesize < 8MB
		and 1 of ($key*)
		and 1 of ($run*, $delegate)
}
