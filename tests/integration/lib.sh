# SPDX-License-Identifier: Apache-2.0
# lib.sh - what every integration test shares: a fresh Loep of its own, TAP.
# shellcheck shell=bash
#
# usage: . tests/integration/lib.sh; loep_start; is "name" got wanted; finish

set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
O=${O:-build}
BIN=$PWD/$O
LOEP=$BIN/loep
WORK=$(mktemp -d "${TMPDIR:-/tmp}/loep-test-XXXXXX")
STATE=$WORK/state
N=0
FAILED=0
export LOEP_STATE=$STATE

# diag TEXT - a comment in the TAP output.
diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

# ok NAME COMMAND... - passes where the command succeeds.
ok() {
	local name=$1
	shift
	N=$((N + 1))
	local status=0
	"$@" >"$WORK/ok.out" 2>&1 || status=$?
	if [ "$status" = 0 ]; then
		echo "ok $N - $name"
	else
		echo "not ok $N - $name"
		diag "command failed ($status): $*"
		head -n 20 "$WORK/ok.out" | sed 's/^/#   /'
		FAILED=1
	fi
}

# fails NAME STATUS COMMAND... - passes where it exits with that status; what
# it said is in $WORK/said.
fails() {
	local name=$1 wanted=$2 status
	shift 2
	N=$((N + 1))
	"$@" >"$WORK/said" 2>&1
	status=$?
	if [ "$status" = "$wanted" ]; then
		echo "ok $N - $name"
	else
		echo "not ok $N - $name"
		diag "status $status, wanted $wanted: $*"
		head -n 20 "$WORK/said" | sed 's/^/#   /'
		FAILED=1
	fi
}

# is NAME GOT WANTED - passes where they are equal.
is() {
	N=$((N + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $N - $1"
	else
		echo "not ok $N - $1"
		diag "got:    $(printf '%s' "$2" | head -c 600)"
		diag "wanted: $(printf '%s' "$3" | head -c 600)"
		FAILED=1
	fi
}

# like NAME TEXT REGEX - passes where the text matches (extended regex).
like() {
	N=$((N + 1))
	if printf '%s' "$2" | grep -qE -- "$3"; then
		echo "ok $N - $1"
	else
		echo "not ok $N - $1"
		diag "got:    $(printf '%s' "$2" | head -c 800 | tr '\n' ' ')"
		diag "wanted: $3"
		FAILED=1
	fi
}

skip() {
	N=$((N + 1))
	echo "ok $N - $1 # SKIP $2"
}

skip_all() {
	echo "1..0 # SKIP $1"
	rm -rf "$WORK"
	exit 0
}

# loep_init - a state folder with our rules and no VMs (CONF adds lines).
loep_init() {
	"$LOEP" init --org "Test CSIRT" >"$WORK/init.out" 2>&1 || {
		cat "$WORK/init.out" >&2
		exit 1
	}
	{
		printf '[loepd]\nvm = %s\n' "${VM:-no}"
		printf '[yara]\nrules_dir = %s\n' "${RULES:-$PWD/yara-rules}"
		printf '[vm]\nimage_dir = %s\n' "$BIN/vm-images"
		[ -z "${STEP_UP:-}" ] || printf '[store]\nstep_up_seconds = %s\n' "$STEP_UP"
		[ -z "${CONF:-}" ] || printf '%b\n' "$CONF"
	} >>"$STATE/loep.conf"
}

# loep_run - starts the service (its programs from PROGRAMS, where a test has
# some of its own); its log is $WORK/log.
loep_run() {
	: >>"$WORK/log"
	"$BIN/loepd" --state "$STATE" ${PROGRAMS:+--programs "$PROGRAMS"} >>"$WORK/log" 2>&1 &
	LOEPD=$!
	local i
	for ((i = 0; i < 300; i++)); do
		if grep -q 'all programs are ready' "$WORK/log" &&
			"$LOEP" status >/dev/null 2>&1; then
			return 0
		fi
		kill -0 "$LOEPD" 2>/dev/null || break
		sleep 0.1
	done
	echo "Bail out! loepd does not come up"
	tail -n 30 "$WORK/log" >&2
	exit 1
}

loep_start() {
	loep_init
	loep_run
}

loep_stop() {
	[ -n "${LOEPD:-}" ] || return 0
	kill -TERM "$LOEPD" 2>/dev/null
	wait "$LOEPD" 2>/dev/null
	LOEPD=
}

# api PATH [CURL OPTIONS...] - a GET of the API.
api() {
	local path=$1
	shift
	curl -sS --max-time 60 --unix-socket "$STATE/run/loep.sock" "$@" "http://localhost/api/v1$path"
}

# submit FILE... - submits and waits; sets CASE.
submit() {
	"$LOEP" --json --quiet submit --wait "$@" >"$WORK/submit.json" 2>"$WORK/submit.err"
	local status=$?
	CASE=$(jq -r '.case // empty' "$WORK/submit.json" 2>/dev/null)
	if [ -z "$CASE" ]; then
		diag "submit: $(head -c 500 "$WORK/submit.err")"
	fi
	return $status
}

# findings JQ - a filter over the findings of $CASE.
findings() {
	"$LOEP" --json case findings "$CASE" | jq -r "$1"
}

# artefacts JQ - a filter over all artefacts of $CASE.
artefacts() {
	"$LOEP" --json artefact list "$CASE" | jq -r "$1"
}

# openpgp_message - an encrypted message for a key that nobody has.
openpgp_message() {
	local hex=845e0366048a506fc061ba1201074083771a763b0e3c9a4a706619d10386
	hex+=ac600de7d25bb71d36206b0db18260827030745188783a3f06b077950c673fdb
	hex+=9d7b0ae89441516e005539c5e34b6e9478a4f31f2ec62d778157e662e07024d0
	hex+=f695d23c0191befc355c844552240d971f84e1ae55074a5dfd03f79a62d4d7c9
	hex+=9f73cdd93dbdcf5ba99a5cbf1af5087f955c63eb4fd33c85c663a45b5b6d3b1d
	xxd -r -p <<<"$hex"
}

finish() {
	loep_stop
	if [ "$FAILED" != 0 ]; then
		diag "the service's log:"
		tail -n 40 "$WORK/log" 2>/dev/null | sed 's/^/#   /'
	fi
	chmod -R u+rwX "$WORK" 2>/dev/null
	rm -rf "$WORK"
	echo "1..$N"
	exit $FAILED
}

trap 'loep_stop; rm -rf "$WORK"' INT TERM
