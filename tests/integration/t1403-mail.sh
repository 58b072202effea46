#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Mails by a real SMTP server: each once, in the reader's language, in its own
# headers; nothing is lost while the relay or the sender is away.
. "$(dirname "$0")/lib.sh"
python3 -c 'import aiosmtpd' 2>/dev/null ||
	skip_all 'python3-aiosmtpd is not installed'
BOX=$WORK/box
mkdir "$BOX"
SINK=
sink() {
	rm -f "$BOX/ready"
	python3 tests/integration/smtp_sink.py "$1" "$BOX" "${@:2}" \
		>"$WORK/sink.log" 2>&1 &
	SINK=$!
	local i
	for ((i = 0; i < 600; i++)); do
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
sink 0
CONF="[review]\nsingle_person = yes\n[mail]\nrelay = 127.0.0.1:$PORT\nfrom = cert@cert.example\nfrom_name = \"CERT\"\nportal = https://portal.example/\nlook_up_seconds = 1"
loep_start
like 'a sender in a cage of its own runs' "$(cat "$WORK/log")" 'msg=ready child=loep-mail'
ok 'it sends to the relay' grep -q 'msg="sending mail" relay=127.0.0.1' "$WORK/log"

post() {
	api "$1" -H 'Content-Type: application/json' -d "$2"
}
# field NAME FILE - a header, decoded.
field() {
	python3 -c '
import email, email.policy, sys
m = email.message_from_binary_file(open(sys.argv[2], "rb"), policy=email.policy.default)
print(m[sys.argv[1]])' "$1" "$2"
}
body() {
	python3 -c '
import email, email.policy, sys
m = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
print(m.get_content())' "$1"
}
count() {
	find "$BOX" -name '*.eml' | wc -l
}
# arrives N - waits until that many mails are there.
arrives() {
	local i
	for ((i = 0; i < 600; i++)); do
		[ "$(count)" -ge "$1" ] && return 0
		sleep 0.1
	done
	return 1
}
# settled - waits until nothing waits in the outbox.
settled() {
	local i
	for ((i = 0; i < 300; i++)); do
		[ "$(api '/outbox?limit=500' | jq '[.items[] |
			select(.state == "queued" or .state == "sending")] |
			length')" = 0 ] && return 0
		sleep 0.1
	done
	return 1
}

is 'an address is checked' "$(post /account '{"mail":"a@b\r\nBcc: c@d"}' | jq .status)" 400
is 'one line is an address' "$(post /account '{"mail":"a b@c.be"}' | jq .status)" 400
post /account '{"mail":"reader@org.example","language":"nl"}'
NUMBER=$(post /cases '{"title":"SECRET-TITLE\r\nBcc: x@y"}' | jq -r .number)
ok 'the acknowledgement comes' arrives 1
MAIL=$BOX/1.eml
is 'to the one who asked' "$(field X-To "$MAIL")" reader@org.example
like 'the subject has number and label' "$(field Subject "$MAIL")" "^\[CERT.be #$NUMBER\] TLP:AMBER\+STRICT Ontvangst bevestigd"
like 'the body has the number, and the label first' "$(body "$MAIL" | head -1)" '^TLP:AMBER\+STRICT$'
like 'it says where to look' "$(body "$MAIL")" 'https://portal.example/'
like 'it is automatic' "$(field Auto-Submitted "$MAIL")" 'auto-generated'
is 'nothing of the case is in it' "$(body "$MAIL" | grep -c SECRET; grep -ci '^Bcc' "$MAIL")" "0
0"
for language in fr de en; do
	post /account "{\"language\":\"$language\"}"
	post /cases '{"title":"x"}' >"$WORK/made"
done
ok 'in each language' arrives 4
like 'French' "$(field Subject "$BOX/2.eml")" 'Réception confirmée'
like 'German' "$(field Subject "$BOX/3.eml")" 'Eingang bestätigt'
like 'English' "$(field Subject "$BOX/4.eml")" 'Receipt confirmed'
like 'headers are ASCII and short' "$(LC_ALL=C grep -cP '[^\x00-\x7f]|^.{99}' "$BOX/2.eml")" '^0$'

# A name that would be a header.
ORG=$("$LOEP" --json org add Power --class C1 | jq -r .id)
NAME=$(printf 'Eve\r\nBcc: victim@example.org\r\n\r\nHi <b>\033[31m"é')
ID=$(jq -n --arg n "$NAME" --arg o "$ORG" '{name: $n, org: $o,
	capabilities: "submit manage_org_users"}' | api /accounts \
	-H 'Content-Type: application/json' -d @- | jq -r .id)
post "/accounts/$ID" '{"mail":"eve@power.example"}' >"$WORK/made"
post /cases "{\"org\":\"$ORG\",\"title\":\"by phone\"}" >"$WORK/made"
ok 'those who manage it are told of a case that staff opened' arrives 5
is 'to them alone' "$(field X-To "$BOX/5.eml")" eve@power.example
is 'a name adds no header' "$(grep -ci '^Bcc' "$BOX/5.eml")" 0
like 'it is shown as one name' "$(field To "$BOX/5.eml")" 'Eve.*victim.*eve@power.example'

# The relay goes away, and comes back.
settled
unsink
for i in 1 2 3 4 5; do
	post /cases "{\"title\":\"$i\"}" >"$WORK/made"
done
sleep 2
like 'what waits is shown, and why' "$("$LOEP" outbox 2>&1)" 'queued.*cannot connect: Connection refused'
is 'intake does not wait for it' "$(api '/outbox?state=queued' | jq '.items | length')" 5
for _ in $(seq 150); do
	[ "$(grep -c 'msg="sending mail"' "$WORK/log")" -ge 2 ] && break
	sleep 0.1
done
ok 'the relay is looked up again meanwhile' grep -q 'starting again, to look the relay up' "$WORK/log"
sink "$PORT"
"$LOEP" --json outbox --status queued | jq -r '.[].id' >"$WORK/ids"
ok 'it goes on when the relay is back' arrives 10
settled
is 'nothing is lost, nothing doubled' "$(count) $(cat "$BOX"/*.eml | grep -i '^Message-ID' | sort -u | wc -l)" '10 10'

# The sender is killed, again and again, while the relay is slow to answer.
touch "$BOX/slow"
for i in $(seq 1 6); do
	post /cases "{\"title\":\"$i\"}" >"$WORK/made"
	PID=$(sed -n 's/.*msg=ready child=loep-mail pid=\([0-9]*\).*/\1/p' "$WORK/log" | tail -1)
	sleep 0.4
	[ $((i % 2)) = 0 ] && kill -9 "$PID" 2>/dev/null
done
rm -f "$BOX/slow"
settled
IDS=$(cat "$BOX"/*.eml | grep -i '^Message-ID' | sort -u | wc -l)
is 'killed in the middle: each is there' "$IDS" 16
is 'and the outbox knows' "$(api '/outbox?limit=500' | jq '[.items[] | select(.state != "sent")] | length')" 0

# For good, and for now.
post /account '{"mail":"never@org.example"}'
post /cases '{"title":"x"}' >"$WORK/made"
sleep 1
settled
is 'what a relay refuses is given up' "$(api '/outbox?state=failed' | jq '.items | length')" 1
like 'and shown with what it said, without its colours' "$("$LOEP" outbox --status failed)" '5[0-9][0-9]'
ID=$(api '/outbox?state=failed' | jq -r '.items[0].id')
fails 'a mail that is not there cannot be retried' 1 "$LOEP" outbox retry 01900000-0000-7000-8000-000000000000
ok 'somebody can order it again' "$LOEP" outbox retry "$ID"
post /account '{"mail":"later@org.example"}'
post /cases '{"title":"x"}' >"$WORK/made"
sleep 1
is 'what it takes another time waits' "$(api '/outbox?state=queued' | jq '[.items[] | select(.address | startswith("later"))] | length')" 1
like 'and mail is named as degraded only later' "$(curl -sS --unix-socket "$STATE/run/loep.sock" http://localhost/readyz)" '"ready":true'

# With TLS.
unsink
loep_stop
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-subj /CN=localhost -addext subjectAltName=DNS:localhost \
	-keyout "$WORK/key.pem" -out "$WORK/cert.pem" 2>/dev/null
sink "$PORT" "$WORK/cert.pem" "$WORK/key.pem"
sed -i "s,^relay = .*,relay = localhost:$PORT\ntls = required\nca_file = $WORK/cert.pem," "$STATE/loep.conf"
loep_run
post /account '{"mail":"tls@org.example"}'
BEFORE=$(count)
post /cases '{"title":"x"}' >"$WORK/made"
ok 'a relay that shows the right certificate gets it' arrives $((BEFORE + 1))
is 'over TLS' "$(grep -l '^X-To: tls@' "$BOX"/*.eml | head -1 | xargs grep '^X-TLS' | tr -d '\r')" 'X-TLS: yes'
loep_stop
sed -i "s,^ca_file = .*,ca_file = /etc/ssl/certs/ca-certificates.crt," "$STATE/loep.conf"
loep_run
BEFORE=$(count)
post /cases '{"title":"x"}' >"$WORK/made"
sleep 3
is 'one that shows another gets nothing' "$(count)" "$BEFORE"
like 'and people see why' "$("$LOEP" outbox --status queued)" 'certificate'
unsink
finish
