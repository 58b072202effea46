#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A re-scan beside live work, in the only place there is: what is submitted
# meanwhile is analysed first.  And many changed rules: in one pass.
. "$(dirname "$0")/lib.sh"

[ -x "$BIN/loep-rules" ] || skip_all "loep-rules is not built"
CONF='[rules]\nsingle_person = yes\n[review]\nsingle_person = yes\n[sched]\nworkers = 1'
loep_start

SET=$WORK/set
UNITS=60
mkdir "$SET" "$WORK/in"
# Each is looked at alone: more than what travels in company.
for ((i = 0; i < UNITS; i++)); do
	{
		echo "needle$((i % 3))"
		head -c 1300000 /dev/urandom
		printf '%s' "$((i % 2))"
	} >"$WORK/in/f$i"
done
ok "files are submitted" submit "$WORK"/in/*

newest() {
	"$LOEP" --json --quiet rescan list | jq -r '.[0].id'
}
rescan() {
	"$LOEP" --json --quiet rescan show "$(newest)" | jq -r "$1"
}
prepare() {
	"$LOEP" --quiet rules add "$SET" --source own "$@" --wait \
		>"$WORK/add.out" 2>&1 || return
	VERSION=$("$LOEP" --json rules list | jq '[.[] | .version] | max')
	"$LOEP" --quiet rules approve "$VERSION" 2>/dev/null
}
hunt() {
	pgrep -P "$LOEPD" -x loep-hunt
}

# --- live work first ---
# No index helps it, and its end of the file is not among the first bytes.
echo 'rule ends { condition: uint8(filesize - 1) == 0x31 }' >"$SET/a.yar"
ok "a version" prepare
# The one who scans is held for as long as it takes to send something in.
kill -STOP "$(hunt)"
ok "becomes active" "$LOEP" --quiet rules activate "$VERSION"
is "its re-scan waits" "$(rescan .state)" queued
echo "needle0 comes meanwhile, and is longer than forty bytes" >"$WORK/live"
LIVE=$("$LOEP" --json --quiet submit "$WORK/live" | jq -r .case)
kill -CONT "$(hunt)"
# The state of the re-scan in the moment in which the case is done.
for ((i = 0; i < 600; i++)); do
	DURING=$(rescan '"\(.state) \(.scanned)"')
	[ "$("$LOEP" --json case show "$LIVE" | jq .jobs_open)" != 0 ] || break
	sleep 0.02
done
diag "the re-scan while live work ended: $DURING of $UNITS"
is "the case that came meanwhile is done" \
	"$("$LOEP" --json case show "$LIVE" | jq -c '[.jobs_open, .jobs_failed]')" '[0,0]'
like "before the re-scan is" "$DURING" '^(queued|running) '
"$LOEP" --quiet rescan wait "$(newest)" >/dev/null
is "which ends" "$(rescan '"\(.state) \(.gaps) \(.new)"')" "done 0 $((UNITS / 2))"

# --- many rules, one pass ---
for ((i = 0; i < 40; i++)); do
	echo "rule many$i { strings: \$a = \"needle$((i % 3))\" condition: \$a and filesize > $i }"
done >"$SET/b.yar"
ok "a version with many new rules" prepare --replace own
ok "becomes active, too" "$LOEP" --quiet rules activate "$VERSION"
"$LOEP" --quiet rescan wait "$(newest)" >/dev/null
# Of the rules of each third of them, 14 or 13 look for the same text.
is "each finds what it looks for" "$(rescan '"\(.state) \(.gaps) \(.new)"')" \
	"done 0 $((40 * UNITS / 3 + 14))"
is "each file is looked at once" "$(rescan .scanned)" "$((UNITS + 1))"
finish
