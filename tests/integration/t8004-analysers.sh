#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Analysers that crash, hang or want too much memory: the attempt ends with a
# reason, nothing else waits or stops.
CONF='[sched]\njob_seconds = 4\n'
. "$(dirname "$0")/lib.sh"
loep_start
BEFORE=$(pgrep -P "$LOEPD" -l | sort)
head -c 100M /dev/urandom >"$WORK/large"

# hit SIGNAL KIND SUBMISSION - sends it to the children of that analyser as
# long as the job is open.
hit() {
	local parent child
	parent=$(pgrep -P "$LOEPD" -x "loep-$2")
	while "$LOEP" --json job list "$3" |
		jq -e --arg k "$2" 'any(.[]; .kind == $k and (.state == "queued" or .state == "running"))' >/dev/null; do
		for _ in $(seq 20); do
			child=$(pgrep -P "$parent")
			# shellcheck disable=SC2086 # perhaps several
			[ -z "$child" ] || kill "-$1" $child 2>/dev/null
			sleep 0.02
		done
	done
}
hand_in() {
	"$LOEP" --json --quiet submit "$1" | jq -r .case
}
# job KIND FIELD - of the only job of that kind in $CASE.
job() {
	"$LOEP" --json job list "$CASE" | jq -r --arg k "$1" ".[] | select(.kind == \$k) | .$2"
}
wait_all() {
	local i
	for ((i = 0; i < 300; i++)); do
		[ "$("$LOEP" --json case show "$CASE" | jq .jobs_open)" = 0 ] && return
		sleep 0.2
	done
	return 1
}

CASE=$(hand_in "$WORK/large")
hit SEGV yara "$CASE"
ok "an analyser that always crashes: the case comes to its end" wait_all
is "its job is failed" "$(job yara state)" failed
is "after three attempts" "$(job yara attempt)" 3
like "with the reason" "$(job yara reason)" 'crashed \(signal [0-9]+\)'
is "the other analyser's is done" "$(job identify state)" "done"
ok "the report says so" "$LOEP" report "$CASE" --format json -o "$WORK/report.json"
like "as not done" "$(jq -c .not_done "$WORK/report.json")" 'yara'
ok "it can be tried again" "$LOEP" job retry "$(job yara id)"
ok "until it is over" wait_all
is "and is done then" "$(job yara state)" "done"

cat "$WORK/large" "$WORK/large" >"$WORK/larger"
CASE=$(hand_in "$WORK/larger")
hit STOP yara "$CASE" &
hitter=$!
printf 'small' >"$WORK/small"
(CASE='' && submit "$WORK/small" && echo "$CASE" >"$WORK/small.case")
ok "others go on beside an analyser that hangs" test -s "$WORK/small.case"
wait $hitter
ok "its case comes to its end" wait_all
like "its job is over" "$(job yara state)" 'failed|partial'
like "with the reason" "$(job yara reason)" "time was up"
like "which a finding names" "$(findings '.[] | select(.type == "limit") | .name')" analyser_seconds

# An xz stream that wants a dictionary of 4 GiB.
python3 - "$WORK/hog.xz" <<'P'
import lzma, struct, sys, zlib
data = bytearray(lzma.compress(b"hello world" * 1000, format=lzma.FORMAT_XZ))
size = (data[12] + 1) * 4
head = data[12:12 + size]
head[head.index(b"\x21\x01") + 2] = 40
head[-4:] = struct.pack("<I", zlib.crc32(bytes(head[:-4])))
data[12:12 + size] = head
open(sys.argv[1], "wb").write(data)
P
ok "a file that wants 4 GiB of memory" submit "$WORK/hog.xz"
# An instrumented build has no bound of memory: there the clock ends it.
like "is refused with the reason" \
	"$(findings '.[] | select(.type == "error" or .type == "limit") | .detail.text')" '[Mm]emory|time of an analyser'
is "all programs still run" "$(pgrep -P "$LOEPD" -l | sort)" "$BEFORE"
finish
