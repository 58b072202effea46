#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What no honest client sends, over TLS and over the socket: each is refused,
# soon, without harm to the next, in bounded memory.
# shellcheck disable=SC2034 # lib.sh reads it
CONF='[web]\nlisten = 127.0.0.1:0\nhead_seconds = 5\naddress_requests = 5000\naddress_burst = 20000'
. "$(dirname "$0")/lib.sh"
loep_start
PORT=$(sed -n 's|.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*|\1|p' "$WORK/log")
WEB=$(pgrep -P "$LOEPD" -x loep-web)
STORE=$(pgrep -P "$LOEPD" -x loep-store)
rss() {
	awk '/^VmRSS/ { print $2 }' "/proc/$1/status"
}
BEFORE=$(rss "$WEB")
for way in "unix $STATE/run/loep.sock" "tls $PORT $STATE/tls/cert.pem"; do
	# shellcheck disable=SC2086 # two or three words
	python3 tests/integration/hostile_http.py $((N + 1)) $way >"$WORK/tap" || FAILED=1
	grep -v '^# next' "$WORK/tap"
	N=$(($(sed -n 's/^# next //p' "$WORK/tap") - 1))
done
is "the program is the one that it was" "$(pgrep -P "$LOEPD" -x loep-web)" "$WEB"
is "the store too" "$(pgrep -P "$LOEPD" -x loep-store)" "$STORE"
AFTER=$(rss "$WEB")
ok "and has not grown by more than 32 MiB ($BEFORE to $AFTER KiB)" test "$((AFTER - BEFORE))" -lt 32768

# A head is taken up to its bound, whatever it is made of.
headed() { # HEADERS of 1,000 bytes each
	local i more=()
	for ((i = 0; i < $1; i++)); do
		more+=(-H "X-$i: $(printf 'y%.0s' {1..990})")
	done
	curl -sS --max-time 10 --cacert "$STATE/tls/cert.pem" -o /dev/null \
		-w '%{http_code}' "${more[@]}" \
		"https://localhost:$PORT/api/v1/openapi.yaml?x=$(printf 'a%.0s' {1..4000})"
}
is "a head of 52 KiB is served" "$(headed 48)" 200
is "one of 76 KiB is not" "$(headed 72)" 431

# 200 that never end their head do not keep others out.
python3 - "$PORT" >"$WORK/slow" 2>&1 <<'PY' &
import socket, sys, time
conns = []
for i in range(200):
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    s.sendall(b"\x16\x03\x01" if i % 2 else b"")
    conns.append(s)
time.sleep(4)
PY
SLOW=$!
sleep 1
ok "200 silent clients keep nobody out" curl -sS --max-time 5 --cacert "$STATE/tls/cert.pem" \
	-o /dev/null -f "https://localhost:$PORT/api/v1/openapi.yaml"
wait "$SLOW"

# Every answer to a stranger says the same of what is and what is not.
ok "a case" submit "$0"
same() {
	curl -sS --max-time 10 --cacert "$STATE/tls/cert.pem" "https://localhost:$PORT$1" | jq -cS 'del(.instance)'
}
is "strangers learn nothing of cases" "$(same "/api/v1/cases/$CASE")" "$(same /api/v1/cases/BE-2026-AAAA-AAAA-A)"
finish
