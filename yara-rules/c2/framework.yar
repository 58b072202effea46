// SPDX-License-Identifier: Apache-2.0
// Public frameworks for remote control.

rule c2_framework_cobalt_strike_config : c2 cobaltstrike
{
	meta:
		id = "LOEP-0901"
		author = "Loep"
		date = "2026-11-21"
		description = "The settings block of a Cobalt Strike beacon, under one of its two known XOR keys."
		reference = "https://attack.mitre.org/software/S0154/"
		tlp = "TLP:CLEAR"
		score = 90
		attack = "T1071.001,T1573"

	strings:
		$key_69 = { 69 68 69 68 69 6b ?? ?? 69 6b 69 68 69 6b ?? ?? 69 6a 69 6b 69 6d ?? ?? ?? ?? 69 6d 69 6b 69 6d }
		$key_2e = { 2e 2f 2e 2f 2e 2c ?? ?? 2e 2c 2e 2f 2e 2c ?? ?? 2e 2d 2e 2c 2e 2a ?? ?? ?? ?? 2e 2a 2e 2c 2e 2a }
		$plain = { 00 01 00 01 00 02 ?? ?? 00 02 00 01 00 02 ?? ?? 00 03 00 02 00 04 ?? ?? ?? ?? 00 04 00 02 00 04 }

	condition:
		filesize < 64MB
		and any of them
}

rule c2_framework_cobalt_strike_program : c2 cobaltstrike
{
	meta:
		id = "LOEP-0902"
		author = "Loep"
		date = "2026-11-21"
		description = "A program or script with several default names of Cobalt Strike."
		reference = "https://attack.mitre.org/software/S0154/"
		tlp = "TLP:CLEAR"
		score = 85
		attack = "T1071.001,T1055.001"

	strings:
		$dll_64 = "beacon.x64.dll"
		$dll_32 = /\bbeacon(\.x86)?\.dll\b/
		$pipe_msse = "\\\\.\\pipe\\MSSE-" ascii wide
		$pipe_msagent = /\\\\(\.|%s)\\pipe\\msagent_/ ascii wide
		$pipe_status = /\\\\(\.|%s)\\pipe\\status_/ ascii wide
		$pipe_postex = /\\\\(\.|%s)\\pipe\\postex_(ssh_)?/ ascii wide
		$load = "ReflectiveLoader"
		$admin = "%s (admin)"
		$import = "IEX (New-Object Net.Webclient).DownloadString('http://127.0.0.1:%u/'); %s"
		$encoded = "powershell -nop -exec bypass -EncodedCommand \"%s\""
		$psh_url = "%%COMSPEC%% /b /c start /b /min powershell"

	condition:
		filesize < 8MB
		and (
			2 of ($dll*, $pipe*, $import, $encoded, $psh_url)
			or (1 of ($dll*, $pipe*, $import, $encoded)
			and all of ($load, $admin))
		)
}

rule c2_framework_metasploit_shellcode : c2 metasploit shellcode
{
	meta:
		id = "LOEP-0911"
		author = "Loep"
		date = "2026-11-21"
		description = "The Windows shellcode of Metasploit: its search of functions by hash, and the hashes of the functions that load more code."
		reference = "https://github.com/rapid7/metasploit-framework"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T1059,T1105,T1620"

	strings:
		$start_32 = { fc e8 (82 | 89 | 8f) 00 00 00 60 }
		$start_64 = { fc 48 83 e4 f0 e8 (c0 | c8 | cc) 00 00 00 41 51 41 50 52 }
		$walk_32 = { 31 (c0 | d2) 64 8b (50 | 52) 30 8b 52 0c 8b 52 14 8b 72 28 }
		$walk_64 = { 65 48 8b 52 60 48 8b 52 18 48 8b 52 20 48 8b 72 50 }
		$hash_load_32 = { 68 4c 77 26 07 ff d5 }
		$hash_load_64 = { 41 ba 4c 77 26 07 ff d5 }
		$hash_alloc_32 = { 68 58 a4 53 e5 ff d5 }
		$hash_alloc_64 = { 41 ba 58 a4 53 e5 ff d5 }
		$hash_exec_32 = { 68 31 8b 6f 87 ff d5 }
		$hash_exec_64 = { 41 ba 31 8b 6f 87 ff d5 }

	condition:
		filesize < 16MB
		and (
			(any of ($start*) and any of ($walk*, $hash*))
			or (any of ($walk*) and any of ($hash*))
		)
}

