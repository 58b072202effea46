#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Who is entitled to what: refusals before the first byte, exceptions and new
# policies by two people, over HTTPS, by accounts of several organisations.
. "$(dirname "$0")/lib.sh"
. tests/integration/tokens.sh
CONF='[web]\nlisten = 127.0.0.1:0'
loep_start
CERT=$STATE/tls/cert.pem
PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log")
CSIRT=$(api /whoami | jq -r .org)

POWER=$("$LOEP" --json org add Power --class C1 | jq -r .id)
TOWN=$("$LOEP" --json org add Town --class C3 | jq -r .id)
account power "$POWER" submit
account town "$TOWN" submit
account duty1 "$CSIRT" 'submit claim read_all_orgs'
account duty2 "$CSIRT" 'claim read_all_orgs'
account boss1 "$CSIRT" 'manage_policy approve_policy'
account boss2 "$CSIRT" 'approve_policy'

# --- refusal ---
NUMBER=$(get .number power /cases -d '{"title":"x"}')
like 'who is entitled opens a case' "$NUMBER" '^BE-'
files() {
	find "$STATE/vault" -type f | wc -l
}
BEFORE=$(files)
as town /cases -d '{"title":"x"}' >"$WORK/refused"
is 'who is not is refused' "$(tail -1 "$WORK/refused")" 403
is 'by name' "$(sed '$d' "$WORK/refused" | jq -r .type)" urn:loep:problem:not-entitled
like 'with a number' "$(sed '$d' "$WORK/refused" | jq -r .number)" '^BE-[0-9]{4}-'
is 'and told what the class has' "$(sed '$d' "$WORK/refused" | jq -c .services)" \
	'["warnings","incident_analysis","handling_support","coordination","vulnerability_coordination"]'
is 'no byte is stored' "$(files)" "$BEFORE"
is 'two refusals have two numbers' "$(get .number town /cases -d '{}' | cmp -s - <(sed '$d' "$WORK/refused" | jq -r .number) && echo same)" ''
is 'what it may have is in whoami' "$(get '.services | index("artefact_analysis")' town /whoami)" null
is 'class and organisation, too' "$(get '.class + " " + .org_name + " " + .mode' town /whoami)" 'C3 Town normal'
is 'staff opens one for who is entitled' "$(status duty1 /cases -d "{\"org\":\"$POWER\"}")" 201
is 'and for who is not, no more than they' "$(status duty1 /cases -d "{\"org\":\"$TOWN\"}")" 403
is 'the audit says so' "$("$LOEP" --json audit list | jq '[.[] | select(.action == "contact.refused")] | length')" 3

# --- exceptions ---
is 'nobody opens their own' "$(status town /exceptions -d "{\"org\":\"$TOWN\",\"reason\":\"x\"}")" 403
is 'a reason is needed' "$(status duty1 /exceptions -d "{\"org\":\"$TOWN\",\"reason\":\"\"}")" 400
is 'an unknown organisation' "$(status duty1 /exceptions -d '{"org":"01900000-0000-7000-8000-000000000000","reason":"x"}')" 404
is 'who is entitled needs none' "$(status duty1 /exceptions -d "{\"org\":\"$POWER\",\"reason\":\"x\"}")" 409
ID=$(get .id duty1 /exceptions -d "{\"org\":\"$TOWN\",\"reason\":\"<b>under</b> \u001b[31mincident analysis\"}")
is 'who proposes does not approve' "$(status duty1 "/exceptions/$ID/approve" -d '{}')" 403
is 'nor does the organisation' "$(status town "/exceptions/$ID/approve" -d '{}')" 403
is 'a proposal opens nothing' "$(status town /cases -d '{}')" 403
is 'somebody else approves' "$(get .state duty2 "/exceptions/$ID/approve" -d '{}')" approved
is 'once' "$(status duty2 "/exceptions/$ID/approve" -d '{}')" 409
CASE=$(get .number town /cases -d '{"title":"under incident analysis"}')
like 'then there is a slot' "$CASE" '^BE-'
SUBMISSION=$(get .id town "/cases/$CASE/submissions" -d '{}')
is 'files come in' "$(TYPE=application/octet-stream status town \
	"/submissions/$SUBMISSION/files?filename=a" --data-binary bytes)" 201
is 'for one case' "$(status town /cases -d '{}')" 403
is 'the organisation sees its own exception' "$(get '.items | length' town /exceptions)" 1
is 'and no name' "$(get '.items[0].proposed_by_name' town /exceptions)" null
is 'another organisation sees none' "$(get '.items | length' power /exceptions)" 0
like 'the list shows no colours' "$("$LOEP" exception list)" 'under.*x1b'

