#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# OpenPGP with gpg on the other side: keys of organisations that two people let
# in, mails that only their readers can read, keys that end.
. "$(dirname "$0")/lib.sh"
. tests/integration/tokens.sh
command -v gpg >/dev/null || skip_all 'gpg is not installed'
python3 -c 'import aiosmtpd' 2>/dev/null ||
	skip_all 'python3-aiosmtpd is not installed'
export GNUPGHOME=$WORK/gnupg
BOX=$WORK/box
mkdir -m 700 "$BOX" "$GNUPGHOME"
SINK=
cleanup() {
	gpgconf --kill all 2>/dev/null
	[ -z "$SINK" ] || { kill "$SINK"; wait "$SINK"; } 2>/dev/null
	SINK=
}
trap 'cleanup; loep_stop; rm -rf "$WORK"' INT TERM
python3 tests/integration/smtp_sink.py 0 "$BOX" >"$WORK/sink.log" 2>&1 &
SINK=$!
for ((i = 0; i < 600; i++)); do
	[ -s "$BOX/ready" ] && break
	sleep 0.1
done
PORT_MAIL=$(cat "$BOX/ready")
CONF="[web]\nlisten = 127.0.0.1:0\nsecurity_contact = mailto:cert@cert.example\n[mail]\nrelay = 127.0.0.1:$PORT_MAIL\nfrom = cert@cert.example\nfrom_name = \"CERT\""

# key NAME EXPIRES [ALGORITHM USAGE] - makes one; its public half in NAME.asc.
key() {
	gpg --batch --quiet --passphrase '' --quick-gen-key \
		"$1 <$1@org.example>" "${3:-future-default}" "${4:-default}" "$2" 2>"$WORK/gpg.err" ||
		diag "$(cat "$WORK/gpg.err")"
	gpg --batch --armor --export "$1@org.example" >"$WORK/$1.asc"
}
fpr() {
	gpg --batch --with-colons --fingerprint "$1@org.example" 2>/dev/null |
		awk -F: '/^fpr/ { print $10; exit }'
}
ask() {
	get . "$@"
}
# send WHO FILE [ORG] - adds a key; the answer.
send() {
	jq -n --rawfile key "$2" --arg org "${3:-}" \
		'{key: $key} + if $org == "" then {} else {org: $org} end' >"$WORK/key.json"
	ask "$1" /keys --data-binary "@$WORK/key.json"
}
# mails N - waits until so many are there.
mails() {
	local i
	for ((i = 0; i < 150; i++)); do
		[ "$(find "$BOX" -name '*.eml' | wc -l)" -ge "$1" ] && return 0
		sleep 0.1
	done
	return 1
}
field() {
	python3 -c '
import email, email.policy, sys
m = email.message_from_binary_file(open(sys.argv[2], "rb"), policy=email.policy.default)
print(m[sys.argv[1]])' "$1" "$2"
}
# outbox NUMBER JQ - of the last mail about it that ended or waits.
outbox() {
	local i said
	for ((i = 0; i < 100; i++)); do
		said=$(api '/outbox?limit=500' | jq -r --arg n "$1" \
			"[.items[] | select(.number == \$n and .state != \"queued\" and .state != \"sending\")][0] // empty | $2")
		[ -n "$said" ] && break
		sleep 0.1
	done
	echo "$said"
}

loep_init
fails 'without a user id no key is made' 64 "$LOEP" pgp-key
"$LOEP" --quiet pgp-key --user-id 'CERT <cert@cert.example>' >"$WORK/own.txt"
like 'a key of the service is made' "$(cat "$WORK/own.txt")" '^fingerprint [0-9A-F]{40}'
is 'which only we read' "$(stat -c %a "$STATE/pgp/secret.asc")" 600
fails 'not twice by mistake' 1 "$LOEP" pgp-key --user-id 'X <x@y>'
OWN=$(sed -n 's/^fingerprint //p' "$WORK/own.txt")
loep_run
CERT=$STATE/tls/cert.pem
PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log" | tail -1)
like 'it runs in a cage of its own' "$(cat "$WORK/log")" 'msg=ready child=loep-pgp'

