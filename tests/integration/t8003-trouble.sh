#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The disk is full, the database is locked, the vault's folder is gone: the
# submitter hears what is wrong, nothing is half-accepted, and the service goes
# on by itself, in the same processes, once the trouble is over.

# A small file system of our own, which namespaces give to ordinary users; the
# log, the index and the database with its WAL lie there, too.
if [ -z "${LOEP_SMALL_DISK:-}" ]; then
	LOEP_SMALL_DISK=$(mktemp -d "${TMPDIR:-/tmp}/loep-disk-XXXXXX")
	export LOEP_SMALL_DISK
	trap 'rmdir "$LOEP_SMALL_DISK"' EXIT
	# shellcheck disable=SC2016 # the inner shell expands these
	unshare --user --map-root-user --mount bash -c '
		mount -t tmpfs -o size=96m,mode=700 tmpfs "$LOEP_SMALL_DISK" || exit 77
		exec unshare --user --map-user="$1" --map-group="$2" "$3"' \
		t8003 "$(id -u)" "$(id -g)" "$0"
	status=$?
	[ "$status" != 77 ] || echo "1..0 # SKIP no mount in a user namespace here"
	[ "$status" != 77 ] || status=0
	exit "$status"
fi
export TMPDIR=$LOEP_SMALL_DISK
. "$(dirname "$0")/lib.sh"
loep_start
# What is submitted does not lie on the small disk.
IN=$(mktemp -d /tmp/loep-in-XXXXXX)
trap 'loep_stop; rm -rf "$IN"' EXIT

# What came back last: STATUS, and the body in $IN/answer.
call() {
	local path=$1
	shift
	STATUS=$(api "$path" "$@" -o "$IN/answer" -w '%{http_code}')
}
# upload FILE [CURL OPTIONS...] - its bytes to the submission.
upload() {
	local file=$1
	shift
	call "/submissions/$SUBMISSION/files?filename=x" -X POST "$@" \
		-H 'content-type: application/octet-stream' --data-binary "@$file"
}
# refused NAME STATUS REGEX - what the last call was told.
refused() {
	is "$1: $2" "$STATUS" "$2"
	like "$1: says why, and what to do" "$(jq -r .detail "$IN/answer")" "$3"
}
# What there is: artefacts and blobs.
counts() {
	api /status | jq -c '[.counts.artefacts, .evidence.blobs]'
}
settle() {
	local i
	for ((i = 0; i < 1500; i++)); do
		[ "$("$LOEP" --json case list 2>/dev/null | jq '[.[].jobs_open] | add // 0')" = 0 ] && return
		sleep 0.2
	done
	return 1
}
# accepted NAME SECONDS - uploads until one is taken.
accepted() {
	local i
	for ((i = 0; i < $2 * 5; i++)); do
		printf 'after %s %s\n' "$1" "$RANDOM" >"$IN/after"
		upload "$IN/after"
		[ "$STATUS" != 201 ] || break
		sleep 0.2
	done
	is "$1: the service goes on by itself" "$STATUS" 201
}
processes() {
	pgrep -P "$LOEPD" -l | grep -v "${1:-nothing}" | sort
}
# An archive whose members are on their way while trouble begins.
begin_archive() {
	local i
	rm -rf "$IN/many"
	mkdir "$IN/many"
	for ((i = 0; i < 600; i++)); do
		printf '%s member %s\n' "$1" "$i" >"$IN/many/$i"
	done
	tar cf "$IN/many.tar" -C "$IN" many
	ARCHIVE=$("$LOEP" --json --quiet submit "$IN/many.tar" | jq -r .case)
	for ((i = 0; i < 200; i++)); do
		"$LOEP" --json job list "$ARCHIVE" |
			jq -e 'any(.[]; .kind == "archive")' >/dev/null && break
		sleep 0.02
	done
}
end_archive() {
	ok "$1: what was being analysed settles" settle
	is "$1: it is complete" "$("$LOEP" --json case show "$ARCHIVE" | jq -c '[.artefacts, .jobs_failed]')" '[601,0]'
}

BEFORE=$(processes)
printf 'before\n' >"$IN/before"
ok "a file before all trouble" submit "$IN/before"
ARTEFACT=$(artefacts '.[0].id')
SUBMISSION=$(api "/cases/$CASE/submissions" | jq -r '.items[0].id')

# --- a file that does not fit
was=$(counts)
head -c 120M /dev/urandom >"$IN/big"
upload "$IN/big"
refused "a file larger than the disk" 507 'no space.*free some'
is "nothing of it is there" "$(counts)" "$was"
accepted "a file larger than the disk" 1
settle

# --- full in the middle of an upload that can be resumed
# part OFFSET FILE - sends what the file has behind the offset.
part() {
	STATUS=$(tail -c "+$(($1 + 1))" "$2" | curl -sS --max-time 60 \
		--unix-socket "$STATE/run/loep.sock" -X PATCH \
		-H 'Tus-Resumable: 1.0.0' -H "Upload-Offset: $1" \
		-H 'Content-Type: application/offset+octet-stream' \
		-o "$IN/answer" -w '%{http_code}' --data-binary @- \
		"http://localhost$UPLOAD")
}
# there - how much of it is durable.
there() {
	curl -sS --head --unix-socket "$STATE/run/loep.sock" -H 'Tus-Resumable: 1.0.0' \
		"http://localhost$UPLOAD" | tr -d '\r' | sed -n 's/^Upload-Offset: //Ip'
}
head -c 12M /dev/urandom >"$IN/twelve"
UPLOAD=$(curl -sS --unix-socket "$STATE/run/loep.sock" -X POST -D - -o /dev/null \
	-H 'Tus-Resumable: 1.0.0' -H "Upload-Length: $((12 << 20))" \
	-H 'Upload-Metadata: filename eA==' \
	"http://localhost/api/v1/submissions/$SUBMISSION/uploads" |
	tr -d '\r' | sed -n 's/^Location: //Ip')
