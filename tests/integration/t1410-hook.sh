#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Webhooks: an organisation is told what happens to its cases, signed, each
# once by its id, whatever dies; nothing goes where it may not.
. "$(dirname "$0")/lib.sh"
. tests/integration/pki.sh
BOX=$WORK/box
mkdir "$BOX"
: >"$BOX/got"
: >"$BOX/secrets"
authority own
authority other
printf '[there]\nsubjectAltName = IP:127.0.0.2,DNS:localhost\nextendedKeyUsage = serverAuth\n' >>"$OPENSSL_CONF"
for name in receiver stranger; do
	key $name
done
sign receiver own there -days 5
sign stranger other there -days 5

SINK=
sink() {
	rm -f "$BOX/ready"
	python3 tests/integration/hook_sink.py 127.0.0.2 "$1" "$BOX" \
		"$PKI/$2.pem" "$PKI/$2.key" >>"$WORK/sink.log" 2>&1 &
	SINK=$!
	local i
	for ((i = 0; i < 300; i++)); do
		[ -s "$BOX/ready" ] && break
		sleep 0.1
	done
	PORT=$(cat "$BOX/ready")
}
unsink() {
	[ -z "$SINK" ] || { kill "$SINK"; wait "$SINK"; } 2>/dev/null
	SINK=
}
trap 'unsink; loep_stop; rm -rf "$WORK"' INT TERM
sink 0 receiver
CONF="[web]\nlisten = 127.0.0.1:0\n[mail]\nportal = https://portal.example/\n[hook]\nallow = 127.0.0.2/32\nca_file = $PKI/own.pem\nretry_seconds = 1\n"
loep_start
like 'a sender in a cage of its own runs' "$(cat "$WORK/log")" 'msg=ready child=loep-hook'

post() {
	api "$1" -H 'Content-Type: application/json' -d "$2"
}
# as TOKEN PATH [BODY] - over HTTPS, by an account of an organisation.
as() {
	curl -sS --max-time 60 --cacert "$STATE/tls/cert.pem" \
		-H 'Content-Type: application/json' \
		-H "Authorization: Bearer $1" ${3:+-d "$3"} "$URL/api/v1$2"
}
# got JQ - a filter over all requests so far.
got() {
	jq -s "$1" "$BOX/got"
}
# until JQ - waits until the filter over the requests is true.
until_got() {
	local i
	for ((i = 0; i < 300; i++)); do
		[ "$(got "$1")" = true ] && return 0
		sleep 0.1
	done
	return 1
}
# deliveries HOOK JQ
deliveries() {
	api "/hooks/$1/deliveries?limit=200" | jq -r "$2"
}
# until_state HOOK EVENT-JQ - waits until it is true of the deliveries' items.
until_state() {
	local i
	for ((i = 0; i < 400; i++)); do
		[ "$(deliveries "$1" ".items | $2")" = true ] && return 0
		sleep 0.1
	done
	deliveries "$1" .
	return 1
}
# answer NAME WORDS... - how the receiver answers that path.
answer() {
	printf '%s\n' "${*:2}" >"$BOX/$1"
}
status() {
	jq -r '.status // "ok"'
}

URL=https://localhost:$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log")
ORG=$("$LOEP" --json org add Power --class C1 | jq -r .id)
OTHER=$("$LOEP" --json org add Water --class C1 | jq -r .id)
token() {
	local id
	id=$(jq -n --arg n "$1" --arg o "$2" --arg c "$3" \
		'{name: $n, org: $o, capabilities: $c, kind: "service"}' |
		api /accounts -H 'Content-Type: application/json' -d @- | jq -r .id)
	jq -n --arg a "$id" --arg c "$3" \
		'{account: $a, name: "t", capabilities: $c, days: 1}' |
		api /tokens -H 'Content-Type: application/json' -d @- | jq -r .token
}
MANAGER=$(token power "$ORG" 'submit manage_org_users')
STRANGER=$(token water "$OTHER" 'submit manage_org_users')
WORKER=$(token worker "$ORG" submit)
EVENTS='["submission.acknowledged","submission.accepted","submission.deferred","submission.declined","report.available","verdict.changed"]'

