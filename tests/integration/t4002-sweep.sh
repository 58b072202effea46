#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A crash between the vault's link of a blob and the store's row of it: the
# submitter was told that nothing is stored, and the blob goes.
CONF='[store]\nsweep_seconds = 3\norphan_seconds = 1\n'
. "$(dirname "$0")/lib.sh"
loep_start
printf 'kept' >"$WORK/kept"
ok "a file that stays" submit "$WORK/kept"
SUBMISSION=$(api "/cases/$CASE/submissions" | jq -r '.items[0].id')

blobs() {
	find "$STATE/vault/blobs" -type f | sort
}
blobs >"$WORK/before"
VAULT=$(pgrep -P "$LOEPD" -x loep-vault)
STORE=$(pgrep -P "$LOEPD" -x loep-store)
# The bytes come while the vault stands still; the store asks it to commit and
# then stands still itself; the vault does as it was asked, and the store dies.
status=$({
	printf 'the orphan'
	sleep 1
	kill -STOP "$VAULT"
	printf ' of a crash'
} | api "/submissions/$SUBMISSION/files?filename=orphan" -X POST -T - \
	-H 'content-type: application/octet-stream' \
	-o "$WORK/answer" -w '%{http_code}' & {
	sleep 3
	kill -STOP "$STORE"
	kill -CONT "$VAULT"
	for _ in $(seq 50); do
		[ "$(blobs | comm -13 "$WORK/before" - | wc -l)" = 0 ] || break
		sleep 0.1
	done
	blobs | comm -13 "$WORK/before" - >"$WORK/orphan"
	kill -KILL "$STORE"
} >&2
	wait)
is "the submitter is told to try again" "$status" 503
is "the vault has it" "$(wc -l <"$WORK/orphan")" 1
for _ in $(seq 100); do
	[ -e "$(cat "$WORK/orphan")" ] || break
	sleep 0.2
done
is "and not for long" "$(blobs)" "$(cat "$WORK/before")"
ok "what is referred to is whole" "$LOEP" verify
"$LOEP" --quiet audit export -o "$WORK/audit.ndjson" 2>/dev/null
ok "the audit chain tells of it" grep -qE \
	"blob\.orphan.*$(basename "$(cat "$WORK/orphan")")" "$WORK/audit.ndjson"
printf 'the orphan of a crash' >"$WORK/again"
ok "the same bytes can be handed in" submit "$WORK/again"
sleep 4
ok "and stay" "$LOEP" verify
is "with one blob more than before" "$(comm -13 "$WORK/before" <(blobs) | wc -l)" 3
finish
