#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The service itself: init, start, a second one, stop, restart of programs.
. "$(dirname "$0")/lib.sh"

loep_init
fails "init refuses to overwrite" 73 "$LOEP" init
ok "it says what is there" grep -q 'already holds a Loep' "$WORK/said"
fails "a client without a service is told how to start it" 69 "$LOEP" status
ok "its words name the command" grep -q 'loep start' "$WORK/said"
loep_run
ok "status answers" "$LOEP" status
fails "a second loepd on the state folder is refused" 75 \
	"$BIN/loepd" --state "$STATE"
ok "it names the first" grep -q "process $LOEPD" "$WORK/said"

# Each program is started again when it dies, and is wired again.
for program in loep-web loep-store loep-vault loep-sched loep-identify; do
	pid=$(pgrep -P "$LOEPD" -x "${program:0:15}" | head -n 1)
	ok "$program runs" test -n "$pid"
	kill -KILL "$pid"
	for _ in $(seq 100); do
		sleep 0.1
		new=$(pgrep -P "$LOEPD" -x "${program:0:15}" | head -n 1)
		[ -n "$new" ] && [ "$new" != "$pid" ] && break
	done
	ok "$program comes back" test "$new" != "$pid" -a -n "$new"
done
sleep 0.5
printf 'hello\n' >"$WORK/hello.txt"
ok "and the service works as before" submit "$WORK/hello.txt"
is "its analysis is complete" "$(artefacts '.[0].state')" "done"

ok "loep stop stops it" "$LOEP" stop
wait "$LOEPD" 2>/dev/null
LOEPD=
fails "nothing answers then" 69 "$LOEP" status
loep_run
is "after a restart the case is still there" \
	"$("$LOEP" --json case list | jq -r '.[0].number')" "$CASE"
printf '[web]\nno_such_key = 1\n' >>"$STATE/loep.conf"
loep_stop
fails "a wrong key in loep.conf is refused" 78 "$BIN/loepd" --state "$STATE"
ok "its line is named" grep -qE 'line [0-9]+.*no_such_key' "$WORK/said"
finish