# --- policies ---
as boss1 /policies/1 | sed '$d' | jq .document >"$WORK/policy.json"
jq '.services.artefact_analysis.C3 = {allowed: true, clock: "office", capacity: true}
	| .ranks.C4 = 4' "$WORK/policy.json" >"$WORK/new.json"
propose() {
	jq '{document: ., comment: "C3 may"}' "$1" | as "$2" /policies -d @-
}
is 'operators propose none' "$(propose "$WORK/new.json" power | tail -1)" 403
is 'nor do those who only approve' "$(propose "$WORK/new.json" boss2 | tail -1)" 403
for change in '.ranks.C9 = 1' '.ranks.C1 = 0' 'del(.classes.C5)' '.due[0].minutes = 1e9' \
	'.calendars.tz_rule = "x"' '.extra = 1' '.services.artefact_analysis = null' \
	'.due[0].stage = "\u0000"' '.classes.C1.name = "x" * 5000' '.retention = [range(2000)]'; do
	jq "$change" "$WORK/policy.json" >"$WORK/bad.json"
	like "a bad policy is refused: $change" "$(propose "$WORK/bad.json" boss1 | tail -1)" '^4(00|13)$'
done
python3 -c 'print("{\"document\":" + "[" * 100000 + "]" * 100000 + "}")' >"$WORK/deep.json"
like 'a deep one, too' "$(status boss1 /policies -d "@$WORK/deep.json")" '^4(00|13)$'
is 'a proposal' "$(propose "$WORK/new.json" boss1 | sed '$d' | jq -r '"\(.version) \(.state)"')" '2 draft'
is 'others do not see it' "$(status power /policies/2)" 404
is 'the same as one that is not there' "$(status power /policies/99)" 404
is 'they see what holds' "$(get '.items | length' power /policies)" 1
is 'what differs' "$(get '[.items[].path] | sort | join(" ")' boss1 /policies/2/diff)" \
	'ranks.C4 services.artefact_analysis.C3.allowed services.artefact_analysis.C3.capacity services.artefact_analysis.C3.clock'
is 'its author does not approve it' "$(status boss1 /policies/2/approve -d '{}')" 403
is 'operators do not' "$(status power /policies/2/approve -d '{}')" 403
is 'it does not hold yet' "$(status town /cases -d '{}')" 403
as boss2 /policies/2/approve -d '{}' >"$WORK/one" &
as boss2 /policies/2/approve -d '{}' >"$WORK/two"
wait $!
is 'of two that approve at once one does' "$(tail -qn 1 "$WORK/one" "$WORK/two" | grep -o 200 | wc -l)" 1
is 'it holds at once, without a restart' "$(status town /cases -d '{}')" 201
is 'old cases keep the version that they came under' "$(sqlite3 "$STATE/db/loep.db" \
	"SELECT policy_version FROM case_file WHERE number = '$NUMBER'" 2>/dev/null || echo 1)" 1
is 'the first is retired' "$(get .state boss1 /policies/1)" retired
like 'it is to be reviewed in two years' "$(get .review_due boss1 /policies/2)" "^$(($(date -u +%Y) + 2))-"
loep_stop
loep_run
PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log" | tail -1)
is 'it outlives a restart' "$(get '.services | index("artefact_analysis") != null' town /whoami)" true

# --- organisations, and the command line ---
ok 'a quota by the command line' "$LOEP" org set "$TOWN" --quota-bytes 1 --class C4
is 'a class brings its rank' "$(api "/organisations/$TOWN" | jq -c '[.class, .rank, .quota_bytes]')" '["C4",4,1]'
is 'an old version is stale' "$(api "/organisations/$TOWN" -H 'Content-Type: application/json' -d '{"version":1,"rank":2}' | jq -r .type)" urn:loep:problem:stale
is 'operators change none' "$(status power "/organisations/$POWER" -d '{"version":1,"rank":1}')" 403
like 'loep policy list' "$("$LOEP" policy list)" 'nis1_charter'
like 'loep policy diff' "$("$LOEP" policy diff 2)" 'ranks.C4.*3.*4'
fails 'loep policy approve, of what is decided' 1 "$LOEP" policy approve 2
is 'whoever asks learns that it is alive' "$(curl -sS --cacert "$CERT" "https://localhost:$PORT/healthz" | jq -c .)" \
	'{"status":"ok","mode":"normal","exercise":false}'
is 'and that files can come' "$(curl -sS --cacert "$CERT" "https://localhost:$PORT/readyz" | jq .ready)" true
finish
