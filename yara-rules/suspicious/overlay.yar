// SPDX-License-Identifier: Apache-2.0
// Data behind the end of a PE file.

import "math"

rule suspicious_overlay_packed : suspicious pe
{
	meta:
		id = "LOEP-0211"
		author = "Loep"
		date = "2026-11-21"
		description = "An unsigned PE file most of which is high-entropy data after its last section, in no known archive format."
		reference = "https://attack.mitre.org/techniques/T1027/009/"
		tlp = "TLP:CLEAR"
		score = 35
		attack = "T1027.009"

	strings:
		$nsis = "NullsoftInst"
		$inno = "Inno Setup Setup Data"
		$seven = { 37 7a bc af 27 1c }
		$cab = "MSCF\x00\x00\x00\x00"
		$rar = "Rar!\x1a\x07"
		$zip = "PK\x03\x04"
		$wix = ".wixburn"
		$pyinstaller = { 4d 45 49 0c 0b 0a 0b 0e }

	condition:
		uint16(0) == 0x5a4d
		and uint32(uint32(0x3c)) == 0x4550
		and filesize > 128KB
		and filesize < 64MB
		and uint16(uint32(0x3c) + 6) >= 1
		and uint16(uint32(0x3c) + 6) <= 32
		and (
			(uint16(uint32(0x3c) + 24) == 0x10b
			and uint32(uint32(0x3c) + 152) == 0)
			or (uint16(uint32(0x3c) + 24) == 0x20b
			and uint32(uint32(0x3c) + 168) == 0)
		)
		and for all i in (0..uint16(uint32(0x3c) + 6) - 1) : (
			uint32(uint32(0x3c) + 40 + uint16(uint32(0x3c) + 20) + 40 * i)
			+ uint32(uint32(0x3c) + 44 + uint16(uint32(0x3c) + 20) + 40 * i)
			< filesize \ 2
		)
		and none of them
		and math.entropy(filesize \ 2, filesize \ 2) > 7.6
}
