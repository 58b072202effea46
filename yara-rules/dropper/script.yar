// SPDX-License-Identifier: Apache-2.0
// Scripts of the Windows script host: JScript and VBScript.

rule dropper_script_fetch_run : dropper wsh javascript vbscript
{
	meta:
		id = "LOEP-0441"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that fetches a file over HTTP, writes it to disk and starts it."
		reference = "https://attack.mitre.org/techniques/T1059/007/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1059.007,T1059.005,T1105"

	strings:
		$http = /["'](MSXML2\.(Server)?XMLHTTP(\.[36]\.0)?|Microsoft\.XMLHTTP|WinHttp\.WinHttpRequest\.5\.1)["']/ nocase ascii wide
		$stream = /["']ADODB\.Stream["']/ nocase ascii wide
		$save = /\.SaveToFile\b/ nocase ascii wide
		$shell = /["'](WScript\.Shell|Shell\.Application)["']/ nocase ascii wide
		$run = /\.(Run|Exec|ShellExecute)\b/ nocase ascii wide

	condition:
		filesize < 2MB
		and uint16(0) != 0x5a4d and uint32(0) != 0x464c457f
		and all of them
}

rule dropper_script_command : dropper wsh javascript vbscript
{
	meta:
		id = "LOEP-0442"
		author = "Loep"
		date = "2026-11-21"
		description = "A script of the Windows script host that starts PowerShell, a shell or another loader hidden."
		reference = "https://attack.mitre.org/techniques/T1059/005/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1059.007,T1059.005,T1059.001"

	strings:
		$shell = /\b(CreateObject|ActiveXObject|GetObject)\s{0,4}\(\s{0,4}["'](WScript\.Shell|Shell\.Application|winmgmts:[^"']{0,60})["']/ nocase ascii wide
		$run = /\.(Run|Exec|ShellExecute|Create)\s{0,4}\(?[^\n]{0,200}\b(powershell|pwsh|cmd(\.exe)?\s{1,4}\/c|mshta|regsvr32|rundll32|certutil|bitsadmin)\b/ nocase ascii wide
		$hide_option = /(-w(indowstyle)?\s{1,4}(h\b|hidden)|-e(nc|ncodedcommand)?\s{1,4}[A-Za-z0-9+\/]{20}|-ep?\s{1,4}bypass|DownloadString|DownloadFile|https?:\/\/)/ nocase ascii wide

	condition:
		filesize < 2MB
		and uint16(0) != 0x5a4d and uint32(0) != 0x464c457f
		and $shell and $run
		and $hide_option
}

rule dropper_script_scrambled : dropper wsh javascript vbscript obfuscation
{
	meta:
		id = "LOEP-0443"
		author = "Loep"
		date = "2026-11-21"
		description = "A script of the Windows script host that puts its words together from character codes or pieces and evaluates them."
		reference = "https://attack.mitre.org/techniques/T1027/010/"
		tlp = "TLP:CLEAR"
		score = 55
		attack = "T1059.007,T1027.010"

	strings:
		$host = /\b(WScript\.(CreateObject|Shell|Echo|Quit|Sleep|Arguments|ScriptFullName)|ActiveXObject\s{0,4}\(\s{0,4}[\w$]{1,24}\s{0,4}[(\[]|CreateObject\s{0,4}\()/ nocase
		$codes = /String\.fromCharCode\s{0,4}\(\s{0,4}\d{1,3}(\s{0,4},\s{0,4}\d{1,3}){12}/ nocase
		$chr = /\bChrW?\s{0,4}\(\s{0,4}(&H)?[\w+\-*\/ ]{1,12}\)\s{0,4}&\s{0,4}ChrW?\s{0,4}\(/ nocase
		$eval_js = /\b(eval|Function|execScript)\s{0,4}\(/
		$eval_vb = /\b(Execute|ExecuteGlobal|Eval)\s{0,4}[\( ]\s{0,4}\(?\w/ nocase
		$reverse = /\.split\s{0,4}\(\s{0,4}["']{2}\s{0,4}\)\s{0,4}\.reverse\s{0,4}\(\s{0,4}\)\s{0,4}\.join/ nocase
		$str_reverse = /\bStrReverse\s{0,4}\(\s{0,4}["'][^"'\n]{4,200}["']/ nocase

	condition:
		filesize < 4MB
		and uint16(0) != 0x5a4d and uint32(0) != 0x464c457f
		and $host
		and (
			($eval_js and any of ($codes, $reverse))
			or ($eval_vb and (#chr > 10 or $str_reverse))
		)
}

rule dropper_script_html_smuggling : dropper html javascript
{
	meta:
		id = "LOEP-0444"
		author = "Loep"
		date = "2026-11-21"
		description = "A web page that puts a file together from text inside it and offers it as a download by itself."
		reference = "https://attack.mitre.org/techniques/T1027/006/"
		tlp = "TLP:CLEAR"
		score = 60
		attack = "T1027.006"

	strings:
		$html = /<(html|script|svg|body)\b/ nocase
		$decode = /\b(atob|Uint8Array|charCodeAt|fromBase64)\b/
		$blob = /\bnew\s{1,4}(Blob|File)\s{0,4}\(/
		$link = /\b(createObjectURL|msSaveOrOpenBlob|msSaveBlob)\b/
		$click = /(\.click\s{0,4}\(\s{0,4}\)|\bdispatchEvent\b|\.download\s{0,4}=|msSaveOrOpenBlob|msSaveBlob)/
		$zip = /["'`](UEsDB[A-Za-z0-9+\/]{100}|TV[opqr][A-Za-z0-9+\/]{100}|Q0QwMDE|N3q8ryc[A-Za-z0-9+\/]{100}|UmFyIRo[A-Za-z0-9+\/]{100}|0M8R4KGxGuE[A-Za-z0-9+\/]{100}|TAAAAAEUAg[A-Za-z0-9+\/]{100})/

	condition:
		filesize < 64MB
		and uint16(0) != 0x5a4d and uint32(0) != 0x464c457f
		and all of them
}
