// SPDX-License-Identifier: Apache-2.0
// The EICAR anti-malware test file.

rule test_eicar_file : test eicar
{
	meta:
		id = "LOEP-0001"
		author = "Loep"
		date = "2026-11-21"
		description = "The EICAR test file as its specification has it: 68 bytes, then at most white space."
		reference = "https://www.eicar.org/download-anti-malware-testfile/"
		tlp = "TLP:CLEAR"
		score = 10
		attack = ""

	strings:
		$eicar = { 58 35 4f 21 50 25 40 41 50 5b 34 5c 50 5a 58 35 34 28 50 5e 29
		    37 43 43 29 37 7d 24 45 49 43 41 52 2d 53 54 41 4e 44 41 52 44 2d 41
		    4e 54 49 56 49 52 55 53 2d 54 45 53 54 2d 46 49 4c 45 21 24 48 2b 48
		    2a }

	condition:
		filesize >= 68 and filesize <= 128 and $eicar at 0
}

rule test_eicar_embedded : test eicar
{
	meta:
		id = "LOEP-0002"
		author = "Loep"
		date = "2026-11-21"
		description = "The EICAR test string inside a larger file, such as a script that drops it."
		reference = "https://www.eicar.org/download-anti-malware-testfile/"
		tlp = "TLP:CLEAR"
		score = 5
		attack = ""

	strings:
		$eicar = { 58 35 4f 21 50 25 40 41 50 5b 34 5c 50 5a 58 35 34 28 50 5e 29
		    37 43 43 29 37 7d 24 45 49 43 41 52 2d 53 54 41 4e 44 41 52 44 2d 41
		    4e 54 49 56 49 52 55 53 2d 54 45 53 54 2d 46 49 4c 45 21 24 48 2b 48
		    2a }

	condition:
		filesize < 16MB and $eicar and not (filesize <= 128 and $eicar at 0)
}
