#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# From a submitted ZIP to a report of a run in a real virtual machine.
VM=auto
. "$(dirname "$0")/../browser/lib.sh"

# The samples of the demonstration.
mkdir "$WORK/in"
# shellcheck disable=SC2016
printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-' \
	'ANTIVIRUS-TEST-FILE!$H+H*' >"$WORK/in/eicar.com"
cp tests/samples/dropper.sh "$WORK/in/invoice.sh"
ok "the sample is built" cc -O1 -s -D_GNU_SOURCE -o "$WORK/in/intruder" tests/samples/intruder.c
(cd "$WORK/in" && zip -q -P infected "$WORK/evidence.zip" eicar.com invoice.sh intruder)

CONF='[web]\nlisten = 127.0.0.1:0\n[store]\nsecond_factor = nobody'
loep_start
for _ in $(seq 1800); do
	"$LOEP" --json vm list | jq -e '.[] | select(.state == "ready")' >/dev/null && break
	sleep 0.2
done
is "a slot of the pool is ready" "$("$LOEP" --json vm list | jq -r '.[0].state')" ready
ok "the ZIP is analysed" submit --seconds 30 "$WORK/evidence.zip"
ok "the report" "$LOEP" report "$CASE" --format json -o "$WORK/report.json"
ok "everything that the sample did is in it" scripts/demo-summary "$WORK/report.json"
ok "the page" "$LOEP" report "$CASE" --format html -o "$WORK/report.html"
ok "names the host" grep -q 'updates.example.net' "$WORK/report.html"
ok "and the process" grep -q 'getent hosts exfil.example.org' "$WORK/report.html"
run=$("$LOEP" --json run list "$CASE" | jq -r '.[] | select(.artefact_name == "intruder") | .id')
"$LOEP" --json run show "$run" >"$WORK/run.json"
like "the run's outcome" "$(jq -r .outcome "$WORK/run.json")" '^(done|timeout)$'
like "its image is named by digest" "$(jq -r .environment.profile.digest "$WORK/run.json")" '^[0-9a-f]{64}$'
like "KVM or emulation is said" "$(jq -r .environment.accel "$WORK/run.json")" '^(kvm|tcg)$'
"$LOEP" run events "$run" >"$WORK/events.ndjson"
ok "events in Sigma's words" \
	jq -se 'any(.[]; .class == "process_creation" and .CommandLine != null and .ParentImage != null)' "$WORK/events.ndjson"
pcap=$(jq -r .pcap "$WORK/run.json")
ok "the capture" "$LOEP" artefact download "$pcap" --reason test -o "$WORK/run.zip"
7z x -so -pinfected "$WORK/run.zip" "$("$LOEP" --json artefact show "$pcap" | jq -r .sha256)" >"$WORK/run.pcap" 2>/dev/null
like "holds the request" "$(tcpdump -nn -A -r "$WORK/run.pcap" 2>/dev/null)" 'GET /stage2.bin\?id=42'
ok "dropped files went through triage" \
	test "$(artefacts '[.[] | select(.relation == "dropped" and .mime != "")] | length')" -gt 0

# A second run of the same sample, with arguments, asked for by a person: in a
# browser that follows it as it goes on, where there is one.
ARTEFACT=$(artefacts '.[] | select(.name == "intruder") | .id')
if missing=$(browser_missing) && [ -n "$missing" ]; then
	skip "a person follows a run in the browser" "$missing"
	ok "run again" "$LOEP" --quiet run new "$ARTEFACT" --seconds 20 --arg again --wait
else
	browser_env
	export ARTEFACT CASE
	browser_account "Anna Analyst" anna@csirt.example "claim analyse run_vm read_all_orgs" >/dev/null
	browser_account "Chris Chief" chris@csirt.example "manage_staff manage_vm_images" >/dev/null
	timeout 1500 node tests/browser/live.mjs | sed 's/^/    /'
	ok "a person follows a run in the browser" test "${PIPESTATUS[0]}" = 0
fi
is "two runs of it that nobody stopped" "$("$LOEP" --json run list "$CASE" |
	jq '[.[] | select(.artefact_name == "intruder" and .outcome != "cancelled")] | length')" 2
finish
