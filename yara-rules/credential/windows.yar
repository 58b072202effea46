// SPDX-License-Identifier: Apache-2.0
// Tools that take passwords and tickets on Windows.

rule credential_windows_mimikatz_command : credential mimikatz
{
	meta:
		id = "LOEP-0801"
		author = "Loep"
		date = "2026-11-21"
		description = "Commands of Mimikatz, in a script, a program or a log."
		reference = "https://attack.mitre.org/software/S0002/"
		tlp = "TLP:CLEAR"
		score = 85
		attack = "T1003.001,T1003.002,T1558"

	strings:
		$logon = /\bsekurlsa::(logonpasswords|wdigest|tickets|pth|minidump|msv|ekeys|kerberos)\b/ nocase ascii wide
		$lsa = /\blsadump::(sam|secrets|cache|lsa|dcsync|dcshadow|trust|backupkeys)\b/ nocase ascii wide
		$privilege = /\bprivilege::debug\b/ nocase ascii wide
		$kerberos = /\bkerberos::(golden|ptt|list|purge|silver)\b/ nocase ascii wide
		$token = /\btoken::(elevate|impersonate|revert)\b/ nocase ascii wide
		$vault = /\b(vault::(cred|list)|dpapi::(masterkey|cred|chrome)|crypto::(capi|cng|certificates)|misc::skeleton)\b/ nocase ascii wide

	condition:
		filesize < 64MB
		and 2 of them
}

rule credential_windows_mimikatz_program : credential mimikatz
{
	meta:
		id = "LOEP-0802"
		author = "Loep"
		date = "2026-11-21"
		description = "The program Mimikatz, its library or its driver."
		reference = "https://attack.mitre.org/software/S0002/"
		tlp = "TLP:CLEAR"
		score = 95
		attack = "T1003.001"

	strings:
		$author = "gentilkiwi" nocase ascii wide
		$driver = "mimidrv.sys" nocase ascii wide
		$library = "mimilib.dll" nocase ascii wide
		$export = "powershell_reflective_mimikatz" ascii
		$name = "mimikatz" nocase wide
		$kuhl = "kuhl_m_sekurlsa" ascii wide
		$kull = "kull_m_" ascii wide
		$blog = "blog.gentilkiwi.com" nocase ascii wide

	condition:
		uint16(0) == 0x5a4d
		and filesize < 16MB
		and 2 of them
}

