// SPDX-License-Identifier: Apache-2.0
// Web shells of other kinds, and the settings that let one run.

rule webshell_generic_htaccess : webshell apache
{
	meta:
		id = "LOEP-0361"
		author = "Loep"
		date = "2026-11-21"
		description = "An Apache .htaccess file that runs pictures or texts as PHP, or prepends code to every page."
		reference = "https://httpd.apache.org/docs/current/howto/htaccess.html"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1505.003"

	strings:
		$type = /^\s{0,8}Add(Type|Handler)\s{1,8}(application\/x-httpd-php\w{0,6}|php\w{0,2}-script|cgi-script|server-parsed)\s{1,8}[^\n]{0,40}\.(jpe?g|png|gif|txt|ico|css|htaccess|svg|bmp|pdf|log)\b/ nocase
		$type_line = /\nAdd(Type|Handler)\s{1,8}(application\/x-httpd-php\w{0,6}|php\w{0,2}-script|cgi-script)\s{1,8}[^\n]{0,40}\.(jpe?g|png|gif|txt|ico|css|htaccess|svg|bmp|pdf|log)\b/ nocase
		$handler = /<Files(Match)?\s[^>\n]{0,60}(jpe?g|png|gif|txt|ico|htaccess|svg|log)[^>\n]{0,40}>\s{0,40}(SetHandler|ForceType)\s{1,8}application\/x-httpd-php/ nocase
		$prepend = /php_value\s{1,8}auto_(prepend|append)_file\s{1,8}["']?(php:\/\/|data:|https?:|\.htaccess|[^\n]{0,80}\.(jpe?g|png|gif|txt|ico))/ nocase

	condition:
		filesize < 64KB
		and any of them
}

rule webshell_generic_cgi : webshell cgi perl python shell
{
	meta:
		id = "LOEP-0362"
		author = "Loep"
		date = "2026-11-21"
		description = "A CGI script that runs a part of the request as a command."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		tlp = "TLP:CLEAR"
		score = 70
		attack = "T1505.003,T1059"

	strings:
		$perl = /\b(system|exec|open)\s{0,4}\(?[^;\n]{0,60}\b(param\s{0,4}\(|\$ENV\{['"]?(QUERY_STRING|HTTP_)|\$(in|form|FORM)\{)/
		$perl_tick = /`[^`\n]{0,40}\$(in|form|FORM|cmd|command|q->param)\b[^`\n]{0,40}`/
		$python = /\b(os\.(system|popen)|subprocess\.\w{3,12}|commands\.getoutput)\s{0,4}\([^\n]{0,60}(form\s{0,4}[.\[]|getvalue|QUERY_STRING|HTTP_)/
		$shell = /\b(eval|sh -c|bash -c)\s{1,4}["']?[^\n]{0,40}\$\{?(QUERY_STRING|HTTP_[A-Z_]{2,30})/
		$shell_tick = /[`(]\s{0,4}\$\{?(QUERY_STRING|HTTP_[A-Z_]{2,30})\}?\s{0,4}[`)]/
		$header = /content-type:\s{0,4}text\/(html|plain)/ nocase

	condition:
		filesize < 128KB
		and uint16(0) == 0x2123
		and $header
		and any of ($perl, $perl_tick, $python, $shell, $shell_tick)
}

rule webshell_generic_tunnel : webshell tunnel
{
	meta:
		id = "LOEP-0363"
		author = "Loep"
		date = "2026-11-21"
		description = "A web page that carries TCP connections into the network behind the server, in the manner of reGeorg and its successors."
		reference = "https://attack.mitre.org/techniques/T1090/001/"
		tlp = "TLP:CLEAR"
		score = 85
		attack = "T1505.003,T1090.001"

	strings:
		$greeting = "Georg says, 'All seems fine'"
		$header_cmd = /["']X-(CMD|STATUS|TARGET|PORT|ERROR)["']/
		$command = /["'](CONNECT|DISCONNECT|READ|FORWARD)["']/
		$socket = /\b(SocketChannel|new\s{1,4}Socket|System\.Net\.Sockets|fsockopen|socket_create|socket_connect|stream_socket_client)\b/
		$session = /\b(session|_SESSION|Session|Application)\b/
		$page = /<(%@|\?php)/

	condition:
		filesize < 128KB
		and (
			($page and $greeting)
			or ($page and $socket and $session and #header_cmd > 3
			and #command > 2)
		)
}