head -c 2M "$IN/twelve" >"$IN/two"
part 0 "$IN/two"
is "a part arrives" "$STATUS $(there)" "204 $((2 << 20))"
left=$(($(df --output=avail -B1 "$STATE" | tail -1) - (4 << 20)))
head -c "$left" /dev/zero >"$STATE/filler"
part $((2 << 20)) "$IN/twelve"
refused "full in the middle" 507 'no space|full.*free some'
at=$(there)
ok "full in the middle: what was durable stays ($at)" test "$at" -ge $((2 << 20)) -a "$at" -lt $((12 << 20))
rm "$STATE/filler"
part "$at" "$IN/twelve"
is "full in the middle: it goes on from there" "$STATUS $(there)" "204 $((12 << 20))"
is "full in the middle: to the right digest" "$(api "${UPLOAD#/api/v1}" | jq -r .sha256)" \
	"$(sha256sum <"$IN/twelve" | cut -d' ' -f1)"
settle

# --- no byte is free
begin_archive full
fill() {
	dd if=/dev/zero of="$STATE/filler" bs=1M
	dd if=/dev/zero of="$STATE/filler2" bs=1k
	true
}
fill 2>/dev/null
upload "$IN/before"
refused "a full disk" 507 'full|no space.*free some'
call /cases -H 'content-type: application/json' -d '{"title":"x"}'
refused "a full disk, a new case" 507 'full.*free some'
fails "a full disk, the command line" 75 "$LOEP" submit "$IN/before"
like "says it, too" "$("$LOEP" submit "$IN/before" 2>&1)" 'full.*free some'
call /cases
is "a full disk: what is there can be read" "$STATUS" 200
sleep 3
rm "$STATE/filler" "$STATE/filler2"
accepted "a full disk" 5
end_archive "a full disk"
is "a full disk: no program ended" "$(processes)" "$BEFORE"

# --- the database is locked
# hold FILE SECONDS - waits that long for the database, and locks it until the
# file is gone.
hold() {
	python3 - "$STATE/db/loep.db" "$1" "$2" <<'P'
import os, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], timeout=int(sys.argv[3]), isolation_level=None)
try:
    db.execute("BEGIN EXCLUSIVE")
except sqlite3.OperationalError as error:
    sys.exit(str(error))
open(sys.argv[2], "w").close()
while os.path.exists(sys.argv[2]):
    time.sleep(0.05)
db.execute("ROLLBACK")
P
}
fails "nobody else can lock a database in use" 1 hold "$WORK/lock" 0
like "it is locked" "$(cat "$WORK/said")" 'database is locked'
was=$(counts)
begin_archive locked
kill -STOP "$LOEPD"
pkill -KILL -P "$LOEPD" -x loep-store
hold "$WORK/lock" 10 &
holder=$!
for _ in $(seq 100); do
	[ -e "$WORK/lock" ] && break
	sleep 0.05
done
ok "between two lives of the store another holds it" test -e "$WORK/lock"
kill -CONT "$LOEPD"
upload "$IN/before"
refused "a locked database" 503 'try again|retry|shortly'
sleep 4
upload "$IN/before"
refused "a database that stays locked" 503 'try again|retry|shortly'
rm "$WORK/lock"
wait $holder
accepted "a locked database" 20
end_archive "a locked database"
is "a locked database: no other program ended" "$(processes loep-store)" \
	"$(grep -v loep-store <<<"$BEFORE")"
BEFORE=$(processes)

# --- the vault's folder is gone, or may not be read
gone() {
	local name=$1
	upload "$IN/before"
	refused "$name" 503 'vault'
	is "$name: nothing of it is there" "$(counts)" "$was"
	call "/artefacts/$ARTEFACT/download" -H 'Content-Type: application/json' -d '{"reason":"test"}'
	refused "$name, reading" 503 'vault'
}
settle
begin_archive gone
mv "$STATE/vault" "$STATE/vault.gone"
sleep 1
was=$(counts)
gone "a vault that is gone"
# Long enough that jobs were given up if each were blamed for it.
sleep 14
mv "$STATE/vault.gone" "$STATE/vault"
accepted "a vault that was gone" 10
end_archive "a vault that was gone"
settle
was=$(counts)
chmod 000 "$STATE/vault"
gone "a vault that may not be read"
chmod 700 "$STATE/vault"
accepted "a vault that may be read again" 10

ok "all is settled" settle
ok "all evidence is whole" "$LOEP" verify
is "no job failed" "$("$LOEP" --json case list | jq -r '.[].number' |
	while read -r n; do "$LOEP" --json case show "$n"; done | jq -s 'map(.jobs_failed) | add')" 0
finish
