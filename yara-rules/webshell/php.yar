// SPDX-License-Identifier: Apache-2.0
// Web shells in PHP.

rule webshell_php_eval_request : webshell php
{
	meta:
		id = "LOEP-0301"
		author = "Loep"
		date = "2026-11-21"
		description = "PHP that evaluates what the visitor sends."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		tlp = "TLP:CLEAR"
		score = 85
		attack = "T1505.003,T1059"

	strings:
		$direct = /\b(eval|assert|create_function)\s{0,8}\([^;\n]{0,120}\$_(GET|POST|REQUEST|COOKIE|SERVER|FILES)\b/ nocase
		$input = /\b(eval|assert)\s{0,8}\([^;\n]{0,80}php:\/\/input/ nocase
		$headers = /\b(eval|assert)\s{0,8}\([^;\n]{0,80}(getallheaders|apache_request_headers)\s{0,4}\(/ nocase
		$open = /<\?(php|=|\s)/ nocase

	condition:
		filesize < 4MB
		and $open
		and any of ($direct, $input, $headers)
}

rule webshell_php_command_request : webshell php
{
	meta:
		id = "LOEP-0302"
		author = "Loep"
		date = "2026-11-21"
		description = "PHP that runs what the visitor sends as a command."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T1505.003,T1059"

	strings:
		$call = /\b(system|shell_exec|passthru|exec|popen|proc_open|pcntl_exec)\s{0,8}\(\s{0,8}["'@(]{0,4}\s{0,4}(base64_decode|urldecode|trim|stripslashes|rawurldecode|str_rot13)?\s{0,4}\(?\s{0,4}\$_(GET|POST|REQUEST|COOKIE|SERVER)\b/ nocase
		$tick = /(=|echo|print|return|\(|;|\?>)\s{0,4}@?`[^`\n]{0,20}\{?\$_(GET|POST|REQUEST|COOKIE|SERVER)\s{0,4}\[[^`\n]{0,60}`/
		$assign = /\$(\w{1,24})\s{0,4}=\s{0,4}@?\$_(GET|POST|REQUEST|COOKIE)\s{0,4}\[[^\]\n]{1,40}\]\s{0,4}\)?;\s{0,40}(echo|print|die\s{0,4}\(|exit\s{0,4}\()?\s{0,8}@?(system|shell_exec|passthru|exec|popen)\s{0,4}\(\s{0,4}\$/ nocase
		$open = /<\?(php|=|\s)/ nocase

	condition:
		filesize < 4MB
		and $open
		and any of ($call, $tick, $assign)
}

rule webshell_php_packed : webshell php obfuscation
{
	meta:
		id = "LOEP-0303"
		author = "Loep"
		date = "2026-11-21"
		description = "PHP that unpacks text in several steps and evaluates it."
		reference = "https://attack.mitre.org/techniques/T1140/"
		tlp = "TLP:CLEAR"
		score = 70
		attack = "T1505.003,T1027,T1140"

	strings:
		$chain = /\b(eval|assert)\s{0,8}\(\s{0,8}["'?>.\s]{0,12}(gzinflate|gzuncompress|gzdecode|str_rot13|base64_decode|strrev|hex2bin|convert_uudecode|rawurldecode|urldecode)\s{0,8}\(\s{0,8}(gzinflate|gzuncompress|gzdecode|str_rot13|base64_decode|strrev|hex2bin|convert_uudecode|rawurldecode|urldecode)\b/ nocase
		$long = /\b(eval|assert)\s{0,8}\(\s{0,8}(base64_decode|gzinflate|gzuncompress|str_rot13)\s{0,8}\([^;]{0,60}["'][A-Za-z0-9+\/=]{80}/ nocase
		$open = /<\?(php|=|\s)/ nocase

	condition:
		filesize < 4MB
		and $open
		and any of ($chain, $long)
}

rule webshell_php_variable_function : webshell php obfuscation
{
	meta:
		id = "LOEP-0304"
		author = "Loep"
		date = "2026-11-21"
		description = "PHP that calls a function which the visitor names."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T1505.003,T1027"

	strings:
		$direct = /@?\$_(GET|POST|REQUEST|COOKIE|SERVER)\s{0,4}[\[{][^\]}\n]{1,40}[\]}]\s{0,4}\(\s{0,4}[@$"']/ nocase
		$callback = /\b(array_map|array_filter|array_walk|usort|uasort|call_user_func(_array)?|register_shutdown_function|preg_replace_callback|array_reduce|forward_static_call)\s{0,4}\(\s{0,4}["']?(assert|eval|system|exec|\$_(GET|POST|REQUEST|COOKIE))\b[^;\n]{0,80}\$_(GET|POST|REQUEST|COOKIE)\b/ nocase
		$regex = /\bpreg_replace\s{0,4}\(\s{0,4}["'][^"'\n]{1,40}[\/#~|]\w{0,4}e\w{0,4}["']\s{0,4},[^;\n]{0,80}\$_(GET|POST|REQUEST|COOKIE)\b/ nocase
		$open = /<\?(php|=|\s)/ nocase

	condition:
		filesize < 4MB
		and $open
		and any of ($direct, $callback, $regex)
}

rule webshell_php_built_name : webshell php obfuscation
{
	meta:
		id = "LOEP-0305"
		author = "Loep"
		date = "2026-11-21"
		description = "PHP that builds the name of a dangerous function from pieces, so that a search does not find it."
		reference = "https://attack.mitre.org/techniques/T1027/010/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1505.003,T1027.010"

	strings:
		$assert = "'a'.'s'.'s'"
		$assert_double = "\"a\".\"s\".\"s\""
		$assert_two = /["'](as|ass|asse|asser)["']\s{0,4}\.\s{0,4}["'](sert|ert|rt|t)["']/
		$system = /["'](sys|syst|syste)["']\s{0,4}\.\s{0,4}["'](tem|em|m)["']/
		$base = /["'](base|bas|ba|b)["']\s{0,4}\.\s{0,4}["'](ase|se|e)?(64)?_?["']\s{0,4}\.\s{0,4}["'](64)?_?de/
		$create = /["'](create|crea|cre|cr)["']\s{0,4}\.\s{0,4}["'](ate|te|eate)?_?(function|func|f)/
		$replace = /str_replace\s{0,4}\(\s{0,4}["'][^"'\n]{1,8}["']\s{0,4},\s{0,4}["']{2}\s{0,4},\s{0,4}["'][a-z_]{0,40}(e[^"'\n]{0,8}v[^"'\n]{0,8}a[^"'\n]{0,8}l|b[^"'\n]{0,8}a[^"'\n]{0,8}s[^"'\n]{0,8}e[^"'\n]{0,8}6[^"'\n]{0,8}4)/
		$request = /\$_(GET|POST|REQUEST|COOKIE|SERVER)\b/
		$open = /<\?(php|=|\s)/ nocase

	condition:
		filesize < 512KB
		and $open and $request
		and any of ($assert*, $system, $base, $create, $replace)
}

rule webshell_php_uploader : webshell php
{
	meta:
		id = "LOEP-0306"
		author = "Loep"
		date = "2026-11-21"
		description = "A very small PHP file that stores whatever is uploaded under a name that the visitor chooses."
		reference = "https://attack.mitre.org/techniques/T1105/"
		tlp = "TLP:CLEAR"
		score = 60
		attack = "T1505.003,T1105"

	strings:
		$move = /\b(move_uploaded_file|copy)\s{0,4}\(\s{0,4}\$_FILES\b[^;\n]{0,200}\$_(FILES|GET|POST|REQUEST)\b/ nocase
		$put = /\b(file_put_contents|fwrite|fputs)\s{0,4}\([^;\n]{0,60}\$_(GET|POST|REQUEST|COOKIE)\s{0,4}\[[^\]\n]{1,40}\]\s{0,4},[^;\n]{0,60}\$_(GET|POST|REQUEST|COOKIE)\b/ nocase
		$open = /<\?(php|=|\s)/ nocase
		$check_login = "session_start" nocase
		$check_type = /\b(pathinfo|in_array|getimagesize|mime_content_type|finfo_)/ nocase

	condition:
		filesize < 4KB
		and $open
		and any of ($move, $put)
		and none of ($check*)
}

rule webshell_php_panel : webshell php
{
	meta:
		id = "LOEP-0307"
		author = "Loep"
		date = "2026-11-21"
		description = "A PHP page that shows the machine's safety settings, browses its files, runs commands and talks to its databases."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1505.003,T1083"

	strings:
		$safe = "safe_mode" nocase
		$disabled = "disable_functions" nocase
		$uname = "php_uname" nocase
		$basedir = "open_basedir" nocase
		$posix = "posix_getpwuid" nocase
		$perms = /\bfileperms\s{0,4}\(/ nocase
		$chmod = /\bchmod\s{0,4}\(\s{0,4}\$_(GET|POST|REQUEST)/ nocase
		$exec_shell = /\b(shell_exec|passthru|proc_open|popen)\s{0,4}\(/ nocase
		$exec_eval = /\beval\s{0,4}\(/ nocase
		$back = /\b(back ?connect|bind ?port|reverse ?shell)/ nocase
		$deface = /\b(mass ?deface|defac(e|er|ed) (page|by)|zone-h\.|symlink ?(bypass|sa\b))/ nocase
		$brute = /\b(cpanel|ftp|mysql) ?brute/ nocase
		$shadow = "/etc/passwd"
		$request = /\$_(GET|POST|REQUEST)\b/
		$open = /<\?(php|=|\s)/ nocase

	condition:
		filesize < 2MB
		and $open and $request
		and (
			(1 of ($exec*) and 5 of ($safe, $disabled, $uname, $basedir, $posix,
			$perms, $chmod, $shadow) and 1 of ($back, $deface, $brute))
			or (1 of ($exec*) and 2 of ($back, $deface, $brute) and $uname)
		)
}

rule webshell_php_in_image : webshell php polyglot
{
	meta:
		id = "LOEP-0308"
		author = "Loep"
		date = "2026-11-21"
		description = "A picture that carries PHP code which evaluates or runs something."
		reference = "https://attack.mitre.org/techniques/T1036/008/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T1505.003,T1027.003,T1036.008"

	strings:
		$open = /<\?(php\s|=\s{0,4}[@`$a-z])/ nocase
		$call = /\b(eval|assert|system|shell_exec|passthru|exec|base64_decode|create_function|file_put_contents|include(_once)?)\s{0,8}[\(`"'$]/ nocase
		$request = /\$_(GET|POST|REQUEST|COOKIE|FILES)\b/

	condition:
		(uint32(0) == 0x38464947 or uint32(0) == 0x474e5089
		or (uint32(0) & 0xffffff) == 0xffd8ff or uint16(0) == 0x4d42)
		and filesize < 16MB
		and $open
		and any of ($call, $request)
}
