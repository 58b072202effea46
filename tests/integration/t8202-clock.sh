#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A clock that jumps by years, forwards and back, while the service works: who
# should be out is out, and nothing is deleted, lost or done twice.
. "$(dirname "$0")/lib.sh"
. tests/integration/clock.sh
CONF='[store]\nsecond_factor = staff\n[web]\nlisten = 127.0.0.1:0'
DAY=86400
YEAR=$((365 * DAY))
loep_start
CERT=$STATE/tls/cert.pem
URL=https://localhost:$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log")

# web METHOD PATH [CURL OPTIONS...] - sets STATUS; the body is in $WORK/body.
web() {
	local method=$1 path=$2
	shift 2
	STATUS=$(curl -sS --max-time 60 --cacert "$CERT" -X "$method" \
		-H 'Content-Type: application/json' -o "$WORK/body" \
		-w '%{http_code}' "$@" "$URL/api/v1$path")
}
# refused NAME STATUS TYPE DETAIL - what the last request was told.
refused() {
	is "$1" "$STATUS $(jq -r .type "$WORK/body")" "$2 urn:loep:problem:$3"
	like "$1: it says why" "$(jq -r .detail "$WORK/body")" "$4"
	like "$1: and of which request" "$(jq -r '.title + .instance' "$WORK/body")" '..urn:loep:request:.'
}
# totp STEPS - the code of an app whose clock is the service's.
totp() {
	python3 - "$SECRET" "$AHEAD" "$1" <<'P'
import base64, hashlib, hmac, struct, sys, time
key = base64.b32decode(sys.argv[1])
step = (int(time.time()) + int(sys.argv[2])) // 30 + int(sys.argv[3])
mac = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
at = mac[19] & 15
print("%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff) % 10**6))
P
}
login() {
	web POST /login -c "$1" -d "{\"login\":\"an\",\"password\":\"seven cold lamps under a bridge\",\"code\":\"$2\"}"
	CSRF=$(jq -r .csrf "$WORK/body")
}
# tus METHOD PATH [CURL OPTIONS...] - sets STATUS and OFFSET.
tus() {
	local method=$1 path=$2
	shift 2
	[ "$method" != HEAD ] || set -- --head "$@"
	[ "$method" != PATCH ] || set -- -H 'Content-Type: application/offset+octet-stream' "$@"
	STATUS=$(curl -sS --max-time 60 --unix-socket "$STATE/run/loep.sock" \
		-X "$method" -H 'Tus-Resumable: 1.0.0' -D "$WORK/headers" \
		-o "$WORK/body" -w '%{http_code}' "$@" "http://localhost$path")
	OFFSET=$(tr -d '\r' <"$WORK/headers" | sed -n 's/^Upload-Offset: //Ip')
}

# --- people, a token, an upload, all of today
AN=$("$LOEP" --json user add An --login an --capabilities 'submit claim read_all_orgs' | jq -r .id)
INVITE=$("$LOEP" --json user invite "$AN" | jq -r .token)
web POST /invitations/accept -d "{\"invitation\":\"$INVITE\",\"password\":\"seven cold lamps under a bridge\"}"
login "$WORK/today" ''
web POST /totp -b "$WORK/today" -H "X-CSRF-Token: $CSRF" -d '{}'
SECRET=$(jq -r .secret "$WORK/body")
web POST /totp/confirm -b "$WORK/today" -H "X-CSRF-Token: $CSRF" -d "{\"code\":\"$(totp -1)\"}"
RECOVERY=$(jq -r '.codes[0]' "$WORK/body")
web POST /tokens -b "$WORK/today" -H "X-CSRF-Token: $CSRF" -d '{"name":"robot","capabilities":"submit","days":1}'
TOKEN="Authorization: Bearer $(jq -r .token "$WORK/body")"
LATE=$("$LOEP" --json user invite "$AN" | jq -r .token)
web GET /whoami -b "$WORK/today"
is "a session" "$STATUS" 200
web GET /whoami -H "$TOKEN"
is "a token" "$STATUS" 200

head -c 200000 /dev/urandom >"$WORK/disk"
SUM=$(sha256sum <"$WORK/disk" | cut -d' ' -f1)
CASE=$(api /cases -H 'Content-Type: application/json' -d '{"title":"clock"}' | jq -r .number)
SUBMISSION=$(api "/cases/$CASE/submissions" -H 'Content-Type: application/json' -d '{}' | jq -r .id)
tus POST "/api/v1/submissions/$SUBMISSION/uploads" -H 'Upload-Length: 200000' -H 'Upload-Metadata: filename ZGlzaw=='
UPLOAD=$(tr -d '\r' <"$WORK/headers" | sed -n 's/^Location: //Ip')
head -c 70000 "$WORK/disk" >"$WORK/part"
tus PATCH "$UPLOAD" -H 'Upload-Offset: 0' --data-binary "@$WORK/part"
is "a part of an upload" "$STATUS $OFFSET" "204 70000"
due() {
	api "/cases/$CASE/clocks" | jq -c '[.items[] | [.kind // .name, .due]] | sort'
}
DUE=$(due)

# --- two days ahead, with work under way
mkdir "$WORK/many"
for ((i = 0; i < 200; i++)); do
	printf 'member %s\n' "$i" >"$WORK/many/$i"
done
tar cf "$WORK/many.tar" -C "$WORK" many
MANY=$("$LOEP" --json --quiet submit "$WORK/many.tar" | jq -r .case)
clock $((2 * DAY))
is "the service sees that its clock was set" "$(jumps)" 1
like "and what that means" "$(cat "$WORK/log")" 'msg="the clock may be wrong; for a day nothing is deleted.*event=clock.jumped seconds=17(2799|2800|2801)'
web GET /whoami -b "$WORK/today"
refused "a session of two days ago" 401 session-over 'log in'
web GET /whoami -H "$TOKEN"
refused "a token that ran out" 401 token-over 'ran out'
web POST /invitations/accept -d "{\"invitation\":\"$LATE\",\"password\":\"seven cold lamps under a bridge\"}"
is "an invitation is still good" "$STATUS" 200
login "$WORK/ahead" "$(totp 0)"
is "one gets in, by the new time" "$STATUS" 200
CODE=$(totp 0)
login "$WORK/again" "$CODE"
refused "not twice with a code" 401 login-refused '.'
web GET /whoami -b "$WORK/ahead"
is "the new session is one" "$STATUS" 200

# --- ten years ahead: all that is kept for some time seems old
clock $((10 * YEAR))
sleep 2
tus HEAD "$UPLOAD"
is "the upload is still there" "$STATUS $OFFSET" "200 70000"
tail -c +70001 "$WORK/disk" | head -c 30000 >"$WORK/part"
tus PATCH "$UPLOAD" -H 'Upload-Offset: 70000' --data-binary "@$WORK/part"
is "and goes on" "$STATUS $OFFSET" "204 100000"
is "nothing was deleted" "$(api '/audit?limit=500' | jq -c '[.items[].action | select(test("expired|deletion|withdraw"))]')" '[]'
FUTURE=$(api /cases -H 'Content-Type: application/json' -d '{"title":"future"}' | jq -r .number)
like "a number of that year" "$FUTURE" "^BE-$(date -u -d "@$(($(date +%s) + AHEAD))" +%Y)-"

# --- and back
clock 0
tus HEAD "$UPLOAD"
is "back: the upload is there" "$STATUS $OFFSET" "200 100000"
tail -c +100001 "$WORK/disk" >"$WORK/part"
tus PATCH "$UPLOAD" -H 'Upload-Offset: 100000' --data-binary "@$WORK/part"
is "back: it ends" "$STATUS $OFFSET" "204 200000"
is "back: it is evidence" "$(api "${UPLOAD#/api/v1}" | jq -r '.state + " " + .sha256')" "finished $SUM"
web GET /whoami -b "$WORK/ahead"
refused "back: a session of a time that is to come" 401 session-over 'log in'
web GET /whoami -H "$TOKEN"
is "back: the token is good for the rest of its day" "$STATUS" 200
login "$WORK/again" "$(totp 0)"
refused "back: no code of before the last one" 401 login-refused '.'
login "$WORK/again" "$RECOVERY"
is "back: a recovery code" "$STATUS" 200
is "back: due times are what they were" "$(due)" "$DUE"
is "back: the case of the future can be read" "$(api "/cases/$FUTURE" | jq -r .title)" future
is "back: new ones, too" "$(api /cases -H 'Content-Type: application/json' -d '{"title":"now"}' -o /dev/null -w '%{http_code}')" 201

# --- what was under way
settle() {
	local i
	for ((i = 0; i < 300; i++)); do
		[ "$("$LOEP" --json case list 2>/dev/null | jq '[.[].jobs_open] | add // 0')" = 0 ] && return
		sleep 0.2
	done
	return 1
}
ok "what was being analysed settles" settle
is "it is complete, once" "$("$LOEP" --json case show "$MANY" | jq -c '[.artefacts, .jobs_failed]')" '[201,0]'
is "no finding is there twice" "$("$LOEP" --json case findings "$MANY" |
	jq '[.[] | select(.type == "identity" or .type == "file_type") | .artefact] | group_by(.) | map(length) | max // 1')" 1
is "three jumps were noted" "$(jumps)" 3

# --- the order of the audit chain is that of its numbers
"$LOEP" audit export -o "$WORK/chain" >/dev/null
ok "the chain is whole" "$LOEP" audit verify "$WORK/chain"
api '/audit?limit=500' >"$WORK/audit"
is "its numbers rise without a gap" "$(jq '[.items[].seq] | . == [range(.[0]; .[0] + length)]' "$WORK/audit")" true
is "though its times do not" "$(jq '[.items[].at] | . == sort' "$WORK/audit")" false
ok "all evidence is whole" "$LOEP" verify

# --- set while the service was away
loep_stop
AHEAD=$((3 * YEAR))
python3 -c 'import struct, sys
open(sys.argv[1], "r+b").write(struct.pack("=q", int(sys.argv[2])))' "$WORK/clock" "$AHEAD"
loep_run
is "a start that is years off is doubted" "$(api '/audit?limit=500' | jq '[.items[] | select(.action == "clock.doubted")] | length')" 1
ok "all evidence is whole then" "$LOEP" verify
finish
