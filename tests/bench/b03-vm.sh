#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A clean guest by restore against a cold boot [vm_boot_vs_restore], and
# everything of a run that is not the sample's own time [run_overhead_s].
. "$(dirname "$0")/lib.sh"
ROUNDS=${ROUNDS:-5}

printf '#!/bin/sh\nsleep 2\n' >"$WORK/sample.sh"
"$BIN/loep" init --org Bench >/dev/null 2>&1
printf '[vm]\nimage_dir = %s\n[yara]\nrules_dir = %s\n' "$BIN/vm-images" \
	"$PWD/yara-rules" >>"$STATE/loep.conf"
"$BIN/loepd" --state "$STATE" >"$WORK/log" 2>&1 &
LOEPD=$! # service_stop ends it
export LOEPD
for _ in $(seq 3000); do
	"$BIN/loep" --json vm list 2>/dev/null | jq -e '.[] | select(.state == "ready")' >/dev/null && break
	sleep 0.1
done
overheads=()
for ((round = 1; round <= ROUNDS; round++)); do
	printf '# %s\n' "$round" >>"$WORK/sample.sh"
	"$BIN/loep" --json --quiet submit --wait "$WORK/sample.sh" >"$WORK/submit.json"
	id=$("$BIN/loep" --json run list "$(jq -r .case "$WORK/submit.json")" | jq -r '.[0].id')
	"$BIN/loep" --json run show "$id" >"$WORK/run.json"
	overheads+=("$(jq '.environment.timing.overhead_ms / 1000' "$WORK/run.json")")
	say "vm: round $round: $(jq -c .environment.timing "$WORK/run.json")"
done
result run_overhead_s "$(median "${overheads[@]}")"
service_stop
mkdir "$WORK/slot"
"$BIN/loep-vm" --bench "$BIN/vm-images" "$WORK/slot" "$ROUNDS" >"$WORK/bench.json"
result vm_boot_ms "$(jq .boot_ms "$WORK/bench.json")"
result vm_restore_ms "$(jq .restore_ms "$WORK/bench.json")"
result vm_boot_vs_restore "$(jq .vm_boot_vs_restore "$WORK/bench.json")"
