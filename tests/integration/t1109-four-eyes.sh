#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Nobody approves what they wrote, proposed or asked for, whatever they may do:
# every pair that the API has, through the API.
. "$(dirname "$0")/lib.sh"
. tests/integration/tokens.sh
# shellcheck disable=SC2034 # lib.sh reads it
CONF='[web]\nlisten = 127.0.0.1:0\naddress_requests = 100000\naddress_burst = 100000\naccount_requests = 100000\naccount_burst = 100000'
loep_start
CERT=$STATE/tls/cert.pem
PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log" | tail -1)
CSIRT=$(api /whoami | jq -r .org)
# All that one may hold who works on cases: both sides of each pair.
WORDS=$(api /whoami | jq -r .capabilities | tr ' ' '\n' |
	grep -vx manage_staff | paste -sd' ')
for who in an bert cleo; do
	account "$who" "$CSIRT" "$WORDS"
done
post() {
	api "$1" -H 'Content-Type: application/json' -d "$2"
}

: >"$WORK/pairs"
# pair WHAT ROUTE PATH WHO... - none of those who had a part in it approves it,
# nothing changes by that, and Cleo, who had none, does.
pair() {
	local what=$1 route=$2 path=$3 who before
	shift 3
	echo "$route" >>"$WORK/pairs"
	before=$(noted)
	for who; do
		is "$what: not by $who, who had a part in it" "$(status "$who" "$path" -d '{}')" 403
		like "$what: which is said" "$(get .detail "$who" "$path" -d '{}')" \
			'nobody may .* alone|you are the author'
	done
	is "$what: and nothing came of that" "$(noted)" "$before"
	is "$what: by somebody else" "$(status cleo "$path" -d '{}')" 200
}
# noted - how many decisions the audit chain has.
noted() {
	"$LOEP" --quiet audit export -o "$WORK/audit.ndjson" >/dev/null
	grep -cE '"[a-z._]*\.(approved|entered|left|confirmed|unsealed)"' "$WORK/audit.ndjson"
}
settled() {
	local i
	for ((i = 0; i < 150; i++)); do
		"$LOEP" --json job list "$CASE" |
			jq -e 'all(.state == "done")' >/dev/null && break
		sleep 0.2
	done
}

printf 'a lamp' >"$WORK/lamp"
submit "$WORK/lamp"
ARTEFACT=$(artefacts '.[0].id')

# --- a report: An wrote it, Bert changed a word and An sent it to review ---
REPORT=$(get .id an "/cases/$CASE/reports" -d '{"kind":"postmortem",
	"language":"en","sections":{"scope":"one host","damage":"none",
	"root_cause":"a lamp","recommendations":"another"}}')
edited() {
	get .version "$1" "/reports/$REPORT" -H "If-Match: $(get .version an "/reports/$REPORT")" \
		-d "{\"version\":$(get .version an "/reports/$REPORT"),
		\"sections\":{\"scope\":\"$2\",\"damage\":\"none\",
		\"root_cause\":\"a lamp\",\"recommendations\":\"another\"}}"
}
like "Bert changes it" "$(edited bert 'two hosts')" '^[0-9]+$'
is "An sends it to review" "$(status an "/reports/$REPORT/submit" -d '{}')" 200
settled
is "Cleo sends it back" "$(status cleo "/reports/$REPORT/return" -d '{"comment":"why two?"}')" 200
is "Bert sends it again" "$(status bert "/reports/$REPORT/submit" -d '{}')" 200
settled
pair "a report" '/reports/{id}/approve' "/reports/$REPORT/approve" an bert

# --- what leaves of it: An asks for that, Bert looks for personal data ---
RECIPIENT=$("$LOEP" --json recipient list | jq -r '.[0].id')
"$LOEP" recipient set "$RECIPIENT" --version 1 --active yes >"$WORK/made"
EXPORT=$(get .id an "/reports/$REPORT/exports" \
	-d "{\"recipient\":\"$RECIPIENT\",\"format\":\"csv\",\"purpose\":\"to warn\"}")
settled
is "An asks for an export" "$(status an "/disclosures/$EXPORT/submit" -d '{}')" 200
is "Bert looks for personal data" "$(status bert "/reports/$REPORT/personal-data" \
	-d "{\"version\":$(get .version an "/reports/$REPORT")}")" 200
pair "an export" '/disclosures/{id}/approve' "/disclosures/$EXPORT/approve" an

# --- a verdict ---
VERDICT=$(get .id an "/artefacts/$ARTEFACT/verdicts" \
	-d '{"value":"benign","confidence":"high","reason":"a lamp"}')
