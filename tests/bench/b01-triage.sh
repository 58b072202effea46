#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Triage of stored blobs to findings in the database, against yara -p 2 with
# the same rules over the same files.  [triage_vs_yara]
#
# The scheduler is held while the files are handed in, so that only triage is
# timed: identify (five digests, TLSH, libmagic) and yara, each artefact in a
# child of its own, decrypted from the vault, findings committed.
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
for ((round = 1; round <= ROUNDS; round++)); do
	kill -STOP "$sched"
	tr '\n' '\0' <"$WORK/list" >"$WORK/list0"
	"$BIN/loep" --json --quiet submit --title "round $round" --files0-from "$WORK/list0" \
		>"$WORK/submit.json"
	number=$(jq -r .case "$WORK/submit.json")
	from=$(date +%s.%N)
	kill -CONT "$sched"
	while :; do
		open=$("$BIN/loep" --json case show "$number" | jq '.jobs_open')
		[ "$open" -gt 0 ] || break
		sleep 0.05
	done
	to=$(date +%s.%N)
	ours+=("$(echo "$to - $from" | bc -l)")
	theirs+=("$(seconds yara -C -w -N -p 2 -d filename= -d filepath= -d extension= \
		-d filetype= -d owner= --scan-list "$WORK/rules.yac" "$WORK/list")")
	say "triage: round $round: ${ours[-1]} s, yara -p 2: ${theirs[-1]} s"
done
result triage_seconds "$(median "${ours[@]}")"
result triage_yara_seconds "$(median "${theirs[@]}")"
result triage_vs_yara "$(echo "$(median "${theirs[@]}") / $(median "${ours[@]}")" | bc -l)"
service_stop
