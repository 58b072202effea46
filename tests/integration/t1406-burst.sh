#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# 450 reports at once while what is stored is scanned again, and one more while
# analysers and mail relay are away: each has its number at once and its
# acknowledgement once, and nothing is lost.
. "$(dirname "$0")/lib.sh"
[ -x "$BIN/loep-rules" ] || skip_all "loep-rules is not built"
python3 -c 'import aiosmtpd' 2>/dev/null ||
	skip_all 'python3-aiosmtpd is not installed'
REPORTS=450
BOX=$WORK/box
mkdir "$BOX"
sink() {
	rm -f "$BOX/ready"
	python3 tests/integration/smtp_sink.py "$1" "$BOX" >"$WORK/sink.log" 2>&1 &
	SINK=$!
	local i
	for ((i = 0; i < 600; i++)); do
		[ -s "$BOX/ready" ] && break
		sleep 0.1
	done
}
trap 'kill $SINK; loep_stop; rm -rf "$WORK"' INT TERM
sink 0
RELAY=$(cat "$BOX/ready")
# Rules that no index helps: each look is at every file.
RULES=$WORK/rules
mkdir "$RULES"
echo 'rule odd { condition: uint8(filesize - 1) == 0x31 }' >"$RULES/a.yar"
CONF="[web]\naccount_requests = 100000\naccount_burst = 100000\n[mail]\nrelay = 127.0.0.1:$RELAY\nfrom = cert@cert.example\nlook_up_seconds = 1"
loep_start
api /account -H 'Content-Type: application/json' -d '{"mail":"reader@org.example"}'
mkdir "$WORK/in"
for ((i = 0; i < 40; i++)); do
	head -c 1300000 /dev/urandom >"$WORK/in/f$i"
done
submit "$WORK"/in/*

# --- scanned again, and again, meanwhile ---
: >"$WORK/go"
(
	while [ -e "$WORK/go" ]; do
		"$LOEP" --quiet hunt "$RULES/a.yar" >>"$WORK/hunts" 2>&1 && echo . >>"$WORK/rounds"
	done
) &
HUNTS=$!
for ((i = 0; i < 600; i++)); do
	[ -s "$WORK/rounds" ] && break
	sleep 0.1
done
ok "what is stored is scanned, and again" test -s "$WORK/rounds"
BEFORE=$(wc -l <"$WORK/rounds")
python3 tests/integration/intake_burst.py "$STATE/run/loep.sock" $REPORTS \
	>"$WORK/burst" 2>"$WORK/burst.err"
diag "$(jq -c 'del(.numbers)' "$WORK/burst") $(head -c 300 "$WORK/burst.err")"
is "each has a number of its own" "$(jq '.numbers | unique | length' "$WORK/burst")" $REPORTS
ok "within two seconds" test "$(jq .slowest_ms "$WORK/burst")" -lt 2000
MAILS=$((REPORTS + 1))
for ((i = 0; i < 1200; i++)); do
	[ "$(find "$BOX" -name '*.eml' | wc -l)" -ge $MAILS ] && break
	sleep 0.1
done
rm "$WORK/go"
wait $HUNTS
ROUNDS=$(($(wc -l <"$WORK/rounds") - BEFORE))
ok "scans went on beside ($ROUNDS ended)" test $ROUNDS -gt 0
# numbers - those that the acknowledgements name, each time that one does.
numbers() {
	grep -haoE '^Subject: .*BE-[0-9]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z*~$=]' "$BOX"/*.eml |
		grep -oE 'BE-.*' | sort
}
jq -r '.numbers[]' "$WORK/burst" | sort >"$WORK/given"
echo "$CASE" | sort -m - "$WORK/given" >"$WORK/wanted"
is "every one of them was acknowledged, once" "$(numbers | diff - "$WORK/wanted" | head -5)" ""
"$LOEP" --json outbox list >"$WORK/outbox"
is "the outbox knows" "$(jq '[.[] | select(.state == "sent" and .attempts == 1)] | length' "$WORK/outbox")" $MAILS
ok "99 of 100 within 120 seconds, as promised" test "$(jq '[.[] |
	(.ended_at | sub("\\.[0-9]+"; "") | fromdate) - (.created_at | sub("\\.[0-9]+"; "") | fromdate)] |
	sort | .[length * 99 / 100 | floor]' "$WORK/outbox")" -le 120
for ((i = 0; i < 600; i++)); do
	[ "$("$LOEP" --json status | jq '[.jobs.queued, .jobs.running] | map(. // 0) | add')" = 0 ] && break
	sleep 0.2
done
is "every file is there, and analysed" "$("$LOEP" --json case list |
	jq -c '[.[] | select(.artefacts >= 1 and .jobs_open == 0)] | length')" $MAILS

# --- everything behind the intake is away ---
kill $SINK
wait $SINK 2>/dev/null
PIDS=$(pgrep -P "$LOEPD" -x 'loep-(identify|yara|sched|archive|grams|index|report)')
# shellcheck disable=SC2086
kill -STOP $PIDS
BEGIN=$(date +%s%N)
NUMBER=$(api /cases -H 'Content-Type: application/json' -d '{"title":"now"}' | jq -r .number)
TOOK=$((($(date +%s%N) - BEGIN) / 1000000))
like "a number on screen ($TOOK ms)" "$NUMBER" '^BE-'
ok "in less than two seconds" test "$TOOK" -lt 2000
ID=$(api "/cases/$NUMBER/submissions" -H 'Content-Type: application/json' -d '{}' | jq -r .id)
like "a file is taken in" "$(api "/submissions/$ID/files?filename=x" \
	-H 'Content-Type: application/octet-stream' -d 'a lamp' | jq -r .artefact)" '^[0-9a-f-]{36}$'
is "nobody heard of it yet" "$(numbers | grep -c "$NUMBER")" 0
sink "$RELAY"
for ((i = 0; i < 900; i++)); do
	[ "$(numbers | grep -cF "$NUMBER")" = 0 ] || break
	sleep 0.1
done
is "the acknowledgement leaves when the relay is back, before anything else" \
	"$(numbers | grep -cF "$NUMBER")" 1
# shellcheck disable=SC2086
kill -CONT $PIDS
for ((i = 0; i < 600; i++)); do
	[ "$("$LOEP" --json case show "$NUMBER" | jq .jobs_open)" = 0 ] && break
	sleep 0.2
done
is "and it is analysed when they are" \
	"$("$LOEP" --json case show "$NUMBER" | jq -c '[.artefacts >= 1, .jobs_open, .jobs_failed]')" '[true,0,0]'
kill $SINK
finish
