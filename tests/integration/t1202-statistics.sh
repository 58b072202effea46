#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is counted of the work, against a history that was made by hand: how
# long it took by month and class, what is late, what a day brought; of no
# exercise, of no case and of nobody.
. "$(dirname "$0")/lib.sh"
. tests/integration/tokens.sh
. tests/integration/clock.sh
python3 -c 'import aiosmtpd' 2>/dev/null ||
	skip_all 'python3-aiosmtpd is not installed'
BOX=$WORK/box
mkdir "$BOX"
python3 tests/integration/smtp_sink.py 0 "$BOX" >"$WORK/sink.log" 2>&1 &
SINK=$!
trap 'kill $SINK; loep_stop; rm -rf "$WORK"' INT TERM
for ((i = 0; i < 600; i++)); do
	[ -s "$BOX/ready" ] && break
	sleep 0.1
done
CONF="[web]\nlisten = 127.0.0.1:0\n[review]\nsingle_person = yes\n[mail]\nrelay = 127.0.0.1:$(cat "$BOX/ready")\nfrom = cert@cert.example\nlook_up_seconds = 1"
loep_start
CERT=$STATE/tls/cert.pem
PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log")
MINUTE=60 HOUR=3600 DAY=86400

post() {
	api "$1" -H 'Content-Type: application/json' -d "$2"
}
# at SECONDS - so long after the beginning, by the service's clock.
BEGIN=$(date -u -d '2031-01-10 10:00' +%s)
at() {
	clock_set $((BEGIN + $1 - $(date +%s)))
}
# times WHAT CLASS MONTH - the row.
times() {
	"$LOEP" --json queue times | jq -c --arg w "$1" --arg c "$2" --arg m "$3" \
		'.[] | select(.what == $w and .class == $c and .month == $m)'
}
# near NAME SECONDS WANTED - this test itself takes some seconds, too.
near() {
	local got=${2:-0}
	ok "$1" test $(("$got" - $3)) -gt -50 -a $(("$got" - $3)) -lt 50
}
# open_case ORG - sets NUMBER and ID (of an artefact).
open_case() {
	local submission
	NUMBER=$(post /cases "{\"org\":\"$1\",\"title\":\"lamps\"}" | jq -r .number)
	submission=$(post "/cases/$NUMBER/submissions" '{}' | jq -r .id)
	ID=$(api "/submissions/$submission/files?filename=lamp" \
		-H 'Content-Type: application/octet-stream' \
		-d "a lamp of $NUMBER" | jq -r .artefact)
}

at 0
POWER=$("$LOEP" --json org add Power --class C1 | jq -r .id)
WATER=$("$LOEP" --json org add Water --class C2 | jq -r .id)
# Who reads statistics only; who is an operator; who gets mails.
account reader "$(api /whoami | jq -r .org)" metrics_read
account power "$POWER" submit
"$LOEP" user add reach --org "$POWER" --capabilities manage_org_users >/dev/null
READER=$("$LOEP" --json user list | jq -r '.[] | select(.name == "reach") | .id')
post "/accounts/$READER" '{"mail":"power@example.org"}' >/dev/null

open_case "$POWER"
A=$NUMBER ART=$ID
open_case "$WATER"
B=$NUMBER
for ((i = 0; i < 300; i++)); do
	[ -n "$(times ack C1 2031-01)" ] && break
	sleep 0.1
done
is 'one acknowledgement was mailed' "$(times ack C1 2031-01 | jq -c '[.count, .late, .half_s <= 60]')" '[1,0,true]'
is 'none to who has no address' "$(times ack C2 2031-01)" ''

at $((30 * MINUTE))
"$LOEP" case claim "$A" >/dev/null
at $((2 * HOUR))
"$LOEP" artefact verdict "$ART" malicious --reason 'it is lit' >/dev/null
at $((2 * HOUR + 50 * MINUTE))
"$LOEP" artefact verdict "$ART" suspicious --reason 'or not' >/dev/null
printf '%s' '{"summary":"lamps"}' >"$WORK/texts"
REPORT=$("$LOEP" --json report draft "$A" --kind analysis --language en --sections "$WORK/texts" | jq -r .id)
"$LOEP" report submit "$REPORT" >/dev/null
for ((i = 0; i < 100; i++)); do
	"$LOEP" report approve "$REPORT" >"$WORK/approve" 2>&1 && break
	sleep 0.2
done
at $((3 * HOUR))
ok 'a report is issued' "$LOEP" report issue "$REPORT"

near 'triage' "$(times triage C1 2031-01 | jq .max_s)" $((30 * MINUTE))
near 'the first verdict' "$(times verdict C1 2031-01 | jq .max_s)" $((2 * HOUR))
near 'the first report' "$(times report C1 2031-01 | jq .max_s)" $((3 * HOUR))
is 'each once, none late; of a verdict nothing is due' \
	"$("$LOEP" --json queue times | jq -c '[.[] | select(.class == "C1") | [.what, .count, .late]]')" \
	'[["ack",1,0],["report",1,0],["triage",1,0],["verdict",1,null]]'
