#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The operating mode: two people, what everybody sees of it, restarts, and what
# it changes for cases, clocks, quotas and mails.
. "$(dirname "$0")/lib.sh"
. tests/integration/tokens.sh
CONF='[web]\nlisten = 127.0.0.1:0'
loep_start
CERT=$STATE/tls/cert.pem
find_port() {
	PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log" | tail -1)
}
find_port
CSIRT=$(api /whoami | jq -r .org)
POWER=$("$LOEP" --json org add Power --class C1 | jq -r .id)
account power "$POWER" submit
account cell1 "$CSIRT" 'activate_crisis approve_crisis'
account cell2 "$CSIRT" 'approve_crisis'
NUMBER=$(get .number power /cases -d '{"title":"x"}')

is 'normal' "$(get .mode power /mode)" normal
is 'operators propose nothing' "$(status power /mode -d '{"mode":"national_crisis","reason":"x"}')" 403
is 'nor do those who only approve' "$(status cell2 /mode -d '{"mode":"national_crisis","reason":"x"}')" 403
is 'a reason is needed' "$(status cell1 /mode -d '{"mode":"national_crisis","reason":""}')" 400
is 'a mode there is' "$(status cell1 /mode -d '{"mode":"panic","reason":"x"}')" 400
is 'a case there is' "$(status cell1 /mode -d '{"mode":"national_crisis","reason":"x","cases":["BE-2026-0000-0000-0"]}' | grep -cE '40[04]')" 1
is 'proposed' "$(get .state cell1 /mode -d "{\"mode\":\"national_crisis\",\"reason\":\"<b>grid</b>\",\"plan_reference\":\"plan 7\",\"cases\":[\"$NUMBER\"],\"classes\":[\"C3\"],\"outbound\":[\"partners\"]}")" proposed
is 'it holds for nobody yet' "$(get .mode power /whoami)" normal
is 'shown to those who decide' "$(get .proposal.reason cell2 /mode)" '<b>grid</b>'
is 'and to nobody else' "$(get .proposal power /mode)" null
is 'who proposed it does not approve it' "$(status cell1 /mode/approve -d '{}')" 403
is 'operators do not' "$(status power /mode/approve -d '{}')" 403
is 'somebody else does' "$(get .state cell2 /mode/approve -d '{}')" entered
is 'everybody sees it' "$(get '.mode' power /whoami)" national_crisis
is 'without why' "$(get '.reason' power /mode)" null
is 'whoever asks, too' "$(curl -sS --cacert "$CERT" "https://localhost:$PORT/healthz" | jq -r .mode)" national_crisis
is 'nothing is left to approve' "$(status cell2 /mode/approve -d '{}')" 409
loep_stop
loep_run
find_port
is 'it outlives a restart' "$(get .mode power /whoami)" national_crisis
is 'with all that was said' "$(get '[.plan_reference, .cases[0], .classes[0], .outbound[0]] | join(" ")' cell1 /mode)" "plan 7 $NUMBER C3 partners"
is 'the designated case is first' "$(api '/queue?owner=any' | jq -r '.items[0] | "\(.number) \(.crisis_tier)"')" "$NUMBER 0"
like 'the command line shows it' "$("$LOEP" mode)" 'national_crisis'
AFTER=$(get .number power /cases -d '{"title":"in the crisis"}')
like 'cases go on' "$AFTER" '^BE-'
is 'leaving takes two as well' "$(get .state cell1 /mode -d '{"mode":"normal","reason":"over"}')" proposed
is 'the same two' "$(status cell1 /mode/approve -d '{}')" 403
is 'left' "$(get .state cell2 /mode/approve -d '{}')" entered
is 'normal again' "$(get .mode power /whoami)" normal
is 'nothing is first any more' "$(api '/queue?owner=any' | jq '[.items[] | select(.crisis_tier == 0)] | length')" 0
is 'what people decided in it can be taken along' "$(get '[.items[].action] | [.[0], .[-1]] | join(" ")' cell1 /mode/log)" 'mode.entered mode.left'
is 'the case among it' "$(get '[.items[].action | select(. == "case.opened")] | length' cell1 /mode/log)" 1
is 'for those who may know' "$(status power /mode/log)" 403
is 'what was is kept' "$(get '[.items[].state] | join(" ")' cell1 /modes)" 'entered left'

# An exercise, taken back once.
as cell1 /mode -d '{"mode":"national_incident","exercise":true,"reason":"drill"}' >"$WORK/made"
is 'who proposed it takes it back' "$(get .state cell1 /mode/reject -d '{"reason":"later"}')" rejected
as cell1 /mode -d '{"mode":"national_incident","exercise":true,"reason":"drill"}' >"$WORK/made"
as cell2 /mode/approve -d '{}' >"$WORK/made"
is 'everybody sees that it is one' "$(get '"\(.mode) \(.exercise)"' power /whoami)" 'national_incident true'
like 'on the command line, too' "$("$LOEP" mode show)" 'exercise +yes'
finish
