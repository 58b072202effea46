// SPDX-License-Identifier: Apache-2.0
// Web shells in JSP.

rule webshell_jsp_command : webshell jsp
{
	meta:
		id = "LOEP-0341"
		author = "Loep"
		date = "2026-11-21"
		description = "A JSP page that runs a value of the request as a command."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T1505.003,T1059"

	strings:
		$exec = /\b(getRuntime\s{0,4}\(\s{0,4}\)\s{0,4}\.\s{0,4}exec|new\s{1,8}ProcessBuilder|"ProcessImpl"|"getRuntime")/
		$request = /\brequest\s{0,4}\.\s{0,4}(getParameter|getHeader|getInputStream|getReader|getQueryString)\s{0,4}\(/
		$page = /<%[@!=\s]/
		$xml = "<jsp:scriptlet" nocase

	condition:
		filesize < 512KB
		and any of ($page, $xml)
		and $exec and $request
}

rule webshell_jsp_class_loader : webshell jsp memory
{
	meta:
		id = "LOEP-0342"
		author = "Loep"
		date = "2026-11-21"
		description = "A JSP page that turns a value of the request into a Java class and runs it."
		reference = "https://attack.mitre.org/techniques/T1620/"
		tlp = "TLP:CLEAR"
		score = 85
		attack = "T1505.003,T1620"

	strings:
		$define = /\bdefineClass\b/
		$loader = /\bextends\s{1,8}ClassLoader\b|\bURLClassLoader\b|"defineClass"|\bClassLoader\.class\b/
		$decode = /\b(Base64|BASE64Decoder|decodeBuffer|decodeBase64|SecretKeySpec)\b/
		$request = /\brequest\s{0,4}\.\s{0,4}(getParameter|getHeader|getInputStream|getReader)\s{0,4}\(/
		$page = /<%[@!=\s]/
		$xml = "<jsp:scriptlet" nocase

	condition:
		filesize < 512KB
		and any of ($page, $xml)
		and $define and $loader and $decode and $request
}

rule webshell_jsp_script_engine : webshell jsp
{
	meta:
		id = "LOEP-0343"
		author = "Loep"
		date = "2026-11-21"
		description = "A JSP page that evaluates a value of the request with a script engine or an expression parser."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T1505.003,T1059.007"

	strings:
		$engine = /\b(ScriptEngineManager|getEngineByName|SpelExpressionParser|ELProcessor|createValueExpression)\b/
		$eval = /\.\s{0,4}(eval|getValue|parseExpression)\s{0,4}\([^;\n]{0,80}\brequest\s{0,4}\.\s{0,4}get(Parameter|Header)\b/
		$page = /<%[@!=\s]/
		$xml = "<jsp:scriptlet" nocase

	condition:
		filesize < 512KB
		and any of ($page, $xml)
		and $engine and $eval
}
