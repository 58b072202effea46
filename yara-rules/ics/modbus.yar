// SPDX-License-Identifier: Apache-2.0
// Tools that give commands over Modbus.

rule ics_modbus_write_script : ics modbus script
{
	meta:
		id = "LOEP-0701"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that writes coils or registers of a Modbus device again and again or over a range of units or addresses."
		reference = "https://attack.mitre.org/techniques/T0855/"
		tlp = "TLP:CLEAR"
		score = 40
		attack = "T0855,T0836,T0806"

	strings:
		$library = /\b(pymodbus|modbus_tk|umodbus|pyModbusTCP|minimalmodbus|modbus-serial|ModbusTcpClient|ModbusClient)\b/
		$write = /\b(write_(single_|multiple_)?(coils?|registers?)|writeCoils?|writeRegisters?|WRITE_(SINGLE|MULTIPLE)_(COILS?|REGISTERS?))\b/
		$loop_forever = /\bwhile\s{0,4}\(?\s{0,4}(True|1|true)\b/
		$loop_range = /\bfor\s[^\n]{1,60}\b(range|xrange)\s{0,4}\(/
		$aim_argument = /\b(sys\.argv|argparse|process\.argv|input\s{0,4}\()/
		$aim_network = /\b(ip_network|IPNetwork|ipaddress|\.hosts\(\)|\/24\b|targets?|victims?)\b/
		$test = /\b(unittest|pytest|jest|mocha)\b/

	condition:
		filesize < 128KB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and $library and $write
		and any of ($loop*) and all of ($aim*)
		and not $test
}

rule ics_modbus_framework_module : ics modbus exploit
{
	meta:
		id = "LOEP-0702"
		author = "Loep"
		date = "2026-11-21"
		description = "A module of an exploit framework that speaks Modbus."
		reference = "https://attack.mitre.org/techniques/T0855/"
		tlp = "TLP:CLEAR"
		score = 55
		attack = "T0855,T0846"

	strings:
		$port = /\b(Opt::RPORT\s{0,4}\(\s{0,4}502\s{0,4}\)|\bport\s{0,4}=\s{0,4}(OptPort\s{0,4}\(\s{0,4})?502\b|RPORT['"]?\s{0,4}=>?\s{0,4}502)/
		$framework = /\b(MetasploitModule|Msf::(Auxiliary|Exploit)|icssploit|isf\.|routersploit|OptPort|exploits\.Exploit)\b/
		$modbus = /\bmodbus/ nocase
		$action = /\b(write_(coils?|registers?)|WRITE_(COILS?|REGISTERS?)|function_code|force|stop|UNIT_NUMBER|unit_id)\b/ nocase

	condition:
		filesize < 128KB
		and all of them
}

rule ics_modbus_go_tool : ics modbus frostygoop
{
	meta:
		id = "LOEP-0703"
		author = "Loep"
		date = "2026-11-21"
		description = "A Go program with the Modbus library of FrostyGoop and the lists of targets and tasks that it is known for."
		reference = "https://attack.mitre.org/software/S1165/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T0855,T0836"

	strings:
		$library = "github.com/rolfl/modbus"
		$name_list = "TargetList"
		$name_task = "TaskList"
		$name_ip = "Iplist" nocase
		$name_cycle = "CycleInfo" nocase

	condition:
		(uint16(0) == 0x5a4d or uint32(0) == 0x464c457f)
		and filesize < 32MB
		and $library and 2 of ($name*)
}
