// SPDX-License-Identifier: Apache-2.0
// Scripts that hand a shell to somebody outside.

rule c2_shell_bash : reverseshell shell
{
	meta:
		id = "LOEP-0941"
		author = "Loep"
		date = "2026-11-21"
		description = "A shell command that connects a shell to a network address by the shell's own device names."
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T1059.004,T1095"

	strings:
		$interactive = /\b(ba|z|k|da)?sh\s{1,4}-i\s{0,4}[0-9]{0,2}[<>]&?\s{0,4}[0-9]{0,2}\s{0,4}["']?\/dev\/(tcp|udp)\/[^\s"']{3,80}/
		$interactive_both = /\b(ba|z|k|da)?sh\s{1,4}-i\s{0,4}(>|&>)&?\s{0,4}["']?\/dev\/(tcp|udp)\/[^\s"']{3,80}/
		$exec = /\bexec\s{1,4}[0-9]{1,3}\s{0,2}<>\s{0,4}["']?\/dev\/(tcp|udp)\/[^\s"']{3,80}[^#]{0,200}(\bsh\b|\bbash\b|<&|>&)/
		$exec_zero = /\b0<&[0-9]{2,3}\s{0,4}-?\s{0,4};?\s{0,4}exec\s{1,4}[0-9]{2,3}\s{0,2}<>\s{0,4}\/dev\/tcp\//

	condition:
		filesize < 16MB
		and any of them
}

rule c2_shell_netcat : reverseshell shell
{
	meta:
		id = "LOEP-0942"
		author = "Loep"
		date = "2026-11-21"
		description = "A shell command that connects a shell to a network address by netcat, socat, telnet or openssl."
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1059.004,T1095"

	strings:
		$execute = /\b(nc|ncat|netcat|nc\.traditional|busybox nc)(\.exe)?\s{1,4}[^\n|;]{0,60}\s?-\w{0,4}[ec]\s{1,4}["']?(\/bin\/|\/system\/bin\/|C:\\[\w\\]{0,30})?(ba|da|z|a)?(sh|cmd|powershell)(\.exe)?\b/
		$fifo = /\bmk(fifo|nod)\s{1,4}(-m\s{0,2}\d{3}\s)?["']?[\w.\/$]{1,60}["']?( p)?\s{0,4}(;|&&)[^\n]{0,120}\|\s{0,4}(\/bin\/)?(ba|da|z|a)?sh\b[^\n]{0,80}\|\s{0,4}(nc|ncat|netcat|telnet|openssl s_client|socat)\b/
		$socat = /\bsocat\s[^\n]{0,120}\bexec:["']?(\/bin\/)?(ba|da|z|a)?sh\b[^\n]{0,80}(pty|stderr|setsid|tcp)/ nocase
		$socat_back = /\bsocat\s[^\n]{0,60}tcp(4|6)?(-connect|-listen)?:[^\n]{1,80}\sexec:["']?(\/bin\/)?(ba|da|z|a)?sh\b/ nocase
		$telnet = /\btelnet\s[^\n|]{4,60}\|\s{0,4}(\/bin\/)?(ba|da|z|a)?sh\s{0,4}\|\s{0,4}telnet\s/
		$awk = /\bg?awk\s{1,4}["']BEGIN\s{0,4}\{[^\n]{0,60}\/inet\/(tcp|udp)\/0\//

	condition:
		filesize < 16MB
		and any of them
}

rule c2_shell_script_language : reverseshell python perl ruby php
{
	meta:
		id = "LOEP-0943"
		author = "Loep"
		date = "2026-11-21"
		description = "Python, Perl, Ruby, PHP, Lua or JavaScript that connects a shell to a network address."
		reference = "https://attack.mitre.org/techniques/T1059/006/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T1059.006,T1059,T1095"

	strings:
		$python = /\bos\.dup2\s{0,4}\(\s{0,4}\w{1,16}\.fileno\s{0,4}\(\s{0,4}\)\s{0,4},\s{0,4}[012]\s{0,4}\)/
		$python_pty = /\bpty\.spawn\s{0,4}\(\s{0,4}\[?\s{0,4}["'](\/bin\/)?(ba|z)?sh["']/
		$python_call = /\b(subprocess\.(call|Popen|run|check_output)|os\.(system|execl|popen))\s{0,4}\(\s{0,4}\[?\s{0,4}["'](\/bin\/)?(ba|z)?sh["']/
		$python_socket = /\bsocket\.socket\s{0,4}\(|\.connect\s{0,4}\(\s{0,4}\(/
		$perl = /\bopen\s{0,4}\(\s{0,4}STDIN\s{0,4},\s{0,4}["']>?<?&\s{0,4}\w{1,12}["']\s{0,4}\)\s{0,4};\s{0,8}open\s{0,4}\(\s{0,4}STDOUT\s{0,4},\s{0,4}["']>&\s{0,4}\w{1,12}["']\s{0,4}\)[^#]{0,160}\bexec\s{0,4}\(?\s{0,4}["'{]/
		$perl_io = /\bIO::Socket::INET\b[^#]{0,200}(STDIN->fdopen|\$~->fdopen|exec\s{0,4}\{?["'](\/bin\/)?(ba)?sh)/
		$ruby = /\bTCPSocket\.(new|open)\s{0,4}\(?[^#]{0,200}(exec\s{0,4}\(?\s{0,4}(sprintf|["'](\/bin\/)?(ba)?sh)|IO\.popen|<&%d)/
		$php = /\bfsockopen\s{0,4}\([^;\n]{3,80}\)\s{0,4};[^#]{0,300}\b(exec|shell_exec|system|passthru|popen|proc_open)\s{0,4}\(\s{0,4}["'`]?(\/bin\/)?(ba)?sh\b/
		$php_full = /\bproc_open\s{0,4}\(\s{0,4}(\$shell|["'][^"'\n]{0,40}\/(ba)?sh)[^#]{0,100}\$(descriptorspec|descriptors|pipes)\b/
		$node = /\brequire\s{0,4}\(\s{0,4}["']child_process["']\s{0,4}\)[^#]{0,300}\b(net|tls)\.(Socket|connect|createConnection)\b[^#]{0,300}\.pipe\s{0,4}\(\s{0,4}\w{1,16}\.stdin\s{0,4}\)/
		$node_back = /\.stdout\.pipe\s{0,4}\(\s{0,4}(client|sock|socket|s|conn)\s{0,4}\)/
		$lua = /\bsocket\.tcp\s{0,4}\(\s{0,4}\)[^#]{0,300}\bio\.popen\s{0,4}\(\s{0,4}\w{1,16}\s{0,4},\s{0,4}["']r["']/

	condition:
		filesize < 4MB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and (
			(#python >= 2 and $python_socket and any of ($python_call, $python_pty))
			or any of ($perl, $perl_io, $ruby, $php, $lua)
			or ($php_full and filesize < 64KB)
			or ($node and $node_back)
		)
}

rule c2_shell_powershell : reverseshell powershell
{
	meta:
		id = "LOEP-0944"
		author = "Loep"
		date = "2026-11-21"
		description = "PowerShell that reads commands from a network connection and writes back what they print."
		reference = "https://attack.mitre.org/techniques/T1059/001/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T1059.001,T1095"

	strings:
		$client = /\b(System\.)?Net\.Sockets\.(TCPClient|TcpListener|Socket|UDPClient)\b/ nocase ascii wide
		$stream = /\bGetStream\s{0,4}\(/ nocase ascii wide
		$run = /\b(iex|Invoke-Expression|cmd\.exe|\[ScriptBlock\]::Create)\b/ nocase ascii wide
		$read = /\.(Read|ReadLine)\s{0,4}\(/ nocase ascii wide
		$write = /\.(Write|WriteLine)\s{0,4}\(/ nocase ascii wide
		$loop = /\bwhile\s{0,4}\(/ nocase ascii wide
		$ps = /(New-Object|::new\(|\$client|\$stream)/ nocase ascii wide

	condition:
		filesize < 1MB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and all of them
}

rule c2_shell_elf : reverseshell elf
{
	meta:
		id = "LOEP-0945"
		author = "Loep"
		date = "2026-11-21"
		description = "A small ELF program that connects out, or listens, and starts a shell on the connection."
		reference = "https://attack.mitre.org/techniques/T1095/"
		tlp = "TLP:CLEAR"
		score = 60
		attack = "T1059.004,T1095"

	strings:
		$code_64_dup = { 6a 03 5e (48 ff ce | ff ce) 6a 21 58 0f 05 75 }
		$code_64_shell = { 48 bb 2f 62 69 6e 2f 73 68 00 53 }
		$code_64_shell_two = { (48 | 49) (b8 | b9 | ba | bb | be | bf) 2f 62 69 6e 2f (73 68 | 2f 73) }
		$code_32_dup = { b0 3f cd 80 }
		$code_32_shell = { 68 2f 2f 73 68 68 2f 62 69 6e }
		$code_32_socket = { b0 66 cd 80 }
		$code_64_socket = { 6a 29 58 }
		$code_64_connect = { (6a 2a 58 0f 05 | 6a 31 58 0f 05 | b0 2a 0f 05) }

	condition:
		uint32(0) == 0x464c457f
		and filesize < 64KB
		and (
			($code_32_shell and $code_32_dup and $code_32_socket)
			or (any of ($code_64_shell, $code_64_shell_two) and $code_64_connect
			and any of ($code_64_dup, $code_64_socket))
		)
}
