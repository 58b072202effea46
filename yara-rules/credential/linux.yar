// SPDX-License-Identifier: Apache-2.0
// Tools that take passwords and keys on Linux.

rule credential_linux_send : credential linux script
{
	meta:
		id = "LOEP-0821"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that sends the password file or private keys over the network."
		reference = "https://attack.mitre.org/techniques/T1003/008/"
		tlp = "TLP:CLEAR"
		score = 70
		attack = "T1003.008,T1552.004,T1041"

	strings:
		$curl = /\bcurl\s[^\n]{0,60}\s(-F|-d|--data(-binary|-raw)?|--form|-T|--upload-file)\s{0,4}["']?[\w=]{0,24}@[^\n]{0,40}(\/etc\/shadow|\.ssh\/id_(rsa|ed25519|ecdsa|dsa)|\.aws\/credentials|\.kube\/config)/
		$wget = /\bwget\s[^\n]{0,120}--post-file[ =][^\n]{0,40}(\/etc\/shadow|\/etc\/passwd|\.ssh\/id_|\.aws\/credentials)/
		$netcat = /\b(cat\s{1,4})?(\/etc\/shadow|~\/\.ssh\/id_(rsa|ed25519)|\/root\/\.ssh\/id_(rsa|ed25519))\s{0,4}\|\s{0,4}(nc|ncat|netcat|curl|openssl s_client)\s/
		$redirect = /(\/etc\/shadow|\.ssh\/id_(rsa|ed25519))\s{0,4}>\s{0,4}\/dev\/(tcp|udp)\//

	condition:
		filesize < 2MB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and any of them
}

rule credential_linux_collect : credential linux cloud script
{
	meta:
		id = "LOEP-0822"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that collects keys and tokens of many clouds and tools and sends them away."
		reference = "https://attack.mitre.org/techniques/T1552/001/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1552.001,T1552.005,T1083"

	strings:
		$file_aws = ".aws/credentials"
		$file_gcloud = /\.config\/gcloud\/(credentials|access_tokens|application_default)/
		$file_azure = /\.azure\/(accessTokens|azureProfile|msal_token_cache)/
		$file_docker = ".docker/config.json"
		$file_kube = ".kube/config"
		$file_git = ".git-credentials"
		$file_ssh = ".ssh/id_rsa"
		$file_npm = ".npmrc"
		$file_pypi = ".pypirc"
		$file_netrc = ".netrc"
		$file_pgpass = ".pgpass"
		$file_history = ".bash_history"
		$meta = "169.254.169.254/latest/meta-data/iam/security-credentials"
		$send_curl = /\bcurl\s[^\n]{0,60}\s(-F|-d|--data|--data-binary|--form|-T|--upload-file|-X\s{0,2}POST)\s/
		$send_python = /\brequests\.(post|put)\s{0,4}\(|\burlopen\s{0,4}\([^\n]{0,60}data/
		$send_node = /\b(https?\.request|fetch|axios\.post)\s{0,4}\([^\n]{0,120}/
		$send_bot = /\b(api\.telegram\.org\/bot|discord(app)?\.com\/api\/webhooks)/

	condition:
		filesize < 256KB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and (5 of ($file*) or ($meta and 3 of ($file*)))
		and any of ($send*)
}

rule credential_linux_memory : credential linux
{
	meta:
		id = "LOEP-0823"
		author = "Loep"
		date = "2026-11-21"
		description = "A program or script that looks for passwords in the memory of Linux log-on programs."
		reference = "https://attack.mitre.org/techniques/T1003/007/"
		tlp = "TLP:CLEAR"
		score = 75
		attack = "T1003.007"

	strings:
		$maps = /\/proc\/(%[dsiul]{1,2}|\$\{?\w{1,12}\}?|\{\w{0,12}\}|["']\s{0,4}\+)[^\n]{0,20}\/?(maps|mem)\b/
		$gnome = "gnome-keyring-daemon"
		$gdm = "gdm-password"
		$vsftpd = "vsftpd"
		$sshd = /\bsshd:/
		$apache = "apache2"
		$lightdm = "lightdm"
		$pattern = /(libgck-1|libgcrypt\.so|_pammodutil_getpwnam_root|gkr_system_authtok|libpam\.so)/

	condition:
		filesize < 1MB
		and 3 of ($gnome, $gdm, $vsftpd, $sshd, $apache, $lightdm)
		and $pattern
		and ($maps or uint16(0) == 0x2123 or uint32(0) == 0x464c457f)
}

rule credential_linux_login_hook : credential linux backdoor
{
	meta:
		id = "LOEP-0824"
		author = "Loep"
		date = "2026-11-21"
		description = "A script that traces the SSH or log-on daemon, or replaces the PAM library, to record what users type."
		reference = "https://attack.mitre.org/techniques/T1556/003/"
		tlp = "TLP:CLEAR"
		score = 65
		attack = "T1556.003,T1056.001"

	strings:
		$strace = /\bstrace\s[^\n]{0,80}-p\s{0,4}["']?(\$\(|`|\$\{?)?[^\n]{0,40}\b(sshd|pgrep|login|su)\b[^\n]{0,120}(-o|>|\|)/
		$pam_exec = /\b(echo|printf|sed)\s[^\n]{0,60}auth\s{1,8}(optional|required|sufficient)\s{1,8}pam_exec\.so\s[^\n]{0,40}expose_authtok\b[^\n]{0,120}\/etc\/pam\.d\//
		$pam_copy = /\b(cp|mv|install|wget\s[^\n]{0,80}-O|curl\s[^\n]{0,80}-o)\s[^\n]{0,80}\/lib(64)?\/([\w-]{1,24}\/)?security\/pam_unix\.so\b/
		$pam_permit = /\bsed\s[^\n]{0,80}pam_(unix|deny)\.so[^\n]{0,60}pam_permit\.so/

	condition:
		filesize < 1MB
		and uint32(0) != 0x464c457f and uint16(0) != 0x5a4d
		and any of them
}
