// SPDX-License-Identifier: Apache-2.0
// PowerShell that fetches, unpacks or hides something.

rule dropper_powershell_cradle : dropper powershell
{
	meta:
		id = "LOEP-0421"
		author = "Loep"
		date = "2026-11-21"
		description = "PowerShell that fetches text and runs it without writing it to disk."
		reference = "https://attack.mitre.org/techniques/T1059/001/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1059.001,T1105"

	strings:
		$iex_web = /\b(iex|Invoke-Expression)\s{0,4}(["(&$.][^\n]{0,120})?\b(DownloadString|DownloadData|Invoke-WebRequest|Invoke-RestMethod|iwr|irm|OpenRead)\b/ nocase ascii wide
		$web_iex = /\b(DownloadString|DownloadData|Invoke-WebRequest|Invoke-RestMethod|iwr|irm)\b[^\n]{0,300}\|\s{0,4}(iex|Invoke-Expression|&\s{0,4}\()/ nocase ascii wide
		$com = /-ComObject\s{1,4}["']?(MSXML2\.(Server)?XMLHTTP|WinHttp\.WinHttpRequest|InternetExplorer\.Application|Excel\.Application)[^|]{0,400}\b(iex|Invoke-Expression)\b/ nocase ascii wide
		$bits = /\bStart-BitsTransfer\b[^|]{0,300}\b(Start-Process|Invoke-Item|saps|ii|iex)\b/ nocase ascii wide
		$comment = "\n.EXAMPLE"

	condition:
		filesize < 4MB
		and any of ($iex_web, $web_iex, $com, $bits)
		and not $comment
}

rule dropper_powershell_fetch_start : dropper powershell
{
	meta:
		id = "LOEP-0422"
		author = "Loep"
		date = "2026-11-21"
		description = "PowerShell that fetches a program into a temporary or profile folder and starts it."
		reference = "https://attack.mitre.org/techniques/T1105/"
		tlp = "TLP:CLEAR"
		score = 55
		attack = "T1059.001,T1105"

	strings:
		$fetch = /\b(DownloadFile(Async)?\s{0,4}\(|Invoke-WebRequest\b[^\n]{0,200}-OutFile|iwr\b[^\n]{0,200}-o(utfile)?\b|Start-BitsTransfer\b)/ nocase ascii wide
		$place = /(\$env:(temp|tmp|appdata|localappdata|public|programdata)|\\(AppData|Temp|Users\\Public|ProgramData)\\|%(temp|appdata|public)%|GetTempPath)/ nocase ascii wide
		$start = /\b(Start-Process|Invoke-Item|saps|ShellExecute|Invoke-WmiMethod|\[Diagnostics\.Process\]::Start|Process\]::Start)\b/ nocase ascii wide
		$type = /\.(exe|dll|scr|hta|vbs|js|ps1|bat|cmd|msi)\b/ nocase ascii wide
		$hide = /(-w(indowstyle)?\s{1,4}h(idden)?\b|-ExecutionPolicy\s{1,4}(Bypass|Unrestricted)|-ep\s{1,4}bypass|-nop(rofile)?\b|\bhidden\b)/ nocase ascii wide

	condition:
		filesize < 512KB
		and uint16(0) != 0x5a4d and uint32(0) != 0x464c457f
		and all of them
}

rule dropper_powershell_encoded : dropper powershell obfuscation
{
	meta:
		id = "LOEP-0423"
		author = "Loep"
		date = "2026-11-21"
		description = "A PowerShell command line with an encoded command."
		reference = "https://attack.mitre.org/techniques/T1027/010/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1059.001,T1027.010"

	strings:
		$command = /\b(powershell|pwsh)(\.exe)?["']?\s[^\n]{0,120}[-\/]e(c|n|nc|nco|ncod|ncode|ncoded|ncodedc\w{0,8})?\s{1,4}["']?[A-Za-z0-9+\/]{40}/ nocase ascii wide
		$start = /[-\/]e(c|n|nc|ncodedc\w{0,8})\s{1,4}["']?(JAB|SQBFAFgA|SQBuAHYAbwBrAGUA|aQBlAHgA|aQBuAHYAbwBrAGUA|cABvAHcAZQByAHMAaABlAGwAbAA|WwBTAHkAcwB0AGUAbQAu|UwBlAHQALQ|KABOAGUAdwAtAE8AYgBqAGUAYwB0A)/ ascii wide

	condition:
		filesize < 16MB
		and any of them
}

rule dropper_powershell_unpack : dropper powershell obfuscation
{
	meta:
		id = "LOEP-0424"
		author = "Loep"
		date = "2026-11-21"
		description = "PowerShell that unpacks text from Base64 or compression and runs it."
		reference = "https://attack.mitre.org/techniques/T1140/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1059.001,T1140,T1027.010"

	strings:
		$decode = "FromBase64String" nocase ascii wide
		$stream = /\b(IO\.Compression\.)?(Gzip|Deflate)Stream\b/ nocase ascii wide
		$memory = /\bIO\.MemoryStream\b/ nocase ascii wide
		$run_iex = /(\||;|\(|&|\n|^)\s{0,4}(iex|Invoke-Expression)\b/ nocase ascii wide
		$run_block = /\[ScriptBlock\]::Create\s{0,4}\(/ nocase ascii wide
		$run_concat_i = "'i'+'ex'" nocase ascii wide
		$run_concat_ie = "'ie'+'x'" nocase ascii wide
		$run_concat_double_i = "\"i\"+\"ex\"" nocase ascii wide
		$run_concat_double_ie = "\"ie\"+\"x\"" nocase ascii wide
		$run_env = /\$(env:comspec|pshome|shellid|verbosepreference)\.?(tostring\(\))?\[\s{0,4}\d/ nocase ascii wide
		$text = /\b(ASCII|UTF8|Unicode|StreamReader)\b/ nocase ascii wide

	condition:
		filesize < 4MB
		and uint16(0) != 0x5a4d and uint32(0) != 0x464c457f
		and $decode
		and any of ($run*)
		and (
			$stream or ($memory and $text) or #decode > 3
			or any of ($run_concat*, $run_env)
		)
}

rule dropper_powershell_memory : dropper powershell injection
{
	meta:
		id = "LOEP-0425"
		author = "Loep"
		date = "2026-11-21"
		description = "PowerShell that puts code or a .NET program into memory and runs it there."
		reference = "https://attack.mitre.org/techniques/T1620/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1059.001,T1620,T1055"

	strings:
		$assembly = /\[(System\.)?(Reflection\.)?Assembly\]::Load\s{0,4}\(\s{0,4}(\$|\[(System\.)?Convert\]::FromBase64String)/ nocase ascii wide
		$invoke = /\b(EntryPoint|GetMethod|GetType|CreateInstance)\b[^\n]{0,80}\bInvoke\b/ nocase ascii wide
		$delegate = "GetDelegateForFunctionPointer" nocase ascii wide
		$virtual = /\b(VirtualAlloc(Ex)?|VirtualProtect)\b/ nocase ascii wide
		$thread = /\b(CreateThread|CreateRemoteThread|EnumWindows|CallWindowProc)\b/ nocase ascii wide
		$copy = /\[(System\.)?(Runtime\.InteropServices\.)?Marshal\]::(Copy|WriteByte)/ nocase ascii wide
		$import = "DllImport" nocase ascii wide

	condition:
		filesize < 8MB
		and uint16(0) != 0x5a4d and uint32(0) != 0x464c457f
		and (
			($assembly and $invoke)
			or ($delegate and $virtual and $copy)
			or ($import and $virtual and $thread and $copy)
		)
}

rule dropper_powershell_scrambled : dropper powershell obfuscation
{
	meta:
		id = "LOEP-0426"
		author = "Loep"
		date = "2026-11-21"
		description = "PowerShell whose words are cut up with back-ticks, format strings or character codes."
		reference = "https://attack.mitre.org/techniques/T1027/010/"
		tlp = "TLP:CLEAR"
		score = 60
		attack = "T1059.001,T1027.010"

	strings:
		$format = /\(\s{0,4}["']\{\d{1,2}\}\{\d{1,2}\}[{}\d]{0,120}["']\s{0,4}-f\s{0,4}["']/ nocase ascii wide
		$chars = /\[char\]\s{0,4}(\(?\s{0,4})?(0x[0-9a-f]{2}|\d{2,3})\s{0,4}\)?\s{0,4}\+\s{0,4}\[char\]/ nocase ascii wide
		$ticks = /(New-|Invoke-|Download|Start-|Get-|Set-)[a-z]{0,8}`[a-z]/ nocase ascii wide
		$join = /-join\s{0,4}\(?\s{0,4}\(?(\(\s{0,4}\d{1,3}\s{0,4},\s{0,4}\d{1,3}\s{0,4},|["']\d{1,3}[^\d\s'"]\d{1,3}[^\d\s'"])/ nocase ascii wide
		$ps = /(powershell|New-Object|Invoke-|\$env:|\$pshome|-replace)/ nocase ascii wide

	condition:
		filesize < 2MB
		and uint16(0) != 0x5a4d and uint32(0) != 0x464c457f
		and $ps
		and (#format > 3 or #chars > 12 or #ticks > 4 or $join)
}
