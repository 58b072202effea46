// SPDX-License-Identifier: Apache-2.0
// Macros of office documents.

rule dropper_macro_auto_run : dropper macro vba
{
	meta:
		id = "LOEP-0461"
		author = "Loep"
		date = "2026-11-21"
		description = "Visual Basic source that runs by itself when a document opens and starts a program or a script."
		reference = "https://attack.mitre.org/techniques/T1059/005/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1059.005,T1204.002,T1137"

	strings:
		$auto = /\bSub\s{1,4}(Auto_?(Open|Exec|Close|New)|Document_?(Open|Close|New|BeforeClose)|Workbook_?(Open|Activate|BeforeClose)|_?(Frame1|Inkpicture1)_(Layout|Painted)\w{0,4})\b/ nocase ascii wide
		$run_shell = /(^|[\n=:(]|\bCall\s|\bThen\s)\s{0,24}(VBA\.)?Shell\s{0,4}[\( ]\s{0,4}["'\w]/ nocase ascii wide
		$run_com = /\b(CreateObject|GetObject)\s{0,4}\(\s{0,4}"(WScript\.Shell|Shell\.Application|winmgmts:[^"]{0,60}|MSXML2\.[^"]{4,30}|new:[^"]{8,60}|Schedule\.Service|Outlook\.Application)"/ nocase ascii wide
		$run_built = /\b(CreateObject|GetObject|Shell)\s{0,4}\(?\s{0,4}(Chr|StrReverse|Replace|Mid|\w{1,24}\s{0,4}\()/ nocase ascii wide

	condition:
		filesize < 8MB
		and uint16(0) != 0x5a4d and uint32(0) != 0x464c457f
		and $auto
		and any of ($run*)
}

rule dropper_macro_fetch : dropper macro vba
{
	meta:
		id = "LOEP-0462"
		author = "Loep"
		date = "2026-11-21"
		description = "Visual Basic source that runs by itself, fetches a file and stores it."
		reference = "https://attack.mitre.org/techniques/T1105/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1059.005,T1105"

	strings:
		$auto = /\bSub\s{1,4}(Auto_?(Open|Exec|Close)|Document_?(Open|Close|New)|Workbook_?(Open|Activate))\b/ nocase ascii wide
		$fetch_api = /\b(Lib\s{1,4}"urlmon"|URLDownloadToFile[AW]?)\b/ nocase ascii wide
		$fetch_com = /"(MSXML2\.(Server)?XMLHTTP(\.6\.0)?|Microsoft\.XMLHTTP|WinHttp\.WinHttpRequest\.5\.1)"/ nocase ascii wide
		$fetch_cmd = /\b(DownloadFile|DownloadString|bitsadmin|certutil|Invoke-WebRequest)\b/ nocase ascii wide
		$store = /\b(Environ\$?\s{0,4}\(\s{0,4}"(temp|tmp|appdata|public|userprofile)"|SaveToFile|ADODB\.Stream|\.exe"|\.dll"|\.vbs"|\.hta")/ nocase ascii wide

	condition:
		filesize < 8MB
		and uint16(0) != 0x5a4d and uint32(0) != 0x464c457f
		and $auto and any of ($fetch*) and $store
}

rule dropper_macro_memory : dropper macro vba shellcode
{
	meta:
		id = "LOEP-0463"
		author = "Loep"
		date = "2026-11-21"
		description = "Visual Basic source that declares the functions with which code is put into memory and started."
		reference = "https://attack.mitre.org/techniques/T1106/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T1059.005,T1055,T1106"

	strings:
		$declare = /\bDeclare\s{1,4}(PtrSafe\s{1,4})?(Function|Sub)\s{1,4}\w{1,40}\s{1,4}Lib\s{1,4}"(kernel32|ntdll|user32)(\.dll)?"/ nocase ascii wide
		$alloc = /\b(VirtualAlloc(Ex)?|NtAllocateVirtualMemory|HeapCreate|HeapAlloc|VirtualProtect)\b/ nocase ascii wide
		$copy = /\b(RtlMoveMemory|WriteProcessMemory|NtWriteVirtualMemory|RtlCopyMemory)\b/ nocase ascii wide
		$start = /\b(CreateThread|CreateRemoteThread|EnumSystemLocales\w?|EnumWindows|CreateTimerQueueTimer|QueueUserAPC|SetTimer|CallWindowProc\w?|EnumChildWindows|RtlCreateUserThread)\b/ nocase ascii wide

	condition:
		filesize < 8MB
		and uint16(0) != 0x5a4d and uint32(0) != 0x464c457f
		and all of them
}

rule dropper_macro_document : dropper macro ole
{
	meta:
		id = "LOEP-0464"
		author = "Loep"
		date = "2026-11-21"
		description = "An Office document of the old format, or a macro part of a new one, with compressed macros that run by themselves and name a way to start programs."
		reference = "https://learn.microsoft.com/en-us/openspecs/office_file_formats/ms-ovba/"
		tlp = "TLP:CLEAR"
		score = 50
		attack = "T1204.002,T1137"

	strings:
		$module = "\x00Attribut\x00e VB_"
		$auto = /(Auto_?Open|Auto_?Exec|Auto_?Close|Document_?Open|Document_?Close|Workbook_?Open|Workbook_?Activate)/ nocase
		$run_shell = "WScript" nocase
		$run_shell_application = "Shell.Appl" nocase
		$run_object = "CreateObject" nocase
		$run_powershell = "powershell" nocase ascii wide
		$run_http = "XMLHTTP" nocase
		$run_url = "URLDownloadTo" nocase
		$run_virtual = "VirtualAlloc" nocase
		$run_environ = "Environ" nocase

	condition:
		uint32(0) == 0xe011cfd0 and uint32(4) == 0xe11ab1a1
		and filesize < 64MB
		and $module and $auto
		and 2 of ($run*)
}
