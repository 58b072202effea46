// SPDX-License-Identifier: Apache-2.0
// Packers and protectors known by the section names that they leave in a PE file.

rule packer_section_vmprotect : packer protector pe
{
	meta:
		id = "LOEP-0111"
		author = "Loep"
		date = "2026-11-21"
		description = "A PE file with the section names of VMProtect."
		reference = "https://vmpsoft.com/"
		tlp = "TLP:CLEAR"
		score = 45
		attack = "T1027.002"

	strings:
		$zero = ".vmp0\x00\x00\x00"
		$one = ".vmp1\x00\x00\x00"

	condition:
		uint16(0) == 0x5a4d
		and any of them in (64..1024)
}

rule packer_section_themida : packer protector pe
{
	meta:
		id = "LOEP-0112"
		author = "Loep"
		date = "2026-11-21"
		description = "A PE file with the section names of Themida or WinLicense."
		reference = "https://www.oreans.com/"
		tlp = "TLP:CLEAR"
		score = 45
		attack = "T1027.002"

	strings:
		$themida = ".themida"
		$winlicense = ".winlice"

	condition:
		uint16(0) == 0x5a4d
		and any of them in (64..1024)
}

rule packer_section_aspack : packer pe
{
	meta:
		id = "LOEP-0113"
		author = "Loep"
		date = "2026-11-21"
		description = "A PE file with the two section names of ASPack."
		reference = "https://attack.mitre.org/techniques/T1027/002/"
		tlp = "TLP:CLEAR"
		score = 40
		attack = "T1027.002"

	strings:
		$code = ".aspack\x00"
		$data = ".adata\x00\x00"

	condition:
		uint16(0) == 0x5a4d
		and all of them in (64..1024)
}

rule packer_section_mpress : packer pe
{
	meta:
		id = "LOEP-0114"
		author = "Loep"
		date = "2026-11-21"
		description = "A PE file with the section names of MPRESS."
		reference = "https://attack.mitre.org/techniques/T1027/002/"
		tlp = "TLP:CLEAR"
		score = 40
		attack = "T1027.002"

	strings:
		$one = ".MPRESS1"
		$two = ".MPRESS2"

	condition:
		uint16(0) == 0x5a4d
		and all of them in (64..1024)
}

rule packer_section_enigma : packer protector pe
{
	meta:
		id = "LOEP-0115"
		author = "Loep"
		date = "2026-11-21"
		description = "A PE file with the section names of Enigma Protector or its virtual box."
		reference = "https://enigmaprotector.com/"
		tlp = "TLP:CLEAR"
		score = 40
		attack = "T1027.002"

	strings:
		$one = ".enigma1"
		$two = ".enigma2"

	condition:
		uint16(0) == 0x5a4d
		and all of them in (64..1024)
}

rule packer_section_other : packer pe
{
	meta:
		id = "LOEP-0116"
		author = "Loep"
		date = "2026-11-21"
		description = "A PE file with a section name that only a packer writes (Petite, NSPack, PECompact, PE-PACK, ASProtect, kkrunchy and others)."
		reference = "https://attack.mitre.org/techniques/T1027/002/"
		tlp = "TLP:CLEAR"
		score = 40
		attack = "T1027.002"

	strings:
		$petite = ".petite\x00"
		$nspack = /[.n]nsp[012]\x00\x00\x00/
		$pecompact = "PEC2MO"
		$pecompact_load = "pec1\x00\x00\x00\x00"
		$pebundle = "pebundle"
		$yoda = ".yP\x00\x00\x00\x00\x00"
		$svkp = ".svkp\x00\x00\x00"
		$kkrunchy = "kkrunchy"
		$rlpack = ".RLPack\x00"
		$upack = ".Upack\x00\x00"
		$mew = "MEW\x00F\x12\xd2\xc3"

	condition:
		uint16(0) == 0x5a4d
		and any of them in (64..1024)
}