# --- the service's own key ---
plain() {
	curl -sS --max-time 60 --cacert "$CERT" "https://localhost:$PORT$1"
}
plain /.well-known/openpgp-key.asc >"$WORK/cert.asc"
is 'whoever asks gets it' "$(gpg --batch --with-colons --show-keys "$WORK/cert.asc" | awk -F: '/^fpr/ { print $10; exit }')" "$OWN"
like 'security.txt names it' "$(plain /.well-known/security.txt)" "^Encryption: openpgp4fpr:$OWN"
gpg --batch --quiet --import "$WORK/cert.asc"
ok 'gpg encrypts to it' gpg --batch --quiet --trust-model always -r "$OWN" -o "$WORK/to-us.gpg" -e "$0"
is 'it is in the list, for everybody' "$(api /keys | jq -r '.items[] | "\(.owner) \(.fpr) \(.state)"')" "service $OWN active"

# --- whose key it is ---
CSIRT=$(api /whoami | jq -r .org)
POWER=$("$LOEP" --json org add Power --class C1 | jq -r .id)
WATER=$("$LOEP" --json org add Water --class C1 | jq -r .id)
account boss "$POWER" 'submit manage_org_users'
account worker "$POWER" submit
account other "$WATER" 'submit manage_org_users'
account keys1 "$CSIRT" 'manage_keys'
account keys2 "$CSIRT" 'manage_keys'
BOSS=$(api '/accounts?limit=500' | jq -r '.items[] | select(.name == "boss") | .id')
api "/accounts/$BOSS" -H 'Content-Type: application/json' -d '{"mail":"boss@org.example"}' >"$WORK/said"
key boss 1y
is 'an operator adds none' "$(send worker "$WORK/boss.asc" | jq .status)" 403
is 'nor for another organisation' "$(send other "$WORK/boss.asc" "$POWER" | jq .status)" 404
refused() {
	is "refused: $1" "$(send boss "$2" | jq -r '.problem // .type // .status')" "$1"
}
gpg --batch --quiet --pinentry-mode loopback --passphrase '' --armor --export-secret-keys boss@org.example >"$WORK/secret.asc"
refused secret_key "$WORK/secret.asc"
echo 'hello' >"$WORK/none.asc"
refused no_key_block "$WORK/none.asc"
key second 1y
cat "$WORK/boss.asc" "$WORK/second.asc" >"$WORK/both.asc"
refused several_keys "$WORK/both.asc"
key signs 1y ed25519 sign
refused no_encryption "$WORK/signs.asc"
gpg --batch --quiet --faked-system-time 20200101T000000 --passphrase '' --quick-gen-key 'old <old@org.example>' future-default default 30d 2>/dev/null
gpg --batch --armor --export old@org.example >"$WORK/old.asc"
refused expired "$WORK/old.asc"
rsa=$(printf '%%no-protection\nKey-Type: RSA\nKey-Length: 1024\nSubkey-Type: RSA\nSubkey-Length: 1024\nName-Email: weak@org.example\nExpire-Date: 1y\n%%commit\n' | gpg --batch --quiet --gen-key 2>&1)
gpg --batch --armor --export weak@org.example >"$WORK/weak.asc"
refused weak_algorithm "$WORK/weak.asc"
diag "$rsa"
is 'none of them is there' "$(api /keys | jq '.items | length')" 1
ID=$(send boss "$WORK/boss.asc" | jq -r .id)
like 'a good one is added' "$ID" '^[0-9a-f-]{36}$'
is 'as it is' "$(get '"\(.fpr) \(.state) \(.verified) \(.user_ids[0])"' boss "/keys/$ID")" "$(fpr boss) active false boss <boss@org.example>"
is 'the organisation sees it' "$(get '[.items[].owner] | sort | join(" ")' worker /keys)" 'organisation service'
is 'others do not' "$(get '.items | length' other /keys)" 1
is 'not even that it is there' "$(status other "/keys/$ID")" 404