# Proposing and approving.
hook() {
	as "$MANAGER" /hooks "{\"url\":\"$1\",\"events\":${2:-$EVENTS}}"
}
is 'who does not manage it proposes nothing' "$(as "$WORKER" /hooks "{\"url\":\"https://a.example/\",\"events\":$EVENTS}" | status)" 403
is 'nor sees what there is' "$(as "$WORKER" /hooks | status)" 403
for url in http://a.example/ http://localhost/ https://u:p@a.example/ 'https://a.example/#x' \
	ftp://a.example/ 'https://a b/' https:/// https://a.example:0/ https://a.example:99999/ ''; do
	is "\"$url\" is no endpoint" "$(hook "$url" | status)" 400
done
for events in '[]' '["x"]' '["report.available","report.available"]' '["test"]' '"report.available"' '[1]'; do
	is "$events are no events" "$(hook https://a.example/ "$events" | status)" 400
done
hook "https://127.0.0.2:$PORT/ok" >"$WORK/hook"
HOOK=$(jq -r .id "$WORK/hook")
like 'the secret is shown when it is proposed' "$(jq -r .secret "$WORK/hook")" '^whsec_[A-Za-z0-9+/]{43}=$'
jq -r .secret "$WORK/hook" >"$BOX/secrets"
is 'and never again' "$(as "$MANAGER" /hooks | grep -c whsec_)" 0
is 'nothing of it lies open in the database' "$(grep -caF "$(jq -r .secret "$WORK/hook" | cut -c7- | base64 -d | xxd -p | head -c 8 | xxd -r -p)" "$STATE/db/loep.db" "$STATE/db/loep.db-wal" | grep -c ':[1-9]')" 0
as "$MANAGER" /cases '{"title":"SECRET-TITLE"}' >"$WORK/case"
NUMBER=$(jq -r .number "$WORK/case")
SUBMISSION=$(as "$MANAGER" "/cases/$NUMBER/submissions" '{}' | jq -r .id)
sleep 1
is 'nothing goes to one that is not approved' "$(got length)" 0
is 'its own manager approves nothing' "$(as "$MANAGER" "/hooks/$HOOK/approve" '{}' | status)" 403
is 'another organisation does not see it' "$(as "$STRANGER" /hooks | jq '.items | length')" 0
for what in rotate test retry disable; do
	is "nor can it $what it" "$(as "$STRANGER" "/hooks/$HOOK/$what" '{}' | status)" 404
done
is 'nor read what it was told' "$(as "$STRANGER" "/hooks/$HOOK/deliveries" | status)" 404
is 'the CSIRT approves it' "$(post "/hooks/$HOOK/approve" '{}' | jq -r .state)" active

# What is said.
SUBMISSION=$(as "$MANAGER" "/cases/$NUMBER/submissions" '{}' | jq -r .id)
ok 'a submission is acknowledged' until_got 'length == 1'
is 'with the number of the case and its own id' "$(jq -rs '.[0].body | [.type, .data.case_number, .data.submission_id, .data.status, .data.url] | join(" ")' "$BOX/got")" \
	"submission.acknowledged $NUMBER $SUBMISSION received https://portal.example/api/v1/cases/$NUMBER"
is 'and nothing else' "$(got '.[0].body | [(keys | join(" ")), (.data | keys | join(" "))]' | jq -c .)" \
	'["data timestamp type","case_number status submission_id url"]'
