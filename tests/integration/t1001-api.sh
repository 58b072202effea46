#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The API of the running service: every answer is as openapi.yaml says.
. "$(dirname "$0")/lib.sh"

python3 -c 'import yaml, jsonschema' 2>/dev/null ||
	skip_all "python3-yaml or python3-jsonschema is not installed"
loep_start
JSON='Content-Type: application/json'
RAW='Content-Type: application/octet-stream'

# call METHOD PATH [CURL OPTIONS...] - sets STATUS; the body is $WORK/body.
call() {
	local method=$1 path=$2
	shift 2
	STATUS=$(api "$path" -X "$method" -o "$WORK/body" -D "$WORK/head" \
		-w '%{http_code}' "$@")
}

# says NAME METHOD TEMPLATE - the last answer is what the description says.
says() {
	ok "$1 is as described" python3 tests/integration/check_schema.py \
		orchestrator/web/openapi.yaml "$2" "/api/v1$3" "$STATUS" \
		<"$WORK/body"
}

# The life of a case through the API alone.
call POST /cases -H "$JSON" -d '{"title":"a <b>case</b>","severity":"high"}'
is "a case is made" "$STATUS" 201
says "its answer" post /cases
NUMBER=$(jq -r .number "$WORK/body")
like "its place is told" "$(cat "$WORK/head")" "Location: /api/v1/cases/$NUMBER"
call POST "/cases/$NUMBER/submissions" -H "$JSON" \
	-d '{"comment":"from the mail gateway","passwords":["x"]}'
is "a submission is begun" "$STATUS" 201
says "its answer" post "/cases/{case}/submissions"
SUB=$(jq -r .id "$WORK/body")
printf 'some bytes\n' >"$WORK/file"
SHA=$(sha256sum "$WORK/file" | cut -d' ' -f1)
call POST "/submissions/$SUB/files?filename=a%ff%3Cb%3E&sha256=$SHA" -H "$RAW" \
	--data-binary "@$WORK/file"
is "a file is taken" "$STATUS" 201
says "its answer" post "/submissions/{submission}/files"
is "with its digest" "$(jq -r .sha256 "$WORK/body")" "$SHA"
is "which is the declared one" "$(jq -r .hash_state "$WORK/body")" match
ARTEFACT=$(jq -r .artefact "$WORK/body")
call POST "/submissions/$SUB/files?filename=b&sha256=${SHA/??/00}" -H "$RAW" \
	--data-binary "@$WORK/file"
is "another digest is evidence too" "$STATUS/$(jq -r .hash_state "$WORK/body")" \
	201/mismatch
call POST "/submissions/$SUB/files?filename=c" -H "$RAW" \
	-H 'Transfer-Encoding: chunked' --data-binary @- < <(printf 'chunk')
is "a body without a length is taken" "$STATUS/$(jq -r .size "$WORK/body")" 201/5

# Live progress ends by itself when the work is done.
api "/cases/$NUMBER/progress/stream" -N >"$WORK/events"
ok "progress is streamed" grep -q '^event: progress' "$WORK/events"
is "until nothing is open" "$(grep '^data:' "$WORK/events" | tail -n 1 |
	cut -c 7- | jq .jobs_open)" 0
ok "and says so" grep -q '^event: end' "$WORK/events"

while read -r template; do
	path=${template/'{case}'/$NUMBER}
	path=${path/'{id}'/$ARTEFACT}
	path=${path/'{artefact}'/$ARTEFACT}
	call GET "$path"
	is "GET $template" "$STATUS" 200
	says "GET $template" get "${template%%\?*}"
done <<'PATHS'
/whoami
/status
/organisations
/accounts
/cases
/cases/{case}
/cases/{case}/progress
/cases/{case}/submissions
/cases/{case}/artefacts
/cases/{case}/artefacts?parent=*
/cases/{case}/findings
/cases/{case}/jobs
/cases/{case}/runs
/cases/{case}/reports
/artefacts/{id}
/artefacts/{artefact}/receipt
/vm/slots
/vm/profiles
/audit
PATHS
call GET "/cases/$NUMBER/jobs?limit=1"
JOB=$(jq -r '.items[0].id' "$WORK/body")
NEXT=$(jq -r .next "$WORK/body")
call GET "/cases/$NUMBER/jobs?limit=1&cursor=$NEXT"
ok "the next page begins behind the first" \
	test "$(jq -r '.items[0].id' "$WORK/body")" != "$JOB"
call GET "/jobs/$JOB"
says "GET /jobs/{id}" get "/jobs/{id}"
call GET "/artefacts/$ARTEFACT"
is "a name that is not UTF-8 is there as bytes" \
	"$(jq -r .name_hex "$WORK/body")" 61ff3c623e
