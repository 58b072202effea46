# SPDX-License-Identifier: Apache-2.0
# lib.sh - what the benchmarks share.
# shellcheck shell=bash
#
# Every figure is a ratio against a tool that a user would use instead, both
# measured in the same run, in turn; the median of several rounds counts.

set -eu
O=${O:-build}
BIN=$PWD/$O
RESULTS=$PWD/$O/bench.json
WORK=${WORK:-$(mktemp -d "${TMPDIR:-/var/tmp}/loep-bench-XXXXXX")}
STATE=$WORK/state
export LOEP_STATE=$STATE

say() {
	printf '%s\n' "$*" >&2
}

# seconds COMMAND... - wall-clock seconds of a command; its output is dropped.
seconds() {
	local from to
	from=$(date +%s.%N)
	"$@" >/dev/null 2>&1 || say "failed: $*"
	to=$(date +%s.%N)
	echo "$to - $from" | bc -l
}

# median NUMBER...
median() {
	printf '%s\n' "$@" | sort -g | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'
}

# result KEY NUMBER - prints a figure and puts it into build/bench.json.
result() {
	[ -s "$RESULTS" ] || echo '{}' >"$RESULTS"
	jq --arg k "$1" --argjson v "$2" '.[$k] = ($v * 1000 | round / 1000)' \
		"$RESULTS" >"$RESULTS.new" && mv "$RESULTS.new" "$RESULTS"
	printf '  %-30s %s\n' "$1" "$(jq -r --arg k "$1" '.[$k]' "$RESULTS")"
}

# service RULES - a Loep without VMs and with these rule folders; the one that
# is in $STATE already goes on.  What it says goes into $LOG ($WORK/log).
service() {
	export LOEP_STATE=$STATE
	if [ ! -e "$STATE/loep.conf" ]; then
		"$BIN/loep" init --org Bench >/dev/null 2>&1
		printf '[loepd]\nvm = no\n[yara]\nrules_dir = %s\n[sched]\nworkers = %s\n' \
			"$1" "${WORKERS:-2}" >>"$STATE/loep.conf"
		[ -z "${RULES_CONF:-}" ] ||
			printf '%s\n' "$RULES_CONF" >>"$STATE/loep.conf"
	fi
	LOG=${LOG:-$WORK/log}
	"$BIN/loepd" --state "$STATE" >"$LOG" 2>&1 &
	LOEPD=$!
	for _ in $(seq 1200); do
		grep -q 'all programs are ready' "$LOG" && return 0
		kill -0 "$LOEPD" 2>/dev/null || break
		sleep 0.1
	done
	tail -n 20 "$LOG" >&2
	exit 1
}

service_stop() {
	[ -z "${LOEPD:-}" ] || { kill -TERM "$LOEPD" && wait "$LOEPD" || true; }
	LOEPD=
	[ -n "${KEEP_STATE:-}" ] || rm -rf "$STATE"
}

# pid_of PROGRAM - the process of a program of our loepd.
pid_of() {
	pgrep -P "$LOEPD" -x "${1:0:15}" | head -n 1
}

trap 'service_stop; rm -rf "$WORK"' EXIT
