#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A backup while the service works, and what is restored from it.
CONF='[store]\nsweep_seconds = 1\norphan_seconds = 1\n'
. "$(dirname "$0")/lib.sh"
loep_start
for i in $(seq 40); do
	head -c $((i * 3000)) /dev/urandom >"$WORK/file$i"
done
ok "the first files" submit "$WORK"/file?
FIRST=$CASE

# More come in while it is made: what was acknowledged before it began is in
# it, and what is in it is whole.
(
	for i in $(seq 10 40); do
		"$LOEP" --quiet submit -c "$FIRST" "$WORK/file$i" >/dev/null 2>&1
	done
) &
WRITER=$!
ok "a backup" "$LOEP" --quiet backup "$WORK/backup"
wait "$WRITER"
ok "says what it is" jq -e '.has_keys and .files > 9 and (.database_sha256 | length == 64)' \
	"$WORK/backup/loep-backup.json"
is "leaves no copy behind" "$(find "$STATE/db" -name 'backup*')" ""
is "is for nobody else's eyes" "$(stat -c %a "$WORK/backup")" 700

# The second one takes only what is new.
head -c 100000 /dev/urandom >"$WORK/later"
ok "a later file" submit "$WORK/later"
SECOND=$CASE
BEFORE=$(find "$WORK/backup/vault/blobs" -type f -printf '%i %P\n' | sort)
touch "$WORK/backup/vault/blobs/gone"
ok "brought up to date" "$LOEP" --quiet backup "$WORK/backup"
is "without copying anew what was there" \
	"$(find "$WORK/backup/vault/blobs" -type f -printf '%i %P\n' | sort | comm -12 - <(echo "$BEFORE"))" "$BEFORE"
ok "nor keeping what is gone" test ! -e "$WORK/backup/vault/blobs/gone"

# Who may.
ok "a second one at a time" test "$(api /backup -X POST -d '{}' -H 'content-type: application/json' | jq -r .state)" = copying
fails "is refused" 1 "$LOEP" --quiet backup "$WORK/backup"
like "and told why" "$(cat "$WORK/said")" 'being made already'
api /backup/end -X POST -d '{"outcome": "failed"}' -H 'content-type: application/json' >/dev/null
mkdir "$WORK/mine"
touch "$WORK/mine/thesis"
fails "a folder with other things in it" 73 "$LOEP" --quiet backup "$WORK/mine"
ok "is left alone" test -e "$WORK/mine/thesis"
ok "made once more, after the refusal" "$LOEP" --quiet backup "$WORK/backup"

# Killed in the middle: no manifest, no restore; the next one is whole.
"$LOEP" --quiet backup "$WORK/second" >/dev/null 2>&1 &
KILLED=$!
for _ in $(seq 500); do
	[ -e "$STATE/db/backup.db" ] && break
	sleep 0.01
done
kill -KILL "$KILLED"
wait "$KILLED" 2>/dev/null
fails "what was interrupted is no backup" 65 "$LOEP" --state "$WORK/no" restore "$WORK/second"
ok "and nothing was made of it" test ! -e "$WORK/no"
loep_stop

# Restored somewhere else.
ok "restored" "$LOEP" --quiet --state "$WORK/restored" restore "$WORK/backup"
fails "but never over a Loep" 1 "$LOEP" --state "$STATE" restore "$WORK/backup"
ok "which is as it was" test -s "$STATE/db/loep.db"
cp -a "$WORK/backup" "$WORK/damaged"
printf x | dd of="$WORK/damaged/db/loep.db" bs=1 seek=5000 conv=notrunc 2>/dev/null
fails "nor from a damaged one" 65 "$LOEP" --state "$WORK/no" restore "$WORK/damaged"
rm -rf "$WORK/damaged"
cp -a "$WORK/backup" "$WORK/keyless"
mv "$WORK/keyless/vault/keys" "$WORK/keys"
fails "nor without the keys" 65 "$LOEP" --state "$WORK/no" restore "$WORK/keyless"
like "and told what is missing" "$(cat "$WORK/said")" 'has no keys'
cp -a "$WORK/keys" "$WORK/keyless/vault/keys"
chmod u+w "$WORK/keyless/vault/keys/site.key"
printf 'loep-site-key-1 %064d\n' 7 >"$WORK/keyless/vault/keys/site.key"
fails "nor with another site's" 65 "$LOEP" --state "$WORK/no" restore "$WORK/keyless"
like "and told so" "$(cat "$WORK/said")" 'keys of another Loep'
cp -a "$WORK/keys/site.key" "$WORK/keyless/vault/keys/site.key"
ok "with its own it is" "$LOEP" --quiet --state "$WORK/again" restore "$WORK/keyless"
STATE=$WORK/restored
export LOEP_STATE=$STATE
loep_run
ok "every case is there" "$LOEP" case show "$FIRST"
ok "the later one too" "$LOEP" case show "$SECOND"
is "every file" "$("$LOEP" --json artefact list "$FIRST" | jq length)" 40
ok "each is whole" "$LOEP" verify
"$LOEP" --quiet audit export -o "$WORK/audit.ndjson" >/dev/null
ok "the audit chain is whole" "$LOEP" audit verify "$WORK/audit.ndjson"
ok "and work goes on" submit "$WORK/file1"
finish
