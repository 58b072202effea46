#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Who approves shows that it is them: over HTTPS with a session and with tokens,
# and on a terminal.  What asks for it is test_proof's.
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2034 # lib.sh reads it
STEP_UP=2
CONF='[store]\nsecond_factor = nobody\n[web]\nlisten = 127.0.0.1:0'
loep_start
CERT=$STATE/tls/cert.pem
PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log")
URL=https://localhost:$PORT
PASSWORD='seven cold lamps under a bridge'
JAR=$WORK/jar

# status METHOD PATH [CURL OPTIONS...] - of a request with the session.
status() {
	local method=$1 path=$2
	shift 2
	curl -sS --max-time 60 --cacert "$CERT" -X "$method" -b "$JAR" -c "$JAR" \
		-H 'Content-Type: application/json' -H "X-CSRF-Token: ${CSRF:-}" \
		-o "$WORK/body" -D "$WORK/head" -w '%{http_code}' "$@" "$URL/api/v1$path"
}
# problem - what the last answer was called.
problem() {
	jq -r '.type | sub("urn:loep:problem:"; "")' "$WORK/body"
}

"$LOEP" --json user add "Bea" --login bea --capabilities \
	"approve_policy claim read_all_orgs" >"$WORK/made"
BEA=$(jq -r .id "$WORK/made")
INVITE=$("$LOEP" --json user invite "$BEA" | jq -r .token)
printf '%s\n%s\n%s\n' "$INVITE" "$PASSWORD" "$PASSWORD" |
	"$LOEP" --server "$URL" --ca "$CERT" user accept >/dev/null 2>&1
# Who comes by uid proposes, and is asked nothing.
propose() {
	api /policies/1 | jq --arg n "$1" '{document: (.document | .ranks.C4 = ($n | tonumber)),
		comment: "rank"}' | api /policies -H 'Content-Type: application/json' -d @- |
		jq -r .version
}
is "a proposal" "$(propose 4)" 2
is "in" "$(status POST /login -d "{\"login\":\"bea\",\"password\":\"$PASSWORD\"}")" 200
CSRF=$(jq -r .csrf "$WORK/body")
sleep 2.5
is "the log-in was a while ago" "$(status POST /policies/2/approve -d '{}' \
	-H 'Idempotency-Key: one')" 403
is "it says what to do" "$(jq -c '[.how, .code, .seconds]' "$WORK/body")" \
	'[["password"],false,2]'
is "by a name of its own" "$(problem)" step-up
is "not by a page of another site" "$(status POST /proof -d \
	"{\"password\":\"$PASSWORD\"}" -H 'Origin: https://evil.example')" 403
is "it is another reason" "$(problem)" foreign-page
is "a wrong password" "$(status POST /proof -d '{"password":"x"}')" 403
is "ends no session" "$(problem) $(status GET /whoami)" "proof-refused 200"
is "no password" "$(status POST /proof -d '{}')" 403
is "a key for it" "$(status POST /proof -d "{\"password\":\"$PASSWORD\"}" \
	-H 'Idempotency-Key: two')" 400
is "nobody's" "$(curl -sS --cacert "$CERT" -o /dev/null -w '%{http_code}' \
	-H 'Content-Type: application/json' -d "{\"password\":\"$PASSWORD\"}" \
	"$URL/api/v1/proof")" 401
is "on the socket there is nothing to show" "$(api /proof -H \
	'Content-Type: application/json' -o /dev/null -w '%{http_code}' -d '{}')" 409
is "the right one" "$(status POST /proof -d "{\"password\":\"$PASSWORD\"}")" 200
like "is good for a while" "$(jq -r .until "$WORK/body")" '^20[0-9-]+T'
is "the same request again, with its key" "$(status POST /policies/2/approve \
	-d '{}' -H 'Idempotency-Key: one')" 200
is "it holds" "$(api /policies/2 | jq -r .state)" active
is "the audit chain knows both" "$(api '/audit?limit=500' |
	jq -r '[.items[].action | select(startswith("proof."))] | sort | unique | join(" ")')" \
	"proof.failed proof.given"
fails "who comes by uid approves unasked, but not their own" 77 \
	"$LOEP" policy approve "$(propose 5)"

# A person's token, and a service's.
is "a session that is proved" "$(status POST /proof -d "{\"password\":\"$PASSWORD\"}")" 200
is "makes a token" "$(status POST /tokens -d \
	'{"name":"desk","capabilities":"approve_policy claim read_all_orgs"}')" 201
jq -r .token "$WORK/body" >"$WORK/bea.token"
ROBOT=$("$LOEP" --json user add robot --kind service --capabilities approve_policy | jq -r .id)
"$LOEP" --json user token add robot --account "$ROBOT" --capabilities approve_policy |
	jq -r .token >"$WORK/robot.token"
chmod 600 "$WORK"/*.token
as() { # NAME ARGUMENTS... - the command line with a token
	local name=$1
	shift
	"$LOEP" --server "$URL" --ca "$CERT" --token-file "$WORK/$name.token" "$@"
}
fails "a service has nobody who could" 77 as robot policy approve 3
like "and hears it" "$(cat "$WORK/said")" 'a person who shows that they are there'
fails "without a terminal nobody is asked" 77 as bea policy approve 3
like "but told" "$(cat "$WORK/said")" 'show again that it is you'
cat >"$WORK/terminal.py" <<'PY'
import os, pty, select, signal, sys
answer = sys.argv[1].encode() + b"\n"
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
said, is_typed = b"", False
while True:
    if not select.select([fd], [], [], 60)[0]:
        os.kill(pid, signal.SIGKILL)
        break
    try:
        part = os.read(fd, 4096)
    except OSError:
        break
    if not part:
        break
    said += part
    if not is_typed and b"Password: " in said:
        os.write(fd, answer)
        is_typed = True
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
terminal() { # PASSWORD - approves the third version on a terminal
	python3 "$WORK/terminal.py" "$1" "$LOEP" --server "$URL" --ca "$CERT" \
		--token-file "$WORK/bea.token" policy approve 3
}
fails "a wrong password on the terminal" 77 terminal "not it"
ok "the right one" terminal "$PASSWORD"
like "was asked for, and not shown" "$(tr -d '\r\n' <"$WORK/ok.out")" \
	'This needs proof that it is you.Password: [^a-z]'
is "it was approved" "$(api /policies/3 | jq -r .state)" active
finish
