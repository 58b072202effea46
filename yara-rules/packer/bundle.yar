// SPDX-License-Identifier: Apache-2.0
// Scripts and programs wrapped into one executable.

rule packer_bundle_pyinstaller : packer python bundle
{
	meta:
		id = "LOEP-0121"
		author = "Loep"
		date = "2026-11-21"
		description = "A program made by PyInstaller: its archive mark and its unpack folder."
		reference = "https://pyinstaller.org/en/stable/advanced-topics.html"
		tlp = "TLP:CLEAR"
		score = 20
		attack = "T1027"

	strings:
		$mark = { 4d 45 49 0c 0b 0a 0b 0e }
		$folder = "_MEIPASS"
		$option = "pyi-runtime-tmpdir"

	condition:
		(uint16(0) == 0x5a4d or uint32(0) == 0x464c457f)
		and $mark and any of ($folder, $option)
}

rule packer_bundle_autoit : packer autoit bundle
{
	meta:
		id = "LOEP-0122"
		author = "Loep"
		date = "2026-11-21"
		description = "A compiled AutoIt script: the mark in front of the packed script."
		reference = "https://attack.mitre.org/techniques/T1059/010/"
		tlp = "TLP:CLEAR"
		score = 35
		attack = "T1059.010"

	strings:
		$mark = { a3 48 4b be 98 6c 4a a9 99 4c 53 0a 86 d6 48 7d 41 55 33 21 45 41
		    30 (35 | 36) }

	condition:
		filesize < 64MB and $mark
}

rule packer_bundle_shc : packer shell bundle
{
	meta:
		id = "LOEP-0123"
		author = "Loep"
		date = "2026-11-21"
		description = "A shell script compiled by shc, which hides what the script does."
		reference = "https://github.com/neurobin/shc"
		tlp = "TLP:CLEAR"
		score = 55
		attack = "T1027.002"

	strings:
		$argv = "E: neither argv[0] nor $_ works."
		$expired = "has expired!\n"
		$execvp = "execvp"

	condition:
		uint32(0) == 0x464c457f
		and filesize < 4MB
		and $argv and any of ($expired, $execvp)
}

rule packer_bundle_confuser : packer dotnet
{
	meta:
		id = "LOEP-0124"
		author = "Loep"
		date = "2026-11-21"
		description = "A .NET assembly that names ConfuserEx as its obfuscator."
		reference = "https://github.com/mkaring/ConfuserEx"
		tlp = "TLP:CLEAR"
		score = 45
		attack = "T1027.002"

	strings:
		$attribute = "ConfusedByAttribute"
		$version = "ConfuserEx v"
		$core = "Confuser.Core "
		$clr = "_CorExeMain"
		$clr_dll = "_CorDllMain"

	condition:
		uint16(0) == 0x5a4d
		and filesize < 32MB
		and any of ($attribute, $version, $core)
		and any of ($clr, $clr_dll)
}
