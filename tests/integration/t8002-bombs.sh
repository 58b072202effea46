#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Archive bombs at full size: each is bounded in time, memory and rows, a
# finding names the bound, and another organisation does not wait for them.
CONF='[store]\nsubmission_artefacts = 500\n'
. "$(dirname "$0")/lib.sh"
loep_start

declare -A FILES=(
	[members]=members.zip [nest-tar]=nest.tar [nest-zip]=nest.zip
	[quine]=quine.gz [overlap]=overlap.zip [breed]=breed.zip)
make_bomb() {
	python3 tests/integration/bombs.py "$@"
}
ok "10^6 members of one byte" make_bomb members-zip "$WORK/members.zip" 1000000
ok "65,535 tars in each other" make_bomb nest-tar "$WORK/nest.tar" 65535
ok "65,535 ZIPs in each other" make_bomb nest-zip "$WORK/nest.zip" 65535
ok "a gzip that unpacks to itself" make_bomb quine "$WORK/quine.gz"
ok "indeed" cmp "$WORK/quine.gz" <(gunzip -c "$WORK/quine.gz")
ok "2,000 members of 64 MiB that share their bytes" make_bomb overlap "$WORK/overlap.zip" 2000
ok "16 ZIPs of 16 ZIPs ..., a million files" make_bomb breed "$WORK/breed.zip" 5

# What Loep's programs hold at most, in KiB, while the bombs go off.
watch_memory() {
	local most=0 now
	while [ ! -e "$WORK/stop" ]; do
		now=$(ps -o rss= --ppid "$LOEPD" | awk '{ s += $1 } END { print s + 0 }')
		[ "$now" -le "$most" ] || most=$now
		echo "$most" >"$WORK/memory"
		sleep 0.3
	done
}
watch_memory &
watcher=$!

other=$("$LOEP" --json org add "Another organisation" --class C2 | jq -r .id)
begin=$SECONDS
declare -A CASES
for bomb in "${!FILES[@]}"; do
	CASES[$bomb]=$("$LOEP" --json --quiet submit "$WORK/${FILES[$bomb]}" | jq -r .case)
done

# bombs_open - jobs of the bombs that are not done.
bombs_open() {
	"$LOEP" --json case list | jq --arg other "$other" \
		'[.[] | select(.org != $other) | .jobs_open] | add'
}
# A small file of another organisation, as long as bombs go off.
slowest=0 count=0 open=1
while [ "$open" != 0 ] && [ $((SECONDS - begin)) -lt 300 ]; do
	number=$(api /cases -H 'content-type: application/json' \
		-d "{\"org\":\"$other\",\"title\":\"small\"}" | jq -r .number)
	printf 'small %s\n' "$count" >"$WORK/small"
	start=$(date +%s%N)
	"$LOEP" --json --quiet submit --case "$number" --wait "$WORK/small" >/dev/null 2>&1
	took=$((($(date +%s%N) - start) / 1000000))
	[ "$took" -le "$slowest" ] || slowest=$took
	open=$(bombs_open)
	[ "$open" = 0 ] || count=$((count + 1))
	sleep 1
done
touch "$WORK/stop"
wait "$watcher"
seconds=$((SECONDS - begin))
diag "$seconds s, at most $(($(cat "$WORK/memory") / 1024)) MiB;" \
	"$count small submissions meanwhile, the slowest in $slowest ms"
ok "others handed in meanwhile" test "$count" -ge 3
# A busy machine is slow, but those who waited for the bombs took all of it.
ok "and did not wait for it" test $((slowest * 4)) -lt $((seconds * 1000))
is "every case is complete" "$open" 0
ok "bounded in time" test "$seconds" -lt 240
ok "bounded in memory" test "$(cat "$WORK/memory")" -lt $((1024 * 1024))

limits() {
	CASE=${CASES[$1]}
	findings '[.[] | select(.type == "limit") | .name] | unique | join(" ")'
}
count_of() {
	"$LOEP" --json case show "${CASES[$1]}" | jq .artefacts
}
like "10^6 members: the bound is named" "$(limits members)" children
is "10^6 members: 10,000 are there" "$(count_of members)" 10001
is "nested tars: the bound is named" "$(limits nest-tar)" depth
is "nested tars: 8 levels are there" "$(count_of nest-tar)" 9
is "nested ZIPs: the bound is named" "$(limits nest-zip)" depth
is "nested ZIPs: 8 levels are there" "$(count_of nest-zip)" 9
is "quine: the bound is named" "$(limits quine)" depth
is "quine: 8 levels are there" "$(count_of quine)" 9
CASE=${CASES[quine]}
is "quine: all of them the same bytes" "$(artefacts '[.[].sha256] | unique | length')" 1
like "overlapping members: the bound is named" "$(limits overlap)" expansion
ok "overlapping members: few are there" test "$(count_of overlap)" -lt 5
is "a million files in ZIPs of ZIPs: the bound is named" "$(limits breed)" submission
# Each archive that was begun is finished.
ok "a million files: not many more than 500 are there" test "$(count_of breed)" -lt 1000
failed=0
for number in "${CASES[@]}"; do
	failed=$((failed + $("$LOEP" --json case show "$number" | jq .jobs_failed)))
done
is "no job failed" "$failed" 0
finish
