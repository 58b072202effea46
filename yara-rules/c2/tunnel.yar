// SPDX-License-Identifier: Apache-2.0
// Tools that carry connections out of, or into, a network.

rule c2_tunnel_go : tunnel golang
{
	meta:
		id = "LOEP-0931"
		author = "Loep"
		date = "2026-11-21"
		description = "A program that was built from one of the public tunnelling tools in Go (chisel, ligolo, frp, gost, nps, revsocks, rakshasa and the like)."
		reference = "https://attack.mitre.org/techniques/T1572/"
		tlp = "TLP:CLEAR"
		score = 60
		attack = "T1572,T1090"

	strings:
		$chisel = "github.com/jpillora/chisel/"
		$ligolo = /github\.com\/(nicocha30\/ligolo-ng|sysdream\/ligolo|tnpitsecurity\/ligolo-ng)/
		$frp = "github.com/fatedier/frp/"
		$gost = /github\.com\/(ginuerzh|go-gost)\/gost/
		$nps = "ehang.io/nps/"
		$iox = /\biox\/(operate|netio|crypto)\b/
		$revsocks = "github.com/kost/revsocks"
		$stowaway = "Stowaway/"
		$rakshasa = "rakshasa/server"
		$ngrok = "ngrok/client"
		$cloudflared = "github.com/cloudflare/cloudflared/"
		$go = /\bGo build(inf| ID)|\bruntime\.(main|goexit|gopanic)\b/

	condition:
		(uint16(0) == 0x5a4d or uint32(0) == 0x464c457f or uint32(0) == 0xfeedfacf)
		and $go
		and any of ($chisel, $ligolo, $frp, $gost, $nps, $iox, $revsocks, $stowaway,
		$rakshasa, $ngrok, $cloudflared)
}

rule c2_tunnel_frp_config : tunnel config
{
	meta:
		id = "LOEP-0932"
		author = "Loep"
		date = "2026-11-21"
		description = "The settings of an frp client that opens a port of this machine, or a SOCKS proxy, to a server outside."
		reference = "https://attack.mitre.org/software/S1144/"
		tlp = "TLP:CLEAR"
		score = 50
		attack = "T1572,T1090.002"

	strings:
		$ini_common = /\[common\]/
		$ini_server = /\nserver_addr\s{0,4}=/
		$ini_port = /\nserver_port\s{0,4}=/
		$ini_remote = /\n(remote_port\s{0,4}=|plugin\s{0,4}=\s{0,4}socks5|local_port\s{0,4}=\s{0,4}(22|3389|445|5900)\b)/
		$toml_server = /(^|\n)serverAddr\s{0,4}=/
		$toml_proxy = /\[\[proxies\]\]/
		$toml_remote = /\n\s{0,4}(remotePort\s{0,4}=|type\s{0,4}=\s{0,4}["']socks5|localPort\s{0,4}=\s{0,4}(22|3389|445|5900)\b)/

	condition:
		filesize < 64KB
		and (all of ($ini*) or all of ($toml*))
}

rule c2_tunnel_dns : tunnel dns
{
	meta:
		id = "LOEP-0933"
		author = "Loep"
		date = "2026-11-21"
		description = "A tool that carries data in DNS queries (dnscat2, iodine, dns2tcp), by its own messages."
		reference = "https://attack.mitre.org/techniques/T1071/004/"
		tlp = "TLP:CLEAR"
		score = 70
		attack = "T1071.004,T1572"

	strings:
		$dnscat = "dnscat2"
		$dnscat_session = "Encrypted session established!"
		$iodine = "iodine IP over DNS tunneling client"
		$iodine_raw = "Skipping raw mode"
		$iodine_frag = "Autoprobing max downstream fragment size"
		$dns2tcp = /\bdns2tcp(c|d)?\b[\s:]{1,4}[\w -]{0,24}(tunnel|resource|domain)/

	condition:
		(uint16(0) == 0x5a4d or uint32(0) == 0x464c457f)
		and filesize < 8MB
		and 2 of them
}

rule c2_tunnel_ssh_reverse : tunnel ssh script
{
	meta:
		id = "LOEP-0934"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that opens a way back into the network by SSH, unattended and without checking whom it talks to."
		reference = "https://attack.mitre.org/techniques/T1572/"
		tlp = "TLP:CLEAR"
		score = 50
		attack = "T1572,T1021.004"

	strings:
		$reverse = /\b(ssh|autossh|plink(\.exe)?)\s[^\n]{0,160}\s-[fNnTqC]{0,5}R\s{0,4}["']?([\w.*:\[\]]{1,40}:)?\d{2,5}(:[\w.\[\]]{1,60}:\d{2,5})?\b/
		$unattended = /\b(StrictHostKeyChecking[= ]no|UserKnownHostsFile[= ]\/dev\/null|sshpass\s{1,4}-p|plink(\.exe)?\s[^\n]{0,80}-pw\s|echo\s{1,4}y\s{0,4}\|\s{0,4}plink)/
		$again = /\b(while\s{1,4}(true|:|\[)|autossh|crontab|nohup|setsid|sleep\s{1,4}\d|@reboot|schtasks|systemctl|-f\s{0,2}N|-Nf)\b/

	condition:
		filesize < 256KB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and all of them
}
