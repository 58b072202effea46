#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `loep submit` of large files: SIGKILL of web, store, vault, of the whole
# service and of the client itself while it sends; then the file is evidence
# with the right digest, exactly once.
. "$(dirname "$0")/lib.sh"
CONF='[web]\nlisten = 127.0.0.1:0'
export XDG_STATE_HOME=$WORK/xdg
loep_start

# The processes of the service by that name.
pid_of() {
	pgrep -P "$LOEPD" -f "$1" | head -n 1
}

# once SUM - artefacts of $CASE with that digest.
once() {
	"$LOEP" --json artefact list "$CASE" | jq --arg s "$1" '[.[] | select(.parent == null and .sha256 == $s)] | length'
}

# Waits until the client has noted that it has an upload.
noted() {
	for _ in $(seq 500); do
		[ -z "$(find "$WORK" -path "*/uploads/*" -name '*.json')" ] || break
		sleep 0.02
	done
}

# A file that takes a while: noise, which is neither compressed nor zeros.
mib=${RESUME_MIB:-400}
head -c $((mib << 20)) /dev/urandom >"$WORK/image"
SUM=$(sha256sum "$WORK/image" | cut -d' ' -f1)

"$LOEP" --json --quiet submit "$WORK/image" >"$WORK/made.json" 2>"$WORK/made.err" &
CLIENT=$!
kills=0
# Before there is an upload, nothing is to be resumed.
noted
for i in $(seq 12); do
	sleep "0.$((RANDOM % 8 + 1))"
	kill -0 $CLIENT 2>/dev/null || break
	case $((i % 4)) in
	0) victim=$(pid_of loep-web) ;;
	1) victim=$(pid_of loep-vault) ;;
	2) victim=$(pid_of loep-store) ;;
	3)
		victim=
		kill -KILL "$LOEPD"
		wait "$LOEPD" 2>/dev/null
		loep_run
		;;
	esac
	[ -z "$victim" ] || kill -KILL "$victim" 2>/dev/null
	kills=$((kills + 1))
done
wait $CLIENT
is "the upload ends well in spite of $kills kills" "$?" 0
diag "$(head -c 300 "$WORK/made.err")"
CASE=$(jq -r .case "$WORK/made.json")
is "with the right digest" "$(jq -r '.files[0].sha256' "$WORK/made.json")" "$SUM"
is "and its receipt" "$(jq -r '.files[0].receipt.receipt.sha256 // .files[0].receipt.sha256' "$WORK/made.json")" "$SUM"
is "there is exactly one artefact" "$(once "$SUM")" 1
is "nothing is left to resume" "$(find "$WORK" -path "*/uploads/*" -name '*.json' | wc -l)" 0

# --- the client dies ---
head -c $((mib << 20)) /dev/urandom >"$WORK/image"
SUM=$(sha256sum "$WORK/image" | cut -d' ' -f1)
"$LOEP" --quiet submit "$WORK/image" >"$WORK/out" 2>&1 &
CLIENT=$!
noted
sleep 0.2
kill -KILL $CLIENT
wait $CLIENT 2>/dev/null
CASE=$(sed -n 's/^Case //p' "$WORK/out")
is "a killed client leaves a note" "$(find "$WORK" -path "*/uploads/*" -name '*.json' | wc -l)" 1
NOTE=$(find "$WORK" -path "*/uploads/*" -name '*.json')
CASE=${CASE:-$(jq -r .number "$NOTE")}
is "the case has no artefact yet" "$(once "$SUM")" 0
ok "--resume goes on" "$LOEP" --quiet submit --resume
is "to the right digest, once" "$(once "$SUM")" 1
is "and the note is gone" "$(find "$WORK" -path "*/uploads/*" -name '*.json' | wc -l)" 0
like "then there is nothing to do" "$("$LOEP" submit --resume)" 'No upload is unfinished'

# --- a file that changed meanwhile ---
"$LOEP" --quiet submit "$WORK/image" >"$WORK/out" 2>&1 &
CLIENT=$!
noted
kill -KILL $CLIENT
wait $CLIENT 2>/dev/null
echo more >>"$WORK/image"
fails "a file that has changed is not mixed" 66 "$LOEP" --quiet submit --resume
like "and it says so" "$(cat "$WORK/said")" 'has changed'

# --- from afar: TLS and a token, and web dies ---
find "$XDG_STATE_HOME" -name '*.json' -delete
loep_stop
: >"$WORK/log"
loep_run
PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log" | tail -n 1)
URL=https://localhost:$PORT
CERT=$STATE/tls/cert.pem
PASSWORD='seven cold lamps under a bridge'
# An operator's: staff need a second factor.
ORG=$(api /organisations -H 'Content-Type: application/json' -d '{"name": "Water", "class": "C1"}' | jq -r .id)
"$LOEP" --json user add "An Peeters" --org "$ORG" --login an@example.org --capabilities submit >"$WORK/made"
INVITE=$("$LOEP" --json user invite "$(jq -r .id "$WORK/made")" | jq -r .token)
printf '%s\n%s\n%s\n' "$INVITE" "$PASSWORD" "$PASSWORD" |
	"$LOEP" --server "$URL" --ca "$CERT" user accept >"$WORK/accept" 2>&1
jq -n --arg p "$PASSWORD" '{login: "an@example.org", password: $p, code: ""}' |
	curl -sS --cacert "$CERT" -H 'Content-Type: application/json' --data-binary @- -c "$WORK/jar" \
		-D "$WORK/head" "$URL/api/v1/login" >"$WORK/login"
CSRF=$(tr -d '\r' <"$WORK/head" | sed -n 's/^X-CSRF-Token: //Ip')
(
	umask 077
	curl -sS --cacert "$CERT" -H 'Content-Type: application/json' -b "$WORK/jar" -H "X-CSRF-Token: $CSRF" \
		-d '{"name":"robot","capabilities":"submit","days":1}' "$URL/api/v1/tokens" | jq -r .token >"$WORK/token"
)
ok "there is a token" grep -q '^loep_' "$WORK/token"
head -c $((mib << 19)) /dev/urandom >"$WORK/image"
SUM=$(sha256sum "$WORK/image" | cut -d' ' -f1)
"$LOEP" --server "$URL" --ca "$CERT" --token-file "$WORK/token" --json --quiet submit "$WORK/image" \
	>"$WORK/made.json" 2>"$WORK/made.err" &
CLIENT=$!
noted
kill -KILL "$(pid_of loep-vault)"
sleep 0.5
kill -KILL "$(pid_of loep-vault)" 2>/dev/null
wait $CLIENT
is "from afar it ends well, too" "$?" 0
diag "$(head -c 300 "$WORK/made.err")"
is "with the right digest" "$(jq -r '.files[0].sha256' "$WORK/made.json")" "$SUM"

# The vault may just have been killed.
for _ in $(seq 100); do
	[ "$("$LOEP" --json status | jq -r .vault)" != connected ] || break
	sleep 0.1
done
ok "all evidence is whole" "$LOEP" verify
for _ in $(seq 100); do
	left=$(find "$STATE/vault/tmp" -name 'part-*' | wc -l)
	[ "$left" -gt 2 ] || break
	sleep 0.1
done
ok "finished uploads leave no files in the vault ($left of the open one)" test "$left" -le 2
finish