# --- before it is verified ---
FIRST=$(get .number boss /cases -d '{"title":"one"}')
ok 'a mail comes' mails 1
like 'in clear, with number and label in its subject' "$(field Subject "$BOX/1.eml")" "#$FIRST\\] TLP:AMBER\\+STRICT"
is 'as text' "$(field Content-Type "$BOX/1.eml" | cut -d';' -f1)" text/plain

# --- verified ---
is 'an operator does not verify' "$(status boss "/keys/$ID/verify" -d '{"fpr":"x","how":"x"}')" 403
is 'the fingerprint must be the same' "$(status keys1 "/keys/$ID/verify" -d "{\"fpr\":\"$OWN\",\"how\":\"telephone\"}")" 409
is 'somebody says how' "$(status keys1 "/keys/$ID/verify" -d "{\"fpr\":\"$(fpr boss)\",\"how\":\"\"}")" 400
SPACED=$(fpr boss | sed 's/..../& /g' | tr A-F a-f)
is 'verified, whatever way it is written' "$(get .verified keys1 "/keys/$ID/verify" -d "{\"fpr\":\"$SPACED\",\"how\":\"telephone\"}")" true
is 'once' "$(status keys2 "/keys/$ID/verify" -d "{\"fpr\":\"$(fpr boss)\",\"how\":\"x\"}")" 409
SECOND=$(get .number boss /cases -d '{"title":"two"}')
ok 'another mail comes' mails 2
MAIL=$BOX/2.eml
is 'encrypted (RFC 3156)' "$(field Content-Type "$MAIL" | sed 's/ boundary.*//; s/\n//g' | tr -d '\r\n')" 'multipart/encrypted; protocol="application/pgp-encrypted";'
is 'its subject is number and label' "$(field Subject "$MAIL")" "[CERT.be #$SECOND] TLP:AMBER+STRICT"
python3 -c '
import email, email.policy, sys
m = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
version, data = m.iter_parts()
assert version.get_content_type() == "application/pgp-encrypted", version
assert version.get_content().strip() == b"Version: 1", version.get_content()
sys.stdout.buffer.write(data.get_content())' "$MAIL" >"$WORK/mail.asc"
gpg --batch --status-fd 3 -o "$WORK/inner.eml" -d "$WORK/mail.asc" 3>"$WORK/status" 2>"$WORK/gpg.err"
like 'gpg opens it' "$(cat "$WORK/status")" 'DECRYPTION_OKAY'
like 'signed with the service'\''s key' "$(cat "$WORK/status")" "VALIDSIG $OWN"
like 'with its integrity protected' "$(cat "$WORK/status")" 'GOODMDC'
like 'its own subject is within' "$(field Subject "$WORK/inner.eml")" "#$SECOND\\] TLP:AMBER\\+STRICT ."
like 'and the text' "$(python3 -c '
import email, email.policy, sys
print(email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default).get_content())' "$WORK/inner.eml")" "$SECOND"
if grep -aq "$(field Subject "$WORK/inner.eml" | sed 's/.*STRICT //')" "$MAIL"; then words=seen; else words=unseen; fi
is 'nothing of which is in the mail' "$words" unseen
like 'the audit knows who verified it' "$(api '/audit?limit=500' | jq -r '.items[] | "\(.action) \(.detail.how // "")"' 2>/dev/null)" 'key.verified telephone'

# --- four eyes ---
key third 20d
THIRD=$(send keys1 "$WORK/third.asc" "$WATER" | jq -r .id)
is 'who added it does not verify it' "$(status keys1 "/keys/$THIRD/verify" -d "{\"fpr\":\"$(fpr third)\",\"how\":\"x\"}")" 403
is 'somebody else does' "$(get .verified keys2 "/keys/$THIRD/verify" -d "{\"fpr\":\"$(fpr third)\",\"how\":\"x\"}")" true
is 'it ends soon' "$(get .state keys1 "/keys/$THIRD")" expiring

# --- it is revoked ---
printf 'y\n0\n\ny\n' | gpg --no-tty --quiet --command-fd 0 --pinentry-mode loopback --passphrase '' -o "$WORK/revoke.asc" --gen-revoke boss@org.example 2>/dev/null
gpg --batch --quiet --import "$WORK/revoke.asc" 2>/dev/null
gpg --batch --armor --export boss@org.example >"$WORK/revoked.asc"
is 'the same key, revoked' "$(send boss "$WORK/revoked.asc" | jq -r '"\(.id) \(.state)"')" "$ID revoked"
FOURTH=$(get .number boss /cases -d '{"title":"three"}')
like 'no mail goes out, not in clear either' "$(outbox "$FOURTH" '"\(.state) \(.reason)"')" '^failed .*not sent in clear.*revoked'
is 'the relay saw none' "$(find "$BOX" -name '*.eml' | wc -l)" 2
is 'retired' "$(get .state boss "/keys/$ID/retire" -d '{"reason":"lost"}')" retired
is 'it does not come back' "$(send boss "$WORK/boss.asc" | jq .status)" 409
FIFTH=$(get .number boss /cases -d '{"title":"four"}')
ok 'without a key mails go in clear' mails 3
like 'of the new case' "$(field Subject "$BOX/3.eml")" "#$FIFTH"

# --- it ends ---
key brief seconds=25
BRIEF=$(send boss "$WORK/brief.asc" | jq -r .id)
is 'verified in its time' "$(get .verified keys1 "/keys/$BRIEF/verify" -d "{\"fpr\":\"$(fpr brief)\",\"how\":\"x\"}")" true
for ((i = 0; i < 300; i++)); do
	[ "$(get .state boss "/keys/$BRIEF")" = expired ] && break
	sleep 0.1
done
is 'expired' "$(get .state boss "/keys/$BRIEF")" expired
SIXTH=$(get .number boss /cases -d '{"title":"five"}')
like 'nothing is encrypted to it, nothing sent in clear' "$(outbox "$SIXTH" '"\(.state) \(.reason)"')" '^failed .*has expired'
is 'the relay saw none of it' "$(find "$BOX" -name '*.eml' | wc -l)" 3

# --- rotation, a restart ---
loep_stop
"$LOEP" --quiet pgp-key --user-id 'CERT <cert@cert.example>' --days 5 --add >"$WORK/own2.txt"
is 'a newer key beside the old one' "$(grep -c '^fingerprint' "$WORK/own2.txt")" 2
NEW=$(sed -n 's/^fingerprint //p' "$WORK/own2.txt" | grep -v "$OWN")
loep_run
PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log" | tail -1)
for ((i = 0; i < 100; i++)); do
	[ "$(api /keys | jq '[.items[] | select(.owner == "service")] | length')" = 2 ] && break
	sleep 0.1
done
is 'is the one that is named' "$(plain /.well-known/security.txt | sed -n 's/^Encryption: openpgp4fpr://p')" "$NEW"
is 'both are there' "$(api /keys | jq -r '[.items[] | select(.owner == "service") | .state] | sort | join(" ")')" 'active expiring'
api /metrics >/dev/null
METRICS=$(curl -sS --unix-socket "$STATE/run/loep.sock" http://localhost/metrics)
like 'the metrics count the days' "$METRICS" 'loep_key_expiry_days\{owner="service"\} 4'
like 'of organisations, too' "$METRICS" 'loep_key_expiry_days\{owner="organisation"\} -?[0-9]+'
"$LOEP" key list >"$WORK/list"
like 'the command line lists them' "$(cat "$WORK/list")" "$NEW +expiring"
like 'and shows one' "$("$LOEP" key show "$THIRD")" 'BEGIN PGP PUBLIC KEY'
cleanup
finish
