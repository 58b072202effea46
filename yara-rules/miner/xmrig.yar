// SPDX-License-Identifier: Apache-2.0
// Programs that mine currency for somebody else.

rule miner_xmrig_program : miner
{
	meta:
		id = "LOEP-1001"
		author = "Loep"
		date = "2026-11-21"
		description = "A program that mines Monero or a relative: its algorithms, its pool protocol and its options."
		reference = "https://attack.mitre.org/techniques/T1496/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1496.001"

	strings:
		$protocol = /\bstratum(\+|2\+)(tcp|ssl|tls):\/\// ascii wide
		$name = /\b(xmrig|xmr-stak|cpuminer|ccminer|t-rex|nbminer|srbminer|lolminer|phoenixminer|minerd)\b/ nocase ascii wide
		$algo_rx = /\b(randomx|rx\/(0|wow|arq|sfx|keva))\b/ nocase
		$algo_cn = /\b(cryptonight|cn\/(r|half|fast|rwz|zls|double|gpu)|cn-(lite|heavy|pico))\b/ nocase
		$algo_other = /\b(kawpow|ethash|argon2\/chukwa|ghostrider|astrobwt)\b/ nocase
		$option = /\b(donate-level|--cpu-max-threads-hint|--randomx-(mode|1gb-pages)|nicehash|--coin=|rig-id)\b/
		$rpc = /\b(mining\.(subscribe|authorize|submit|notify)|"method":\s?"(login|submit|keepalived)")/

	condition:
		(uint16(0) == 0x5a4d or uint32(0) == 0x464c457f)
		and filesize < 64MB
		and $protocol
		and 3 of ($name, $algo_rx, $algo_cn, $algo_other, $option, $rpc)
}

rule miner_xmrig_config : miner config
{
	meta:
		id = "LOEP-1002"
		author = "Loep"
		date = "2026-11-21"
		description = "The settings of a mining program: pools, a wallet and an algorithm."
		reference = "https://xmrig.com/docs/miner/config"
		tlp = "TLP:CLEAR"
		score = 70
		attack = "T1496.001"

	strings:
		$pools = /"pools"\s{0,4}:\s{0,4}\[/
		$url = /"url"\s{0,4}:\s{0,4}"[^"\n]{4,120}:\d{2,5}"/
		$user = /"user"\s{0,4}:\s{0,4}"[48][0-9A-Za-z]{94,105}[^"\n]{0,60}"/
		$donate = /"donate-(level|over-proxy)"\s{0,4}:/
		$algo = /"(algo|coin)"\s{0,4}:\s{0,4}("(rx|cn|randomx|cryptonight|monero)[^"\n]{0,24}"|null)/
		$cpu = /"(randomx|max-threads-hint|huge-pages|rig-id|nicehash)"\s{0,4}:/

	condition:
		filesize < 128KB
		and $pools and $url
		and 2 of ($user, $donate, $algo, $cpu)
}

rule miner_xmrig_command : miner script
{
	meta:
		id = "LOEP-1003"
		author = "Loep"
		date = "2026-11-21"
		description = "A script or unit that starts a mining program with a pool and a wallet."
		reference = "https://attack.mitre.org/techniques/T1496/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1496.001,T1059.004"

	strings:
		$pool_option = /\s(-o|--url[ =])\s{0,4}["']?(stratum\+(tcp|ssl):\/\/)?([\w-]{1,40}\.){1,4}[a-z]{2,12}:\d{3,5}\b/
		$pool_url = /\bstratum\+(tcp|ssl|tls):\/\/[^\s"']{4,120}/
		$pool_name = /\b(pool\.(supportxmr|minexmr|hashvault|monero\.hashvault)|xmr\.(nanopool|2miners|pool)|gulf\.moneroocean|moneroocean\.stream|c3pool|supportxmr|nicehash|minergate|unmineable|hashvault)\b/
		$wallet = /(--user[ =]|-u |wallet=|address=|xmr=)["']?[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}\b/ nocase
		$option = /(--donate-level[ =]|--cpu-max-threads-hint|--randomx-1gb|--threads[ =]|--algo[ =]|-a\s{1,4}(rx\/0|cn\/|cryptonight)|--coin[ =]|--rig-id|-k\s{1,4}--tls|--background\b|-p\s{1,4}x\b)/

	condition:
		filesize < 512KB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and (
			($wallet and any of ($pool*))
			or (any of ($pool*) and #option >= 2)
		)
}

rule miner_xmrig_web : miner javascript
{
	meta:
		id = "LOEP-1004"
		author = "Loep"
		date = "2026-11-21"
		description = "A web page that mines currency in the visitor's browser."
		reference = "https://attack.mitre.org/techniques/T1496/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1496.001,T1189"

	strings:
		$object = /\bnew\s{1,4}(CoinHive|CoinImp|Client|deepMiner|CRLT|PerfektStart|Miner)\.(Anonymous|User|Token)\s{0,4}\(/
		$file = /\b(coinhive(\.min)?|deepMiner(\.min)?|cryptonight(\.min)?|cryptonight-asmjs(\.min)?|crypta|webmr|coinimp|jsecoin|monero-miner|webminepool)\.(js|wasm|asm)\b/ nocase
		$start = /\.\s{0,4}start\s{0,4}\(\s{0,4}(CoinHive\.|FORCE_EXCLUSIVE_TAB|\))/
		$throttle = /\b(setThrottle|throttle\s{0,4}:|getHashesPerSecond|setNumThreads|CoinHive\.(CONFIG|FORCE))/

	condition:
		filesize < 8MB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and $object
		and any of ($file, $throttle) and $start
}
