// SPDX-License-Identifier: Apache-2.0
// HTML applications and other Windows loaders.

rule dropper_hta_command : dropper hta
{
	meta:
		id = "LOEP-0451"
		author = "Loep"
		date = "2026-11-21"
		description = "An HTML application that starts a program."
		reference = "https://attack.mitre.org/techniques/T1218/005/"
		tlp = "TLP:CLEAR"
		score = 70
		attack = "T1218.005,T1059.005"

	strings:
		$tag = /<(hta:application|script\s[^>]{0,80}(vbscript|jscript|javascript))/ nocase ascii wide
		$shell = /\b(CreateObject|ActiveXObject|GetObject)\s{0,4}\(\s{0,4}["'](WScript\.Shell|Shell\.Application|winmgmts:|new:)/ nocase ascii wide
		$run = /\.\s{0,4}(Run|Exec|ShellExecute|Create)\b\s{0,4}\(?\s{0,4}["'\w]/ nocase ascii wide
		$program = /\b(powershell|cmd(\.exe)?\s{1,4}\/|mshta|regsvr32|rundll32|certutil|bitsadmin|wscript|cscript|\w{2,20}\.exe)\b/ nocase ascii wide
		$close = /\b(window\.close|self\.close|windowstate\s{0,4}=\s{0,4}["']?minimize|showintaskbar\s{0,4}=\s{0,4}["']?no|moveTo\s{0,4}\(|resizeTo\s{0,4}\()/ nocase ascii wide

	condition:
		filesize < 2MB
		and uint16(0) != 0x5a4d and uint32(0) != 0x464c457f
		and $tag and $shell and $run and $program and $close
}

rule dropper_hta_living_off : dropper lolbin
{
	meta:
		id = "LOEP-0452"
		author = "Loep"
		date = "2026-11-21"
		description = "A command line in which a program of Windows itself fetches or decodes a file or runs a script from the network."
		reference = "https://attack.mitre.org/techniques/T1218/"
		tlp = "TLP:CLEAR"
		score = 60
		attack = "T1218,T1105,T1140"

	strings:
		$certutil_url = /\bcertutil(\.exe)?["']?\s[^\n]{0,60}-urlcache\b[^\n]{0,80}https?:\/\// nocase ascii wide
		$certutil_decode = /\bcertutil(\.exe)?["']?\s{1,4}(-f\s{1,4})?-decode(hex)?\s{1,4}[^\n]{3,120}\.(exe|dll|bat|ps1|vbs|js|hta)\b/ nocase ascii wide
		$mshta = /\bmshta(\.exe)?["']?\s{1,4}["']?(https?:\/\/|javascript:|vbscript:)/ nocase ascii wide
		$regsvr = /\bregsvr32(\.exe)?["']?\s[^\n]{0,60}\/i:["']?https?:\/\/[^\n]{0,120}scrobj/ nocase ascii wide
		$rundll = /\brundll32(\.exe)?["']?\s{1,4}javascript:/ nocase ascii wide
		$bits = /\bbitsadmin(\.exe)?["']?\s[^\n]{0,80}\/transfer\b[^\n]{0,120}https?:\/\// nocase ascii wide
		$msiexec = /\bmsiexec(\.exe)?["']?\s{1,4}(\/q\w{0,2}\s{1,4}[^\n]{0,20})?\/i\s{1,4}["']?https?:\/\/[0-9]{1,3}\.[0-9]{1,3}\./ nocase ascii wide
		$wmic = /\bwmic(\.exe)?["']?\s[^\n]{0,80}\/format:["']?https?:\/\// nocase ascii wide
		$cmstp = /\bcmstp(\.exe)?["']?\s{1,4}(\/\w+\s{1,4}){0,3}[^\n]{3,80}\.inf\b/ nocase ascii wide

	condition:
		filesize < 16MB
		and any of them
}

rule dropper_hta_shortcut : dropper lnk
{
	meta:
		id = "LOEP-0453"
		author = "Loep"
		date = "2026-11-21"
		description = "A Windows shortcut whose command line starts a script interpreter or a loader with hidden or encoded content."
		reference = "https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-shllink/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1204.002,T1547.009,T1059"

	strings:
		$shell = /\b(powershell|pwsh|cmd|mshta|wscript|cscript|regsvr32|rundll32|certutil|bitsadmin|forfiles|conhost)(\.exe)?\b/ nocase ascii wide
		$hidden = /-w(in(dowstyle)?)?\s{1,4}(h\b|hid(den)?|1\b)/ nocase ascii wide
		$encoded = /\s-e(nc|ncodedcommand|c)?\s{1,4}[A-Za-z0-9+\/]{20}/ nocase ascii wide
		$iex = /\b(iex|Invoke-Expression|DownloadString|DownloadFile|iwr|FromBase64String)\b/ nocase ascii wide
		$url = /https?:\/\/[\w.-]{3,80}/ nocase wide
		$script = /(vbscript:|javascript:|\.(hta|vbs|js|jse|wsf|ps1|bat)\b)/ nocase wide
		$find = /\b(findstr|for \/f|copy \/b|more \+)/ nocase wide

	condition:
		uint32(0) == 0x4c and uint32(4) == 0x00021401
		and filesize < 16MB
		and $shell
		and any of ($hidden, $encoded, $iex, $url, $script, $find)
}
