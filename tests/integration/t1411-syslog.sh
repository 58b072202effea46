#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The audit chain by syslog: each entry in order, by the letter of RFC 5424 and
# RFC 5425, whatever ends in between; ids, and no names.
. "$(dirname "$0")/lib.sh"
. tests/integration/pki.sh
GOT=$WORK/got
: >"$GOT"
authority own
authority other
printf '[there]\nsubjectAltName = DNS:localhost\nextendedKeyUsage = serverAuth\n' >>"$OPENSSL_CONF"
key receiver
sign receiver own there -days 5
cp "$PKI/receiver.pem" "$PKI/good.pem"
sign receiver other there -days 5
cp "$PKI/receiver.pem" "$PKI/bad.pem"

SINK=
sink() {
	rm -f "$WORK/ready"
	python3 tests/integration/syslog_sink.py "$1" "$GOT" "$WORK/ready" \
		${2:+"$PKI/$2.pem" "$PKI/receiver.key"} >>"$WORK/sink.log" 2>&1 &
	SINK=$!
	local i
	for ((i = 0; i < 300; i++)); do
		[ -s "$WORK/ready" ] && break
		sleep 0.1
	done
	PORT=$(cat "$WORK/ready")
}
unsink() {
	[ -z "$SINK" ] || { kill "$SINK"; wait "$SINK"; } 2>/dev/null
	SINK=
}
trap 'unsink; loep_stop; rm -rf "$WORK"' INT TERM
sink 0 good
CONF="[syslog]\nserver = localhost:$PORT\nca_file = $PKI/own.pem\nhostname = loep.example\n"
loep_start
like 'a sender in a cage of its own runs' "$(cat "$WORK/log")" 'msg=ready child=loep-syslog'

head_of_chain() {
	curl -sS --unix-socket "$STATE/run/loep.sock" http://localhost/metrics |
		sed -n 's/^loep_audit_chain_head \([0-9]*\)$/\1/p'
}
# all - waits until the receiver has every entry up to now.
all() {
	local i last
	last=$(head_of_chain)
	for ((i = 0; i < 400; i++)); do
		[ "$(jq -s --argjson l "${last:-0}" '([.[].params.seq | tonumber] | unique | length) >= $l' "$GOT" 2>/dev/null)" = true ] && return 0
		sleep 0.1
	done
	return 1
}
got() {
	jq -rs "$1" "$GOT"
}
work() {
	local i
	for ((i = 0; i < $1; i++)); do
		api /cases -H 'Content-Type: application/json' \
			-d '{"title":"SECRET \"]\\ title"}' >/dev/null
	done
}

NAME='Eve "]\\ Name'
jq -n --arg n "$NAME" '{name: $n}' | api /accounts \
	-H 'Content-Type: application/json' -d @- >/dev/null
work 20
ok 'all entries arrive' all
is 'each is a message of RFC 5424, framed as RFC 5425 says' "$(got '[.[] | select(.bad)] | length')" 0
is 'each once, in order, without a gap' "$(got '[.[].params.seq | tonumber] | . == [range(1; length + 1)]')" true
is 'facility 13, informational' "$(got '[.[].pri] | unique | map(tostring) | join(" ")')" 110
is 'from this machine' "$(got '[.[] | "\(.host) \(.app) \(.sd)"] | unique | join(" ")')" 'loep.example loep loep@32473'
like 'what happened is the MSGID' "$(got '[.[].msgid] | unique | join(" ")')" 'account.created.* case.opened'
is 'with the hashes of the chain' "$(got '[.[] | select(.params.hash | test("^[0-9a-f]{64}$") | not)] | length')" 0
is 'no names and no words of people' "$(grep -ciE 'SECRET|Eve|title|Test CSIRT' "$GOT")" 0
like 'ids of who and what' "$(got '[.[] | select(.msgid == "case.opened")][0].params | "\(.account) \(.object)"')" '^[0-9a-f-]{36} [0-9a-f-]{36}$'

# The receiver goes away and comes back; nobody waits for it.
unsink
work 10
is 'work goes on without it' "$(api '/cases?limit=500' | jq '.items | length')" 30
ok 'what waits is counted' eval "curl -sS --unix-socket '$STATE/run/loep.sock' http://localhost/metrics | grep -qE '^loep_syslog_behind [1-9]'"
sink "$PORT" good
ok 'the rest comes when it is back' all
is 'without a gap' "$(got '[.[].params.seq | tonumber] | unique | . == [range(1; length + 1)]')" true

# The service ends and starts again: each once.
loep_stop
BEFORE=$(wc -l <"$GOT")
loep_run
work 5
ok 'after a restart it goes on' all
is 'where it was: nothing again' "$(tail -n +$((BEFORE + 1)) "$GOT" | jq -s '[.[].params.seq | tonumber] | (unique | length) == length')" true
is 'and nothing left out' "$(got '[.[].params.seq | tonumber] | unique | . == [range(1; length + 1)]')" true

# Killed hard, in the middle.
for i in 1 2 3; do
	work 8
	PID=$(sed -n 's/.*msg=ready child=loep-syslog pid=\([0-9]*\).*/\1/p' "$WORK/log" | tail -1)
	kill -9 "$PID" 2>/dev/null
	work 2
done
PID=$(sed -n 's/.*msg=ready child=loep-store pid=\([0-9]*\).*/\1/p' "$WORK/log" | tail -1)
kill -9 "$PID"
for _ in $(seq 200); do
	[ -n "$(head_of_chain 2>/dev/null)" ] && break
	sleep 0.1
done
work 3
ok 'killed again and again, all arrives' all
is 'without a gap' "$(got '[.[].params.seq | tonumber] | unique | . == [range(1; length + 1)]')" true
is 'what came twice is the same' "$(got '([.[].raw] | unique | length) == ([.[].params.seq] | unique | length)')" true
is 'nothing else came' "$(got '[.[] | select(.bad)] | length')" 0

# A receiver that shows another certificate gets nothing.
unsink
sink "$PORT" bad
BEFORE=$(wc -l <"$GOT")
work 3
sleep 7
is 'strangers get nothing' "$(wc -l <"$GOT")" "$BEFORE"
like 'and the log says why' "$(grep 'waits for its receiver' "$WORK/log")" 'certificate'
unsink

# A local socket, as journald and rsyslog have it.
loep_stop
sink "$WORK/log.sock"
sed -i "s,^server = .*,server = $WORK/log.sock," "$STATE/loep.conf"
loep_run
work 3
ok 'over a local socket, too' all
is 'one datagram an entry, without a gap' "$(got '[.[] | select(.bad)] | length') $(got '[.[].params.seq | tonumber] | unique | . == [range(1; length + 1)]')" '0 true'
unsink
finish