is 'nothing of the case is in it' "$(grep -c SECRET "$BOX/got")" 0
is 'the signature is the one of the specification' "$(got '.[0].verified' | jq -c .)" '[0]'
is 'its id is that of the delivery' "$(got '.[0].id' | jq -r .)" "$(deliveries "$HOOK" '.items[0].id')"
is 'which is known as delivered' "$(until_state "$HOOK" '.[0].state == "delivered"'; deliveries "$HOOK" '.items[0] | [.state, .code, .attempts] | join(" ")')" 'delivered 204 1'
like 'by its own name, as JSON' "$(got '.[0].headers | [.["User-Agent"], .["Content-Type"]]' | jq -c .)" 'loep/.*application/json'
post "/cases/$NUMBER/stage" '{"stage":"waiting","reason":"r"}' >/dev/null
post "/cases/$NUMBER/claim" '{}' >"$WORK/claimed"
post "/cases/$NUMBER/stage" '{"stage":"analysing"}' >/dev/null
# Two submissions, two stages.
ok 'deferred and accepted, of each submission' until_got '[.[].body | select(.type == "submission.deferred" or .type == "submission.accepted")] | length >= 4'
is 'each with its id' "$(got '[.[].body | select(.type == "submission.accepted").data.submission_id] | unique | length')" 2
as "$STRANGER" /cases '{"title":"theirs"}' >"$WORK/theirs"
as "$STRANGER" "/cases/$(jq -r .number "$WORK/theirs")/submissions" '{}' >/dev/null
is 'a test can be ordered' "$(as "$MANAGER" "/hooks/$HOOK/test" '{}')" ''
ok 'and comes' until_got '[.[].body | select(.type == "test")] | length == 1'
is 'of another organisation nothing is heard' "$(grep -c "$(jq -r .number "$WORK/theirs")" "$BOX/got")" 0

# A new secret: for a time both sign.
ROTATED=$(as "$MANAGER" "/hooks/$HOOK/rotate" '{}')
like 'a new secret' "$(jq -r .secret <<<"$ROTATED")" '^whsec_'
jq -r .secret <<<"$ROTATED" >>"$BOX/secrets"
is 'the CSIRT cannot make one' "$(post "/hooks/$HOOK/rotate" '{}' | status)" 404
as "$MANAGER" "/hooks/$HOOK/test" '{}'
ok 'it goes on' until_got '[.[].body | select(.type == "test")] | length == 2'
is 'two signatures: the new one and the old one' "$(got '.[-1].verified' | jq -c .)" '[1,0]'
is 'one blank between them' "$(got '.[-1].header' | grep -cE '^"v1,[^ ]+ v1,[^ ]+"$')" 1

# add PATH - another endpoint, approved; its id.
add() {
	local id
	hook "https://${2:-127.0.0.2:$PORT}/$1" '["report.available"]' >"$WORK/added"
	id=$(jq -r .id "$WORK/added")
	jq -r .secret "$WORK/added" >>"$BOX/secrets"
	post "/hooks/$id/approve" '{}' >"$WORK/approved"
	echo "$id"
}
test_it() {
	as "$MANAGER" "/hooks/$1/test" '{}'
}

# Receivers that say no.
answer no 500
NO=$(add no)
test_it "$NO"
ok 'a failure is tried again' until_got '[.[] | select(.path == "/no")] | length >= 3'
is 'with the same id' "$(got '[.[] | select(.path == "/no").id] | unique | length')" 1
is 'and the same bytes, signed anew' "$(got '[.[] | select(.path == "/no")] | [([.[].raw] | unique | length), (.[0].verified | length)]' | jq -c .)" '[1,1]'
ok 'later and later' until_got '[.[] | select(.path == "/no").time] | length >= 4 and (.[3] - .[2]) > (.[1] - .[0])'
is 'people see why' "$(deliveries "$NO" '.items[0] | [.state, .code, .reason] | join(" ")' | sed 's/^sending/queued/')" 'queued 500 the receiver answers 500'
answer no 200
ok 'once it is well, it is there' until_state "$NO" '.[0].state == "delivered"'
answer gone 410
GONE=$(add gone)
test_it "$GONE"
ok 'gone is gone' until_state "$GONE" '.[0].state == "failed"'
is 'the endpoint is disabled, with the reason' "$(as "$MANAGER" /hooks | jq -r --arg i "$GONE" '.items[] | select(.id == $i) | "\(.state) \(.reason)"')" 'disabled the receiver says that it is gone (410)'
is 'it is not asked again' "$(sleep 2; got '[.[] | select(.path == "/gone")] | length')" 1
is 'nothing is sent to a disabled one' "$(as "$MANAGER" "/hooks/$GONE/test" '{}' | status)" 409
answer later 503 retry 4
LATER=$(add later)
test_it "$LATER"
ok 'who asks for time gets it' until_got '[.[] | select(.path == "/later")] | length >= 2'
is 'as much as was asked for' "$(got '[.[] | select(.path == "/later").time] | (.[1] - .[0]) >= 4')" true
as "$MANAGER" "/hooks/$LATER/disable" '{}' >/dev/null

