#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Getting in over HTTPS: invitation, password, code, session, token; and what
# must not get in.
. "$(dirname "$0")/lib.sh"
CONF='[store]\nsecond_factor = staff\n[web]\nlisten = 127.0.0.1:0\naddress_requests = 20\naddress_burst = 400'
loep_start
CERT=$STATE/tls/cert.pem
PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log")
URL=https://localhost:$PORT
JAR=$WORK/jar
PASSWORD='seven cold lamps under a bridge'
PIN=$("$LOEP" tls-cert --show | sed -n 's/^pin *//p')

# web METHOD PATH [CURL OPTIONS...] - over TLS, with nothing shown.
web() {
	local method=$1 path=$2
	shift 2
	curl -sS --max-time 60 --cacert "$CERT" -X "$method" \
		-H 'Content-Type: application/json' "$@" "$URL/api/v1$path"
}

# status METHOD PATH [CURL OPTIONS...] - the status of the same.
status() {
	web "$@" -o "$WORK/body" -w '%{http_code}'
}

# totp SECRET STEPS - the code of an authenticator app.
totp() {
	python3 - "$1" "$2" <<'PY'
import base64, hashlib, hmac, struct, sys, time
key = base64.b32decode(sys.argv[1])
step = int(time.time()) // 30 + int(sys.argv[2])
mac = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
at = mac[19] & 15
print("%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff) % 10**6))
PY
}

login() {
	jq -n --arg l "$1" --arg p "$2" --arg c "${3:-}" \
		'{login: $l, password: $p, code: $c}' |
		status POST /login -c "$JAR" -D "$WORK/head" --data-binary @-
}

is "nobody is nobody" "$(status GET /whoami)" 401
like "and hears how" "$(cat "$WORK/body")" 'urn:loep:problem:unknown'
"$LOEP" --json user add "An Peeters" --login an@example.org \
	--capabilities "submit analyse" >"$WORK/made"
AN=$(jq -r .id "$WORK/made")
INVITE=$("$LOEP" --json user invite "$AN" | jq -r .token)
like "an invitation" "$INVITE" '^loepinv_[A-Za-z0-9_-]{43}$'
is "no password, no way in" "$(login an@example.org '')" 401
like "said so that a program understands" "$(cat "$WORK/body")" 'problem:login-refused'
is "a password that is too easy" "$(status POST /invitations/accept -d \
	"{\"invitation\":\"$INVITE\",\"password\":\"password12345678\"}")" 400
ok "the command sets it" bash -c "printf '%s\n%s\n%s\n' '$INVITE' \
	'$PASSWORD' '$PASSWORD' | '$LOEP' --server '$URL' --ca '$CERT' user accept"
is "an invitation is good once" "$(status POST /invitations/accept -d \
	"{\"invitation\":\"$INVITE\",\"password\":\"$PASSWORD\"}")" 401

is "wrong password" "$(login an@example.org 'not this one, not at all')" 401
cp "$WORK/body" "$WORK/wrong"
is "unknown name" "$(login nobody@example.org "$PASSWORD")" 401
is "both sound the same" \
	"$(jq -c 'del(.instance)' "$WORK/body")" \
	"$(jq -c 'del(.instance)' "$WORK/wrong")"
is "in" "$(login AN@example.org "$PASSWORD")" 200
like "the cookie is for this host alone" "$(cat "$WORK/head")" \
	'Set-Cookie: __Host-loep=[A-Za-z0-9_-]{43}; Path=/; Secure; HttpOnly; SameSite=Strict'
CSRF=$(jq -r .csrf "$WORK/body")
is "the session is An's" "$(web GET /whoami -b "$JAR" | jq -r .account)" "$AN"

# Staff may do nothing before they have a second factor.
is "half a session" "$(status GET /cases -b "$JAR")" 403
like "and what is missing" "$(cat "$WORK/body")" 'problem:second-factor'
like "and what to do" "$(cat "$WORK/body")" 'set up a second factor first'
is "nor get around it" "$(status POST /tokens -b "$JAR" -d '{"name":"t"}' \
	-H "X-CSRF-Token: $CSRF")" 403
SECRET=$(web POST /totp -b "$JAR" -H "X-CSRF-Token: $CSRF" -d '{}' |
	jq -r .secret)
web POST /totp/confirm -b "$JAR" -H "X-CSRF-Token: $CSRF" \
	-d "{\"code\":\"$(totp "$SECRET" -1)\"}" >"$WORK/codes"
is "ten recovery codes" "$(jq '.codes | length' "$WORK/codes")" 10
is "now a whole one" "$(status GET /cases -b "$JAR")" 200

# Pages of other sites.
CASE='{"title":"lamp"}'
is "a change without the token" \
	"$(status POST /cases -b "$JAR" -d "$CASE")" 403
is "with a wrong one" "$(status POST /cases -b "$JAR" -d "$CASE" \
	-H "X-CSRF-Token: ${CSRF%?}x")" 403
is "from another origin" "$(status POST /cases -b "$JAR" -d "$CASE" \
	-H "X-CSRF-Token: $CSRF" -H 'Origin: https://evil.example')" 403
is "from another port" "$(status POST /cases -b "$JAR" -d "$CASE" \
	-H "X-CSRF-Token: $CSRF" -H 'Origin: https://localhost:1')" 403
is "from a form elsewhere" "$(status POST /cases -b "$JAR" -d "$CASE" \
	-H "X-CSRF-Token: $CSRF" -H 'Sec-Fetch-Site: cross-site')" 403
is "from its own page" "$(status POST /cases -b "$JAR" -d "$CASE" \
	-H "X-CSRF-Token: $CSRF" -H "Origin: $URL" \
	-H 'Sec-Fetch-Site: same-origin')" 201
is "two cookies of the name" "$(status GET /whoami -H \
	"Cookie: $(awk '/__Host/ {print $6 "=" $7}' "$JAR"); __Host-loep=x")" 401

# Tokens.
web POST /tokens -b "$JAR" -H "X-CSRF-Token: $CSRF" \
	-d '{"name":"robot","capabilities":"submit","days":1}' >"$WORK/token.json"
TOKEN=$(jq -r .token "$WORK/token.json")
(
	umask 077
	echo "$TOKEN" >"$WORK/token"
)
REMOTE=("$LOEP" --server "$URL" --ca "$CERT" --token-file "$WORK/token")
is "the command comes in with a token" \
	"$("${REMOTE[@]}" --json case list | jq -r '.[0].title')" lamp
echo "a lamp" >"$WORK/lamp.txt"
ok "and submits" "${REMOTE[@]}" --quiet submit --wait "$WORK/lamp.txt"
ok "and knows the server by its key" "$LOEP" --server "$URL" --pin "$PIN" \
	--token-file "$WORK/token" case list
fails "another key is another server" 77 "$LOEP" --server "$URL" \
	--pin "sha256//$(printf 'x%.0s' {1..32} | base64)" \
	--token-file "$WORK/token" case list
fails "an unknown authority, too" 77 "$LOEP" --server "$URL" \
	--token-file "$WORK/token" case list
chmod 644 "$WORK/token"
fails "a token that others may read" 77 "${REMOTE[@]}" case list
chmod 600 "$WORK/token"
fails "not what the token does not say" 77 "${REMOTE[@]}" job retry \
	01900000-0000-7000-8000-000000000000
fails "a token makes no tokens" 77 "${REMOTE[@]}" user token add more
is "a forged token" "$(status GET /whoami \
	-H "Authorization: Bearer ${TOKEN%??}AA")" 401
is "no fallback to the cookie" "$(status GET /whoami -b "$JAR" \
	-H "Authorization: Basic YTpi")" 401
web POST "/tokens/$(jq -r .id "$WORK/token.json")/revoke" -b "$JAR" \
	-H "X-CSRF-Token: $CSRF" -d '{}'
is "a token that was taken back" "$(status GET /whoami \
	-H "Authorization: Bearer $TOKEN")" 401
is "no secret is in the database" "$(grep -c -a -e "${TOKEN#loep_}" \
	-e "$PASSWORD" "$STATE/db/loep.db" "$STATE/db/loep.db-wal" \
	"$WORK/log" | cut -d: -f2 | sort -u)" 0

# A second factor.
is "a code is needed" "$(login an@example.org "$PASSWORD")" 401
like "by name" "$(cat "$WORK/body")" 'problem:code-needed'
like "and it is said" "$(cat "$WORK/body")" 'second factor is needed'
CODE=$(totp "$SECRET" 0)
is "with a code" "$(login an@example.org "$PASSWORD" "$CODE")" 200
CSRF=$(jq -r .csrf "$WORK/body")
is "not with the same again" \
	"$(login an@example.org "$PASSWORD" "$CODE")" 401
RECOVERY=$(jq -r '.codes[3]' "$WORK/codes")
cp "$JAR" "$WORK/jar1"
is "with a recovery code" \
	"$(login an@example.org "$PASSWORD" "$RECOVERY")" 200
CSRF2=$(jq -r .csrf "$WORK/body")
cp "$JAR" "$WORK/jar2"
is "once" "$(login an@example.org "$PASSWORD" "$RECOVERY")" 401

# Out, everywhere.
is "log-out everywhere" "$(status POST /logout -b "$WORK/jar2" \
	-H "X-CSRF-Token: $CSRF2" -d '{"everywhere":true}')" 204
is "here" "$(status GET /whoami -b "$WORK/jar2")" 401
like "it is over" "$(cat "$WORK/body")" 'problem:session-over'
is "there" "$(status GET /whoami -b "$WORK/jar1")" 401

# Guessing.  A slow machine takes longer over each than the first waits are.
for ((i = 0; i < 16; i++)); do
	LAST=$(login an@example.org "guess number $i of many")
	[ "$LAST" = 401 ] || break
done
is "who guesses waits" "$LAST" 429
login an@example.org "$PASSWORD" >/dev/null
like "and hears how long" "$(cat "$WORK/head")" 'Retry-After: [0-9]+'

# Bad input.
is "a body that is no JSON" "$(status POST /login -d '{')" 400
is "a body too deep" "$(printf '{"login":%s' "$(printf '[%.0s' {1..1000})" |
	status POST /login --data-binary @-)" 413
is "a number for a name" "$(status POST /login \
	-d '{"login":1,"password":"x"}')" 400
is "a password beyond all bounds" "$(printf \
	'{"login":"an","password":"%s"}' "$(head -c 7000 /dev/zero | tr '\0' x)" |
	status POST /login --data-binary @-)" 429
is "the service goes on" "$(status GET /whoami)" 401

# A disabled account is out at once.
"$LOEP" user disable "$AN" >/dev/null
is "disabled" "$("$LOEP" --json user list |
	jq -r ".[] | select(.id == \"$AN\") | .state")" disabled
like "the audit tells" "$("$LOEP" --json audit list |
	jq -r '.[].action' | sort -u | tr '\n' ' ')" \
	'login.failed login.succeeded'

# Too much from one address.
curl -sS --cacert "$CERT" -o /dev/null -w '%{http_code}\n' \
	"$URL/api/v1/openapi.yaml?[1-600]" >"$WORK/statuses" 2>/dev/null
like "a flood is told to wait" "$(sort "$WORK/statuses" | uniq -c)" ' 429'
is "the Unix socket is not the flood's" \
	"$(api /whoami -o /dev/null -w '%{http_code}')" 200
finish
