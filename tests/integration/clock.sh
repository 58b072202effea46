# SPDX-License-Identifier: Apache-2.0
# clock.sh - a service whose clock the test sets (clock.c).
# shellcheck shell=bash
#
# usage: . tests/integration/lib.sh; . tests/integration/clock.sh; loep_start;
# clock SECONDS

# The programs, with a clock that this test sets.
# Rules have no part in this: a service without any is there at once.
# shellcheck disable=SC2034 # lib.sh reads it
RULES=$WORK/none
PROGRAMS=$WORK/programs
mkdir "$PROGRAMS" "$RULES"
for program in "$BIN"/loep-*; do
	ln -s "$program" "$PROGRAMS/"
done
for name in store vault web sched; do
	rm "$PROGRAMS/loep-$name"
	printf '#!/bin/sh\nLD_PRELOAD=%s LOEP_TEST_CLOCK=%s exec %s "$@"\n' \
		"$BIN/tests/integration/clock.so" "$WORK/clock" \
		"$BIN/loep-$name" >"$PROGRAMS/loep-$name"
	chmod 755 "$PROGRAMS/loep-$name"
done

# clock_set SECONDS - how far the service's clock is ahead.
AHEAD=0
clock_set() {
	AHEAD=$1
	python3 -c 'import struct, sys
with open(sys.argv[1], "r+b") as f: f.write(struct.pack("=q", int(sys.argv[2])))' \
		"$WORK/clock" "$AHEAD"
}
# clock SECONDS - jumps there; the service has seen that when this returns.
JUMPS=0
jumps() {
	api '/audit?limit=500' | jq '[.items[] | select(.action == "clock.jumped")] | length'
}
clock() {
	local i
	clock_set "$1"
	JUMPS=$((JUMPS + 1))
	for ((i = 0; i < 50; i++)); do
		[ "$(jumps)" -lt "$JUMPS" ] || return 0
		sleep 0.1
	done
}
head -c 8 /dev/zero >"$WORK/clock"
