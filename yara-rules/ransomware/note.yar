// SPDX-License-Identifier: Apache-2.0
// Letters that ransomware leaves.

rule ransomware_note_letter : ransomware note
{
	meta:
		id = "LOEP-0601"
		author = "Loep"
		date = "2026-11-21"
		description = "A short text that says files are encrypted, asks for money and tells how to reach the sender."
		reference = "https://attack.mitre.org/techniques/T1486/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1486,T1657"

	strings:
		$done_files = /\b(your|all)( (your|of your|important|company|personal))? (files|data|documents|network|servers|systems|computers?)( (on|in) [\w ]{1,40})? (have been|has been|are|were|is|was) (\w+ ){0,3}(encrypted|locked|crypted|stolen and encrypted)/ nocase ascii wide
		$done_us = /\bwe (have )?(encrypted|locked|downloaded|exfiltrated|stolen) (all )?(of )?your\b/ nocase ascii wide
		$done_other = /\b(votre|vos) (fichiers|donn.{1,2}es) (ont|sont) [\w ]{0,20}(chiffr|crypt)|\bihre dateien (wurden|sind) verschl|\buw bestanden zijn versleuteld|\bvasi faili|\xd0\xb2\xd0\xb0\xd1\x88\xd0\xb8 \xd1\x84\xd0\xb0\xd0\xb9\xd0\xbb\xd1\x8b/ nocase ascii
		$pay_coin = /\b(bitcoins?|btc|monero|xmr|crypto ?currency)\b/ nocase ascii wide
		$pay_price = /\b(pay(ment)?|ransom|price|purchase|buy) / nocase ascii wide
		$key = /\b(decrypt(ion|or|er|ing)?|private|unique|restore|recover) (key|tool|software|program|code|service|your|all|them|the)\b/ nocase ascii wide
		$reach_onion = /\b[a-z2-7]{16}([a-z2-7]{40})?\.onion\b/ nocase ascii wide
		$reach_tor = /\btor ?browser\b/ nocase ascii wide
		$reach_tox = /\b(tox(id)?( chat)?|qtox|session id|jabber|telegram)\b/ nocase ascii wide
		$reach_mail = /\b[\w.-]{2,40}@(proton(mail)?\.(com|me|ch)|tutanota\.(com|de)|tuta\.io|cock\.li|onionmail\.org|airmail\.cc|aol\.com|keemail\.me|mailfence\.com)\b/ nocase ascii wide
		$threat = /\b(do not|don't|dont|never) (rename|modify|edit|delete|try to|attempt|use third|contact the (police|fbi)|turn off|shut ?down)/ nocase ascii wide
		$leak = /\b(publish|leak|sell|made public|disclos)\w{0,4} [\w ,]{0,40}\b(your|data|files|information)\b/ nocase ascii wide
		$test = /\b(decrypt|send)[\w ,]{0,40} (\d|one|two|three|few|some)[\w ,()]{0,20} (files?|samples?)[\w ,]{0,20}( for)? ?(free|proof|test|guarantee)/ nocase ascii wide

	condition:
		filesize < 256KB
		and uint16(0) != 0x5a4d and uint32(0) != 0x464c457f
		and any of ($done*)
		and any of ($reach*)
		and 2 of ($pay_coin, $pay_price, $key, $threat, $leak, $test)
}

rule ransomware_note_in_program : ransomware note
{
	meta:
		id = "LOEP-0602"
		author = "Loep"
		date = "2026-11-21"
		description = "A program that carries the text of a ransom letter."
		reference = "https://attack.mitre.org/techniques/T1486/"
		tlp = "TLP:CLEAR"
		score = 80
		attack = "T1486"

	strings:
		$done_files = /\b(your|all)( (your|of your|important|company|personal))? (files|data|documents|network|servers|systems|computers?)( (on|in) [\w ]{1,40})? (have been|has been|are|were|is|was) (\w+ ){0,3}(encrypted|locked|crypted|stolen and encrypted)/ nocase ascii wide
		$done_us = /\bwe (have )?(encrypted|locked|downloaded|exfiltrated|stolen) (all )?(of )?your\b/ nocase ascii wide
		$reach_onion = /\b[a-z2-7]{16}([a-z2-7]{40})?\.onion\b/ nocase ascii wide
		$reach_tor = /\btor ?browser\b/ nocase ascii wide
		$reach_mail = /\b[\w.-]{2,40}@(proton(mail)?\.(com|me|ch)|tutanota\.(com|de)|tuta\.io|cock\.li|onionmail\.org|airmail\.cc|keemail\.me|mailfence\.com)\b/ nocase ascii wide
		$key = /\b(decrypt(ion|or|er)|private|unique|restore|recover) (key|tool|software|program|your|all|them)\b/ nocase ascii wide
		$coin = /\b(bitcoins?|monero)\b/ nocase ascii wide
		$name = /\b(how[_ -]to[_ -](decrypt|restore|recover|back)|(read|decrypt|restore|recover)[_ -]?(me|my|your|instructions?|files|readme)[\w -]{0,20}\.(txt|html|hta))\b/ nocase ascii wide

	condition:
		(uint16(0) == 0x5a4d or uint32(0) == 0x464c457f)
		and filesize < 32MB
		and any of ($done*)
		and any of ($reach*, $coin)
		and any of ($key, $name)
}
