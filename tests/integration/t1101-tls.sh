#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The API over TLS: protocol floor, headers, slow clients, certificates.
. "$(dirname "$0")/lib.sh"
CONF='[web]\nlisten = 127.0.0.1:0 [::1]:0\nidle_seconds = 2\nhead_seconds = 2\nsecurity_contact = mailto:cert@example.org\nconnections_per_address = 8'
loep_start
CERT=$STATE/tls/cert.pem
PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log")
PORT6=$(sed -n 's/.*serving HTTPS.*address=::1 port=\([0-9]*\).*/\1/p' "$WORK/log")
URL=https://localhost:$PORT

# probe OPTIONS... - what openssl agrees on with the server.
probe() {
	openssl s_client -connect "127.0.0.1:$PORT" -CAfile "$CERT" \
		-verify_return_error -cipher 'ALL:@SECLEVEL=0' "$@" \
		</dev/null 2>&1
}

like "init prints the fingerprint" "$(cat "$WORK/init.out")" \
	"SHA-256 ([0-9A-F]{2}:){31}"
is "it is that of the certificate" \
	"$(grep -o 'SHA-256 .*' "$WORK/init.out" | cut -d' ' -f2)" \
	"$(openssl x509 -in "$CERT" -noout -fingerprint -sha256 | cut -d= -f2)"
is "nobody else reads the key" "$(stat -c %a "$STATE/tls/key.pem")" 600
fails "a certificate is not replaced unasked" 1 "$LOEP" tls-cert

like "TLS 1.3" "$(probe -tls1_3)" "TLSv1.3, Cipher is TLS_"
like "TLS 1.2 with forward secrecy" "$(probe -tls1_2)" \
	"TLSv1.2, Cipher is ECDHE-"
like "no TLS 1.1" "$(probe -tls1_1)" "Cipher is \(NONE\)"
like "no TLS 1.0" "$(probe -tls1)" "Cipher is \(NONE\)"
for suite in AES256-GCM-SHA384 ECDHE-ECDSA-AES128-SHA256 \
	ECDHE-ECDSA-AES256-SHA; do
	like "not $suite" "$(openssl s_client -connect "127.0.0.1:$PORT" \
		-tls1_2 -cipher "$suite:@SECLEVEL=0" </dev/null 2>&1)" \
		"Cipher is \(NONE\)"
done

ok "curl trusts the certificate" curl -sS --cacert "$CERT" -o "$WORK/api" \
	-D "$WORK/head" "$URL/api/v1/openapi.yaml"
is "the whole description comes" "$(sha256sum <"$WORK/api")" \
	"$(sha256sum <orchestrator/web/openapi.yaml)"
for header in 'Strict-Transport-Security: max-age=31536000' \
	"Content-Security-Policy: default-src 'none'" \
	'X-Content-Type-Options: nosniff' 'Referrer-Policy: no-referrer' \
	'Cross-Origin-Resource-Policy: same-origin' 'X-Request-Id: '; do
	like "$header" "$(cat "$WORK/head")" "$header"
done
ok "over IPv6, too" curl -sS --cacert "$CERT" -o "$WORK/api" \
	"https://[::1]:$PORT6/api/v1/openapi.yaml"
like "security.txt names whom to tell" \
	"$(curl -sS --cacert "$CERT" "$URL/.well-known/security.txt")" \
	"Contact: mailto:cert@example.org"
is "not over HTTP" "$(curl -s -o /dev/null -w '%{http_code}' \
	"http://localhost:$PORT/api/v1/openapi.yaml")" 000

# A body that is too long is refused before it is all there.
head -c 5000000 /dev/zero >"$WORK/big"
like "an early answer arrives" "$(curl -sS --cacert "$CERT" \
	-H 'Content-Type: application/json' -H 'Expect:' \
	--data-binary @"$WORK/big" "$URL/api/v1/cases" 2>&1)" \
	'"status":413'

# Clients that say nothing, or a byte now and then.
begin=$SECONDS
(
	exec 3<>"/dev/tcp/127.0.0.1/$PORT"
	timeout 20 cat <&3 >/dev/null
)
ok "a silent handshake is ended" test $((SECONDS - begin)) -lt 10
begin=$SECONDS
{
	printf 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: '
	for ((i = 0; i < 15; i++)); do
		sleep 1
		printf a
	done
} | timeout 20 openssl s_client -quiet -connect "127.0.0.1:$PORT" \
	-CAfile "$CERT" >/dev/null 2>&1
ok "a head byte by byte is ended" test $((SECONDS - begin)) -lt 17

# One address cannot take all places.
pids=
for ((i = 0; i < 12; i++)); do
	timeout 3 bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT; sleep 3" \
		2>/dev/null &
	pids="$pids $!"
done
sleep 0.3
is "a flood takes no more than its share" "$(curl -s -o /dev/null \
	-w '%{http_code}' --max-time 1 --cacert "$CERT" \
	"$URL/api/v1/openapi.yaml")" 000
ok "others are served" curl -sS --cacert "$CERT" -o "$WORK/api" \
	"https://[::1]:$PORT6/api/v1/openapi.yaml"
# shellcheck disable=SC2086
wait $pids

# Random bytes instead of TLS do no harm.
head -c 100000 /dev/urandom >"$WORK/noise"
timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT; cat '$WORK/noise' >&3" \
	2>/dev/null
ok "noise is survived" curl -sS --cacert "$CERT" -o "$WORK/api" \
	"$URL/api/v1/openapi.yaml"
loep_stop

chmod 644 "$STATE/tls/key.pem"
fails "a key that others may read is refused" 78 "$BIN/loepd" --state "$STATE"
rm -r "$STATE/tls"
fails "no certificate is a clear refusal" 78 "$BIN/loepd" --state "$STATE"
like "it says what to do" "$(cat "$WORK/said")" "loep tls-cert"
echo '[web]' >"$STATE/loep.conf"
echo 'listen = localhost:8443' >>"$STATE/loep.conf"
fails "a name is no address" 78 "$BIN/loepd" --state "$STATE"
finish
