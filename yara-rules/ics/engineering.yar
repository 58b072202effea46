// SPDX-License-Identifier: Apache-2.0
// Tools against engineering and operator stations, and programs of controllers.

rule ics_engineering_opc_scanner : ics opc
{
	meta:
		id = "LOEP-0741"
		author = "Loep"
		date = "2026-11-21"
		description = "A small PE file that finds OPC servers and lists what they offer, as the Havex module did."
		reference = "https://attack.mitre.org/software/S0093/"
		tlp = "TLP:CLEAR"
		score = 35
		attack = "T0846,T0861,T0888"

	strings:
		$server_list = { 50 6d 48 13 21 48 d2 11 a4 94 3c b3 06 c1 00 00 }
		$server = { 4d 3a c1 39 1e 01 d0 11 96 75 00 20 af d8 ad b3 }
		$browse = { 4f 3a c1 39 1e 01 d0 11 96 75 00 20 af d8 ad b3 }
		$network = /\bWNetEnumResource[AW]\b/
		$remote = "CoCreateInstanceEx" fullword

	condition:
		uint16(0) == 0x5a4d
		and filesize < 2MB
		and $remote
		and $network
		and 2 of ($server_list, $server, $browse)
}

rule ics_engineering_process_list : ics ransomware ekans
{
	meta:
		id = "LOEP-0742"
		author = "Loep"
		date = "2026-11-21"
		description = "A program that stops processes of control-system software from several vendors, as EKANS did."
		reference = "https://attack.mitre.org/software/S0605/"
		tlp = "TLP:CLEAR"
		score = 70
		attack = "T0881,T0828,T1489"

	strings:
		$ge_proficy = /\bproficy (administrator|client)\b/ nocase ascii wide
		$ge_historian = /\b(ihdataarchiver|proficyadministrator|ihistorian|prproficymgr|prlicensemgr|prgateway|prrds|prwriter)\.exe\b/ nocase ascii wide
		$ge_fix = /\b(ccflic[04]|fixbackgroundserver|workspace|nodemanager|ifixsvc|scadaconfig)\.exe\b/ nocase ascii wide
		$honeywell = /\b(hmiweb|hwlicsrv|honeywell\w{0,16}|hmipanel)\.exe\b/ nocase ascii wide
		$siemens = /\b(ccprojectmgr|s7tgtopx|almsrv64x|wincc\w{1,16}|pdlrt|ccrtsloader|hmirtm|s7oiehsx64)\.exe\b/ nocase ascii wide
		$license = /\b(fnplicensingservice|ilicensesvc|ntservices|licman|hasplms?)\.exe\b/ nocase ascii wide
		$other = /\b(kepserverex|server_runtime|wonderware\w{0,12}|aaengine|view|intouch|factorytalk\w{0,16}|rslinx|citect32|matrikonopc\w{0,12})\.exe\b/ nocase ascii wide
		$stop = /\b(TerminateProcess|taskkill|NtTerminateProcess)\b/

	condition:
		(uint16(0) == 0x5a4d or filesize < 128KB)
		and filesize < 16MB
		and $stop
		and 3 of ($ge_proficy, $ge_historian, $ge_fix, $honeywell, $siemens,
		$license, $other)
}

rule ics_engineering_driver_exploit : ics incontroller driver
{
	meta:
		id = "LOEP-0743"
		author = "Loep"
		date = "2026-11-21"
		description = "A program that carries or loads the motherboard driver which the INCONTROLLER tool set abuses to run its own kernel code."
		reference = "https://attack.mitre.org/software/S1045/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1068,T0890"

	strings:
		$driver = "AsrDrv103" ascii wide
		$install = /\b(CreateService[AW]|NtLoadDriver|ZwLoadDriver)\b/
		$device = "\\\\.\\AsrDrv103" ascii wide
		$control = "DeviceIoControl" fullword

	condition:
		uint16(0) == 0x5a4d
		and filesize < 8MB
		and $driver
		and $control
		and any of ($install, $device)
		and uint16(uint32(0x3c) + 92) != 1
}

rule ics_engineering_project_rockwell : ics project info
{
	meta:
		id = "LOEP-0751"
		author = "Loep"
		date = "2026-11-21"
		description = "A project of a Rockwell Logix controller exported as XML (L5X): evidence of note, not hostile in itself."
		reference = "https://www.rockwellautomation.com/"
		tlp = "TLP:CLEAR"
		score = 5
		attack = ""

	strings:
		$root = "<RSLogix5000Content"
		$controller = /<Controller\s[^>]{0,400}ProcessorType=/

	condition:
		filesize < 256MB
		and $root in (0..1024)
		and $controller
}

rule ics_engineering_project_plcopen : ics project info
{
	meta:
		id = "LOEP-0752"
		author = "Loep"
		date = "2026-11-21"
		description = "A controller program in the PLCopen exchange format: evidence of note, not hostile in itself."
		reference = "https://www.plcopen.org/technical-activities/xml-exchange"
		tlp = "TLP:CLEAR"
		score = 5
		attack = ""

	strings:
		$space = /xmlns\s{0,4}=\s{0,4}["']http:\/\/www\.plcopen\.org\/xml\/tc6/
		$types = "<pou "

	condition:
		filesize < 256MB
		and $space in (0..4096)
		and $types
}

rule ics_engineering_project_substation : ics project info iec61850
{
	meta:
		id = "LOEP-0753"
		author = "Loep"
		date = "2026-11-21"
		description = "The configuration of an IEC 61850 substation (SCL): evidence of note, not hostile in itself."
		reference = "https://webstore.iec.ch/en/publication/63319"
		tlp = "TLP:CLEAR"
		score = 5
		attack = ""

	strings:
		$space = "http://www.iec.ch/61850/2003/SCL"
		$root = /<SCL[\s>]/
		$device = /<(IED|Substation)\s/

	condition:
		filesize < 256MB
		and $space in (0..4096) and $root in (0..4096)
		and $device
}

rule ics_engineering_project_step7 : ics project info
{
	meta:
		id = "LOEP-0754"
		author = "Loep"
		date = "2026-11-21"
		description = "Source of blocks of a Siemens S7 controller (AWL or SCL): evidence of note, not hostile in itself."
		reference = "https://support.industry.siemens.com/"
		tlp = "TLP:CLEAR"
		score = 5
		attack = ""

	strings:
		$block = /\b(ORGANIZATION_BLOCK|FUNCTION_BLOCK|DATA_BLOCK)\s{1,4}("[^"\n]{1,60}"|(OB|FB|DB|FC)\s?\d{1,5})/
		$end = /\bEND_(ORGANIZATION_BLOCK|FUNCTION_BLOCK|DATA_BLOCK)\b/
		$network = /\n\s{0,8}(NETWORK|BEGIN)\r?\n/
		$attribute = /\b(S7_Optimized_Access|VERSION\s{0,4}:\s{0,4}[0-9]+\.[0-9]+)/

	condition:
		filesize < 64MB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and $block and $end
		and any of ($network, $attribute)
}
