#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One 2 GiB file through the API to durable evidence, against sha256sum of it.
# [intake_vs_sha256sum]; and by how much any process grows [intake_growth_mib].
. "$(dirname "$0")/lib.sh"
ROUNDS=${ROUNDS:-3}
BYTES=${BYTES:-2147483648}

# A file as operators send it: the files of this machine, one after another.
tar cf - /usr/lib /usr/bin /usr/share 2>/dev/null | head -c "$BYTES" >"$WORK/file" || true
[ "$(stat -c %s "$WORK/file")" = "$BYTES" ] || truncate -s "$BYTES" "$WORK/file"

peaks() {
	local p
	for p in loep-web loep-store loep-vault loep-sched; do
		echo "$p $(awk '/^VmHWM/ { print $2 }' "/proc/$(pid_of "$p")/status")"
	done
}

service "$PWD/yara-rules"
# Analysis is not intake; a first small file makes every process warm.
printf x >"$WORK/small"
"$BIN/loep" --quiet submit --wait "$WORK/small" >/dev/null 2>&1
kill -STOP "$(pid_of loep-sched)"
peaks >"$WORK/before"
ours=()
theirs=()
for ((round = 1; round <= ROUNDS; round++)); do
	cat "$WORK/file" >/dev/null
	theirs+=("$(seconds sha256sum "$WORK/file")")
	ours+=("$(seconds "$BIN/loep" --quiet submit "$WORK/file")")
	say "intake: round $round: ${ours[-1]} s, sha256sum: ${theirs[-1]} s"
done
peaks >"$WORK/after"
result intake_seconds "$(median "${ours[@]}")"
result intake_sha256sum_seconds "$(median "${theirs[@]}")"
result intake_vs_sha256sum "$(echo "$(median "${theirs[@]}") / $(median "${ours[@]}")" | bc -l)"
result intake_growth_mib "$(join "$WORK/before" "$WORK/after" |
	awk '{ g = ($3 - $2) / 1024; if (g > m) m = g } END { print m + 0 }')"
service_stop