rule credential_windows_lsass_dump : credential lsass
{
	meta:
		id = "LOEP-0803"
		author = "Loep"
		date = "2026-11-21"
		description = "A command or script that writes the memory of the Windows log-on process to a file."
		reference = "https://attack.mitre.org/techniques/T1003/001/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1003.001"

	strings:
		$comsvcs = /\bcomsvcs(\.dll)?["']?\s{0,4},?\s{0,4}(#\+?0*24|#24|MiniDump\w?)\b/ nocase ascii wide
		$procdump = /\bprocdump(64)?(\.exe)?["']?\s[^\n]{0,80}-m[apd]\w?\s[^\n]{0,60}\blsass\b/ nocase ascii wide
		$procdump_name = /\bprocdump(64)?(\.exe)?["']?\s[^\n]{0,80}\blsass(\.exe)?\s[^\n]{0,60}\.dmp\b/ nocase ascii wide
		$powershell = /\bGet-Process\s{1,4}(-Name\s{1,4})?["']?lsass\b[^|]{0,400}\bMiniDumpWriteDump\b/ nocase ascii wide
		$tools = /\b(nanodump|dumpert|sqldumper\.exe\s[^\n]{0,40}0x0110|rdrleakdiag(\.exe)?\s[^\n]{0,40}\/p|createdump(\.exe)?\s[^\n]{0,40}-u\s|tttracer(\.exe)?\s[^\n]{0,40}-attach)\b/ nocase ascii wide

	condition:
		filesize < 4MB
		and any of them
}

rule credential_windows_lsass_reader : credential lsass pe
{
	meta:
		id = "LOEP-0804"
		author = "Loep"
		date = "2026-11-21"
		description = "A small PE file that names the Windows log-on process and has the function that writes memory dumps."
		reference = "https://attack.mitre.org/techniques/T1003/001/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1003.001"

	strings:
		$dump = /\b(MiniDumpWriteDump|PssCaptureSnapshot|NtReadVirtualMemory)\b/ ascii wide
		$lsass = "lsass.exe" nocase ascii wide
		$library = /\b(dbghelp|dbgcore)\.dll\b/ nocase ascii wide
		$privilege = "SeDebugPrivilege" ascii wide
		$find = /\b(CreateToolhelp32Snapshot|EnumProcesses|NtQuerySystemInformation|NtGetNextProcess)\b/ ascii wide

	condition:
		uint16(0) == 0x5a4d
		and filesize < 2MB
		and all of them
}

rule credential_windows_lsass_memory : credential lsass evidence
{
	meta:
		id = "LOEP-0805"
		author = "Loep"
		date = "2026-11-21"
		description = "A memory dump of the Windows log-on process: it holds passwords, and somebody wrote it."
		reference = "https://attack.mitre.org/techniques/T1003/001/"
		tlp = "TLP:CLEAR"
		score = 60
		attack = "T1003.001"

	strings:
		$module_lsass = "\\lsass.exe" nocase wide
		$module_lsasrv = "\\lsasrv.dll" nocase wide
		$module_wdigest = "\\wdigest.dll" nocase wide

	condition:
		uint32(0) == 0x504d444d
		and $module_lsass
		and any of ($module_lsasrv, $module_wdigest)
}

rule credential_windows_hives : credential registry
{
	meta:
		id = "LOEP-0806"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that saves the registry hives or the directory database that hold password hashes."
		reference = "https://attack.mitre.org/techniques/T1003/002/"
		tlp = "TLP:CLEAR"
		score = 70
		attack = "T1003.002,T1003.004,T1003.003"

	strings:
		$sam = /\breg(\.exe)?["']?\s{1,4}(save|export)\s{1,4}["']?(HKLM|HKEY_LOCAL_MACHINE)\\sam\b/ nocase ascii wide
		$security = /\breg(\.exe)?["']?\s{1,4}(save|export)\s{1,4}["']?(HKLM|HKEY_LOCAL_MACHINE)\\(security|system)\b/ nocase ascii wide
		$ntds_util = /\bntdsutil(\.exe)?["']?\s[^\n]{0,60}(ac(tivate)?\s{1,4}i(nstance)?\s{1,4}ntds|ifm)\b/ nocase ascii wide
		$ntds_copy = /\\(GLOBALROOT\\Device\\)?HarddiskVolumeShadowCopy\d{0,4}\\[^\n]{0,60}(ntds\.dit|config\\(sam|system|security))\b/ nocase ascii wide
		$esentutl = /\besentutl(\.exe)?["']?\s[^\n]{0,60}ntds\.dit/ nocase ascii wide

	condition:
		filesize < 4MB
		and (
			($sam and $security)
			or any of ($ntds_util, $ntds_copy, $esentutl)
		)
}

rule credential_windows_browser : credential stealer
{
	meta:
		id = "LOEP-0807"
		author = "Loep"
		date = "2026-11-21"
		description = "A program or script that reads the passwords or cookies which a browser has stored and decrypts them."
		reference = "https://attack.mitre.org/techniques/T1555/003/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1555.003,T1539"

	strings:
		$query_login = /\bSELECT\s{1,4}[\w, ]{0,80}(username_value|password_value)[\w, ]{0,80}FROM\s{1,4}logins\b/ nocase ascii wide
		$query_cookie = /\bSELECT\s{1,4}[\w, ]{0,120}encrypted_value[\w, ]{0,120}FROM\s{1,4}cookies\b/ nocase ascii wide
		$query_card = /\bFROM\s{1,4}credit_cards\b/ nocase ascii wide
		$file_login = "Login Data" ascii wide
		$file_state = "Local State" ascii wide
		$file_firefox = "logins.json" ascii wide
		$file_wallet = /\b(wallet\.dat|Exodus\\exodus\.wallet|Electrum\\wallets|nkbihfbeogaeaoehlefnkodbefgpgknn)\b/ ascii wide
		$crypt_dpapi = /\bCryptUnprotectData\b/ ascii wide
		$crypt_net = "ProtectedData" ascii wide
		$crypt_key = "encrypted_key" ascii wide
		$crypt_nss = "PK11SDR_Decrypt" ascii wide

	condition:
		filesize < 32MB
		and any of ($query*)
		and any of ($crypt*)
		and 2 of ($file*)
}

rule credential_windows_kerberos : credential kerberos
{
	meta:
		id = "LOEP-0808"
		author = "Loep"
		date = "2026-11-21"
		description = "Tools or commands that ask for Kerberos tickets in order to break or reuse them."
		reference = "https://attack.mitre.org/techniques/T1558/003/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1558.003,T1558.004,T1550.003"

	strings:
		$roast = /\b(kerberoast(ing|able)?|asreproast)\b/ nocase ascii wide
		$invoke = /\bInvoke-(Kerberoast|ASREPRoast|Rubeus|Mimikatz)\b/ nocase ascii wide
		$hash_tgs = "$krb5tgs$" ascii wide
		$hash_asrep = "$krb5asrep$" ascii wide
		$option_ticket = /\/(ticket|rc4|aes256|impersonateuser|msdsspn|altservice|ptt|nowrap|createnetonly):?\b/ nocase ascii wide
		$command = /\b(asktgt|asktgs|s4u|renew|brute|tgtdeleg|monitor|harvest|dump|triage|klist)\b/ ascii wide
		$python = /\b(GetUserSPNs|GetNPUsers|getTGT|ticketer|secretsdump|psexec)\.py\b/

	condition:
		filesize < 16MB
		and (
			($invoke and any of ($roast, $hash*))
			or (uint16(0) == 0x5a4d and $roast and any of ($hash*) and
			($option_ticket or #command > 4))
			or (#python >= 2 and any of ($hash*, $roast))
		)
}
