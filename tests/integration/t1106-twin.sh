#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two organisations send the same file: neither can tell, by status, headers,
# body, numbers, time, jobs, findings or what is found again.
. "$(dirname "$0")/lib.sh"
. tests/integration/tokens.sh
python3 -c 'import yaml' 2>/dev/null || skip_all 'python3-yaml is not installed'
# shellcheck disable=SC2034 # lib.sh reads it
CONF='[web]\nlisten = 127.0.0.1:0\naddress_requests = 100000\naddress_burst = 100000\naccount_requests = 100000\naccount_burst = 100000'
loep_start
CERT=$STATE/tls/cert.pem
PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log" | tail -1)
for who in power water; do
	org=$("$LOEP" --json org add "$who" --class C1 | jq -r .id)
	account "$who" "$org" 'submit analyse manage_org_users'
	number=$(get .number "$who" /cases -d '{"title":"lamps"}')
	submission=$(get .id "$who" "/cases/$number/submissions" -d '{}')
	jq -n --arg org "$org" --arg number "$number" \
		--arg submission "$submission" --arg token "$(cat "$WORK/$who.token")" \
		'{org: $org, number: $number, submission: $submission,
		who: {Authorization: "Bearer \($token)"}}' >"$WORK/$who.json"
done

# What is made of them: Water has one that Power has, and one that nobody has.
text='a lamp that is lit, for 127.0.0.1 and lamp.example'
hand_in() {
	TYPE=application/octet-stream get .artefact "$1" \
		"/submissions/$(jq -r .submission "$WORK/$1.json")/files?filename=lamp.txt" \
		--data-binary "$2"
}
hand_in power "$text 1" >/dev/null
"$LOEP" case show "$(jq -r .number "$WORK/power.json")" >/dev/null
KNOWN=$(hand_in water "$text 1")
NEW=$(hand_in water "$text 2")
NUMBER=$(jq -r .number "$WORK/water.json")
for ((i = 0; i < 150; i++)); do
	"$LOEP" --json job list "$NUMBER" |
		jq -e 'length > 0 and all(.state == "done")' >/dev/null && break
	sleep 0.2
done
jobs_of() {
	"$LOEP" --json job list "$NUMBER" | jq -c --arg a "$1" \
		'[.[] | select(.artefact == $a) | [.kind, .state]] | sort'
}
like "both are analysed" "$(jobs_of "$KNOWN")" identify
is "by the same jobs" "$(jobs_of "$KNOWN")" "$(jobs_of "$NEW")"
findings_of() {
	"$LOEP" --json case findings "$NUMBER" | jq -c --arg a "$1" \
		'[.[] | select(.artefact == $a) | .type] | sort'
}
is "with the same findings" "$(findings_of "$KNOWN")" "$(findings_of "$NEW")"
for path in related receipt; do
	shape() {
		as water "/artefacts/$1/$path" | sed -E 's/[0-9a-f]{64,}/*/g
			s/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/*/g
			s/"[0-9-]{10}T[0-9:.]+Z\\?"/*/g' | tr -d '\n' |
			sed -E 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/*/g'
	}
	is "the same $path" "$(shape "$KNOWN")" "$(shape "$NEW")"
done
found() {
	get '.items | length' water "/search?q=$(printf '%s' "$1" | sha256sum | cut -d' ' -f1)"
}
is "each is found once" "$(found "$text 1") $(found "$text 2")" "1 1"
jq -n --argjson port "$PORT" --arg ca "$CERT" --slurpfile p "$WORK/power.json" \
	--slurpfile w "$WORK/water.json" '{port: $port, ca: $ca,
	known: $p[0].who, known_submission: $p[0].submission,
	asker: $w[0].who, submission: $w[0].submission, org: $w[0].org}' \
	>"$WORK/setting.json"
python3 tests/integration/check_twin.py "$WORK/setting.json" >"$WORK/twin" 2>&1
while read -r line; do
	case $line in
	ok* | 'not ok'*)
		N=$((N + 1))
		[ "${line%% *}" = ok ] || FAILED=1
		echo "${line%%[0-9]*}$N - ${line#*- }"
		;;
	1..*) ;;
	*) echo "# $line" ;;
	esac
done <"$WORK/twin"
ok "the comparison came to its end" grep -q '^1\.\.' "$WORK/twin"
finish
