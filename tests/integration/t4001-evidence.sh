#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Evidence: identity, receipts, damage, the audit chain.
. "$(dirname "$0")/lib.sh"
loep_start

head -c 3000000 /dev/urandom >"$WORK/data.bin"
sum=$(sha256sum "$WORK/data.bin" | cut -d' ' -f1)
ok "a file" submit --receipts "$WORK/receipts" "$WORK/data.bin"
ok "the same file again, to the same case" submit --case "$CASE" "$WORK/data.bin"
is "two artefacts" "$(artefacts '[.[] | select(.parent == null)] | length')" 2
is "one blob" "$(find "$STATE/vault/blobs" -type f -name "*$sum*" | wc -l)" 1
receipt=$(echo "$WORK"/receipts/*.json)
is "the receipt names the hash" "$(jq -r .receipt.sha256 "$receipt")" "$sum"
is "the size" "$(jq -r .receipt.size "$receipt")" 3000000
is "and the case" "$(jq -r .receipt.number "$receipt")" "$CASE"
like "it is signed" "$(jq -r .signature "$receipt")" '^[0-9a-f]{128}$'

# The signature is of the canonical receipt, and openssl agrees.
jq -r .public_key "$receipt" | xxd -r -p >"$WORK/key.raw"
{ printf '302a300506032b6570032100' | xxd -r -p; cat "$WORK/key.raw"; } >"$WORK/key.der"
jq -r .signature "$receipt" | xxd -r -p >"$WORK/sig"
jq -cjS .receipt "$receipt" >"$WORK/signed"
ok "openssl verifies it" openssl pkeyutl -verify -pubin -keyform DER \
	-inkey "$WORK/key.der" -rawin -in "$WORK/signed" -sigfile "$WORK/sig"

ok "a file whose declared hash differs is accepted" \
	submit --sha256 "$(printf '%064d' 1)" "$WORK/data.bin"
is "and marked" "$(artefacts '.[0].hash_state')" mismatch
ok "one whose declared hash agrees" submit --sha256 "$sum" "$WORK/data.bin"
is "is marked so" "$(artefacts '.[0].hash_state')" match
like "case numbers are check-digited" "$CASE" '^BE-20[0-9]{2}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-Z*~$=]$'
typo=$(printf '%s' "$CASE" | sed 's/.$/X/')
[ "$typo" != "$CASE" ] || typo=$(printf '%s' "$CASE" | sed 's/.$/Y/')
fails "a mistyped number is refused" 1 "$LOEP" case show "$typo"

id=$(artefacts '.[0].id')
fails "bytes are not given without a reason" 64 "$LOEP" artefact download "$id" -o "$WORK/back.zip"
ok "with one they are" "$LOEP" artefact download "$id" --reason "comparison" -o "$WORK/back.zip"
7z x -so -pinfected "$WORK/back.zip" "$sum" >"$WORK/back" 2>"$WORK/7z.err"
ok "and they are the same" cmp "$WORK/data.bin" "$WORK/back"
like "custody says who had them and why" \
	"$("$LOEP" --json audit list | jq -c '.[] | select(.action | test("custody"))' | tail -n 3)" comparison

# The blob is not readable as it lies there.
blob=$(find "$STATE/vault/blobs" -type f -name "*$sum*")
ok "encrypted at rest" bash -c "! grep -qF -f <(head -c 64 '$WORK/data.bin' | tr -d '\n\0' | head -c 24) '$blob'"

ok "verify finds all whole" "$LOEP" verify
cp "$blob" "$WORK/blob.good"
size=$(stat -c %s "$blob")
chmod u+w "$blob"
printf 'X' | dd of="$blob" bs=1 seek=$((size / 2)) conv=notrunc status=none
fails "one flipped byte is found" 1 "$LOEP" verify
like "and the blob is named" "$(cat "$WORK/said")" "$sum"
# At its begin, in its middle, at its end: that one, and no other.
for at in 64 $((size / 3)) $((size - 1)); do
	cat "$WORK/blob.good" >"$blob"
	byte=$(xxd -s "$at" -l 1 -p "$blob")
	printf "\\x$(printf '%02x' $((0x$byte ^ 1)))" | dd of="$blob" bs=1 seek="$at" conv=notrunc status=none
	is "a bit at $at: that blob is damaged, all others are not" \
		"$("$LOEP" --json verify 2>/dev/null | jq -c '[.[] | select(.state != "ok") | .sha256] | unique')" "[\"$sum\"]"
done
cat "$WORK/blob.good" >"$blob"
ok "put right, all is whole again" "$LOEP" verify

ok "the audit chain is exported" "$LOEP" audit export -o "$WORK/audit.ndjson"
ok "and verifies offline" "$LOEP" audit verify "$WORK/audit.ndjson"
lines=$(wc -l <"$WORK/audit.ndjson")
ok "it holds many events" test "$lines" -gt 10
sed '6s/"outcome":"ok"/"outcome":"no"/' "$WORK/audit.ndjson" >"$WORK/bad.ndjson"
if cmp -s "$WORK/audit.ndjson" "$WORK/bad.ndjson"; then
	sed '6s/"actor":"/"actor":"x/' "$WORK/audit.ndjson" >"$WORK/bad.ndjson"
fi
fails "a changed entry is found" 1 "$LOEP" audit verify "$WORK/bad.ndjson"
like "by its number" "$(cat "$WORK/said")" '\b5\b'
sed 7d "$WORK/audit.ndjson" >"$WORK/bad.ndjson"
fails "a missing entry is found" 1 "$LOEP" audit verify "$WORK/bad.ndjson"
head -n -1 "$WORK/audit.ndjson" >"$WORK/bad.ndjson"
fails "a cut end is found" 1 "$LOEP" audit verify "$WORK/bad.ndjson"

# Somebody who can write to the database changes one row of the chain.
loep_stop
seq=$((lines / 2))
sqlite3 "$STATE/db/loep.db" ".dbconfig defensive off" "DROP TRIGGER IF EXISTS audit_no_update;
	UPDATE audit_event SET outcome = 'no' WHERE seq = $seq" 2>"$WORK/sqlite.err"
is "a row of the chain was changed" "$(sqlite3 "$STATE/db/loep.db" \
	"SELECT count(*) FROM audit_event WHERE outcome = 'no'")" 1
loep_run
"$LOEP" audit export -o "$WORK/audit.ndjson" >"$WORK/said" 2>&1
fails "which the chain shows" 1 "$LOEP" audit verify "$WORK/audit.ndjson"
is "naming that row alone" "$(grep -oE 'entry [0-9]+|seq[= ][0-9]+|\b'$seq'\b' "$WORK/said" | grep -oE '[0-9]+' | sort -u | paste -sd' ')" "$seq"
finish
