# SPDX-License-Identifier: Apache-2.0
# crash.sh - the crash test: a steady load, SIGKILL of random processes of
# Loep at random moments, then nothing may be missing, doubled or left over.
# shellcheck shell=bash
# usage: . lib.sh; . crash.sh; crash_test KILLS

# Submits small files until $WORK/stop exists; what was accepted is written to
# $WORK/accepted as "case sha256".  Every eighth is a script that is detonated.
crash_load() {
	local i=0 file number sum
	while [ ! -e "$WORK/stop" ]; do
		i=$((i + 1))
		file=$WORK/load/f$i
		if [ "${VM:-no}" != no ] && [ $((i % 8)) = 0 ]; then
			printf '#!/bin/sh\n# %s\necho run > /tmp/out%s\n' "$i" "$i" >"$file.sh"
			file=$file.sh
		else
			printf 'load %s %s\n' "$i" "$RANDOM" >"$file"
		fi
		sum=$(sha256sum "$file" | cut -d' ' -f1)
		# One that was refused or cut off is not accepted: no receipt, no debt.
		number=$(timeout 30 "$LOEP" --json --quiet submit --seconds 5 "$file" 2>/dev/null |
			jq -r 'select(.files | length == 1) | .case')
		[ -z "$number" ] || echo "$number $sum" >>"$WORK/accepted"
		sleep 0.2
	done
}

# One random process of ours: a child of loepd, or (rarely) loepd itself,
# which is then started again, as an init system would.
crash_kill() {
	local pids victim
	if [ $((RANDOM % 12)) = 0 ]; then
		kill -KILL "$LOEPD" 2>/dev/null
		wait "$LOEPD" 2>/dev/null
		KILLED_PARENTS=$((KILLED_PARENTS + 1))
		: >"$WORK/log.last"
		"$BIN/loepd" --state "$STATE" >>"$WORK/log" 2>&1 &
		LOEPD=$!
		return
	fi
	mapfile -t pids < <(pgrep -P "$LOEPD")
	[ ${#pids[@]} -gt 0 ] || return
	victim=${pids[RANDOM % ${#pids[@]}]}
	kill -KILL "$victim" 2>/dev/null
}

crash_open_jobs() {
	"$LOEP" --json case list 2>/dev/null | jq '[.[].jobs_open] | add // 0' 2>/dev/null || echo 1
}

# Checks one accepted submission: one artefact of that hash, analysed once.
crash_check_one() {
	local number=$1 sum=$2 list id
	CASE=$number
	list=$("$LOEP" --json artefact list "$number")
	[ "$(jq --arg s "$sum" '[.[] | select(.parent == null and .sha256 == $s)] | length' <<<"$list")" = 1 ] || {
		echo "$number: not exactly one artefact $sum"
		return
	}
	id=$(jq -r --arg s "$sum" '.[] | select(.parent == null and .sha256 == $s) | .id' <<<"$list")
	[ "$(findings "[.[] | select(.artefact == \"$id\" and .name == \"mime\")] | length")" = 1 ] ||
		echo "$number: not exactly one type of $id"
	[ "$("$LOEP" --json job list "$number" |
		jq '[.[] | select(.kind == "yara" or .kind == "identify") | select(.artefact == "'"$id"'" and .state == "done")] | length')" = 2 ] ||
		echo "$number: its triage is not done once"
}

crash_test() {
	local kills=$1 loader wrong=0 number sum
	KILLED_PARENTS=0
	mkdir "$WORK/load"
	: >"$WORK/accepted"
	crash_load &
	loader=$!
	for ((k = 0; k < kills; k++)); do
		sleep "0.$((RANDOM % 9))$((RANDOM % 10))"
		[ $((k % 4)) != 0 ] || sleep 1
		crash_kill
	done
	touch "$WORK/stop"
	wait $loader
	diag "$kills kills ($KILLED_PARENTS of loepd), $(wc -l <"$WORK/accepted") accepted submissions"
	ok "submissions were accepted under fire" test -s "$WORK/accepted"
	for _ in $(seq 1200); do
		[ "$(crash_open_jobs)" != 0 ] || break
		sleep 0.5
	done
	is "every job came to its end" "$(crash_open_jobs)" 0
	while read -r number sum; do
		crash_check_one "$number" "$sum"
	done <"$WORK/accepted" >"$WORK/wrong"
	wrong=$(wc -l <"$WORK/wrong")
	is "each accepted submission is complete, once" "$wrong" 0
	[ "$wrong" = 0 ] || diag "$(head -n 10 "$WORK/wrong")"
	ok "all evidence is whole" "$LOEP" verify
	ok "the audit chain is exported" "$LOEP" audit export -o "$WORK/audit.ndjson"
	ok "and verifies" "$LOEP" audit verify "$WORK/audit.ndjson"
	loep_stop
	is "no process is left over" "$(pgrep -f -- "$STATE" | grep -vc "^$$\$")" 0
}
