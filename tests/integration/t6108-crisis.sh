#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A crisis in the middle of a re-scan: it stands still, also over a restart,
# and goes on where it was when the crisis is over, with nothing left out.
. "$(dirname "$0")/lib.sh"
. tests/integration/tokens.sh
[ -x "$BIN/loep-rules" ] || skip_all "loep-rules is not built"
CONF='[web]\nlisten = 127.0.0.1:0\n[rules]\nsingle_person = yes\n[sched]\nworkers = 1'
loep_start
# shellcheck disable=SC2034 # tokens.sh reads them
CERT=$STATE/tls/cert.pem
port() {
	PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log" | tail -1)
}
port
account cell "$(api /whoami | jq -r .org)" approve_crisis
UNITS=40
mkdir "$WORK/in" "$WORK/set"
# Each is looked at alone: more than what travels in company; every second one
# matches.
for ((i = 0; i < UNITS; i++)); do
	{
		head -c 1300000 /dev/urandom
		printf '%s' "$((i % 2))"
	} >"$WORK/in/f$i"
done
ok "files are submitted" submit "$WORK"/in/*
echo 'rule ends { condition: uint8(filesize - 1) == 0x31 }' >"$WORK/set/a.yar"
"$LOEP" --quiet rules add "$WORK/set" --source own --wait >"$WORK/add.out" 2>&1
VERSION=$("$LOEP" --json rules list | jq '[.[] | .version] | max')
"$LOEP" --quiet rules approve "$VERSION" 2>/dev/null
rescan() {
	"$LOEP" --json --quiet rescan list | jq -r ".[0] | $1"
}
mode() {
	api /mode -H 'Content-Type: application/json' -d "{\"mode\":\"$1\",\"reason\":\"x\"}" >"$WORK/made"
	status cell /mode/approve -d '{}'
}
# The one who scans is held until the crisis is there.
HUNT=$(pgrep -P "$LOEPD" -x loep-hunt)
kill -STOP "$HUNT"
ok "rules become active" "$LOEP" --quiet rules activate "$VERSION"
for ((i = 0; i < 100; i++)); do
	[ "$(rescan .state)" != running ] || break
	sleep 0.1
done
is "a crisis begins" "$(mode national_crisis)" 200
kill -CONT "$HUNT"
# What is under way ends, and is kept; then nothing moves.
now() {
	rescan '"\(.state) \(.scanned) \(.progress)"'
}
for ((i = 0; i < 40; i++)); do
	AT=$(now)
	sleep 1
	[ "$AT" != "$(now)" ] || break
done
diag "in the crisis: $AT of $UNITS"
like "it is not done" "$AT" '^(queued|running|paused) '
sleep 2
is "and stands still" "$(now)" "$AT"
echo "live" >"$WORK/live"
ok "cases go on" submit "$WORK/live"
loep_stop
loep_run
port
sleep 2
like "over a restart, too" "$(rescan .state)" '^(queued|running|paused)$'
is "the crisis ends" "$(mode normal)" 200
for ((i = 0; i < 600; i++)); do
	[ "$(rescan .state)" != 'done' ] || break
	sleep 0.1
done
is "it goes on to its end" "$(rescan .state)" 'done'
is "every file was looked at, or excluded, and each match is there" \
	"$(rescan '"\(.new) \(.gaps)"')" "$((UNITS / 2)) 0"
finish