is 'nobody has begun with the other' "$(times triage C2 2031-01)" ''
is 'which is not late yet' "$("$LOEP" --json queue classes | jq -c '.[] | select(.class == "C2")')" \
	'{"class":"C2","open":1,"waiting":1,"late_triage":0,"late_report":0}'

# Ten more of Power, of which nine go fast: of those, half and nine of ten.
for i in 1 2 3 4 5 6 7 8; do
	open_case "$POWER"
	"$LOEP" case claim "$NUMBER" >/dev/null
done
open_case "$POWER"
SLOW=$NUMBER

at $((22 * DAY))
is 'three weeks later it is late' "$("$LOEP" --json queue classes | jq -c '.[] | select(.class == "C2")')" \
	'{"class":"C2","open":1,"waiting":1,"late_triage":1,"late_report":1}'
like 'on the command line, too' "$("$LOEP" queue classes)" 'C2 +1 +1 +1 +1'
"$LOEP" case claim "$B" >/dev/null
"$LOEP" case claim "$SLOW" >/dev/null
near 'it counts for the month of its end' "$(times triage C2 2031-02 | jq .max_s)" $((22 * DAY))
is 'as late, in the next step' "$(times triage C2 2031-02 | jq -c '[.count, .late, .half_s == .max_s]')" '[1,1,true]'
is 'and is not late any more' "$("$LOEP" --json queue classes | jq -c '.[] | select(.class == "C2") | .late_triage')" 0
is 'nine of Power in January' "$(times triage C1 2031-01 | jq -c '[.count, .half_s, .most_s]')" \
	"[9,60,$(times triage C1 2031-01 | jq .max_s)]"
is 'the slow one in February' "$(times triage C1 2031-02 | jq -c '[.count, .late]')" '[1,1]'
like 'as people read it' "$("$LOEP" queue times)" '2031-02 +C2 +triage +1 +1 +21 d 23 h'

# Days: eleven cases in January, none since.
is 'days' "$("$LOEP" --json queue statistics --days 40 | jq -c '[.[] | select(.day == "2031-01-10") | .opened, .reported, .closed]')" '[11,1,0]'
is 'and nothing on the others' "$("$LOEP" --json queue statistics --days 22 | jq '[.[] | .opened, .reported] | add')" 0
BEFORE=$("$LOEP" --json queue times)
DAYS=$("$LOEP" --json queue statistics --days 40 | jq -c 'map(del(.queue))')

# An exercise counts nowhere.
post /mode '{"mode":"national_incident","exercise":true,"reason":"drill"}' >"$WORK/made"
account cell "$(api /whoami | jq -r .org)" approve_crisis
is 'an exercise begins' "$(get .state cell /mode/approve -d '{}')" entered
open_case "$POWER"
is 'its cases are marked' "$("$LOEP" --json case show "$NUMBER" | jq .exercise)" true
is 'a case of an exercise is in no count of now' \
	"$("$LOEP" --json queue classes | jq '[.[].open] | add')" 11
"$LOEP" case claim "$NUMBER" >/dev/null
"$LOEP" artefact verdict "$ID" benign --reason drill >/dev/null
"$LOEP" case set "$NUMBER" --rsit-class malicious-code --rsit-type infected-system >"$WORK/set" 2>&1
"$LOEP" case stage "$NUMBER" closed --reason over >"$WORK/closed" 2>&1
is 'it is closed' "$("$LOEP" --json case show "$NUMBER" | jq -r .state)" closed
is 'no time of it counts' "$("$LOEP" --json queue times)" "$BEFORE"
is 'no day either, but for what machines did' \
	"$("$LOEP" --json queue statistics --days 40 | jq -c 'map(del(.queue))')" "$DAYS"

# Who may read it, and what it says of whom.
is 'who reads statistics does' "$(status reader /statistics/times) $(status reader /statistics/classes)" '200 200'
is 'operators do not' "$(status power /statistics/times) $(status power /statistics/classes)" '403 403'
is 'no month is none' "$(status reader '/statistics/times?months=0')" 400
is 'nor are a thousand years' "$(status reader '/statistics/times?months=12000')" 400
as reader /statistics/times >"$WORK/all"
as reader /statistics/classes >>"$WORK/all"
fails 'no case, organisation or person is in it' 1 \
	grep -E 'BE-20|Power|Water|owner|[0-9a-f]{8}-[0-9a-f]{4}-7' "$WORK/all"

# The numbers stay when the case is gone.
"$LOEP" case approve "$("$LOEP" --json case delete "$A" --reason asked | jq -r .id)" >/dev/null
for ((i = 0; i < 150; i++)); do
	[ "$("$LOEP" --json case show "$A" | jq -r .stage)" = deleted ] && break
	sleep 0.1
done
is 'of a case that is deleted, too' "$("$LOEP" --json queue times)" "$BEFORE"
kill $SINK
finish
