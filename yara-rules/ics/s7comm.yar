// SPDX-License-Identifier: Apache-2.0
// Tools that give commands to Siemens S7 controllers.

rule ics_s7comm_stop_script : ics s7comm script
{
	meta:
		id = "LOEP-0711"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that stops or restarts S7 controllers, or overwrites their blocks."
		reference = "https://attack.mitre.org/techniques/T0858/"
		tlp = "TLP:CLEAR"
		score = 55
		attack = "T0858,T0816,T0814"

	strings:
		$library = /\b(snap7|python-snap7|nodes7|S7Client|Sharp7|plc_connect)\b/
		$stop = /\b(plc_stop|PlcStop|plc_cold_start|plc_hot_start|PlcColdStart|PlcHotStart|plc_copy_ram_to_rom)\b/
		$write = /\b(db_write|DBWrite|delete_block|full_upload|db_fill|DBFill|set_session_password|clear_session_password|iso_exchange_buffer)\b/
		$aim = /\b(sys\.argv|argparse|ip_network|IPNetwork|range\s{0,4}\(|while\s{1,4}True|process\.argv|args\[)/
		$test = /\b(unittest|pytest)\b/

	condition:
		filesize < 128KB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and $library and $aim
		and ($stop or #write >= 2)
		and not $test
}

rule ics_s7comm_stop_frame : ics s7comm exploit
{
	meta:
		id = "LOEP-0712"
		author = "Loep"
		date = "2026-11-21"
		description = "A program or script with the complete network message that stops an S7 controller."
		reference = "https://attack.mitre.org/techniques/T0858/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T0858,T0816"

	strings:
		$raw_stop = { 03 00 00 21 02 f0 80 32 01 [4] 00 10 00 00 29 00 00 00 00 00 09 50 5f 50 52 4f 47 52 41 4d }
		$raw_start = { 03 00 00 25 02 f0 80 32 01 [4] 00 14 00 00 28 00 00 00 00 00 00 fd 00 00 09 50 5f 50 52 4f 47 52 41 4d }
		$text_stop = /03000021\s{0,2}02f080\s{0,2}3201[0-9a-f]{8}00100000\s{0,2}29000000000009505f50524f4752414d/ nocase
		$code_stop = /\\x32\\x01(\\x[0-9a-f]{2}){4}\\x00\\x10\\x00\\x00\\x29(\\x00){5}\\x09(\\x50\\x5f\\x50\\x52\\x4f\\x47\\x52\\x41\\x4d|P_PROGRAM)/ nocase
		$array_stop = /0x29,\s{0,4}(0x00,\s{0,4}){5}0x09,\s{0,4}0x50,\s{0,4}0x5f,\s{0,4}0x50,\s{0,4}0x52,\s{0,4}0x4f,/ nocase

	condition:
		filesize < 8MB
		and any of them
}

rule ics_s7comm_proxy_library : ics s7comm stuxnet
{
	meta:
		id = "LOEP-0713"
		author = "Loep"
		date = "2026-11-21"
		description = "A Windows library that stands in for the S7 communication library of STEP 7 and calls the renamed original, as Stuxnet did."
		reference = "https://attack.mitre.org/software/S0603/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T0851,T0856,T0849"

	strings:
		$original = "s7otbxsx.dll" nocase ascii wide
		$replaced = "s7otbxdx.dll" nocase ascii wide
		$export_read = "s7blk_read" fullword
		$export_write = "s7blk_write" fullword
		$export_find = "s7blk_findfirst" fullword

	condition:
		uint16(0) == 0x5a4d
		and filesize < 8MB
		and ($original and ($replaced or any of ($export*)))
}