# Where nothing may go.
touch "$BOX/inside"
answer away 302 to "https://127.0.0.1:1/inside"
AWAY=$(add away)
test_it "$AWAY"
ok 'a redirect is no success' until_state "$AWAY" '.[0].code == 302'
is 'nor followed' "$(got '[.[] | select(.path == "/inside")] | length')" 0
as "$MANAGER" "/hooks/$AWAY/disable" '{}' >/dev/null
for host in localhost 127.0.0.1 '[::1]' '[::ffff:127.0.0.1]' 2130706433 0x7f.1 0 10.1.2.3 169.254.169.254 '[fe80::1]'; do
	INSIDE=$(add inside "$host:$PORT")
	test_it "$INSIDE"
	ok "$host is not dialled" until_state "$INSIDE" '.[0].reason | contains("not one on the open internet")'
	as "$MANAGER" "/hooks/$INSIDE/disable" '{}' >/dev/null
done
is 'and nobody came' "$(got '[.[] | select(.path == "/inside")] | length')" 0

# Receivers that hold on.
for how in slow drip huge head die; do
	answer $how 200 $how x
done
declare -A HELD
for how in slow head huge drip die; do
	HELD[$how]=$(add "$how")
	test_it "${HELD[$how]}"
done
BEFORE=$(got '[.[] | select(.path == "/ok")] | length')
START=$(date +%s)
test_it "$HOOK"
ok 'one that holds on holds up nobody else' until_got "[.[] | select(.path == \"/ok\")] | length > $BEFORE"
is 'at once' "$([ $(($(date +%s) - START)) -lt 8 ] && echo yes)" yes
ok 'an answer that never ends is none' until_state "${HELD[slow]}" '.[0].reason | test("timed out|Timeout|timeout")'
ok 'a head without an end, alike' until_state "${HELD[head]}" '.[0].reason | contains("head is too long")'
ok 'a connection that is cut, alike' until_state "${HELD[die]}" '.[0].attempts >= 1 and .[0].code == 0 and .[0].reason != ""'
ok 'a body that drips is not waited for' until_state "${HELD[drip]}" '.[0].state == "delivered"'
ok 'a gigabyte is not read' until_state "${HELD[huge]}" '.[0].state == "delivered"'
is 'but for its beginning' "$([ "$(cat "$BOX/sent")" -lt 20000000 ] && echo yes)" yes
for how in "${!HELD[@]}"; do
	as "$MANAGER" "/hooks/${HELD[$how]}/disable" '{}' >/dev/null
done

# Nothing is lost, and nothing doubled but by its id, whatever dies.
BEFORE=$(got '[.[] | select(.path == "/ok").id] | unique | length')
answer ok 200 wait 0.3
for i in $(seq 12); do
	as "$MANAGER" "/cases/$NUMBER/submissions" '{}' >/dev/null
	case $i in
	3 | 7) child=loep-hook ;;
	5 | 10) child=loep-store ;;
	*) child= ;;
	esac
	if [ -n "$child" ]; then
		sleep 0.4
		PID=$(sed -n "s/.*msg=ready child=$child pid=\([0-9]*\).*/\1/p" "$WORK/log" | tail -1)
		kill -9 "$PID" 2>/dev/null
		for _ in $(seq 200); do
			[ "$(api '/hooks?limit=1' 2>/dev/null | jq '.items | length' 2>/dev/null)" = 1 ] && break
			sleep 0.1
		done
	fi
