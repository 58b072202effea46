// SPDX-License-Identifier: Apache-2.0
// Removal of traces and of protection on Windows.

rule evasion_windows_log : evasion logs
{
	meta:
		id = "LOEP-1221"
		author = "Loep"
		date = "2026-11-21"
		description = "A program or script that empties the event logs of Windows."
		reference = "https://attack.mitre.org/techniques/T1070/001/"
		tlp = "TLP:CLEAR"
		score = 70
		attack = "T1070.001"

	strings:
		$all = /\bfor\b[^\n]{0,80}\bwevtutil(\.exe)?["']?\s{1,4}(el|enum-logs)\b[^\n]{0,120}\bwevtutil(\.exe)?["']?\s{1,4}(cl|clear-log)\b/ nocase ascii wide
		$one = /\bwevtutil(\.exe)?["']?\s{1,4}(cl|clear-log)\s{1,4}["']?[\w \/%-]{3,80}/ nocase ascii wide
		$ps = /\b(Clear-EventLog\s[^\n]{0,60}(-LogName|Security|System|\$)|Remove-EventLog\s|Get-(EventLog|WinEvent)\s[^\n]{0,80}\|[^\n]{0,80}Clear-EventLog)/ nocase ascii wide
		$net = /\bGlobalSession\.ClearLog\s{0,4}\(/ nocase ascii wide
		$wmi = /\bWin32_NTEventlogFile\b[^\n]{0,160}\bClearEventLog\b/ nocase ascii wide

	condition:
		filesize < 8MB
		and ($all or #one >= 2 or any of ($ps, $net, $wmi))
}

rule evasion_windows_defender : evasion
{
	meta:
		id = "LOEP-1222"
		author = "Loep"
		date = "2026-11-21"
		description = "A program or script that switches off Microsoft Defender or makes it look away."
		reference = "https://attack.mitre.org/techniques/T1562/001/"
		tlp = "TLP:CLEAR"
		score = 70
		attack = "T1562.001,T1112"

	strings:
		$monitor = /\b(Set|Add)-MpPreference\b[^\n]{0,200}-Disable(RealtimeMonitoring|BehaviorMonitoring|IOAVProtection|ScriptScanning|BlockAtFirstSeen|IntrusionPreventionSystem)\s{1,4}(\$true|1|true)/ nocase ascii wide
		$exclude = /\bAdd-MpPreference\b[^\n]{0,60}-Exclusion(Path|Process|Extension)\s{1,4}["'(@$%A-Z\\]/ nocase ascii wide
		$registry = /\\Windows Defender["']?[^\n]{0,120}\b(DisableAntiSpyware|DisableAntiVirus|DisableRealtimeMonitoring|DisableBehaviorMonitoring|TamperProtection)\b/ nocase ascii wide
		$service = /\b(sc(\.exe)?\s{1,4}(stop|delete|config)|net(\.exe)?\s{1,4}stop|Stop-Service[^\n]{0,30})\s{1,4}["']?(WinDefend|Sense|WdNisSvc|SecurityHealthService|wscsvc|MsMpSvc)\b/ nocase ascii wide
		$remove = /\bMpCmdRun(\.exe)?["']?\s{1,4}-RemoveDefinitions\s{1,4}-All\b/ nocase ascii wide
		$firewall = /\bnetsh\s{1,4}(advfirewall\s{1,4}set\s{1,4}(all|current|domain|public|private)profiles?\s{1,4}state\s{1,4}off|firewall\s{1,4}set\s{1,4}opmode\s{1,4}(mode=)?disable)/ nocase ascii wide

	condition:
		filesize < 8MB
		and (
			any of ($monitor, $registry, $remove)
			or 2 of ($exclude, $service, $firewall)
		)
}
