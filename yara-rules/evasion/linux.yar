// SPDX-License-Identifier: Apache-2.0
// Removal of traces and of protection on Linux.

rule evasion_linux_log_script : evasion logs script
{
	meta:
		id = "LOEP-1201"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that empties or removes several logs and the history of the shell."
		reference = "https://attack.mitre.org/techniques/T1070/002/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1070.002,T1070.003"

	strings:
		$remove = /\b(rm\s{1,4}-\w{0,4}[rf]\w{0,3}|shred\s[^\n]{0,20}|truncate\s{1,4}-s\s{0,2}0|unlink|wipe|srm)\s{1,4}[^\n]{0,160}(\/var\/log\/(auth\.log|secure|syslog|messages|wtmp|btmp|lastlog|utmp|audit|faillog|cron|maillog|journal|\*)|\/var\/run\/utmp)/
		$empty = /(^|[\n;&]\s{0,8})(:|cat\s{1,4}\/dev\/null|echo(\s{1,4}(-n|""|''))?)?\s{0,4}>\s{0,4}["']?(\/var\/log\/(auth\.log|secure|syslog|messages|wtmp|btmp|lastlog|utmp|audit\/audit\.log|faillog|cron|maillog)|\/var\/run\/utmp)/
		$sed = /\bsed\s{1,4}-i\s[^\n]{1,120}\/var\/log\/(auth\.log|secure|syslog|messages|audit\/audit\.log|cron)/
		$copy = /\bcp\s{1,4}\/dev\/null\s{1,4}\/var\/(log|run)\/(auth\.log|secure|syslog|messages|wtmp|btmp|lastlog|utmp)/
		$history_clear = /\bhistory\s{1,4}-(c|cw|wc|c\s{0,4}(;|&&)\s{0,4}history\s{1,4}-w)\b/
		$history_file = /(\bunset\s{1,4}(HISTFILE|HISTSIZE)|\bHISTFILE=(\/dev\/null|["']{2}|\s|;)|\bHISTSIZE=0|\bset\s{1,4}\+o\s{1,4}history|>\s{0,4}(~|\$HOME|\/root)\/\.bash_history|\b(rm|shred|ln\s{1,4}-sf?\s{1,4}\/dev\/null)\s[^\n]{0,40}\.bash_history)/
		$journal = /\bjournalctl\s[^\n]{0,40}--vacuum-(time|size)=(1s|1K|0|1)\b/

	condition:
		filesize < 1MB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and (
			#remove + #empty + #sed + #copy + #journal >= 3
			or (any of ($remove, $empty, $sed, $copy, $journal) and any of ($history*))
		)
}

rule evasion_linux_log_program : evasion logs elf
{
	meta:
		id = "LOEP-1202"
		author = "Loep"
		date = "2026-11-21"
		description = "A small ELF program that edits the records of who logged in."
		reference = "https://attack.mitre.org/techniques/T1070/002/"
		tlp = "TLP:CLEAR"
		score = 60
		attack = "T1070.002"

	strings:
		$file_wtmp = /\/var\/(log|adm)\/wtmp/
		$file_utmp = /\/(var\/)?run\/utmp/
		$file_lastlog = /\/var\/(log|adm)\/lastlog/
		$file_btmp = "/var/log/btmp"
		$file_secure = /\/var\/log\/(secure|auth\.log|messages)/
		$word = /\b(zap(ped|2|3)?|wip(e|ed|ing)|clean(ed|ing|er)|cloak(ed)?|erase[ds]?|hid(e|den|ing))\b/ nocase
		$write = /\b(ftruncate(64)?|lseek(64)?|fseek|pwrite(64)?|pututx?line)\b/
		$time = /\b(utimes?|utimensat|futimens)\b/

	condition:
		uint32(0) == 0x464c457f
		and filesize < 512KB
		and 3 of ($file*)
		and $word and $write
		and ($time or $file_secure)
}

rule evasion_linux_protection : evasion script
{
	meta:
		id = "LOEP-1203"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that switches off the firewall, access control and the agents of protection products."
		reference = "https://attack.mitre.org/techniques/T1562/001/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1562.001,T1562.004"

	strings:
		$selinux = /\bsetenforce\s{1,4}(0|permissive)\b|SELINUX=disabled/ nocase
		$firewall = /\b(iptables\s{1,4}-F|ip6tables\s{1,4}-F|ufw\s{1,4}disable|nft\s{1,4}flush\s{1,4}ruleset|(systemctl|service)\s{1,4}(stop|disable)\s{1,4}(firewalld|iptables|ufw)|service\s{1,4}(firewalld|iptables)\s{1,4}stop)/
		$apparmor = /\b((systemctl|service)\s{1,4}(stop|disable)\s{1,4}apparmor|service\s{1,4}apparmor\s{1,4}stop|aa-teardown)/
		$audit = /\b((systemctl|service)\s{1,4}(stop|disable)\s{1,4}(auditd|rsyslog|syslog|sysmon|falco)|service\s{1,4}(auditd|rsyslog|syslog)\s{1,4}stop|auditctl\s{1,4}-e\s{0,2}0)/
		$agent = /\b(aegis_(cli|update|uninstall)|aliyun(-service|dun)|cloudmonitor|qcloud|YunJing|bcm-agent|falcon-sensor|ds_agent|wazuh-agent|ossec|mdatp|cbagentd|sentinelone|elastic-agent)\b/ nocase
		$watchdog = /\b(kernel\.nmi_watchdog\s{0,4}=\s{0,4}0|echo\s{1,4}["']?0["']?\s{0,4}>\s{0,4}\/proc\/sys\/kernel\/nmi_watchdog|vm\.nr_hugepages)/
		$fetch = /\b(wget|curl)\s[^\n]{0,50}https?:\/\//
		$kill = /\b(pkill|killall|kill\s{1,4}-9|rm\s{1,4}-rf|uninstall|apt(-get)?\s{1,4}(purge|remove)|rpm\s{1,4}-e)\b/

	condition:
		filesize < 512KB
		and uint32(0) != 0x464c457f and uint16(0) == 0x2123
		and (
			3 of ($selinux, $firewall, $apparmor, $audit, $agent, $watchdog)
			or (2 of ($selinux, $firewall, $apparmor, $audit, $agent, $watchdog)
			and $fetch and $kill)
		)
}
