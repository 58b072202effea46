// SPDX-License-Identifier: Apache-2.0
// Ways to be started again on Linux.

rule persistence_linux_cron : persistence cron
{
	meta:
		id = "LOEP-0501"
		author = "Loep"
		date = "2026-11-21"
		description = "A crontab line, or a script that installs one, which fetches and runs something or starts a program in a folder that everybody can write."
		reference = "https://attack.mitre.org/techniques/T1053/003/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1053.003"

	strings:
		$line_fetch = /[\d*\/,-]{1,12}\s{1,8}([\d*\/,-]{1,12}\s{1,8}){4}(root\s+)?[^\n]{0,30}\b(curl|wget)\s[^\n|]{4,90}\|\s{0,4}(sudo\s+)?(\/bin\/)?(ba|da|a|z)?sh\b/
		$line_decode = /[\d*\/,-]{1,12}\s{1,8}([\d*\/,-]{1,12}\s{1,8}){4}(root\s+)?[^\n]{0,60}\bbase64\s+(-d|--decode)[^\n]{0,40}\|\s{0,4}(ba|da|a|z)?sh\b/
		$line_place = /\*\s{1,8}\*\s{1,8}\*\s{1,8}(root\s+)?["']?\/((var\/)?tmp|dev\/shm|var\/run)\/[\w.\/-]{1,80}/
		$reboot = /@(reboot|hourly|daily)\s{1,8}(root\s+)?[^\n]{0,40}(\/((var\/)?tmp|dev\/shm)\/|\b(curl|wget)\s[^\n]{4,160}\|\s{0,4}(ba)?sh\b)/

	condition:
		filesize < 4MB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and any of them
}

rule persistence_linux_preload : persistence preload script
{
	meta:
		id = "LOEP-0502"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that writes the list of libraries which the dynamic loader puts into every program."
		reference = "https://attack.mitre.org/techniques/T1574/006/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T1574.006"

	strings:
		$write = />{1,2}\s{0,4}["']?\/etc\/ld\.so\.preload\b/
		$copy = /\b(cp|mv|install|ln\s+-s)\s[^\n]{1,120}\s["']?\/etc\/ld\.so\.preload\b/
		$tee = /\btee\s+(-a\s+)?["']?\/etc\/ld\.so\.preload\b/
		$python = /open\s{0,4}\(\s{0,4}["']\/etc\/ld\.so\.preload["']\s{0,4},\s{0,4}["'][wa]/

	condition:
		filesize < 4MB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and any of them
}

rule persistence_linux_authorized_keys : persistence ssh
{
	meta:
		id = "LOEP-0503"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that adds its own SSH key to those which may log in."
		reference = "https://attack.mitre.org/techniques/T1098/004/"
		tlp = "TLP:CLEAR"
		score = 60
		attack = "T1098.004"

	strings:
		$key = /\b(ssh-(rsa|ed25519|dss)|ecdsa-sha2-nistp256)\s{1,4}AAAA[A-Za-z0-9+\/]{40}/
		$write = />{1,2}\s{0,4}["']?[~\w\/${}.-]{0,60}\.ssh\/authorized_keys2?\b/
		$tee = /\btee\s+(-a\s+)?["']?[~\w\/${}.-]{0,60}\.ssh\/authorized_keys2?\b/
		$python = /open\s{0,4}\([^\n]{0,80}authorized_keys2?["']?\s{0,4}\)?\s{0,4},\s{0,4}["'][wa]/
		$immutable = /\bchattr\s+[+-][iae]{1,3}\s[^\n]{0,60}authorized_keys/

	condition:
		filesize < 1MB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and (
			($key and any of ($write, $tee, $python))
			or $immutable
		)
}

rule persistence_linux_systemd_unit : persistence systemd
{
	meta:
		id = "LOEP-0504"
		author = "Loep"
		date = "2026-11-21"
		description = "A systemd unit, or a script that writes one, whose program lies in a folder that everybody can write, is hidden, or is fetched at the start."
		reference = "https://attack.mitre.org/techniques/T1543/002/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1543.002"

	strings:
		$service = /\[Service\]/
		$place = /\nExecStart(Pre|Post)?=-?@?["']?\/((var\/)?tmp|dev\/shm|var\/run|run\/user)\/[\w.\/-]{1,80}/
		$hidden = /\nExecStart(Pre|Post)?=-?@?["']?\/([\w-]{1,30}\/){0,5}\.[\w-]{1,40}(\/[\w.-]{1,40}){0,4}/
		$fetch = /\nExecStart(Pre|Post)?=[^\n]{0,60}\b(curl|wget)\s[^\n]{4,200}\|\s{0,4}(\/bin\/)?(ba|da|z)?sh\b/
		$socket = /\nExecStart(Pre|Post)?=[^\n]{0,80}\/dev\/tcp\/[^\n]{4,80}/
		$decode = /\nExecStart(Pre|Post)?=[^\n]{0,400}base64\s+(-d|--decode)[^\n]{0,60}\|\s{0,4}(ba|z)?sh\b/

	condition:
		filesize < 1MB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and $service
		and any of ($place, $hidden, $fetch, $socket, $decode)
}

rule persistence_linux_profile : persistence shell
{
	meta:
		id = "LOEP-0505"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that adds a start command, hidden or in the background, to a shell profile or to rc.local."
		reference = "https://attack.mitre.org/techniques/T1546/004/"
		tlp = "TLP:CLEAR"
		score = 60
		attack = "T1546.004,T1037.004"

	strings:
		$write = /\becho\s[^\n]{0,20}(nohup|setsid|curl|wget|\/tmp\/|\/dev\/shm\/|\/var\/tmp\/|base64|bash -i|\/\.[a-z])[^\n]{0,200}>{1,2}\s{0,4}["']?(~|\$HOME|\/root|\/home\/[^\s\/]{1,32}|\/etc)?\/?(\.bashrc|\.bash_profile|\.profile|\.zshrc|profile\.d\/[\w.-]{1,40}|rc\.local|rc\.d\/rc\.local|bash\.bashrc|init\.d\/[\w.-]{1,40})/
		$alias = /\balias\s{1,4}(sudo|ssh|su)=["'][^\n]{0,200}(curl|wget|nc |\/dev\/tcp|>>)[^\n]{0,160}/
		$trap = /\bPROMPT_COMMAND=["'][^\n]{0,60}(curl|wget|\/dev\/tcp|nohup)\b/

	condition:
		filesize < 1MB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and any of them
}

rule persistence_linux_udev : persistence udev
{
	meta:
		id = "LOEP-0506"
		author = "Loep"
		date = "2026-11-21"
		description = "A udev rule, or a script that writes one, which starts a shell, a fetch or a program in a folder that everybody can write."
		reference = "https://attack.mitre.org/techniques/T1546/017/"
		tlp = "TLP:CLEAR"
		score = 60
		attack = "T1546.017"

	strings:
		$place = /\bRUN(\{program\})?\s{0,2}\+?=\s{0,2}["']?[^\n]{0,60}\/((var\/)?tmp|dev\/shm)\/[\w.\/-]{1,60}/
		$fetch = /\bRUN(\{program\})?\s{0,2}\+?=\s{0,2}["']?[^\n]{0,60}\b(curl|wget|nc|at now|bash -i|base64)\s/
		$match = /\b(ACTION|SUBSYSTEM|KERNEL|ENV\{\w{1,30}\})\s{0,2}[=!]=/

	condition:
		filesize < 256KB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and $match and any of ($place, $fetch)
}

rule persistence_linux_program : persistence elf
{
	meta:
		id = "LOEP-0507"
		author = "Loep"
		date = "2026-11-21"
		description = "An ELF program that carries the text of a cron table or of a systemd unit and the place where to put it."
		reference = "https://attack.mitre.org/techniques/T1053/003/"
		tlp = "TLP:CLEAR"
		score = 55
		attack = "T1053.003,T1543.002,T1546.004"

	strings:
		$cron_place = /\/(etc\/cron\.(d|hourly|daily)\/[\w.-]{2,40}|etc\/crontab|var\/spool\/cron\/)/
		$cron_line = /(\*(\/\d{1,2})? \* \* \* \*|@reboot)\s{1,4}(root\s{1,4})?(\/|%s|\w{2,16} )/
		$unit_place = /\/etc\/systemd\/system\/[\w%@.-]{2,60}\.service/
		$unit_section = "[Service]"
		$unit_start = "ExecStart="
		$preload = "/etc/ld.so.preload"
		$keys = "/.ssh/authorized_keys"
		$local = "/etc/rc.local"
		$profile = /\/(etc\/profile\.d\/[\w.-]{2,40}\.sh|root\/\.bashrc)/

	condition:
		uint32(0) == 0x464c457f
		and filesize < 32MB
		and (
			($cron_place and $cron_line)
			or ($unit_place and $unit_section and $unit_start)
			or 3 of ($preload, $keys, $local, $profile, $cron_place, $unit_place)
		)
}
