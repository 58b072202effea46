// SPDX-License-Identifier: Apache-2.0
// Programs and scripts that destroy data.

rule wiper_disk_windows : wiper pe
{
	meta:
		id = "LOEP-0651"
		author = "Loep"
		date = "2026-11-21"
		description = "A small PE file that opens whole disks for writing, walks the files and restarts the machine."
		reference = "https://attack.mitre.org/techniques/T1561/"
		tlp = "TLP:CLEAR"
		score = 60
		attack = "T1561.001,T1561.002"

	strings:
		$drive = /\\\\\.\\(PhysicalDrive(%[diu]|[0-9])|%[cs]:|[A-Z]:\x00|EPMNTDRV)/ nocase ascii wide
		$control = "DeviceIoControl" fullword
		$write = "WriteFile" fullword
		$down = /\b(ExitWindowsEx|InitiateSystemShutdown(Ex)?[AW]?|NtShutdownSystem|NtRaiseHardError|shutdown(\.exe)? [\/-][rs])\b/ nocase ascii wide
		$privilege = "SeShutdownPrivilege" ascii wide
		$walk = /\bFindNextFile[AW]\b/

	condition:
		uint16(0) == 0x5a4d
		and filesize < 2MB
		and all of them
}

rule wiper_disk_script : wiper shell
{
	meta:
		id = "LOEP-0652"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that overwrites disks or deletes everything from the root folder down."
		reference = "https://attack.mitre.org/techniques/T1485/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1485,T1561.002"

	strings:
		$dd = /\bdd\s{1,4}if=\/dev\/(zero|u?random)\s[^\n]{0,60}of=\/dev\/(sd|hd|vd|nvme|mmcblk|xvd|mtdblock|\$)/
		$root = /\brm\s{1,4}-[rf]{2}\s{1,4}--no-preserve-root\s{1,4}\//
		$shred = /\bshred\s[^\n]{0,60}\/dev\/(sd|hd|vd|nvme|xvd|mmcblk|\$)/
		$cat = /\bcat\s{1,4}\/dev\/(zero|u?random)\s{0,4}>\s{0,4}\/dev\/(sd|hd|vd|nvme|mtd|mmcblk|root)/
		$loop = /\bdo\s{1,8}dd\s{1,4}if=\/dev\/(zero|u?random)\s/
		$quiet = /(\/dev\/null|\bnohup\b|\breboot\b|\bsysrq-trigger\b|\bpoweroff\b)/

	condition:
		filesize < 256KB
		and uint16(0) == 0x2123
		and (
			$root or 2 of ($dd, $shred, $cat, $loop)
			or (any of ($dd, $shred, $cat) and $quiet)
		)
}

rule wiper_disk_modem : wiper elf iot
{
	meta:
		id = "LOEP-0653"
		author = "Loep"
		date = "2026-11-21"
		description = "An ELF program that goes through the numbered flash and disk devices of a modem or router, as AcidRain does."
		reference = "https://attack.mitre.org/software/S1125/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1561.001,T1561.002,T1529"

	strings:
		$device_mtd = "/dev/mtd%d"
		$device_mtdblock = "/dev/mtdblock%d"
		$device_block_mtd = "/dev/block/mtdblock%d"
		$device_mmc = "/dev/mmcblk%d"
		$device_block_mmc = "/dev/block/mmcblk%d"
		$device_loop = "/dev/loop%d"
		$device_disk = "/dev/sd%c"
		$device_md = "/dev/dm-%d"
		$device_ubi = "/dev/ubi%d"

	condition:
		uint32(0) == 0x464c457f
		and filesize < 2MB
		and 4 of them
}
