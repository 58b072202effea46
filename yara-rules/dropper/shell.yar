// SPDX-License-Identifier: Apache-2.0
// Shell scripts that fetch and start something.

rule dropper_shell_fetch_run : dropper shell
{
	meta:
		id = "LOEP-0401"
		author = "Loep"
		date = "2026-11-21"
		description = "A shell script that fetches a file into a folder that everybody can write, makes it executable and starts it."
		reference = "https://attack.mitre.org/techniques/T1105/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1059.004,T1105,T1222.002"

	strings:
		$fetch = /\b(wget|curl|tftp|ftpget|lwp-download|fetch)\s[^\n]{0,50}(https?|ftp|tftp):\/\//
		$fetch_tftp = /\b(tftp\s+-\w+|ftpget)\s[^\n]{4}/
		$fetch_variable = /\b(wget|curl)\s[^\n]{0,40}\$\{?\w/
		$place = /(\bcd|-O|-o|>|--output(-document)?|--directory-prefix|-P)[ =]{0,2}["']?\/((var\/)?tmp|dev\/shm|var\/run|mnt|run\/shm)\b/
		$chmod = /\bchmod\s+(-R\s+)?(\+x|a\+x|u\+x|0?7[0-7]{2}|[ugoa]+\+[rwx]*x)\s/
		$start = /(^|[\n;&|]\s{0,8})((nohup|setsid|exec|sudo)\s+)?["']?(\.\/[\w.$-]{1,40}|\/((var\/)?tmp|dev\/shm|var\/run)\/[\w.\/$-]{1,60})/
		$sh = /(^|[\n;&|]\s{0,8})(sh|bash|ash)\s+["']?(\.\/)?[\w.\/$-]{1,60}/

	condition:
		filesize < 128KB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and any of ($fetch*)
		and $place and $chmod
		and any of ($start, $sh)
}

rule dropper_shell_many_machines : dropper shell iot
{
	meta:
		id = "LOEP-0402"
		author = "Loep"
		date = "2026-11-21"
		description = "A shell script that fetches builds of one program for many kinds of processor, as worms of the Internet of Things do."
		reference = "https://attack.mitre.org/techniques/T1105/"
		tlp = "TLP:CLEAR"
		score = 90
		attack = "T1059.004,T1105"

	strings:
		$fetch = /\b(wget|curl|tftp|ftpget)\s[^\n]{4}/
		$mips = /[\/.\s_-](mips|mipsl|mpsl|mipsel|mips64)\b/
		$arm = /[\/.\s_-]arm(v?[4-7]l?|v8|64)\b/
		$sparc = /[\/.\s_-](sparc|spc)\b/
		$sh4 = /[\/.\s_-]sh4\b/
		$ppc = /[\/.\s_-](ppc|powerpc|ppc440fp)\b/
		$m68k = /[\/.\s_-]m68k\b/
		$x86 = /[\/.\s_-](x86|x86_64|i[3-6]86|x32)\b/
		$chmod = /\bchmod\s+(\+x|0?7[0-7]{2}|[ugoa]+\+[rwx]*x)\s/

	condition:
		filesize < 64KB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and #fetch >= 3 and $chmod
		and 4 of ($mips, $arm, $sparc, $sh4, $ppc, $m68k, $x86)
}

rule dropper_shell_encoded : dropper shell obfuscation
{
	meta:
		id = "LOEP-0403"
		author = "Loep"
		date = "2026-11-21"
		description = "A shell command that decodes text and hands it to a shell."
		reference = "https://attack.mitre.org/techniques/T1140/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1059.004,T1140,T1027.010"

	strings:
		$pipe = /\bbase64\s+(-d|-D|--decode|-di)\s{0,4}\|\s{0,4}(sudo\s+)?((z?cat|gunzip|gzip -d\w*|zcat|xz -d\w*)\s{0,4}\|\s{0,4})?(\/bin\/|\/usr\/bin\/env\s+)?(ba|da|a|z|k)?sh\b/
		$substitute = /\b((ba|da|z)?sh\s+-c|eval)\s{1,4}["']?(\$\(|`)\s{0,4}(echo|printf)\s{1,4}(-n\s{1,4})?["']?[A-Za-z0-9+\/=]{8,4000}["']?\s{0,4}\|\s{0,4}base64\s+(-d|-D|--decode)/
		$here = /\b(ba|da|z)?sh\s{1,4}<<<\s{0,4}["']?(\$\(|`)\s{0,4}base64\s+(-d|-D|--decode)/
		$xxd = /\bxxd\s+-r\s+-p\s{0,4}\|\s{0,4}(sudo\s+)?(\/bin\/)?(ba|da|z)?sh\b/
		$rev = /\|\s{0,4}rev\s{0,4}\|\s{0,4}(\/bin\/)?(ba|da|z)?sh\b/

	condition:
		filesize < 4MB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and any of them
}

rule dropper_shell_rivals : dropper shell miner
{
	meta:
		id = "LOEP-0404"
		author = "Loep"
		date = "2026-11-21"
		description = "A shell script that stops other people's miners and clears their traces before it installs its own."
		reference = "https://attack.mitre.org/techniques/T1496/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T1059.004,T1496,T1562.001,T1489"

	strings:
		$kill = /\b(pkill|killall)\s+(-9\s+|-f\s+)*["']?(kinsing|kdevtmpfsi|xmrig\w{0,8}|xmr-stak|minerd|cryptonight|watchbog|sysupdate|networkservice|ddgs|kthreaddi|dbused|solrd|pnscan|masscan|sustes|cpuminer|minergate)\b/
		$grep = /\bgrep\s+(-v\s+grep\s*\|\s*grep\s+)?["']?(kinsing|kdevtmpfsi|xmrig\w{0,8}|minerd|cryptonight|stratum|monero|watchbog|masscan|pnscan|:3333|:5555|:7777|:14444)/
		$port = /\bnetstat\s+-a?n\w{0,4}p?\s{0,4}\|\s{0,4}grep\s+["']?[:\d.]{4,24}["']?\s{0,4}\|\s{0,4}awk/
		$cron = /\bcrontab\s+-r\b/
		$immutable = /\bchattr\s+-[iua]{1,3}\s+\/(etc|var|tmp|root|usr)\b/
		$fetch = /\b(wget|curl)\s[^\n]{0,50}https?:\/\//

	condition:
		filesize < 256KB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and (
			(#kill + #grep + #port >= 4 and any of ($cron, $immutable, $fetch))
			or (#kill >= 2 and $fetch and any of ($cron, $immutable))
		)
}

rule dropper_shell_pipe_address : dropper shell
{
	meta:
		id = "LOEP-0405"
		author = "Loep"
		date = "2026-11-21"
		description = "A shell command that pipes what it fetches from a bare network address or a paste site into a shell."
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		tlp = "TLP:CLEAR"
		score = 60
		attack = "T1059.004,T1105"

	strings:
		$address = /\b(curl|wget)\s[^\n|]{0,50}https?:\/\/[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}[^\n|;]{0,120}\|\s{0,4}(sudo\s+)?(\/bin\/)?(ba|da|a|z|k)?sh\b/
		$paste = /\b(curl|wget)\s[^\n|]{0,50}https?:\/\/(pastebin\.com\/raw|paste\.ee\/r|transfer\.sh|rentry\.co|ix\.io|[a-z0-9]{16,56}\.onion|[\w.-]{1,40}\.tor2web)[^\n|;]{0,120}\|\s{0,4}(sudo\s+)?(\/bin\/)?(ba|da|a|z|k)?sh\b/
		$substitute = /\b(ba|da|z)?sh\s+(-c\s+["']?\$\(|<\()\s{0,4}(curl|wget)\s[^\n)]{0,50}https?:\/\/([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|pastebin\.com\/raw)/
		$python = /\b(curl|wget)\s[^\n|]{0,50}https?:\/\/[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}[^\n|;]{0,120}\|\s{0,4}(python[23]?|perl|php)\b/

	condition:
		filesize < 16MB
		and any of them
}
