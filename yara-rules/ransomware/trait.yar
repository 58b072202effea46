// SPDX-License-Identifier: Apache-2.0
// What ransomware does beside the encryption.

rule ransomware_trait_no_recovery : ransomware
{
	meta:
		id = "LOEP-0611"
		author = "Loep"
		date = "2026-11-21"
		description = "A program or script that removes the ways to restore files: shadow copies, backup catalogues, the repair start."
		reference = "https://attack.mitre.org/techniques/T1490/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1490"

	strings:
		$shadow_vss = /\bvssadmin(\.exe)?["']?\s{1,4}(delete\s{1,4}shadows|resize\s{1,4}shadowstorage)/ nocase ascii wide
		$shadow_wmic = /\bwmic(\.exe)?["']?\s{1,4}shadowcopy\s[^\n]{0,40}delete\b/ nocase ascii wide
		$shadow_wmi = /\bWin32_ShadowCopy\b[^\n]{0,120}(\.Delete\b|Remove-WmiObject|Remove-CimInstance|Delete_)/ nocase ascii wide
		$shadow_disk = /\bdelete\s{1,4}shadows\s{1,4}all\b/ nocase ascii wide
		$backup_catalog = /\bwbadmin(\.exe)?["']?\s{1,4}delete\s{1,4}(catalog|systemstatebackup|backup)/ nocase ascii wide
		$repair_recovery = /\bbcdedit(\.exe)?["']?\s[^\n]{0,60}recoveryenabled\s{1,4}(no|off)\b/ nocase ascii wide
		$repair_policy = /\bbcdedit(\.exe)?["']?\s[^\n]{0,60}bootstatuspolicy\s{1,4}ignoreallfailures/ nocase ascii wide
		$cipher = /\bcipher(\.exe)?["']?\s{1,4}\/w:/ nocase ascii wide
		$journal = /\bfsutil(\.exe)?["']?\s{1,4}usn\s{1,4}deletejournal/ nocase ascii wide

	condition:
		filesize < 16MB
		and (
			2 of ($shadow_vss, $shadow_wmic, $shadow_wmi, $backup_catalog,
			$repair_recovery, $repair_policy, $cipher, $journal)
			or ($shadow_vss and $shadow_disk)
		)
}

rule ransomware_trait_service_list : ransomware
{
	meta:
		id = "LOEP-0612"
		author = "Loep"
		date = "2026-11-21"
		description = "A program or script with a long list of databases, mail servers and backup programs to stop before it can encrypt their files."
		reference = "https://attack.mitre.org/techniques/T1489/"
		tlp = "TLP:CLEAR"
		score = 70
		attack = "T1489,T1486"

	strings:
		$sql_server = /\b(sqlservr|sqlagent|sqlbrowser|sqlwriter|msftesql|fdlauncher|ocautoupds|ocssd|dbsnmp|synctime|isqlplussvc|xfssvccon|mydesktopservice|agntsvc|encsvc|sqbcoreservice)(\.exe)?\b/ nocase ascii wide
		$sql_other = /\b(mysqld(-nt|-opt)?|oracle|dbeng50|postgres|mongod)\.exe\b/ nocase ascii wide
		$backup = /\b(veeam\w{0,24}|acronisagent|acrsch2svc|backupexec\w{0,24}|bedbg|gxvss|gxblr|gxfwd|gxcvd|gxcimgr|vsnapvss|arcserve\w{0,16})\b/ nocase ascii wide
		$office = /\b(winword|excel|outlook|powerpnt|onenote|msaccess|mspub|visio|thebat|infopath|wordpad|thunderbird)\.exe\b/ nocase ascii wide
		$stop_net = /\b(net|sc)(\.exe)?["']?\s{1,4}(stop|delete|config)\b/ nocase ascii wide
		$stop_kill = /\btaskkill\b/ nocase ascii wide
		$stop_api = "TerminateProcess" fullword
		$stop_service = "ControlService" fullword
		$stop_ps = /\bStop-(Service|Process)\b/ nocase ascii wide

	condition:
		filesize < 16MB
		and #sql_server >= 3 and #office >= 3
		and (#backup >= 1 or #sql_other >= 2)
		and any of ($stop*)
}

rule ransomware_trait_esxi : ransomware esxi linux
{
	meta:
		id = "LOEP-0613"
		author = "Loep"
		date = "2026-11-21"
		description = "A Linux program or script that stops the virtual machines of an ESXi host and looks for their disks."
		reference = "https://attack.mitre.org/techniques/T1489/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T1486,T1489,T1529"

	strings:
		$kill_process = /\besxcli\s[^\n]{0,60}vm\s{1,4}process\s{1,4}(kill|list)/
		$kill_vim = /\bvim-cmd\s{1,4}vmsvc\/(power\.off|getallvms|snapshot\.removeall)/
		$volume = "/vmfs/volumes"
		$disk_vmdk = ".vmdk"
		$disk_vmem = ".vmem"
		$disk_vmsn = ".vmsn"
		$disk_vswp = ".vswp"
		$disk_vmsd = ".vmsd"
		$disk_nvram = ".nvram"
		$crypt = /\b(encrypt\w{0,4}|chacha|salsa20|sosemanuk|curve25519|readme|how_to_restore)\b/ nocase

	condition:
		filesize < 16MB
		and (uint32(0) == 0x464c457f or uint16(0) == 0x2123)
		and any of ($kill*)
		and (3 of ($disk*) or ($volume and 1 of ($disk*)))
		and $crypt
}

rule ransomware_trait_desktop : ransomware
{
	meta:
		id = "LOEP-0614"
		author = "Loep"
		date = "2026-11-21"
		description = "A program that changes the desktop picture and the file type of what it encrypts by Windows' own cryptography."
		reference = "https://attack.mitre.org/techniques/T1491/001/"
		tlp = "TLP:CLEAR"
		score = 55
		attack = "T1491.001,T1486"

	strings:
		$wallpaper = /\b(SystemParametersInfo[AW]|Control Panel\\Desktop)\b/ ascii wide
		$walk = /\bFindNextFile[AW]\b/
		$drives = /\b(GetLogicalDrives|GetDriveType[AW]|WNetEnumResource[AW])\b/
		$crypt = /\b(CryptEncrypt|CryptGenKey|BCryptEncrypt|BCryptGenerateSymmetricKey|CryptImportKey)\b/
		$move = /\bMoveFile(Ex)?[AW]\b/
		$word = /\b(ransom|decrypt(or|ion)|encrypted|\.onion|bitcoin)\b/ nocase ascii wide
		$restart = /\bRm(StartSession|RegisterResources|GetList)\b/

	condition:
		uint16(0) == 0x5a4d
		and filesize < 4MB
		and $wallpaper and $walk and $drives and $crypt and $move
		and any of ($word, $restart)
}