pair "a verdict" '/verdicts/{id}/confirm' "/verdicts/$VERDICT/confirm" an

# --- a policy ---
get .document an /policies/1 | jq '{document: ., comment: "as before"}' >"$WORK/policy"
POLICY=$(get .version an /policies -d @"$WORK/policy")
pair "a policy" '/policies/{version}/approve' "/policies/$POLICY/approve" an

# --- rules ---
mkdir "$WORK/set"
echo 'rule lamp { strings: $a = "a lamp" condition: $a }' >"$WORK/set/a.yar"
chmod 600 "$WORK/an.token"
RULES=$("$LOEP" --server "https://localhost:$PORT" --ca "$CERT" --token-file \
	"$WORK/an.token" --json rules add "$WORK/set" --source own --wait 2>"$WORK/said" |
	jq -r .version)
pair "a version of the rules" '/rules/versions/{version}/approve' \
	"/rules/versions/$RULES/approve" an
# Who sets rules to another state makes a version, too.
RULES=$(get .version bert /rules/states -d "{\"parent\":$RULES,
	\"rules\":[{\"rule\":\"lamp\",\"state\":\"disabled\",\"reason\":\"r\"}]}")
pair "another one" '/rules/versions/{version}/approve' \
	"/rules/versions/$RULES/approve" bert

# --- the mode, both ways ---
status an /mode -d '{"mode":"national_crisis","reason":"x"}' >"$WORK/made"
pair "a crisis" /mode/approve /mode/approve an
status bert /mode -d '{"mode":"normal","reason":"x"}' >"$WORK/made"
pair "its end" /mode/approve /mode/approve bert

# --- an exception ---
FIRM=$("$LOEP" --json org add Firm --class C4 | jq -r .id)
EXCEPTION=$(get .id an /exceptions -d "{\"org\":\"$FIRM\",\"reason\":\"r\"}")
pair "an exception" '/exceptions/{id}/approve' "/exceptions/$EXCEPTION/approve" an

# --- where an organisation is told what happens to its cases ---
HOOK=$(get .id an /hooks -d '{"url":"https://a.example/","events":["report.available"]}')
pair "an endpoint" '/hooks/{id}/approve' "/hooks/$HOOK/approve" an

# --- a seal: an encrypted message, opened for one run of one case ---
if command -v gpg >/dev/null; then
	export GNUPGHOME=$WORK/gnupg
	mkdir -m 700 "$GNUPGHOME"
	gpg --batch --quiet --passphrase '' --quick-generate-key \
		'Cert <cert@cert.example>' default default never 2>"$WORK/gpg.err"
	gpg --batch --quiet --trust-model always -r cert@cert.example \
		-o "$WORK/sealed.pgp" -e "$WORK/lamp" 2>>"$WORK/gpg.err"
	POWER=$("$LOEP" --json org add Power --class C1 | jq -r .id)
	NUMBER=$(post /cases "{\"org\":\"$POWER\",\"title\":\"x\"}" | jq -r .number)
	"$LOEP" --quiet submit --wait --case "$NUMBER" "$WORK/sealed.pgp" >/dev/null 2>"$WORK/said"
	SEALED=$("$LOEP" --json artefact list "$NUMBER" | jq -r '.[0].id')
	UNSEAL=$(get .id an "/artefacts/$SEALED/unseal" \
		-d '{"necessity":"what was taken is in it, and nowhere else"}')
	pair "opening a seal" '/unseals/{id}/approve' "/unseals/$UNSEAL/approve" an
else
	skip "opening a seal" "gpg is not installed"
	echo '/unseals/{id}/approve' >>"$WORK/pairs"
fi

# --- a deletion, last: the case is gone then ---
DELETION=$(get .id an "/cases/$CASE/deletion" -d '{"reason":"asked"}')
pair "a deletion" '/deletions/{id}/approve' "/deletions/$DELETION/approve" an

# --- who owns the service on its own machine is one person, too ---
post /mode '{"mode":"national_incident","reason":"x"}' >"$WORK/made"
is "not by who owns the service" "$(post /mode/approve '{}' | jq -r .status)" 403

# A pair that is new is to be tried here.
sed -nE 's,^  /api/v1(/.*/(approve|confirm)):$,\1,p' orchestrator/web/openapi.yaml |
	grep -vx /totp/confirm | sort -u >"$WORK/wanted"
is "each pair of the API was tried" "$(sort -u "$WORK/pairs" | comm -13 - "$WORK/wanted")" ""
finish
