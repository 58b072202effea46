#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What every route that changes something refuses: pages of other sites, and
# bodies that nest without end; and nothing is changed by them.
. "$(dirname "$0")/lib.sh"
python3 -c 'import yaml' 2>/dev/null || skip_all 'python3-yaml is not installed'
CONF='[store]\nsecond_factor = nobody\n[web]\nlisten = 127.0.0.1:0\naddress_requests = 100000\naddress_burst = 100000\naccount_requests = 100000\naccount_burst = 100000'
loep_start
CERT=$STATE/tls/cert.pem
PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log")
URL=https://localhost:$PORT
PASSWORD='seven cold lamps under a bridge'
# Everything but what nobody may have beside the rest.
WORDS=$(api /whoami | jq -r '.capabilities | split(" ") - ["manage_staff"] | join(" ")')
MADE=$("$LOEP" --json user add "Bea" --login bea --capabilities "$WORDS" | jq -r .id)
INVITE=$("$LOEP" --json user invite "$MADE" | jq -r .token)
printf '%s\n%s\n%s\n' "$INVITE" "$PASSWORD" "$PASSWORD" |
	"$LOEP" --server "$URL" --ca "$CERT" user accept >/dev/null 2>&1
curl -sS --cacert "$CERT" -c "$WORK/jar" -H 'Content-Type: application/json' \
	-d "{\"login\":\"bea\",\"password\":\"$PASSWORD\"}" "$URL/api/v1/login" >"$WORK/login"
jq -n --argjson port "$PORT" --arg ca "$CERT" --arg csrf "$(jq -r .csrf "$WORK/login")" \
	--arg cookie "$(awk '$6 == "__Host-loep" { print $7 }' "$WORK/jar")" \
	'{port: $port, ca: $ca, csrf: $csrf, cookie: $cookie}' >"$WORK/setting.json"
head_of() { # how long the audit chain is
	api '/audit?limit=500' | jq '.items | map(.seq) | max'
}
BEFORE=$(head_of)
python3 tests/integration/check_changes.py orchestrator/web/openapi.yaml \
	"$WORK/setting.json" >"$WORK/tap" || FAILED=1
grep -v '^1\.\.' "$WORK/tap"
N=$(grep -cE '^(not )?ok' "$WORK/tap")
is "the audit chain is as long as before" "$(head_of)" "$BEFORE"
finish