call POST "/artefacts/$ARTEFACT/download" -H "$JSON" -d '{"reason":"test"}'
is "the bytes come back" "$(7z x -so -pinfected "$WORK/body" "$SHA" 2>/dev/null |
	sha256sum | cut -d' ' -f1)" "$SHA"
like "as an attachment that does nothing" "$(cat "$WORK/head")" \
	"attachment; filename=\"$SHA.zip\""
call POST /verify -H "$JSON" -d '{}'
says "POST /verify" post /verify
is "everything is whole" "$(jq -c '[.done, (.items | map(.state) | unique)]' \
	"$WORK/body")" '[true,["ok"]]'

# Asking again for what one has.
call GET "/organisations/$(api /whoami | jq -r .org)"
ETAG=$(sed -n 's/^ETag: \(.*\)\r$/\1/p' "$WORK/head")
call GET "/organisations/$(api /whoami | jq -r .org)" -H "If-None-Match: $ETAG"
is "what did not change is not sent" "$STATUS" 304
for i in 1 2; do
	call POST /cases -H "$JSON" -H 'Idempotency-Key: once' -d '{"title":"k"}'
	jq -r .number "$WORK/body" >"$WORK/key$i"
done
ok "a repeated key makes one case" cmp "$WORK/key1" "$WORK/key2"

# What is wrong is said in a problem document.
refused() {
	local name=$1 wanted=$2 method=$3 path=$4
	shift 4
	call "$method" "$path" "$@"
	is "$name: $wanted" "$STATUS" "$wanted"
	ok "$name: is a problem document" jq -e \
		".status == $wanted and .detail != \"\"" "$WORK/body"
}
UNKNOWN=01a1ffeb-b97f-7000-bc48-2c53ee26d1b9
refused "an unknown case" 404 GET "/cases/$UNKNOWN"
refused "a number with a wrong check digit" 400 GET /cases/BE-2026-AAAA-AAAA-A
refused "an unknown artefact" 404 GET "/artefacts/$UNKNOWN"
refused "a file for an unknown submission" 404 POST \
	"/submissions/$UNKNOWN/files?filename=a" -H "$RAW" -d x
refused "a wrong label" 400 POST /cases -H "$JSON" \
	-d '{"title":"x","tlp":"PURPLE"}'
refused "passwords that are no list" 400 POST "/cases/$NUMBER/submissions" \
	-H "$JSON" -d '{"passwords":{"a":1}}'
refused "broken JSON" 400 POST /cases -H "$JSON" -d '{"title":'
like "names where" "$(jq -r .detail "$WORK/body")" 'line 1, column'
refused "a wrong order" 400 POST /vm/orders -H "$JSON" -d '{"order":"explode"}'
refused "a done job cannot be tried again" 409 POST "/jobs/$JOB/retry"

# Clients that go away leave nothing behind; slow ones hold up nobody.
before=$(api "/cases/$NUMBER" | jq .artefacts)
for _ in 1 2 3; do
	head -c 50000000 /dev/zero | timeout 0.3 curl -sS -o /dev/null \
		--unix-socket "$STATE/run/loep.sock" --limit-rate 1M -H "$RAW" \
		-X POST -T - "http://x/api/v1/submissions/$SUB/files?filename=z" \
		2>/dev/null
done
is "an upload that breaks off is not there" \
	"$(api "/cases/$NUMBER" | jq .artefacts)" "$before"
SLOW=()
for _ in $(seq 50); do
	head -c 2000000 /dev/zero | curl -sS -o /dev/null \
		--unix-socket "$STATE/run/loep.sock" --limit-rate 20k -H "$RAW" \
		-X POST -T - "http://x/api/v1/submissions/$SUB/files?filename=s" \
		2>/dev/null &
	SLOW+=($!)
done
sleep 1
call GET "/cases/$NUMBER" --max-time 5
is "with 50 slow uploads a page still comes" "$STATUS" 200
kill "${SLOW[@]}" 2>/dev/null
wait "${SLOW[@]}" 2>/dev/null

# A vault that dies in the middle of an upload.
VAULT=$(pgrep -P "$LOEPD" -x loep-vault)
call POST "/submissions/$SUB/files?filename=v" -H "$RAW" -T - < <(
	head -c 20000000 /dev/zero
	sleep 1
	kill -KILL "$VAULT"
	sleep 0.5
	head -c 20000000 /dev/zero
)
is "the client is told to send it again" "$STATUS" 503
for _ in $(seq 50); do
	call POST "/submissions/$SUB/files?filename=w" -H "$RAW" -d again
	[ "$STATUS" = 201 ] && break
	sleep 0.2
done
is "which works soon after" "$STATUS" 201
finish
