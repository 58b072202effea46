// SPDX-License-Identifier: Apache-2.0
// Python that fetches or unpacks and runs something.

rule dropper_python_packed : dropper python obfuscation
{
	meta:
		id = "LOEP-0471"
		author = "Loep"
		date = "2026-11-21"
		description = "Python that unpacks a long text and executes it."
		reference = "https://attack.mitre.org/techniques/T1059/006/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1059.006,T1140,T1027.010"

	strings:
		$chain = /\b(exec|eval)\s{0,4}\(\s{0,4}(compile\s{0,4}\(\s{0,4})?(__import__\s{0,4}\(\s{0,4}["'](base64|zlib|marshal|codecs|lzma|bz2|gzip)["']\s{0,4}\)|base64|zlib|marshal|codecs|lzma|bz2|gzip|b64decode|decompress|bytes\.fromhex|binascii|unhexlify)[^\n]{0,120}(\(|["'])\s{0,4}(b?["'][A-Za-z0-9+\/=\\]{40}|base64|zlib|__import__|b64decode|decompress)/
		$lambda = /_\s{0,4}=\s{0,4}lambda\s{1,4}__\s{0,4}:\s{0,4}__import__\s{0,4}\(\s{0,4}["'](zlib|base64|marshal|bz2|lzma)["']/
		$fernet = /\bexec\s{0,4}\(\s{0,4}Fernet\s{0,4}\([^\n]{20,200}\.decrypt\s{0,4}\(/

	condition:
		filesize < 16MB
		and uint16(0) != 0x5a4d and uint32(0) != 0x464c457f
		and any of them
}

rule dropper_python_fetch_run : dropper python
{
	meta:
		id = "LOEP-0472"
		author = "Loep"
		date = "2026-11-21"
		description = "Python that executes text which it fetches from the network."
		reference = "https://attack.mitre.org/techniques/T1105/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1059.006,T1105"

	strings:
		$direct = /\b(exec|eval)\s{0,4}\(\s{0,4}(compile\s{0,4}\(\s{0,4})?((urllib\.request\.|urllib2?\.)?urlopen|requests\.(get|post)|httpx\.get)\s{0,4}\(/
		$import = /\b(exec|eval)\s{0,4}\(\s{0,4}__import__\s{0,4}\(\s{0,4}["'](urllib|urllib2|urllib\.request|requests|httpx)["']\s{0,4}\)/
		$system = /\bos\.(system|popen)\s{0,4}\(\s{0,4}f?["'](curl|wget)\s[^\n"']{0,160}\|\s{0,4}(ba|z)?sh\b/
		$socket = /\bexec\s{0,4}\(\s{0,4}\w{1,20}\.recv\s{0,4}\(/

	condition:
		filesize < 4MB
		and uint16(0) != 0x5a4d and uint32(0) != 0x464c457f
		and any of them
}

rule dropper_python_install_hook : dropper python supplychain
{
	meta:
		id = "LOEP-0473"
		author = "Loep"
		date = "2026-11-21"
		description = "A Python package that runs commands, fetches files or sends data away while it is installed."
		reference = "https://attack.mitre.org/techniques/T1195/001/"
		tlp = "TLP:CLEAR"
		score = 60
		attack = "T1195.001,T1059.006"

	strings:
		$setup = /\bsetup\s{0,4}\(/
		$class = /\bclass\s{1,4}\w{1,40}\s{0,4}\(\s{0,4}(\w{1,20}\.)?(install|develop|egg_info|build_py|_install)\s{0,4}\)\s{0,4}:/
		$hook = /\bcmdclass\s{0,4}=/
		$web = /\b(urlopen|urlretrieve|requests\.(get|post)|http\.client|socket\.socket)\s{0,4}\(/
		$secret = /\b(os\.environ\b|getpass\.getuser|socket\.gethostname|platform\.node|\.ssh\/|\.aws\/)/
		$run = /\b(os\.system|subprocess\.(Popen|run|call|check_output)|exec|eval|os\.startfile)\s{0,4}\(/
		$code = /\b(b64decode|fromhex|decompress|powershell|\/tmp\/|https?:\/\/[^\s"']{1,80}\.(exe|sh|bin|py|zip)\b)/

	condition:
		filesize < 256KB
		and $setup and $class and $hook
		and $web
		and ($secret or ($run and $code))
}
