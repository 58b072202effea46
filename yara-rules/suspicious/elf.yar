// SPDX-License-Identifier: Apache-2.0
// Traits of ELF files that a tool chain does not leave.

import "math"

rule suspicious_elf_no_sections_packed : suspicious elf
{
	meta:
		id = "LOEP-0251"
		author = "Loep"
		date = "2026-11-21"
		description = "An ELF program without section table whose content is compressed or encrypted."
		reference = "https://refspecs.linuxfoundation.org/elf/elf.pdf"
		tlp = "TLP:CLEAR"
		score = 50
		attack = "T1027.002"

	condition:
		uint32(0) == 0x464c457f
		and filesize > 4KB
		and filesize < 64MB
		and (
			(uint8(4) == 2 and uint8(5) == 1 and uint16(0x3c) == 0
			and (uint16(0x10) == 2 or uint16(0x10) == 3)
			and uint16(0x38) > 0)
			or (uint8(4) == 1 and uint8(5) == 1 and uint16(0x30) == 0
			and (uint16(0x10) == 2 or uint16(0x10) == 3)
			and uint16(0x2c) > 0)
			or (uint8(4) == 1 and uint8(5) == 2 and uint16be(0x30) == 0
			and (uint16be(0x10) == 2 or uint16be(0x10) == 3)
			and uint16be(0x2c) > 0)
		)
		and math.entropy(0, filesize) > 7.2
}

rule suspicious_elf_rwx_segment : suspicious elf
{
	meta:
		id = "LOEP-0252"
		author = "Loep"
		date = "2026-11-21"
		description = "An ELF program for a usual processor, no boot code, with a loaded segment that is both writable and executable."
		reference = "https://refspecs.linuxfoundation.org/elf/elf.pdf"
		tlp = "TLP:CLEAR"
		score = 40
		attack = "T1027"

	condition:
		uint32(0) == 0x464c457f
		and (
			(uint8(4) == 2 and uint8(5) == 1
			and (uint16(0x10) == 2 or uint16(0x10) == 3)
			and (uint16(0x12) == 62 or uint16(0x12) == 183)
			and uint16(0x38) <= 64
			and (
				(uint16(0x10) == 2 and uint32(0x18) >= 0x10000)
				or for any i in (0..uint16(0x38) - 1) : (
					uint32(uint32(0x20) + 56 * i) == 3
				)
			)
			and for any i in (0..uint16(0x38) - 1) : (
				uint32(uint32(0x20) + 56 * i) == 1
				and (uint32(uint32(0x20) + 56 * i + 4) & 3) == 3
			))
			or (uint8(4) == 1 and uint8(5) == 1
			and (uint16(0x10) == 2 or uint16(0x10) == 3)
			and (uint16(0x12) == 3 or uint16(0x12) == 8 or uint16(0x12) == 40)
			and uint16(0x2c) <= 64
			and (
				(uint16(0x10) == 2 and uint32(0x18) >= 0x10000)
				or for any i in (0..uint16(0x2c) - 1) : (
					uint32(uint32(0x1c) + 32 * i) == 3
				)
			)
			and for any i in (0..uint16(0x2c) - 1) : (
				uint32(uint32(0x1c) + 32 * i) == 1
				and (uint32(uint32(0x1c) + 32 * i + 24) & 3) == 3
			))
		)
}

rule suspicious_elf_tiny_loader : suspicious elf shellcode
{
	meta:
		id = "LOEP-0253"
		author = "Loep"
		date = "2026-11-21"
		description = "An ELF program of one writable and executable segment and no section table: a few bytes that load more code."
		reference = "https://attack.mitre.org/techniques/T1105/"
		tlp = "TLP:CLEAR"
		score = 70
		attack = "T1620,T1105"

	condition:
		uint32(0) == 0x464c457f
		and filesize < 4KB
		and (
			(uint8(4) == 2 and uint8(5) == 1 and uint16(0x3c) == 0
			and uint16(0x38) == 1
			and uint32(uint32(0x20)) == 1
			and (uint32(uint32(0x20) + 4) & 3) == 3)
			or (uint8(4) == 1 and uint8(5) == 1 and uint16(0x30) == 0
			and uint16(0x2c) == 1
			and uint32(uint32(0x1c)) == 1
			and (uint32(uint32(0x1c) + 24) & 3) == 3)
		)
}

rule suspicious_elf_interpreter : suspicious elf
{
	meta:
		id = "LOEP-0254"
		author = "Loep"
		date = "2026-11-21"
		description = "An ELF program whose dynamic loader lies in a folder that everybody can write, or is hidden."
		reference = "https://attack.mitre.org/techniques/T1574/"
		tlp = "TLP:CLEAR"
		score = 60
		attack = "T1574"

	strings:
		$path = /\/((var\/)?tmp|dev\/shm|run\/user)\/[\w.\/-]{1,80}\x00/
		$hidden = /\/[\w\/-]{0,80}\/\.[\w.-]{1,40}\/[\w.\/-]{0,40}ld[\w.-]{0,20}\x00/

	condition:
		uint32(0) == 0x464c457f
		and uint8(5) == 1
		and (
			(uint8(4) == 2 and uint16(0x38) <= 64
			and for any i in (0..uint16(0x38) - 1) : (
				uint32(uint32(0x20) + 56 * i) == 3
				and ($path at uint32(uint32(0x20) + 56 * i + 8)
				or $hidden at uint32(uint32(0x20) + 56 * i + 8))
			))
			or (uint8(4) == 1 and uint16(0x2c) <= 64
			and for any i in (0..uint16(0x2c) - 1) : (
				uint32(uint32(0x1c) + 32 * i) == 3
				and ($path at uint32(uint32(0x1c) + 32 * i + 4)
				or $hidden at uint32(uint32(0x1c) + 32 * i + 4))
			))
		)
}

rule suspicious_elf_kernel_thread_name : suspicious elf masquerading
{
	meta:
		id = "LOEP-0255"
		author = "Loep"
		date = "2026-11-21"
		description = "An ELF program that carries the name of a kernel thread, to look like one in the process list."
		reference = "https://attack.mitre.org/techniques/T1036/004/"
		tlp = "TLP:CLEAR"
		score = 60
		attack = "T1036.004,T1036.005"

	strings:
		$worker = /\[k(worker\/|swapd|throtld|softirqd\/|jbd2\/|auditd|devtmpfs)[\w:\/-]{0,16}\]/
		$migration = /\[(migration|watchdog|rcu_(sched|gp|preempt)|scsi_eh_[0-9])[\w\/]{0,8}\]/

	condition:
		uint32(0) == 0x464c457f
		and filesize < 16MB
		and any of them
}

rule suspicious_elf_memory_exec : suspicious elf evasion
{
	meta:
		id = "LOEP-0256"
		author = "Loep"
		date = "2026-11-21"
		description = "A small ELF program that runs another one from memory only."
		reference = "https://attack.mitre.org/techniques/T1620/"
		tlp = "TLP:CLEAR"
		score = 45
		attack = "T1620"

	strings:
		$memfd = "memfd_create"
		$fexecve = "fexecve"
		$path_self = "/proc/self/fd/%d"
		$path_pid = /\/proc\/%[dul]{1,2}\/fd\/%[dul]{1,2}/
		$net_socket = "socket"
		$net_resolve = /\b(getaddrinfo|gethostbyname|inet_addr|inet_pton)\b/
		$python = "PyObject_"

	condition:
		uint32(0) == 0x464c457f
		and filesize < 512KB
		and $memfd
		and 1 of ($fexecve, $path*)
		and all of ($net*)
		and not $python
}
