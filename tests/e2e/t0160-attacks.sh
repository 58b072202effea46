#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What root in the guest can do to the agent, its channel, its disk and its
# kernel: each run ends with the right outcome and its evidence, and the slot
# comes back for the next one.
# shellcheck disable=SC2154 # drive.sh assigns them
. "$(dirname "$0")/drive.sh"

printf '#!/bin/sh\necho "the sample runs"\n' >"$work/s/good.sh"
attack=$O/tests/e2e/guest/attack
[ -x "$attack" ] || make -s guest-programs
t=$work/s/o

go "a slot serves one attack after the other" \
    ready 1200 \
    run "$attack" '{"seconds":60,"args":["flood"]}' "$t.flood" \
    run "$attack" '{"seconds":60,"args":["noise"]}' "$t.noise" \
    run "$attack" '{"seconds":60,"args":["disk"]}' "$t.disk" \
    run "$attack" '{"seconds":60,"args":["panic"]}' "$t.panic" \
    run "$attack" '{"seconds":90,"args":["kill"]}' "$t.kill" \
    run "$work/s/good.sh" '{"seconds":60}' "$t.good"

# kept NAME LINE - the evidence of a run is there, as large as was told.
kept() {
	run "$2" .environment.outputs.trace "$(stat -c %s "$t.$1.trace")" \
	    "$1: its trace was kept"
	[ "$(head -c 4 "$t.$1.pcap" | od -An -tx4 | tr -d ' ')" = a1b2c3d4 ]
	ok $? "$1: its capture was kept"
}
# decoded NAME: the trace's records, as the caged analyser makes them
decoded() {
	"$O/loep-behaviour" --file "$t.$1.trace" >"$work/records" 2>>"$work/log"
}
# has FILTER NAME: one of these records matches
has() {
	jq -se "any(.[]; $1)" "$work/records" >/dev/null
	ok $? "$2"
}

run 2 .outcome flooded "a guest that floods its channel"
run 2 .environment.outputs.trace 536870912 "which is cut at 512 MiB"
kept flood 2
rm -f "$t.flood.trace"

run 3 .outcome agent_lost "a guest that forges frames, and claims another agent"
kept noise 3
decoded noise
has '.type == "error" and .what == "trace"' "the damage is told of"
has '.type == "error" and .what == "agent_lost"' "and that its agent was lost"
has '.type == "end" and .end == "done" and .valid' "the analyser came through"
has '.type == "event" and .class == "process_creation"' \
    "what came before is there"

run 4 .outcome "done" "a guest whose disk is full"
kept disk 4
grep -aq 'full after' "$t.disk.trace"
ok $? "and what it said"

run 5 .outcome guest_crashed "a guest whose kernel panics"
kept panic 5
grep -aq 'Kernel panic' "$t.panic.console"
ok $? "its console was kept"
decoded panic
has '.type == "event" and (.TargetFilename // "" | test("sysrq-trigger"))' \
    "what it tried before is there"

run 6 .outcome agent_lost "a guest whose agent is killed"
kept kill 6
decoded kill
has '.type == "limit" and .limit == "trace_ends"' "its trace says that it was cut"

run 7 .outcome "done" "the slot came back after all of it"
grep -aq 'the sample runs' "$t.good.trace"
ok $? "and serves a sample"
[ "$(qemus)" = 0 ]
ok $? "no QEMU is left"
echo "1..$count"
