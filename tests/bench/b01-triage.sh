#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Triage of stored blobs to findings in the database, against yara -p 2 with
# the same rules over the same files.  [triage_vs_yara]
#
# The scheduler is held while the files are handed in, so that only triage is
# timed: identify (four digests, TLSH, libmagic) and yara, decrypted from the
# vault, findings committed.  The end is when the case's report is begun, which
# is behind the commit of the last finding; the report itself is waited for, but
# not counted.  Beside the seconds, which say little on a machine that does other
# things too, stand the seconds of CPU, by program (with some of the report's).
. "$(dirname "$0")/lib.sh"
FILES=${FILES:-5000}
ROUNDS=${ROUNDS:-3}

data=$PWD/../shared/data
rules=
for set in yara-rules-reversinglabs yara-rules-cape; do
	[ -d "$data/$set" ] && rules=${rules:+$rules:}$data/$set
done
if [ -z "$rules" ]; then
	say "triage: ../shared/data is not there; using our own rules"
	rules=$PWD/yara-rules
fi

# Regular files of the machine, no archives (their members would be extra work
# that yara does not do), always the same ones.
find /usr/bin /usr/lib /usr/share -xdev -type f -size -4096k -size +0 \
	! -name '*.gz' ! -name '*.xz' ! -name '*.zip' ! -name '*.jar' \
	! -name '*.whl' ! -name '*.deb' ! -name '*.a' -readable 2>/dev/null |
	sort | awk -v n="$FILES" '{ a[NR] = $0 } END { s = NR / n; if (s < 1) s = 1
		for (i = 1; i <= NR; i += s) print a[int(i)] }' |
	head -n "$FILES" >"$WORK/list"
say "triage: $(wc -l <"$WORK/list") files, $(tr '\n' '\0' <"$WORK/list" | du -Lch --files0-from=- | tail -n 1 | cut -f1)"

# What yarac takes, as one compiled file, as a user would have it.
args=()
for folder in ${rules//:/ }; do
	while read -r f; do
		yarac -w -d filename= -d filepath= -d extension= -d filetype= -d owner= \
			"$f" /dev/null 2>/dev/null && args+=("n$((${#args[@]})):$f")
	done < <(find "$folder" -name '*.yar' -o -name '*.yara' | sort)
done
yarac -w -d filename= -d filepath= -d extension= -d filetype= -d owner= \
	"${args[@]}" "$WORK/rules.yac"

WORKERS=2 service "$rules"
sched=$(pid_of loep-sched)
ours=()
theirs=()
ours_cpu=()
theirs_cpu=()
programs="loep-store loep-vault loep-sched loep-web loep-identify loep-yara"

# cpu PID - seconds of CPU of a process and of its children that ended.
cpu() {
	sed 's/^.*) //' "/proc/$1/stat" |
		awk -v hz="$(getconf CLK_TCK)" '{ printf "%.2f", ($12 + $13 + $14 + $15) / hz }'
}

# open_jobs CASE [WHAT] - jobs of the case that are not over; WHAT: jq's filter.
open_jobs() {
	curl -s --unix-socket "$STATE/run/loep.sock" \
		"http://loep/api/v1/cases/$1/progress" |
		jq "[.items[] | select(.state == \"queued\" or .state == \"running\")
			| ${2:-.} | .count] | add // 0"
}

# report_begun CASE - when the case's report was begun, in seconds since 1970.
report_begun() {
	local cursor=
	while :; do
		curl -s --unix-socket "$STATE/run/loep.sock" \
			"http://loep/api/v1/cases/$1/jobs?limit=500&cursor=$cursor" \
			>"$WORK/jobs"
		cursor=$(jq -r '.next // ""' "$WORK/jobs")
		[ -n "$cursor" ] || break
	done
	date -d "$(jq -r '[.items[] | select(.kind == "report")][-1].started' \
		"$WORK/jobs")" +%s.%N
}

for ((round = 1; round <= ROUNDS; round++)); do
	kill -STOP "$sched"
	tr '\n' '\0' <"$WORK/list" >"$WORK/list0"
	"$BIN/loep" --json --quiet submit --title "round $round" --files0-from "$WORK/list0" \
		>"$WORK/submit.json"
	number=$(jq -r .case "$WORK/submit.json")
	declare -A before=()
	for program in $programs; do
		before[$program]=$(cpu "$(pid_of "$program")")
	done
	from=$(date +%s.%N)
	kill -CONT "$sched"
	# Seldom: each look costs both sides something.
	while [ "$(open_jobs "$number" 'select(.kind != "report")')" -gt 0 ]; do
		sleep 0.5
	done
	used=0
	line=
	for program in $programs; do
		one=$(echo "$(cpu "$(pid_of "$program")") - ${before[$program]}" | bc -l)
		used=$(echo "$used + $one" | bc -l)
		line="$line ${program#loep-} $one"
	done
	ours_cpu+=("$used")
	while [ "$(open_jobs "$number")" -gt 0 ]; do
		sleep 0.2
	done
	to=$(report_begun "$number")
	say "triage: CPU seconds:$line"
	ours+=("$(echo "$to - $from" | bc -l)")
	TIMEFORMAT='%R %U %S'
	read -r wall user system < <({ time yara -C -w -N -p 2 -d filename= -d filepath= \
		-d extension= -d filetype= -d owner= --scan-list "$WORK/rules.yac" \
		"$WORK/list" >/dev/null 2>&1; } 2>&1)
	theirs+=("$wall")
	theirs_cpu+=("$(echo "$user + $system" | bc -l)")
	say "triage: round $round: ${ours[-1]} s (CPU $used), yara -p 2: $wall s (CPU ${theirs_cpu[-1]})"
done
result triage_seconds "$(median "${ours[@]}")"
result triage_yara_seconds "$(median "${theirs[@]}")"
result triage_vs_yara "$(echo "$(median "${theirs[@]}") / $(median "${ours[@]}")" | bc -l)"
result triage_cpu_seconds "$(median "${ours_cpu[@]}")"
result triage_yara_cpu_seconds "$(median "${theirs_cpu[@]}")"
service_stop
