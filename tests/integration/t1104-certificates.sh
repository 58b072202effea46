#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Client certificates: one key, one service account; expired, revoked, of
# another authority, for another purpose.
. "$(dirname "$0")/lib.sh"
. tests/integration/pki.sh

authority own
authority other
for name in robot stranger late gone server fake; do
	key "$name"
done
sign robot own client -days 10
sign stranger own client -days 10
sign gone own client -days 10
sign server own server -days 10
sign fake other client -days 10
sign late own client -days -1
: >"$PKI/index.txt"
echo 1000 >"$PKI/serial"
cat >>"$OPENSSL_CONF" <<CNF
database = $PKI/index.txt
serial = $PKI/serial
CNF
openssl ca -config "$OPENSSL_CONF" -keyfile "$PKI/own.key" \
	-cert "$PKI/own.pem" -revoke "$PKI/gone.pem" 2>/dev/null
openssl ca -config "$OPENSSL_CONF" -keyfile "$PKI/own.key" \
	-cert "$PKI/own.pem" -gencrl -out "$PKI/own.crl" 2>/dev/null

CONF="[web]\nlisten = 127.0.0.1:0\nclient_ca = $PKI/own.pem\nclient_crl = $PKI/own.crl"
loep_start
CERT=$STATE/tls/cert.pem
PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log")
URL=https://localhost:$PORT

# whoami NAME [OPTIONS...] - the status with that certificate.
whoami_with() {
	local name=$1
	shift
	curl -sS --max-time 20 --cacert "$CERT" --cert "$PKI/$name.pem" \
		--key "$PKI/$name.key" -o "$WORK/body" -w '%{http_code}' \
		"$@" "$URL/api/v1/whoami" 2>"$WORK/curl.err"
}

ROBOT=$("$LOEP" --json user add robot --kind service --capabilities submit |
	jq -r .id)
SECOND=$("$LOEP" --json user add second --kind service | jq -r .id)
PERSON=$("$LOEP" --json user add An --login an | jq -r .id)
is "a key that nobody has" "$(whoami_with robot)" 401
ok "the key becomes an account's" "$LOEP" user cert "$ROBOT" "$PKI/robot.pem"
is "its certificate gets in" "$(whoami_with robot)" 200
is "as that account" "$(jq -r '.account + .via' "$WORK/body")" \
	"${ROBOT}certificate"
for name in gone late fake server; do
	# Also where the key is known.
	ok "the key of $name" "$LOEP" user cert "$SECOND" "$PKI/$name.pem"
	is "the certificate of $name does not" "$(whoami_with "$name")" 401
	diag "$(jq -r .detail "$WORK/body")"
done
is "nor one that nobody has" "$(whoami_with stranger)" 401
is "a bad one spoils a good token" \
	"$(whoami_with late -H 'Authorization: Bearer loep_x')" 401
fails "a key is one account's" 1 "$LOEP" user cert "$SECOND" "$PKI/robot.pem"
fails "people log in" 1 "$LOEP" user cert "$PERSON" "$PKI/stranger.pem"
fails "that is no certificate" 65 "$LOEP" user cert "$ROBOT" "$PKI/robot.key"
ok "the command shows one" "$LOEP" --server "$URL" --ca "$CERT" \
	--cert "$PKI/robot.pem" --key "$PKI/robot.key" case list
fails "a certificate makes no tokens" 77 "$LOEP" --server "$URL" \
	--ca "$CERT" --cert "$PKI/robot.pem" --key "$PKI/robot.key" \
	user token add more
is "without a certificate one still logs in" "$(curl -sS --cacert "$CERT" \
	-o /dev/null -w '%{http_code}' "$URL/api/v1/whoami")" 401
# On a connection that stays open: what was good is asked for each time.
cat >"$WORK/open.py" <<'PY'
import http.client, ssl, subprocess, sys, time
port, ca, cert, key, seconds, *command = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
context.load_cert_chain(cert, key)
conn = http.client.HTTPSConnection("localhost", int(port), context=context, timeout=30)
conn.connect()
socket = conn.sock
def ask():
    conn.request("GET", "/api/v1/whoami")
    response = conn.getresponse()
    response.read()
    return response.status
said = [ask(), ask()]
if command:
    subprocess.run(command, check=True)
time.sleep(float(seconds))
said.append(ask())
print(*said, "the same" if conn.sock is socket else "another")
PY
still() { # NAME SECONDS [COMMAND...] - asks before and after
	local name=$1 seconds=$2
	shift 2
	python3 "$WORK/open.py" "$PORT" "$CERT" "$PKI/$name.pem" "$PKI/$name.key" \
		"$seconds" "$@"
}
key brief
openssl ca -config "$OPENSSL_CONF" -batch -keyfile "$PKI/own.key" -cert "$PKI/own.pem" \
	-in "$PKI/brief.csr" -out "$PKI/brief.pem" -outdir "$PKI" -notext -policy any \
	-extensions client -enddate "$(date -u -d '+4 seconds' +%y%m%d%H%M%SZ)" 2>/dev/null
ok "a certificate of four seconds" "$LOEP" user cert "$SECOND" "$PKI/brief.pem"
is "it expires while its connection is open" "$(still brief 5)" "200 200 401 the same"
is "a key is taken away while one is open" \
	"$(still robot 0 "$LOEP" user cert "$ROBOT" --remove)" "200 200 401 the same"
is "a key that was taken away" "$(whoami_with robot)" 401

# Revoked while a connection is open: the new list comes with a restart of
# loep-web, and no connection outlives that.
ok "the key is back" "$LOEP" user cert "$ROBOT" "$PKI/robot.pem"
is "and in" "$(whoami_with robot)" 200
openssl ca -config "$OPENSSL_CONF" -keyfile "$PKI/own.key" \
	-cert "$PKI/own.pem" -revoke "$PKI/robot.pem" 2>/dev/null
openssl ca -config "$OPENSSL_CONF" -keyfile "$PKI/own.key" \
	-cert "$PKI/own.pem" -gencrl -out "$PKI/own.crl" 2>/dev/null
kill -KILL "$(pgrep -P "$LOEPD" -f loep-web | head -n 1)"
for ((i = 0; i < 100; i++)); do
	[ "$(whoami_with robot)" = 401 ] && break
	sleep 0.2
done
is "revoked, it is refused by the next loep-web" "$(whoami_with robot)" 401
like "for that reason" "$(jq -r .detail "$WORK/body")" 'revoked'
loep_stop

# A list of revocations that cannot be read is not passed over.
rm "$PKI/own.crl"
timeout 8 "$BIN/loepd" --state "$STATE" >"$WORK/log2" 2>&1
like "no list, no service" "$(cat "$WORK/log2")" \
	'the file did not come.*client_crl'
finish
