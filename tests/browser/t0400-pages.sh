#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every page that the app has, each with hostile text in it: axe-core, four
# languages, phone width, the keyboard.
. "$(dirname "$0")/lib.sh"
command -v zip >/dev/null || skip_all "zip is not installed"
CONF='[store]\nsecond_factor = nobody\n[review]\nsingle_person = yes\n[rules]\nsingle_person = yes'
browser_start
HOSTILE='<img src=x onerror=alert(1)>'
ACME=$(browser_org "Acme $HOSTILE" C1)
OTHER=$(browser_org "Town $HOSTILE" C3)
browser_account "An $HOSTILE" an@example.org "submit withdraw manage_org_users" "$ACME" >/dev/null
browser_account "Anna $HOSTILE" anna@csirt.example "claim analyse run_vm download_sample verdict manage_rules approve_rules activate_rules read_all_orgs legal_hold withdraw approve_report approve_policy approve_crisis" >/dev/null
browser_account "Chris $HOSTILE" chris@csirt.example "manage_staff manage_vm_images audit_read metrics_read manage_policy activate_crisis manage_keys" >/dev/null
"$BIN/loep-pgp" --make-key "An $HOSTILE <an@example.org>" >"$WORK/an.sec"
"$BIN/loep-pgp" --show "$WORK/an.sec" | jq -r '.keys[0].armor' |
	"$LOEP" --quiet key add - --org "$ACME" >/dev/null
"$LOEP" --quiet user token add "token $HOSTILE" --capabilities submit >/dev/null 2>&1

mkdir "$WORK/in" "$WORK/own"
printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-' \
	'ANTIVIRUS-TEST-FILE!$H+H*' >"$WORK/in/eicar.com"
{
	cat tests/samples/dropper.sh
	echo "# the marker $HOSTILE"
} >"$WORK/in/invoice.sh"
cp /usr/bin/true "$WORK/in/program"
printf 'x' >"$WORK/in/$HOSTILE"
(cd "$WORK/in" && zip -q -P infected "$WORK/evidence $HOSTILE.zip" ./*)

active() {
	"$LOEP" --quiet rules approve "$1" && "$LOEP" --quiet rules activate "$1"
} >/dev/null 2>&1
# Two versions of the rules, and what the second one changed.
cat >"$WORK/own/a.yar" <<'YARA'
rule marker {
	meta:
		description = "<img src=x onerror=alert(1)>"
		score = 60
	strings:
		$a = "the marker"
	condition:
		$a
}
rule same { condition: filesize == 1 }
YARA
echo 'rule broken { strings: $a = "x" condition: $b }' >"$WORK/own/broken.yar"
"$LOEP" --quiet rules add "$WORK/own" --source own --comment "first $HOSTILE" --wait >/dev/null 2>&1
active 1
CASE=$(api /cases -H 'Content-Type: application/json' -d "{\"org\":\"$ACME\"}" | jq -r .number)
"$LOEP" --quiet submit --wait --case "$CASE" "$WORK/evidence $HOSTILE.zip" >/dev/null 2>"$WORK/submit.err" ||
	diag "$(cat "$WORK/submit.err")"
echo 'rule fresh { strings: $a = "onerror" condition: $a }' >"$WORK/own/a.yar"
"$LOEP" --quiet rules add "$WORK/own" --source own --replace own --comment "second $HOSTILE" --wait >/dev/null 2>&1
active 2
"$LOEP" --quiet rescan wait "$("$LOEP" --json rescan list | jq '.[0].id')" >/dev/null 2>&1
export CASE OTHER
browser_run tests/browser/pages.mjs
