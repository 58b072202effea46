#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tus 1.0.0 to the letter, with curl: headers, offsets, checksums, expiry,
# quotas, other organisations, and what a cut leaves behind.
. "$(dirname "$0")/lib.sh"
loep_start

TYPE='Content-Type: application/offset+octet-stream'

# tus METHOD PATH [CURL OPTIONS...] - a request; sets STATUS and HEADERS, the
# body is in $WORK/body.
tus() {
	local method=$1 path=$2
	shift 2
	[ "$method" != HEAD ] || set -- --head "$@"
	STATUS=$(curl -sS --max-time 120 --unix-socket "$STATE/run/loep.sock" -X "$method" \
		-H 'Tus-Resumable: 1.0.0' -D "$WORK/headers" -o "$WORK/body" \
		-w '%{http_code}' "$@" "http://localhost/api/v1$path" 2>"$WORK/curl.err")
	HEADERS=$(tr -d '\r' <"$WORK/headers")
}

# header NAME - of the last answer.
header() {
	sed -n "s/^$1: //Ip" <<<"$HEADERS" | head -n 1
}

# create SIZE [CURL OPTIONS...] - sets UPLOAD, the path below /api/v1.
create() {
	local size=$1
	shift
	tus POST "/submissions/$SUBMISSION/uploads" -H "Upload-Length: $size" \
		-H "Upload-Metadata: filename $(printf 'disk image.bin' | base64)" "$@"
	UPLOAD=$(header Location)
	UPLOAD=${UPLOAD#/api/v1}
}

b64() {
	openssl dgst -"$1" -binary | base64 -w0
}

CASE=$(api /cases -H 'Content-Type: application/json' -d '{"title": "tus"}' | jq -r .number)
SUBMISSION=$(api "/cases/$CASE/submissions" -H 'Content-Type: application/json' -d '{}' | jq -r .id)

# --- the options ---
tus OPTIONS "/submissions/$SUBMISSION/uploads"
is "OPTIONS answers 204" "$STATUS" 204
is "it names the version" "$(header Tus-Version) $(header Tus-Resumable)" "1.0.0 1.0.0"
is "it names the extensions" "$(header Tus-Extension)" \
	"creation,creation-with-upload,expiration,checksum,termination"
is "it names the checksums" "$(header Tus-Checksum-Algorithm)" "sha1,sha256,crc32"
is "it names the largest size" "$(header Tus-Max-Size)" 1099511627776
STATUS=$(curl -sS --unix-socket "$STATE/run/loep.sock" -D "$WORK/headers" -o /dev/null -w '%{http_code}' \
	-X POST -H 'Tus-Resumable: 0.2.2' -H 'Upload-Length: 1' "http://localhost/api/v1/submissions/$SUBMISSION/uploads")
HEADERS=$(tr -d '\r' <"$WORK/headers")
is "another version is 412" "$STATUS $(header Tus-Version) $(header Tus-Resumable)" "412 1.0.0 1.0.0"

# --- create ---
head -c 3000000 /dev/urandom >"$WORK/file"
create 3000000
is "creating answers 201" "$STATUS" 201
like "with a place" "$UPLOAD" '^/uploads/[0-9a-f-]{36}$'
like "and an expiry in HTTP's form" "$(header Upload-Expires)" '^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} 20[0-9]{2} [0-9:]{8} GMT$'
FIRST=$UPLOAD
for bad in 'Upload-Length: -1' 'Upload-Length: x' 'Upload-Length: ' 'Upload-Defer-Length: 1' \
	'Upload-Concat: partial'; do
	tus POST "/submissions/$SUBMISSION/uploads" -H "$bad" -H 'Upload-Metadata: filename eA=='
	is "\"$bad\" is refused" "$STATUS" 400
done
for bad in 99999999999999999999 9223372036854775807 1099511627777; do
	create $bad
	is "a length of $bad is 413" "$STATUS" 413
done
for bad in 'filename e' 'filename eA==,filename eA==' ',' 'filename eA==,' ' eA=='; do
	tus POST "/submissions/$SUBMISSION/uploads" -H 'Upload-Length: 1' -H "Upload-Metadata: $bad"
	is "metadata \"$bad\" is refused" "$STATUS" 400
done
tus POST "/submissions/00000000-0000-7000-8000-000000000000/uploads" -H 'Upload-Length: 1' \
	-H 'Upload-Metadata: filename eA=='
is "an unknown submission is 404" "$STATUS" 404

# --- append ---
tus HEAD "$FIRST"
is "HEAD says where it stands" "$STATUS $(header Upload-Offset) $(header Upload-Length)" "200 0 3000000"
is "and is not to be kept" "$(header Cache-Control)" no-store
is "and gives the metadata back" "$(header Upload-Metadata)" "filename $(printf 'disk image.bin' | base64)"
head -c 1000001 "$WORK/file" >"$WORK/p1"
tus PATCH "$FIRST" -H "$TYPE" -H 'Upload-Offset: 0' --data-binary @"$WORK/p1"
is "PATCH moves the offset" "$STATUS $(header Upload-Offset)" "204 1000001"
tus PATCH "$FIRST" -H "$TYPE" -H 'Upload-Offset: 0' --data-binary @"$WORK/p1"
is "a wrong offset is 409" "$STATUS" 409
tus PATCH "$FIRST" -H "$TYPE" -H 'Upload-Offset: 9223372036854775808' --data-binary @"$WORK/p1"
is "one beyond 2^63 too" "$STATUS" 409
tus PATCH "$FIRST" -H "$TYPE" -H 'Upload-Offset: 1e6' --data-binary @"$WORK/p1"
is "one that is no number is 400" "$STATUS" 400
tus PATCH "$FIRST" -H 'Upload-Offset: 1000001' --data-binary @"$WORK/p1"
is "another type is 415" "$STATUS" 415
tus PATCH "$FIRST" -H "$TYPE" -H 'Upload-Offset: 1000001' --data-binary @"$WORK/file"
is "more than the upload has is 413" "$STATUS" 413
create 1000
tus PATCH "$UPLOAD" -H "$TYPE" -H 'Upload-Offset: 0' -H 'Transfer-Encoding: chunked' --data-binary @"$WORK/file"
is "chunked, too" "$STATUS" 413
tus HEAD "$UPLOAD"
ok "and what there is stays within bounds" test "$(header Upload-Offset)" -le 1000
tus DELETE "$UPLOAD"
OFFSET=1000001
tail -c +$((OFFSET + 1)) "$WORK/file" >"$WORK/p2"
head -c 500000 "$WORK/p2" >"$WORK/p3"

# --- checksums ---
tus PATCH "$FIRST" -H "$TYPE" -H "Upload-Offset: $OFFSET" -H 'Upload-Checksum: md5 AAAA' --data-binary @"$WORK/p3"
is "an unknown checksum is 400" "$STATUS" 400
tus PATCH "$FIRST" -H "$TYPE" -H "Upload-Offset: $OFFSET" -H 'Upload-Checksum: sha1 AAAA' --data-binary @"$WORK/p3"
is "a checksum that is too short is 400" "$STATUS" 400
tus PATCH "$FIRST" -H "$TYPE" -H "Upload-Offset: $OFFSET" \
	-H "Upload-Checksum: sha256 $(b64 sha256 <"$WORK/p2")" --data-binary @"$WORK/p3"
is "one that differs is 460" "$STATUS" 460
like "with a problem document" "$(cat "$WORK/body")" '"type":"urn:loep:problem:checksum"'
tus HEAD "$FIRST"
is "and nothing is kept" "$(header Upload-Offset)" "$OFFSET"
tus PATCH "$FIRST" -H "$TYPE" -H "Upload-Offset: $OFFSET" \
	-H "Upload-Checksum: sha1 $(b64 sha1 <"$WORK/p3")" --data-binary @"$WORK/p3"
is "SHA-1 is accepted" "$STATUS $(header Upload-Offset)" "204 $((OFFSET + 500000))"
OFFSET=$((OFFSET + 500000))
printf 123456789 >"$WORK/check"
create 9
tus PATCH "$UPLOAD" -H "$TYPE" -H 'Upload-Offset: 0' -H 'Upload-Checksum: crc32 y/Q5Jg==' --data-binary @"$WORK/check"
is "CRC-32 is accepted" "$STATUS" 204
create 11
printf 'hello world' >"$WORK/hello"
tus PATCH "$UPLOAD" -H "$TYPE" -H 'Upload-Offset: 0' -H 'Upload-Checksum: sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=' --data-binary @"$WORK/hello"
is "the protocol's own example of SHA-1 fits" "$STATUS" 204

# --- the end ---
tail -c +$((OFFSET + 1)) "$WORK/file" >"$WORK/p4"
tus POST "$FIRST" -H 'X-HTTP-Method-Override: PATCH' -H "$TYPE" -H "Upload-Offset: $OFFSET" --data-binary @"$WORK/p4"
is "the method may be overridden; the end is reached" "$STATUS $(header Upload-Offset)" "204 3000000"
tus HEAD "$FIRST"
is "HEAD knows a finished upload" "$STATUS $(header Upload-Offset)" "200 3000000"
SUM=$(sha256sum "$WORK/file" | cut -d' ' -f1)
is "it is evidence with the right digest" "$(api "$FIRST" | jq -r '.state + " " + .sha256')" "finished $SUM"
is "exactly once" "$("$LOEP" --json artefact list "$CASE" | jq --arg s "$SUM" '[.[] | select(.sha256 == $s)] | length')" 1
is "under its name" "$("$LOEP" --json artefact list "$CASE" | jq -r --arg s "$SUM" '.[] | select(.sha256 == $s) | .name')" "disk image.bin"
tus PATCH "$FIRST" -H "$TYPE" -H 'Upload-Offset: 3000000' --data-binary @"$WORK/p1"
ok "it takes no more bytes" test "$STATUS" = 409 -o "$STATUS" = 413
tus DELETE "$FIRST"
is "evidence is not deleted" "$STATUS" 409

# --- with the first request ---
create 0
is "an empty file is complete at once" "$STATUS $(header Upload-Offset)" "201 0"
is "and evidence" "$(api "$UPLOAD" | jq -r .state)" finished
create 3000000 -H "$TYPE" --data-binary @"$WORK/file"
is "a file comes with its creation" "$STATUS $(header Upload-Offset)" "201 3000000"
is "and is evidence" "$(api "$UPLOAD" | jq -r '.state + " " + .sha256')" "finished $SUM"
create 3000000 -H "$TYPE" --data-binary @"$WORK/p1"
is "so does a part of it" "$STATUS $(header Upload-Offset)" "201 1000001"
create 5 -H 'Content-Type: text/plain' --data-binary hello
is "not as another type" "$STATUS" 415
create 5 -H "Upload-Metadata: filename eA==,sha256 $(printf '%s' "$(printf hello | sha256sum | cut -d' ' -f1)" | base64 -w0)" \
	-H "$TYPE" --data-binary hello
is "a declared digest is accepted" "$STATUS" 201

# --- a cut ---
create 3000000
curl -sS --unix-socket "$STATE/run/loep.sock" -X PATCH -H 'Tus-Resumable: 1.0.0' -H "$TYPE" -H 'Upload-Offset: 0' \
	--limit-rate 500k --max-time 2 --data-binary @"$WORK/file" "http://localhost/api/v1$UPLOAD" >"$WORK/cut" 2>&1
for _ in $(seq 50); do
	tus HEAD "$UPLOAD"
	OFFSET=$(header Upload-Offset)
	[ "${OFFSET:-0}" = 0 ] || break
	sleep 0.1
done
ok "a cut keeps what arrived ($OFFSET)" test "$OFFSET" -gt 300000 -a "$OFFSET" -lt 3000000
tail -c +$((OFFSET + 1)) "$WORK/file" >"$WORK/rest"
tus PATCH "$UPLOAD" -H "$TYPE" -H "Upload-Offset: $OFFSET" --data-binary @"$WORK/rest"
is "and it goes on from there" "$STATUS $(header Upload-Offset)" "204 3000000"
is "to the right digest" "$(api "$UPLOAD" | jq -r .sha256)" "$SUM"

# --- two at once ---
create 3000000
curl -sS --unix-socket "$STATE/run/loep.sock" -X PATCH -H 'Tus-Resumable: 1.0.0' -H "$TYPE" -H 'Upload-Offset: 0' \
	--limit-rate 800k --data-binary @"$WORK/file" -o /dev/null -w '%{http_code}' "http://localhost/api/v1$UPLOAD" >"$WORK/slow" 2>/dev/null &
SLOW=$!
sleep 1
tus PATCH "$UPLOAD" -H "$TYPE" -H 'Upload-Offset: 0' --data-binary @"$WORK/p1"
is "the second writer is refused" "$STATUS" 409
tus HEAD "$UPLOAD"
is "while one writes, the offset is what is durable" "$STATUS" 200
wait $SLOW
is "and the first one ends well" "$(cat "$WORK/slow")" 204
is "with the right digest" "$(api "$UPLOAD" | jq -r .sha256)" "$SUM"

# --- terminate and expire ---
create 3000000 -H "$TYPE" --data-binary @"$WORK/p1"
tus DELETE "$UPLOAD"
is "DELETE answers 204" "$STATUS" 204
tus HEAD "$UPLOAD"
is "then it is gone" "$STATUS $(header Upload-Offset)" "410 "
tus PATCH "$UPLOAD" -H "$TYPE" -H 'Upload-Offset: 1000001' --data-binary @"$WORK/p1"
is "for PATCH, too" "$STATUS" 410
tus HEAD /uploads/00000000-0000-7000-8000-000000000000
is "an unknown one is 404" "$STATUS" 404
create 3000000 -H "$TYPE" --data-binary @"$WORK/p1"
LATE=$UPLOAD
parts() {
	find "$STATE/vault/tmp" -name "part-${1#/uploads/}*" | wc -l
}
ok "an open upload has files in the vault" test "$(parts "$LATE")" -gt 0
loep_stop
sqlite3 "$STATE/db/loep.db" "UPDATE upload SET expires_at = 1 WHERE id = '${LATE#/uploads/}'"
loep_run
for _ in $(seq 100); do
	[ "$(parts "$LATE")" != 0 ] || break
	sleep 0.1
done
is "an expired upload is deleted from the vault" "$(parts "$LATE")" 0
tus HEAD "$LATE"
is "and is 410" "$STATUS" 410
like "which the audit chain knows" "$("$LOEP" --json audit list 2>/dev/null || api '/audit?limit=500')" 'upload.expired'
loep_stop

# --- quotas ---
sqlite3 "$STATE/db/loep.db" "UPDATE organisation SET quota_bytes = 5000000 + stored_bytes +
	(SELECT coalesce(sum(length), 0) FROM upload WHERE state = 'open'), quota_uploads = 0"
loep_run
create 6000000
is "more than the organisation may store is 413" "$STATUS" 413
like "with the numbers" "$(cat "$WORK/body")" 'may store [0-9]+ bytes'
create 3000000
is "what fits is welcome" "$STATUS" 201
create 3000000
is "what is under way counts" "$STATUS" 413
STATUS=$(api "/submissions/$SUBMISSION/files?filename=x" -o "$WORK/body" -w '%{http_code}' -H 'Content-Type: application/octet-stream' --data-binary @"$WORK/file")
is "for the plain upload, too" "$STATUS" 413
loep_stop
sqlite3 "$STATE/db/loep.db" "UPDATE organisation SET quota_bytes = NULL, quota_uploads = 1"
loep_run
create 10
is "more uploads than it may have open is 413" "$STATUS" 413
like "and says so" "$(cat "$WORK/body")" 'uploads open'

ok "all evidence is whole" "$LOEP" verify
finish
