// SPDX-License-Identifier: Apache-2.0
// Programs packed with UPX, and attempts to hide that.

rule packer_upx_pe : packer upx pe
{
	meta:
		id = "LOEP-0101"
		author = "Loep"
		date = "2026-11-21"
		description = "A PE file with the section names and the header mark of UPX."
		reference = "https://upx.github.io/"
		tlp = "TLP:CLEAR"
		score = 25
		attack = "T1027.002"

	strings:
		$zero = "UPX0\x00\x00\x00\x00"
		$one = "UPX1\x00\x00\x00\x00"
		$mark = "UPX!"

	condition:
		uint16(0) == 0x5a4d
		and all of them in (64..1024)
}

rule packer_upx_elf : packer upx elf
{
	meta:
		id = "LOEP-0102"
		author = "Loep"
		date = "2026-11-21"
		description = "An ELF file with the UPX header mark where the packer puts it."
		reference = "https://upx.github.io/"
		tlp = "TLP:CLEAR"
		score = 30
		attack = "T1027.002"

	strings:
		$mark = "UPX!"

	condition:
		uint32(0) == 0x464c457f
		and $mark in (52..1024)
}

rule packer_upx_elf_tampered : packer upx elf evasion
{
	meta:
		id = "LOEP-0103"
		author = "Loep"
		date = "2026-11-21"
		description = "An ELF file that carries the UPX stub while the header mark is wiped, so that UPX cannot unpack it."
		reference = "https://attack.mitre.org/techniques/T1027/002/"
		tlp = "TLP:CLEAR"
		score = 70
		attack = "T1027.002"

	strings:
		$info = "$Info: This file is packed with the UPX "
		$id = "$Id: UPX "
		$prot = "PROT_EXEC|PROT_WRITE failed"
		$mark = "UPX!"

	condition:
		uint32(0) == 0x464c457f
		and filesize < 32MB
		and not $mark in (52..1024)
		and 2 of ($info, $id, $prot)
}

rule packer_upx_pe_stub : packer upx pe evasion
{
	meta:
		id = "LOEP-0104"
		author = "Loep"
		date = "2026-11-21"
		description = "A 32-bit PE file that starts in the UPX decompressor although its sections do not have UPX names."
		reference = "https://attack.mitre.org/techniques/T1027/002/"
		tlp = "TLP:CLEAR"
		score = 55
		attack = "T1027.002"

	strings:
		$stub = { 60 be ?? ?? ?? 00 8d be ?? ?? ?? ff [0-12] 57 [0-4] (83 cd ff | eb) }
		$copy = { 8a 06 46 88 07 47 01 db 75 07 8b 1e 83 ee fc 11 db }
		$zero = "UPX0\x00\x00\x00\x00"

	condition:
		uint16(0) == 0x5a4d
		and not $zero in (64..1024)
		and $stub and $copy
}
