#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Series for Prometheus: right by promtool, and by the OpenMetrics grammar;
# they count what happened, and name nothing that is secret.
CONF='[web]\nlisten = 127.0.0.1:0'
. "$(dirname "$0")/lib.sh"
loep_start
BASE=http://localhost
metrics() {
	curl -sS --max-time 20 --unix-socket "$STATE/run/loep.sock" "$@" "$BASE/metrics"
}
value() { # SERIES - its number in $WORK/text
	awk -v s="$1" 'substr($0, 1, length(s) + 1) == s " " { print $NF }' "$WORK/text"
}

printf 'nothing secret' >"$WORK/secret-name.txt"
ok "a submission" submit --title "Secret title" "$WORK/secret-name.txt"
ok "another one" submit "$WORK/secret-name.txt"
metrics -D "$WORK/head" >"$WORK/text"
like "plain text by default" "$(cat "$WORK/head")" 'text/plain; version=0.0.4'
if command -v promtool >/dev/null; then
	ok "promtool has nothing to say" promtool check metrics <"$WORK/text"
else
	skip "promtool has nothing to say" "promtool is not installed (package prometheus)"
fi
metrics -H 'Accept: application/openmetrics-text; version=1.0.0' -D "$WORK/head" >"$WORK/open"
like "OpenMetrics where it is asked for" "$(cat "$WORK/head")" 'application/openmetrics-text; version=1.0.0'
is "which ends as it must" "$(tail -n 1 "$WORK/open")" "# EOF"
if python3 -c 'import prometheus_client.openmetrics.parser' 2>/dev/null; then
	ok "and reads as such" python3 - "$WORK/open" <<'PY'
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
with open(sys.argv[1]) as f:
    families = {m.name: m for m in text_string_to_metric_families(f.read())}
assert len(families) >= 15, families.keys()
assert families["loep_intake"].type == "counter"
assert families["loep_store_bytes"].unit == "bytes"
PY
else
	skip "and reads as such" "python3-prometheus-client is not installed"
fi
is "submissions are counted" "$(value 'loep_intake_total{channel="local",class="CSIRT"}')" 2
is "and what is stored, once" "$(value loep_store_bytes)" "$(value loep_store_bytes | grep -E '^[1-9][0-9]*$')"
is "programs are up" "$(value 'loep_program_up{program="vault"}')" 1
is "nothing is damaged" "$(grep -c '^loep_store_damaged' "$WORK/text")" 0
ok "no name, number, hash or organisation is told" test "$(grep -ciE \
	"secret|$CASE|$(sha256sum "$WORK/secret-name.txt" | cut -c1-16)|Test CSIRT" "$WORK/text")" = 0

kill -KILL "$(pgrep -P "$LOEPD" -x loep-vault)"
for _ in $(seq 50); do
	metrics >"$WORK/text"
	[ "$(value 'loep_program_up{program="vault"}')" = 1 ] || break
	sleep 0.02
done
is "a program that is away is seen" "$(value 'loep_program_up{program="vault"}')" 0
for _ in $(seq 100); do
	metrics >"$WORK/text"
	[ "$(value 'loep_program_up{program="vault"}')" = 1 ] && break
	sleep 0.1
done
is "and that it came back" "$(value 'loep_program_up{program="vault"}')" 1

# A token that can do nothing else.
PORT=$(sed -n 's|.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*|\1|p' "$WORK/log")
ok "an account for it" "$LOEP" user add prometheus --kind service --capabilities metrics_read
ACCOUNT=$("$LOEP" --json user list | jq -r '.[] | select(.name == "prometheus") | .id')
ok "a token" "$LOEP" user token add prometheus --account "$ACCOUNT" --capabilities metrics_read -o "$WORK/token"
scrape() {
	curl -sS --max-time 20 --cacert "$STATE/tls/cert.pem" \
		-H "Authorization: Bearer $(cat "$WORK/token")" "https://localhost:$PORT$1"
}
like "reads metrics" "$(scrape /metrics | head -n 1)" '^# HELP'
like "and nothing else" "$(scrape /api/v1/audit)" '"status": ?403'
# Each series of the dashboard exists.
grep -oE 'loep_[a-z_]+' docs/grafana/loep.json | sort -u >"$WORK/asked"
sed -nE 's/^# TYPE ([a-z_]+) .*/\1/p' "$WORK/text" | sort -u >"$WORK/there"
is "the dashboard asks for nothing that is not there" "$(comm -23 "$WORK/asked" "$WORK/there")" ""
ok "and is JSON" jq -e '.panels | length > 8' docs/grafana/loep.json
finish
