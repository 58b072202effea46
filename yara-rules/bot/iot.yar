// SPDX-License-Identifier: Apache-2.0
// Bots of the Internet of Things.

rule bot_iot_mirai : bot iot elf
{
	meta:
		id = "LOEP-0961"
		author = "Loep"
		date = "2026-11-21"
		description = "An ELF program with traits of Mirai and its many relatives: the watchdog, the shell dialogue of the scanner, the names of its attacks."
		reference = "https://attack.mitre.org/techniques/T1498/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T1498,T1110.001,T1562.001"

	strings:
		$watchdog = "/dev/misc/watchdog"
		$watchdog_two = "/dev/watchdog"
		$busybox = /\/bin\/busybox [A-Z]{4,12}\b/
		$applet = "applet not found"
		$ncorrect = "ncorrect"
		$enable = /\b(enable|linuxshell|system|development)\x00/
		$attack = /\battack_(udp|tcp|gre|app|method)_?\w{0,16}\b/
		$killer = /\b(killer_(init|kill)|scanner_init|resolv_lookup|table_(init|unlock_val))\b/
		$self = /\b(listening tun0|TSource Engine Query|dvrHelper)\b/
		$proc = "/proc/net/tcp"

	condition:
		uint32(0) == 0x464c457f
		and filesize < 1MB
		and (
			($watchdog and $watchdog_two and any of ($busybox, $proc, $applet, $self))
			or ($busybox and 3 of ($applet, $ncorrect, $enable, $proc, $attack,
			$killer, $self))
			or (#attack > 2 and $killer)
		)
}

rule bot_iot_xor_table : bot iot elf
{
	meta:
		id = "LOEP-0962"
		author = "Loep"
		date = "2026-11-21"
		description = "An ELF program with strings of Mirai under a one-byte XOR key."
		reference = "https://attack.mitre.org/techniques/T1027/013/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1498,T1027.013"

	strings:
		$busybox = "/bin/busybox" xor(0x01-0xff)
		$watchdog = "/dev/misc/watchdog" xor(0x01-0xff)
		$applet = "applet not found" xor(0x01-0xff)
		$query = "TSource Engine Query" xor(0x01-0xff)
		$tcp = "/proc/net/tcp" xor(0x01-0xff)

	condition:
		uint32(0) == 0x464c457f
		and filesize < 1MB
		and 2 of them
}