done
unsink
for i in 1 2 3; do
	as "$MANAGER" "/cases/$NUMBER/submissions" '{}' >/dev/null
done
sleep 1
sink "$PORT" receiver
answer ok 204
SENT=$(as "$MANAGER" "/cases/$NUMBER/submissions?limit=200" | jq '.items | length')
ok 'all is delivered in the end' until_state "$HOOK" 'all(.[]; .state == "delivered")'
is 'each submission once, by id' "$(got '[.[] | select(.path == "/ok" and .body.type == "submission.acknowledged")] | [([.[].id] | unique | length), ([.[].body.data.submission_id] | unique | length)]' | jq -c .)" "[$((SENT - 1)),$((SENT - 1))]"
is 'all of it signed' "$(got '[.[] | select((.verified | length) == 0)] | length')" 0

# The same from the command line.
like 'endpoints are listed' "$("$LOEP" hook list)" "active *https://127.0.0.2:$PORT/ok"
like 'and what one was told' "$("$LOEP" hook log "$HOOK")" 'submission.accepted *BE-.*delivered'
like 'and can be proposed' "$("$LOEP" hook add https://127.0.0.2:1/x --events report.available 2>&1)" 'whsec_'
ID=$("$LOEP" --json hook list | jq -r '.[] | select(.state == "proposed").id')
like 'and refused' "$("$LOEP" hook refuse "$ID" --reason 'not yours')" refused
fails 'a word that is none is refused' 64 "$LOEP" hook frobnicate "$ID"

# A receiver of another authority.
unsink
sink "$PORT" stranger
test_it "$HOOK"
ok 'a certificate of strangers is not believed' until_state "$HOOK" '.[0].reason | contains("certificate")'
unsink
sink "$PORT" receiver
ok 'the right one is' until_state "$HOOK" '.[0].state == "delivered"'
LOOK=$(curl -sS --unix-socket "$STATE/run/loep.sock" http://localhost/metrics)
like 'attempts are counted' "$LOOK" 'loep_hook_deliveries_total\{outcome="delivered"\} [1-9]'
like 'what waits has an age' "$LOOK" 'loep_hook_oldest_age_seconds 0'
is 'a message is audited by ids alone' "$("$LOEP" --json audit list --limit 500 2>/dev/null | jq '[.[] | select(.action == "webhook.delivered")] | length > 5')" true

# An endpoint that fails for too long is disabled, and its owners are told.
ID=$(api '/accounts?limit=200' | jq -r '.items[] | select(.name == "power").id')
post "/accounts/$ID" '{"mail":"owner@power.example"}' >/dev/null
loep_stop
sed -i 's/^retry_seconds = 1$/&\ngive_up_hours = 0/' "$STATE/loep.conf"
loep_run
URL=https://localhost:$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log" | tail -1)
answer ok 500
for _ in 1 2 3 4 5; do
	test_it "$HOOK" >/dev/null
	sleep 1
done
like 'one that fails for too long is disabled' "$(as "$MANAGER" /hooks | jq -r --arg i "$HOOK" '.items[] | select(.id == $i) | "\(.state) \(.reason)"')" 'disabled nothing was delivered for too long'
is 'its owners get a mail' "$(api '/outbox' | jq -r '.items[0] | "\(.kind) \(.address)"')" 'hook_disabled owner@power.example'
is 'the CSIRT can approve it again' "$(post "/hooks/$HOOK/approve" '{}' | jq -r .state)" active
unsink
finish
