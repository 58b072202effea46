// SPDX-License-Identifier: Apache-2.0
// File names that hide what a file is; they need the external variable filename.

rule suspicious_name_double_extension : suspicious name
{
	meta:
		id = "LOEP-0261"
		author = "Loep"
		date = "2026-11-21"
		description = "A program that is named like a document, with the true extension behind it."
		reference = "https://attack.mitre.org/techniques/T1036/007/"
		tlp = "TLP:CLEAR"
		score = 60
		attack = "T1036.007"

	condition:
		(uint16(0) == 0x5a4d or uint32(0) == 0x464c457f
		or uint32(0) == 0x0000004c)
		and filename matches /\.(pdf|docx?|xlsx?|pptx?|rtf|odt|txt|jpe?g|png|gif|mp[34]|zip)[ _]*\.(exe|scr|com|pif|cpl|lnk|elf|bin|sh)$/i
}

rule suspicious_name_right_to_left : suspicious name
{
	meta:
		id = "LOEP-0262"
		author = "Loep"
		date = "2026-11-21"
		description = "A file name with the character that makes the rest of it read backwards."
		reference = "https://attack.mitre.org/techniques/T1036/002/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T1036.002"

	condition:
		filesize > 0
		and filename matches /\xe2\x80[\xae\xad]/
}

rule suspicious_name_program_as_data : suspicious name
{
	meta:
		id = "LOEP-0263"
		author = "Loep"
		date = "2026-11-21"
		description = "A Windows program that is named like a picture, a document or a text."
		reference = "https://attack.mitre.org/techniques/T1036/008/"
		tlp = "TLP:CLEAR"
		score = 50
		attack = "T1036.008"

	condition:
		uint16(0) == 0x5a4d
		and uint32(uint32(0x3c)) == 0x4550
		and filename matches /\.(jpe?g|png|gif|bmp|pdf|docx?|xlsx?|txt|log|mp[34]|html?|css|json|csv)$/i
}
