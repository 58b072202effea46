#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Resumable uploads with the client that web pages use: tus-js-client, of the
# version that tests/integration/tus pins, which `make setup` installs.
. "$(dirname "$0")/lib.sh"
command -v node >/dev/null || skip_all "Node.js is not installed"
CLIENT=$BIN/tus
[ -d "$CLIENT/node_modules/tus-js-client" ] ||
	skip_all "tus-js-client is not installed: make setup does that where npm is there"
loep_start

CASE=$(api /cases -H 'Content-Type: application/json' -d '{"title": "tus-js-client"}' | jq -r .number)
SUBMISSION=$(api "/cases/$CASE/submissions" -H 'Content-Type: application/json' -d '{}' | jq -r .id)
SITE=http://localhost
ENDPOINT=$SITE/api/v1/submissions/$SUBMISSION/uploads

# client MODE ENDPOINT - sets MADE (JSON) and UPLOAD (the path below /api/v1).
client() {
	head -c "${2:-30000000}" /dev/urandom >"$WORK/image.raw"
	SUM=$(sha256sum "$WORK/image.raw" | cut -d' ' -f1)
	MADE=$(node tests/integration/tus/client.mjs "$CLIENT" "$1" "$STATE/run/loep.sock" "${3:-$ENDPOINT}" "$WORK/image.raw" 2>"$WORK/node.err")
	UPLOAD=$(jq -r '.url // ""' <<<"$MADE")
	UPLOAD=${UPLOAD#"$SITE/api/v1"}
	UPLOAD=${UPLOAD#/api/v1}
	[ -n "$MADE" ] || diag "$(head -n 10 "$WORK/node.err")"
}

# evidence - state and digest of $UPLOAD, and how often that is evidence.
evidence() {
	printf '%s %s ' "$(api "$UPLOAD" | jq -r .state)" "$(api "$UPLOAD" | jq -r .sha256)"
	"$LOEP" --json artefact list "$CASE" | jq --arg s "$SUM" '[.[] | select(.parent == null and .sha256 == $s)] | length'
}

for mode in whole chunks cut; do
	client $mode
	is "$mode: the client is satisfied" "$(jq -r '"\(.ok) \(.error)"' <<<"$MADE")" "true null"
	is "$mode: the file is evidence, once" "$(evidence)" "finished $SUM 1"
	[ $mode != chunks ] ||
		is "$mode: they were several requests" "$(jq -r '.statuses | join(",")' <<<"$MADE")" \
			"POST 201,PATCH 204,PATCH 204,PATCH 204,PATCH 204,PATCH 204"
done
client whole 0
is "an empty file is fine" "$(jq -r .ok <<<"$MADE") $(api "$UPLOAD" | jq -r .state)" "true finished"
client terminate
is "terminate: the client is satisfied" "$(jq -r '"\(.ok) \(.error)"' <<<"$MADE")" "true null"
is "terminate: it is over" "$(api "$UPLOAD" | jq -r .state)" aborted
GONE=$UPLOAD
client gone 1000 "$SITE/api/v1$GONE"
like "what is over is not continued" "$(jq -r '"\(.ok) \(.error)"' <<<"$MADE")" '^false .*'

# --- the service dies under it ---
(
	for name in loep-web loep-vault loep-store loep-web; do
		sleep 0.7
		kill -KILL "$(pgrep -P "$LOEPD" -f "$name" | head -n 1)" 2>/dev/null
	done
) &
KILLER=$!
client patient 200000000
wait $KILLER
is "patient: the client is satisfied" "$(jq -r '"\(.ok) \(.error)"' <<<"$MADE")" "true null"
diag "statuses: $(jq -r '.statuses | group_by(.) | map("\(.[0]) x\(length)") | join(", ")' <<<"$MADE")"
is "patient: the file is evidence, once" "$(evidence)" "finished $SUM 1"
ok "all evidence is whole" "$LOEP" verify
finish
