// SPDX-License-Identifier: Apache-2.0
// Programs hidden in other files by a simple encoding.

rule suspicious_encoded_pe_xor : suspicious pe obfuscation
{
	meta:
		id = "LOEP-0221"
		author = "Loep"
		date = "2026-11-21"
		description = "A Windows program encoded with a one-byte XOR key."
		reference = "https://attack.mitre.org/techniques/T1027/013/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1027.013"

	strings:
		$dos = "This program cannot be run in DOS mode" xor(0x01-0xff)

	condition:
		filesize < 64MB
		and $dos
}

rule suspicious_encoded_pe_base64 : suspicious pe obfuscation
{
	meta:
		id = "LOEP-0222"
		author = "Loep"
		date = "2026-11-21"
		description = "A Windows program in Base64, with the start of its file header."
		reference = "https://attack.mitre.org/techniques/T1027/013/"
		tlp = "TLP:CLEAR"
		score = 55
		attack = "T1027.013,T1140"

	strings:
		$dos = "This program cannot be run in DOS mode" base64 base64wide
		$header = /TV[opqr][A-Za-z0-9+\/]{5}[A-Za-z0-9+\/]{60,110}/ ascii wide

	condition:
		filesize < 64MB
		and all of them
}

rule suspicious_encoded_pe_hex : suspicious pe obfuscation
{
	meta:
		id = "LOEP-0223"
		author = "Loep"
		date = "2026-11-21"
		description = "A Windows program written as hexadecimal text."
		reference = "https://attack.mitre.org/techniques/T1027/013/"
		tlp = "TLP:CLEAR"
		score = 55
		attack = "T1027.013,T1140"

	strings:
		$dos = "546869732070726f6772616d2063616e6e6f742062652072756e20696e20444f53" nocase ascii wide
		$mz = /\b(0x)?4d5a[0-9a-f]{8}/ nocase ascii wide

	condition:
		filesize < 64MB
		and all of them
}

rule suspicious_encoded_elf_base64 : suspicious elf obfuscation
{
	meta:
		id = "LOEP-0224"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that carries an ELF program in Base64 and decodes it."
		reference = "https://attack.mitre.org/techniques/T1027/013/"
		tlp = "TLP:CLEAR"
		score = 55
		attack = "T1027.013,T1140"

	strings:
		$elf = /f0VMR[gk][EI]BA[A-Za-z0-9+\/]{64}/
		$decode_sh = /\bbase64\s+(-d|-D|--decode|-di)\b/
		$decode_py = "b64decode"
		$decode_perl = "decode_base64"
		$decode_php = "base64_decode"
		$decode_openssl = "openssl base64 -d"

	condition:
		filesize < 64MB
		and $elf
		and any of ($decode*)
}
