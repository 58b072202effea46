// SPDX-License-Identifier: Apache-2.0
// Tools that give commands to the equipment of electric power grids.

rule ics_power_iec104_script : ics iec104 script
{
	meta:
		id = "LOEP-0721"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that sends IEC 60870-5-104 switching commands in a loop or to addresses given on the command line."
		reference = "https://attack.mitre.org/techniques/T0855/"
		tlp = "TLP:CLEAR"
		score = 50
		attack = "T0855,T0836,T0806"

	strings:
		$start = /\b(STARTDT|startdt_act|68\s?04\s?07\s?00\s?00\s?00|\\x68\\x04\\x07\\x00\\x00\\x00|0x68,\s{0,4}0x04,\s{0,4}0x07)/ nocase
		$library = /\b(c104|pyiec104|lib60870|iec104|iec60870)\b/ nocase
		$command = /\bC_(SC|DC|RC|SE|BO)_(NA|TA|NB|NC)_1\b|\b(SingleCommand|DoubleCommand|single_command|double_command)\b/
		$port = /\b2404\b/
		$address = /\b(ioa|io_address|asdu|common_address)\b/ nocase
		$loop = /\b(while\s{0,4}\(?\s{0,4}(True|1|true)\b|for\s[^\n]{1,60}\b(x?range)\s{0,4}\(|for\s{0,4}\([^\n]{1,60};)/
		$aim = /\b(sys\.argv|argparse|argv\[|input\s{0,4}\()/

	condition:
		filesize < 256KB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and any of ($start, $library)
		and $command and $port and $address and $loop and $aim
}

rule ics_power_industroyer_config : ics iec104 iec101 industroyer
{
	meta:
		id = "LOEP-0722"
		author = "Loep"
		date = "2026-11-21"
		description = "The configuration of the grid modules of Industroyer, alone or in a program: target, ASDU, ranges and how to switch."
		reference = "https://attack.mitre.org/software/S0604/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T0855,T0806,T0836"

	strings:
		$target = "target_ip" fullword ascii wide
		$port = "target_port" fullword ascii wide
		$service = "stop_comm_service" ascii wide
		$action = "first_action" fullword ascii wide
		$silence = "silence" fullword ascii wide
		$log = "uselog" fullword ascii wide
		$timeout = "socket_timeout" fullword ascii wide
		$asdu = "asdu" fullword ascii wide
		$change = "change" fullword ascii wide

	condition:
		filesize < 4MB
		and $asdu and $action and $change
		and 4 of ($target, $port, $service, $silence, $log, $timeout)
}

rule ics_power_industroyer_module : ics industroyer
{
	meta:
		id = "LOEP-0723"
		author = "Loep"
		date = "2026-11-21"
		description = "A library of Industroyer: a module for one grid protocol, or the wiper, by its own name and the one function it exports."
		reference = "https://attack.mitre.org/software/S0604/"
		tlp = "TLP:CLEAR"
		score = 85
		attack = "T0855,T0809,T0881"

	strings:
		$name_101 = "101.dll" fullword
		$name_104 = "104.dll" fullword
		$name_61850 = "61850.dll" fullword
		$name_opc = "OPCClientDemo.dll" fullword
		$name_wiper = "haslo.dat" fullword
		$export = "\x00Crash\x00"

	condition:
		uint16(0) == 0x5a4d
		and filesize < 4MB
		and $export and any of ($name*)
}

rule ics_power_industroyer2 : ics iec104 industroyer
{
	meta:
		id = "LOEP-0724"
		author = "Loep"
		date = "2026-11-21"
		description = "A program that stops the grid operator's communication programs named in the reports on Industroyer2."
		reference = "https://attack.mitre.org/software/S1072/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T0855,T0881"

	strings:
		$service = "PServiceControl.exe" nocase ascii wide
		$ppd = "PService_PPD.exe" nocase ascii wide
		$stop = /\b(TerminateProcess|CreateToolhelp32Snapshot)\b/

	condition:
		uint16(0) == 0x5a4d
		and filesize < 4MB
		and any of ($service, $ppd)
		and $stop
}

rule ics_power_dnp3_script : ics dnp3 script
{
	meta:
		id = "LOEP-0725"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that operates DNP3 outputs or restarts outstations at addresses given on the command line or in a loop."
		reference = "https://attack.mitre.org/techniques/T0855/"
		tlp = "TLP:CLEAR"
		score = 50
		attack = "T0855,T0816,T0814"

	strings:
		$library = /\b(pydnp3|opendnp3|dnp3protocol|dnp3_python|scapy[\w. ]{0,20}dnp3|DNP3RequestDataChunk|DNP3)\b/
		$action = /\b(DirectOperate|SelectAndOperate|direct_operate|COLD_RESTART|WARM_RESTART|ColdRestart|cold_restart|DISABLE_UNSOLICITED|STOP_APPL)\b/
		$raw = /\\x05\\x64\\x[0-9a-f]{2}\\xc4/ nocase
		$port = /\b20000\b/
		$loop = /\b(while\s{0,4}\(?\s{0,4}(True|1|true)\b|for\s[^\n]{1,60}\b(x?range)\s{0,4}\()/
		$aim = /\b(sys\.argv|argparse|argv\[|input\s{0,4}\()/

	condition:
		filesize < 256KB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and any of ($library, $raw)
		and any of ($action, $raw)
		and $port and $loop and $aim
}
