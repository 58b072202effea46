// SPDX-License-Identifier: Apache-2.0
// Web shells in ASP and ASP.NET.

rule webshell_asp_eval_request : webshell asp
{
	meta:
		id = "LOEP-0321"
		author = "Loep"
		date = "2026-11-21"
		description = "An ASP or ASP.NET page that evaluates what the visitor sends."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		tlp = "TLP:CLEAR"
		score = 85
		attack = "T1505.003,T1059.005,T1059.007"

	strings:
		$jscript = /\beval\s{0,4}\([^;\n]{0,80}\bRequest\s{0,4}([.\[(]\s{0,4}(Item|Form|QueryString|Params|Headers|Cookies)?|\[)[^;\n]{0,80}["']unsafe["']/ nocase
		$classic = /\b(eval|execute|executeglobal)\s{0,4}[\( ]\s{0,4}request\s{0,4}(\.(form|querystring|item|cookies|servervariables))?\s{0,4}\(/ nocase
		$page = /<%/
		$runat = /<script[^>]{0,80}runat\s{0,4}=\s{0,4}["']?server/ nocase

	condition:
		filesize < 1MB
		and any of ($page, $runat)
		and any of ($jscript, $classic)
}

rule webshell_asp_command : webshell asp
{
	meta:
		id = "LOEP-0322"
		author = "Loep"
		date = "2026-11-21"
		description = "An ASP or ASP.NET page that starts a command from a value of the request and shows its output."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1505.003,T1059.003"

	strings:
		$start_net = /\b(ProcessStartInfo|Process\.Start|System\.Diagnostics\.Process)\b/ nocase
		$start_com = /CreateObject\s{0,4}\(\s{0,4}["']WScript\.Shell["']/ nocase
		$start_com_id = "72C24DD5-D70A-438B-8A42-98424B88AFB8" nocase
		$shell = /\b(cmd(\.exe)?|powershell(\.exe)?)\b/ nocase
		$output = /\b(StandardOutput\b|StdOut\.ReadAll|RedirectStandardOutput)/ nocase
		$request = /\bRequest\s{0,4}(\.|\[|\()|\bTextBox\b|\.Text\b/ nocase
		$page = /<%@?\s{0,8}(page|language|import|webhandler|webservice|dim|set|response|request|if)\b/ nocase
		$runat = /<script[^>]{0,80}runat\s{0,4}=\s{0,4}["']?server/ nocase

	condition:
		filesize < 1MB
		and any of ($page, $runat)
		and any of ($start*) and $output and $request
		and ($shell or any of ($start_com*))
}

rule webshell_asp_assembly : webshell aspnet memory
{
	meta:
		id = "LOEP-0323"
		author = "Loep"
		date = "2026-11-21"
		description = "An ASP.NET page or handler that loads a program from the request straight into memory."
		reference = "https://attack.mitre.org/techniques/T1620/"
		tlp = "TLP:CLEAR"
		score = 85
		attack = "T1505.003,T1620"

	strings:
		$load = /\b(Reflection\.)?Assembly\s{0,4}\.\s{0,4}Load\s{0,4}\(/ nocase
		$load_method = /GetMethod\s{0,4}\(\s{0,4}"Load"/ nocase
		$decode = /\b(FromBase64String|RijndaelManaged|AesManaged|CreateDecryptor|BinaryRead)\b/ nocase
		$invoke = /\b(CreateInstance|EntryPoint|Invoke)\s{0,4}[.(]/ nocase
		$request = /\b(Request\s{0,4}(\.|\[)|Context\.Request)/ nocase
		$page = /<%@?\s{0,8}(page|webhandler|webservice|import|language)\b/ nocase
		$runat = /<script[^>]{0,80}runat\s{0,4}=\s{0,4}["']?server/ nocase

	condition:
		filesize < 1MB
		and any of ($page, $runat)
		and 1 of ($load*)
		and $decode and $invoke and $request
}

rule webshell_asp_config : webshell aspnet iis
{
	meta:
		id = "LOEP-0324"
		author = "Loep"
		date = "2026-11-21"
		description = "A web.config file that makes itself or files of a harmless type run as a page."
		reference = "https://attack.mitre.org/techniques/T1505/004/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1505.003,T1505.004"

	strings:
		$root = /<configuration[\s>]/ nocase
		$handler = /<handlers[^>]{0,80}accessPolicy\s{0,4}=\s{0,4}"[^"]{0,60}(Script|Write)/ nocase
		$mapping = /<add\s[^>]{0,200}path\s{0,4}=\s{0,4}"\*\.(config|jpg|png|gif|txt|css)"[^>]{0,300}(asp\.dll|PageHandlerFactory|IsapiModule|SimpleHandlerFactory)/ nocase
		$code = /<%\s{0,8}(@|eval|execute|response|set|dim|request|if|=)/ nocase

	condition:
		filesize < 256KB
		and $root
		and ($mapping or ($handler and $code))
}