rule c2_framework_meterpreter : c2 metasploit
{
	meta:
		id = "LOEP-0912"
		author = "Loep"
		date = "2026-11-21"
		description = "Meterpreter, the remote control of Metasploit: its libraries, extensions and command names."
		reference = "https://docs.metasploit.com/docs/using-metasploit/advanced/meterpreter/meterpreter.html"
		tlp = "TLP:CLEAR"
		score = 85
		attack = "T1059,T1055.001,T1113"

	strings:
		$library = /\b(metsrv|ext_server_(stdapi|priv|kiwi|extapi|incognito|python|powershell|sniffer|espia))(\.x(86|64))?\.dll\b/
		$linux = /\b(mettle|libmettle|mettle_get_|tlv_dispatcher|mettle_start)\w{0,24}\b/
		$command_core = /\bcore_(channel_(open|write|close|eof)|loadlib|migrate|machine_id|transport_(list|add|next)|enumextcmd|negotiate_tlv_encryption)\b/
		$command_api = /\bstdapi_(fs|sys|net|ui|railgun|webcam|audio)_\w{3,40}\b/
		$command_priv = /\bpriv_(elevate_getsystem|passwd_get_sam_hashes|fs_get_file_mace)\b/
		$load = "ReflectiveLoader"

	condition:
		filesize < 16MB
		and (
			#command_core + #command_api + #command_priv > 6
			or ($library and ($load or any of ($command*)))
			or (uint32(0) == 0x464c457f and #linux > 3 and any of ($command*))
		)
}

rule c2_framework_go : c2 golang
{
	meta:
		id = "LOEP-0921"
		author = "Loep"
		date = "2026-11-21"
		description = "A program that was built from one of the public remote-control frameworks in Go."
		reference = "https://attack.mitre.org/software/S0633/"
		tlp = "TLP:CLEAR"
		score = 85
		attack = "T1071.001,T1573"

	strings:
		$sliver = "github.com/bishopfox/sliver/" ascii
		$sliver_proto = "sliverpb." ascii
		$merlin = "github.com/Ne0nd0g/merlin" ascii
		$merlin_agent = "merlin-agent/" ascii
		$poseidon = "MythicAgents/poseidon" ascii
		$poseidon_pkg = "poseidon/agent_code/pkg" ascii
		$geacon = "geacon/cmd/" ascii
		$hershell = "github.com/lesnuages/hershell" ascii
		$venom = "github.com/Dliv3/Venom" ascii
		$deimos = "DeimosC2/" ascii
		$sandcat = "mitre/gocat" ascii
		$go = /\bGo build(inf| ID)|\bruntime\.(main|goexit|gopanic)\b/

	condition:
		(uint16(0) == 0x5a4d or uint32(0) == 0x464c457f or uint32(0) == 0xfeedfacf)
		and $go
		and any of ($sliver*, $merlin*, $poseidon*, $geacon, $hershell, $venom,
		$deimos, $sandcat)
}

rule c2_framework_empire : c2 powershell
{
	meta:
		id = "LOEP-0922"
		author = "Loep"
		date = "2026-11-21"
		description = "The start of an agent of Empire or a compatible framework, with its default pages, header and cipher."
		reference = "https://attack.mitre.org/software/S0363/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T1059.001,T1071.001"

	strings:
		$page = /["'](\/(admin\/get|news|login\/process)\.php)["']/
		$cookie = /Headers\.Add\s{0,4}\(\s{0,4}["']Cookie["']\s{0,4},\s{0,4}["']\w{1,24}=/ nocase ascii wide
		$rc4 = /\$R\s{0,2}=\s{0,2}\{\s{0,4}\$D\s{0,2},\s{0,2}\$K\s{0,2}=\s{0,2}\$Args/ nocase ascii wide
		$range = /0\.\.255\s{0,4}\|\s{0,4}%\s{0,4}\{/ ascii wide
		$stage = /-join\s{0,4}\[char\[\]\]\s{0,4}\(\s{0,4}&\s{0,4}\$R\s{1,4}\$data/ nocase ascii wide
		$invoke = /\bInvoke-Empire\b/ nocase ascii wide

	condition:
		filesize < 4MB
		and ($invoke or 2 of ($page, $cookie, $rc4, $stage) or ($rc4 and $range))
}

rule c2_framework_dotnet_rat : c2 dotnet rat
{
	meta:
		id = "LOEP-0923"
		author = "Loep"
		date = "2026-11-21"
		description = "A .NET program with several names from the public remote-control tools AsyncRAT, Quasar and njRAT."
		reference = "https://attack.mitre.org/software/S1087/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1071.001,T1219,T1056.001"

	strings:
		$async_plugin = "Plugin.Plugin" ascii wide
		$async_settings = "ServerSignature" ascii wide
		$async_pastebin = "Pastebin" fullword ascii wide
		$async_mutex = "AsyncMutex_" ascii wide
		$async_client = /\b(AsyncClient|AsyncRAT)\b/ ascii wide
		$async_amsi = "HwidGen" ascii wide
		$quasar_ns = /\b(Quasar|xClient)\.(Client|Common|Core)\b/ ascii wide
		$quasar_msg = /\b(DoShellExecute|GetKeyloggerLogs|DoVisitWebsite|DoRemoteDesktop|GetKeyloggerLogsDirectory|SetUserStatus)\b/ ascii wide
		$nj_split = /\|'\|'\|/ ascii wide
		$nj_netsh = "netsh firewall add allowedprogram" ascii wide
		$nj_seed = "SEE_MASK_NOZONECHECKS" ascii wide
		$clr = "_CorExeMain"

	condition:
		uint16(0) == 0x5a4d
		and filesize < 8MB
		and $clr
		and (
			3 of ($async*)
			or ($quasar_ns and $quasar_msg) or #quasar_msg > 3
			or 2 of ($nj*)
		)
}

rule c2_framework_chat_service : c2 exfiltration
{
	meta:
		id = "LOEP-0924"
		author = "Loep"
		date = "2026-11-21"
		description = "A program or short script that sends files or command output to a chat service by its bot interface."
		reference = "https://attack.mitre.org/techniques/T1102/002/"
		tlp = "TLP:CLEAR"
		score = 45
		attack = "T1102.002,T1567"

	strings:
		$telegram = /\bapi\.telegram\.org\/bot(\d{8,10}:[\w-]{30,40}|["'%$\{ ])/ ascii wide
		$telegram_send = /\/(sendDocument|sendMessage|sendPhoto|getUpdates)\b/ ascii wide
		$discord = /\bdiscord(app)?\.com\/api\/(v\d{1,2}\/)?webhooks\/\d{16,20}\/[\w-]{40,80}/ ascii wide
		$slack = /\bhooks\.slack\.com\/services\/T[A-Z0-9]{8,12}\/B[A-Z0-9]{8,12}\/\w{20,28}/ ascii wide
		$do_command = /\b(cmd\.exe|\/bin\/(ba)?sh|powershell|subprocess|os\.popen|whoami|systeminfo|ipconfig|hostname)\b/ nocase ascii wide
		$do_steal = /\b(Login Data|wallet|keylog|screenshot|clipboard|passwords?\.(txt|zip)|\.ssh\/id_|\/etc\/passwd)\b/ nocase ascii wide

	condition:
		(uint16(0) == 0x5a4d or uint32(0) == 0x464c457f or filesize < 256KB)
		and filesize < 32MB
		and (($telegram and $telegram_send) or $discord or $slack)
		and any of ($do*)
}
