#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two people decide the same at once, several times each: it happens once, the
# others hear that it has, and neither the author nor a loser leaves a trace.
. "$(dirname "$0")/lib.sh"
. tests/integration/tokens.sh
# shellcheck disable=SC2034 # lib.sh reads it
CONF='[web]\nlisten = 127.0.0.1:0\naddress_requests = 100000\naddress_burst = 100000\naccount_requests = 100000\naccount_burst = 100000'
loep_start
# shellcheck disable=SC2034 # tokens.sh reads them
CERT=$STATE/tls/cert.pem
# shellcheck disable=SC2034
PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log" | tail -1)
CSIRT=$("$LOEP" --json org list | jq -r '.[] | select(.class == "CSIRT").id')
WORDS='read_all_orgs analyse claim verdict approve_report withdraw activate_crisis approve_crisis manage_policy approve_policy approve_rules'
for who in an bert cleo; do
	account "$who" "$CSIRT" "$WORDS"
done

# both PATH BODY - Bert and Cleo, four times each, at once; how often which
# status was the answer.
both() {
	local i who
	for ((i = 0; i < 4; i++)); do
		for who in bert cleo; do
			{ status "$who" "$1" -d "$2" && echo; } >"$WORK/both.$who.$i" &
			PIDS+=($!)
		done
	done
	wait "${PIDS[@]}"
	PIDS=()
	cat "$WORK"/both.* | sed '/^$/d' | sort | uniq -c | awk '{printf "%s%s:%s", s, $2, $1; s = " "}'
}
PIDS=()
# noted ACTION - how often the audit chain has it.
noted() {
	"$LOEP" --quiet audit export -o "$WORK/audit.ndjson" >/dev/null
	grep -c "\"$1\"" "$WORK/audit.ndjson"
}

printf 'a lamp' >"$WORK/lamp"
submit "$WORK/lamp"
ARTEFACT=$(artefacts '.[0].id')

# --- a report ---
TEXTS='{"kind":"postmortem","language":"en","sections":{"scope":"one host",
	"damage":"none","root_cause":"a lamp","recommendations":"another"}}'
REPORT=$(get .id an "/cases/$CASE/reports" \
	-d "$TEXTS")
is "a report is drafted" "${#REPORT}" 36
is "and submitted" "$(status an "/reports/$REPORT/submit" -d '{}')" 200
for ((i = 0; i < 150; i++)); do
	"$LOEP" --json job list "$CASE" | jq -e 'all(.state == "done")' \
		>/dev/null && break
	sleep 0.2
done
is "not approved by its author" "$(status an "/reports/$REPORT/approve" -d '{}')" 403
is "approved at once: once" "$(both "/reports/$REPORT/approve" '{"comment":"seen"}')" "200:1 409:7"
is "which the audit knows once" "$(noted report.approved)" 1
is "issued at once: once" "$(both "/reports/$REPORT/issue" '{}')" "200:1 409:7"
is "one disclosure" "$("$LOEP" --json case disclosures "$CASE" | jq length)" 1
is "one audit entry" "$(noted report.issued)" 1

# --- a verdict ---
VERDICT=$(get .id an "/artefacts/$ARTEFACT/verdicts" \
	-d '{"value":"benign","confidence":"high","reason":"a lamp"}')
is "a verdict is confirmed at once: once" "$(both "/verdicts/$VERDICT/confirm" '{}')" "200:1 409:7"
is "by one of them" "$(get '[.items[] | select(.confirmed_by != null)] | length' \
	an "/artefacts/$ARTEFACT/verdicts")" 1

# --- a case that nobody has: whoever comes first ---
api "/cases/$CASE/unclaim" -X POST -d '{}' -H 'Content-Type: application/json' >/dev/null
CLAIMED=$(both "/cases/$CASE/claim" '{}')
OWNER=$(get .owner_name an "/cases/$CASE")
like "claimed at once: by one of them" "$OWNER" '^(bert|cleo)$'
like "the other hears so each time" "$CLAIMED" '(^| )409:[4-7]$'

# --- an exception for who is not entitled ---
FIRM=$("$LOEP" --json org add Firm --class C4 | jq -r .id)
EXCEPTION=$(get .id an /exceptions -d "{\"org\":\"$FIRM\",\"reason\":\"r\"}")
is "not approved by who asked" "$(status an "/exceptions/$EXCEPTION/approve" -d '{}')" 403
is "approved at once: once" "$(both "/exceptions/$EXCEPTION/approve" '{}')" "200:1 409:7"
is "one audit entry" "$(noted exception.approved)" 1

# --- the mode ---
is "a crisis is proposed" "$(status an /mode -d '{"mode":"national_crisis","reason":"x"}')" 201
is "entered at once: once" "$(both /mode/approve '{}')" "200:1 409:7"
is "one entry" "$(get '.items | length' an /modes)" 1

# --- a policy ---
POLICY=$(as an /policies/1 | sed '$d' | jq '{document: (.document | .ranks.C4 = 4), comment: "x"}' |
	as an /policies -d @- | sed '$d' | jq -r .version)
is "not approved by its author" "$(status an "/policies/$POLICY/approve" -d '{}')" 403
is "approved at once: once" "$(both "/policies/$POLICY/approve" '{}')" "200:1 409:7"
is "one audit entry" "$(noted policy.approved)" 1
is "one policy holds" "$(get '[.items[] | select(.state == "active")] | length' an /policies)" 1

# --- rules ---
mkdir "$WORK/rules"
echo 'rule lamp { strings: $a = "a lamp that is lit" condition: $a }' >"$WORK/rules/lamp.yar"
"$LOEP" --quiet rules add "$WORK/rules" --licence MIT --wait >"$WORK/rules.out" 2>&1
RULES=$(get '.items[0].version' an '/rules/versions?state=tested')
is "approved at once: once" "$(both "/rules/versions/$RULES/approve" '{}')" "200:1 409:7"
is "one audit entry" "$(noted rules.approved)" 1

# --- a deletion ---
DELETION=$(get .id an "/cases/$CASE/deletion" -d '{"reason":"asked"}')
is "not approved by who asked" "$(status an "/deletions/$DELETION/approve" -d '{}')" 403
is "approved at once: once" "$(both "/deletions/$DELETION/approve" '{}')" "200:1 409:7"
is "one audit entry" "$(noted deletion.approved)" 1

# --- approved and sent back at once: sent back it is ---
printf 'another lamp' >"$WORK/lamp2"
submit "$WORK/lamp2"
REPORT=$(get .id an "/cases/$CASE/reports" \
	-d "$TEXTS")
status an "/reports/$REPORT/submit" -d '{}' >/dev/null
for ((i = 0; i < 150; i++)); do
	"$LOEP" --json job list "$CASE" | jq -e 'all(.state == "done")' \
		>/dev/null && break
	sleep 0.2
done
status bert "/reports/$REPORT/approve" -d '{}' >"$WORK/yes" &
YES=$!
status cleo "/reports/$REPORT/return" -d '{"comment":"no"}' >"$WORK/no" &
NO=$!
wait "$YES" "$NO"
STATE_NOW=$(get .state an "/reports/$REPORT")
like "what was sent back is not approved" \
	"$(cat "$WORK/yes") $(cat "$WORK/no") $STATE_NOW" '^(200|409) 200 returned$'
ok "the chain is whole" "$LOEP" audit verify "$WORK/audit.ndjson"
finish
