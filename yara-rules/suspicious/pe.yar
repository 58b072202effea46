// SPDX-License-Identifier: Apache-2.0
// Traits of PE files that a compiler does not leave.

rule suspicious_pe_rwx_section : suspicious pe
{
	meta:
		id = "LOEP-0201"
		author = "Loep"
		date = "2026-11-21"
		description = "A PE file, not for EFI, with a section that is both writable and executable."
		reference = "https://learn.microsoft.com/en-us/windows/win32/debug/pe-format"
		tlp = "TLP:CLEAR"
		score = 40
		attack = "T1027.002"

	condition:
		uint16(0) == 0x5a4d
		and uint32(uint32(0x3c)) == 0x4550
		and uint16(uint32(0x3c) + 6) <= 96
		and (uint16(uint32(0x3c) + 92) < 10 or uint16(uint32(0x3c) + 92) > 13)
		and for any i in (0..uint16(uint32(0x3c) + 6) - 1) : (
			(uint32(uint32(0x3c) + 60 + uint16(uint32(0x3c) + 20) + 40 * i)
			& 0xa0000000) == 0xa0000000
		)
}

rule suspicious_pe_entry_writable : suspicious pe
{
	meta:
		id = "LOEP-0202"
		author = "Loep"
		date = "2026-11-21"
		description = "A PE file, not for EFI, whose entry point lies in a writable section, as after packing or infection."
		reference = "https://learn.microsoft.com/en-us/windows/win32/debug/pe-format"
		tlp = "TLP:CLEAR"
		score = 45
		attack = "T1027.002"

	condition:
		uint16(0) == 0x5a4d
		and uint32(uint32(0x3c)) == 0x4550
		and uint16(uint32(0x3c) + 6) <= 96
		and (uint16(uint32(0x3c) + 92) < 10 or uint16(uint32(0x3c) + 92) > 13)
		and uint32(uint32(0x3c) + 40) > 0
		and for any i in (0..uint16(uint32(0x3c) + 6) - 1) : (
			(uint32(uint32(0x3c) + 60 + uint16(uint32(0x3c) + 20) + 40 * i)
			& 0x80000000) != 0
			and uint32(uint32(0x3c) + 40) >=
			uint32(uint32(0x3c) + 36 + uint16(uint32(0x3c) + 20) + 40 * i)
			and uint32(uint32(0x3c) + 40) -
			uint32(uint32(0x3c) + 36 + uint16(uint32(0x3c) + 20) + 40 * i) <
			uint32(uint32(0x3c) + 32 + uint16(uint32(0x3c) + 20) + 40 * i)
		)
}

rule suspicious_pe_entry_outside : suspicious pe
{
	meta:
		id = "LOEP-0203"
		author = "Loep"
		date = "2026-11-21"
		description = "A PE file whose entry point lies in none of its sections."
		reference = "https://learn.microsoft.com/en-us/windows/win32/debug/pe-format"
		tlp = "TLP:CLEAR"
		score = 45
		attack = "T1027"

	condition:
		uint16(0) == 0x5a4d
		and uint32(uint32(0x3c)) == 0x4550
		and uint16(uint32(0x3c) + 6) >= 1
		and uint16(uint32(0x3c) + 6) <= 96
		and uint32(uint32(0x3c) + 40) > 0
		and for all i in (0..uint16(uint32(0x3c) + 6) - 1) : (
			uint32(uint32(0x3c) + 40) <
			uint32(uint32(0x3c) + 36 + uint16(uint32(0x3c) + 20) + 40 * i)
			or uint32(uint32(0x3c) + 40) -
			uint32(uint32(0x3c) + 36 + uint16(uint32(0x3c) + 20) + 40 * i) >=
			uint32(uint32(0x3c) + 32 + uint16(uint32(0x3c) + 20) + 40 * i)
			+ uint32(uint32(0x3c) + 40 + uint16(uint32(0x3c) + 20) + 40 * i)
		)
}

rule suspicious_pe_timestamp : suspicious pe
{
	meta:
		id = "LOEP-0204"
		author = "Loep"
		date = "2026-11-21"
		description = "A PE file, not for EFI, without debug directory and with a build time of zero, before Windows NT, or after the year 2037."
		reference = "https://attack.mitre.org/techniques/T1070/006/"
		tlp = "TLP:CLEAR"
		score = 20
		attack = "T1070.006"

	condition:
		uint16(0) == 0x5a4d
		and uint32(uint32(0x3c)) == 0x4550
		and uint16(uint32(0x3c) + 6) <= 96
		and uint32(uint32(0x3c) + 40) > 0
		and (uint16(uint32(0x3c) + 92) < 10 or uint16(uint32(0x3c) + 92) > 13)
		and (
			uint32(uint32(0x3c) + 8) < 0x2a000000
			or uint32(uint32(0x3c) + 8) > 0x7fe80000
		)
		and (
			(uint16(uint32(0x3c) + 24) == 0x10b
			and uint32(uint32(0x3c) + 168) == 0)
			or (uint16(uint32(0x3c) + 24) == 0x20b
			and uint32(uint32(0x3c) + 184) == 0)
		)
}
