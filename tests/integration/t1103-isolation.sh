#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Organisations over HTTPS: none learns of another, on any route, whatever the
# way in and whatever its people may hold.
. "$(dirname "$0")/lib.sh"
. tests/integration/pki.sh
python3 -c 'import yaml' 2>/dev/null || skip_all 'python3-yaml is not installed'
# Or tokens and certificates would be told to show that somebody is there.
# shellcheck disable=SC2034 # lib.sh reads it
STEP_UP=0
authority own
key robot
sign robot own client -days 10
# Whoever may not see it is asked for nothing more: proofs have a test of their
# own (test_proof).
# shellcheck disable=SC2034 # lib.sh reads it
STEP_UP=0
CONF="[store]\nsecond_factor = nobody\n[review]\nsingle_person = yes\n[web]\nlisten = 127.0.0.1:0\nclient_ca = $PKI/own.pem\naddress_requests = 100000\naddress_burst = 100000\naccount_requests = 100000\naccount_burst = 100000"
loep_init
"$LOEP" --quiet pgp-key --user-id "CERT <cert@cert.example>" >/dev/null
loep_run
CERT=$STATE/tls/cert.pem
PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log")
URL=https://localhost:$PORT
PASSWORD='seven cold lamps under a bridge'
ALL=$(api /whoami | jq -r .capabilities)
# All that who is of an operator may hold, ...
OPERATOR="submit analyse run_vm download_sample audit_read manage_org_users withdraw"
# ... of another CSIRT: but for read_all_orgs, to which nothing is foreign, and
# manage_keys, to which no key is, ...
ANALYST=$(tr ' ' '\n' <<<"$ALL" | grep -vxE 'read_all_orgs|manage_staff|manage_keys' |
	paste -sd' ')
# ... and beside the accounts of all.
ADMINISTRATOR=$(tr ' ' '\n' <<<"$ALL" | grep -xE 'manage_.*|.*_policy|.*_crisis|.*_read' |
	grep -vx 'manage_rules' | paste -sd' ')

TYPE=application/json

# member NAME PATH [CURL OPTIONS] - a member of an answer.
member() {
	local name=$1 path=$2
	shift 2
	curl -sS --cacert "$CERT" -b "$JAR" -H "X-CSRF-Token: $CSRF" \
		-H "Content-Type: $TYPE" "$@" "$URL/api/v1$path" |
		jq -r "$name"
}

# cookie - the session's, as a header has it.
cookie() {
	awk '/__Host/ {print $6 "=" $7}' "$JAR"
}

# settle NAME CLASS CAPABILITIES - an organisation with a person, a case and one
# of each thing; its ids go to $WORK/NAME.json.
settle() {
	local class=$2 words=$3 org account number submission artefact job run report token upload
	local verdict task deletion exception mail session sha256 name disclosure hook
	local sealed unseal key
	org=$("$LOEP" --json org add "$1" --class "$class" | jq -r .id)
	account=$("$LOEP" --json user add "$1" --org "$org" --login "$1" \
		--capabilities "$words" | jq -r .id)
	"$LOEP" --json user invite "$account" | jq --arg p "$PASSWORD" \
		'{invitation: .token, password: $p}' |
		curl -sS --cacert "$CERT" -H 'Content-Type: application/json' \
			-o /dev/null --data-binary @- \
			"$URL/api/v1/invitations/accept"
	JAR=$WORK/$1.jar
	CSRF=
	CSRF=$(jq -n --arg l "$1" --arg p "$PASSWORD" \
		'{login: $l, password: $p}' | curl -sS --cacert "$CERT" \
		-c "$JAR" -H 'Content-Type: application/json' \
		--data-binary @- "$URL/api/v1/login" | jq -r .csrf)
	# Who has an address gets mails: rows of the outbox.
	member . /account -d "{\"mail\":\"$1@example.org\"}" >/dev/null
	number=$(member .number /cases -d '{"title":"lamps"}')
	submission=$(member .id "/cases/$number/submissions" -d '{}')
	artefact=$(TYPE=application/octet-stream member .artefact \
		"/submissions/$submission/files?filename=lamp" \
		-d 'the same bytes')
	# One that nobody else has.
	name=only-$1-$RANDOM$RANDOM
	sha256=$(printf 'only %s has this' "$1" | sha256sum | cut -d' ' -f1)
	TYPE=application/octet-stream member . \
		"/submissions/$submission/files?filename=$name" \
		-d "only $1 has this" >/dev/null
	for ((i = 0; i < 100; i++)); do
		# One that is not issued only the staff can name.
		report=$("$LOEP" --json report list "$number" |
			jq -r '.[0].id // empty')
		[ -n "$report" ] && break
		sleep 0.2
	done
	# What the staff would give to others of it.
	"$LOEP" report submit "$report" >/dev/null
	for ((i = 0; i < 100; i++)); do
		"$LOEP" report approve "$report" >/dev/null 2>&1 && break
		sleep 0.2
	done
	disclosure=$("$LOEP" --json report export "$report" --to "$RECIPIENT" \
		--format csv --purpose p | jq -r .id)
	run=$(member .id "/artefacts/$artefact/runs" -d '{}')
	job=$("$LOEP" --json job list "$number" | jq -r '.[0].id')
	upload=$(curl -sS --cacert "$CERT" -b "$JAR" -o /dev/null -D - -X POST \
		-H "X-CSRF-Token: $CSRF" -H 'Tus-Resumable: 1.0.0' \
		-H 'Upload-Length: 5' -H 'Upload-Metadata: filename bGFtcA==' \
		"$URL/api/v1/submissions/$submission/uploads" |
		sed -n 's,^Location:.*/uploads/\([0-9a-f-]*\).*,\1,p')
	token=$(member .id /tokens -d '{"name":"t"}')
	session=$(member '.items[0].id' /sessions)
	TOKEN=$(member .token /tokens -d "{\"name\":\"n\",\"capabilities\":\"$words\"}")
	# What the staff keeps for itself about them.
	verdict=$("$LOEP" --json artefact verdict "$artefact" benign \
		--reason r | jq -r .id)
	task=$("$LOEP" --json case task "$number" t | jq -r .id)
	# A message that came encrypted, and who wants to open it.
	openpgp_message >"$WORK/message.pgp"
	sealed=$(TYPE=application/octet-stream member .artefact \
		"/submissions/$submission/files?filename=message" \
		--data-binary "@$WORK/message.pgp")
	for ((i = 0; i < 100; i++)); do
		unseal=$("$LOEP" --json artefact unseal "$sealed" --necessity \
			"nobody knows how they came in" 2>/dev/null |
			jq -r '.id // empty')
		[ -n "$unseal" ] && break
		sleep 0.2
	done
	deletion=$(member .id "/cases/$number/deletion" -d '{"reason":"r"}')
	# Only who is not entitled needs an exception.
	"$LOEP" org set "$org" --class C4 >/dev/null
	"$LOEP" exception propose "$org" --reason r >/dev/null
	"$LOEP" org set "$org" --class "$class" >/dev/null
	exception=$("$LOEP" --json exception list | jq -r --arg o "$org" \
		'[.[] | select(.org == $o)][0].id')
	mail=$("$LOEP" --json outbox list | jq -r --arg n "$number" \
		'[.[] | select(.number == $n)][0].id')
	# An endpoint that wants to hear of the case, and is told something.
	hook=$(member .id /hooks -d '{"url":"https://127.0.0.1:1/",
		"events":["report.available"]}')
	api "/hooks/$hook/approve" -X POST -d '{}' >/dev/null
	api "/hooks/$hook/test" -X POST -d '{}' >/dev/null
	"$BIN/loep-pgp" --make-key "$1 <$1@example.org>" >"$WORK/$1.sec"
	key=$("$BIN/loep-pgp" --show "$WORK/$1.sec" | jq -r '.keys[0].armor' |
		"$LOEP" --json key add - --org "$org" | jq -r .id)
	# Words are found a while after they came.
	for ((i = 0; i < 100; i++)); do
		member '.items | length' "/search?q=$name" | grep -q '^[1-9]' &&
			break
		sleep 0.2
	done
	jq -n --arg disclosure "$disclosure" --arg session "$session" --arg sha256 "$sha256" \
		--arg name "$name" --arg deletion "$deletion" --arg exception "$exception" \
		--arg mail "$mail" --arg hook "$hook" --arg org "$org" --arg account "$account" --arg number "$number" \
		--arg submission "$submission" --arg artefact "$artefact" \
		--arg run "$run" --arg job "$job" --arg report "$report" \
		--arg token "$token" --arg upload "$upload" \
		--arg verdict "$verdict" --arg unseal "$unseal" --arg key "$key" --arg task "$task" '$ARGS.named' >"$WORK/$1.json"
}

RECIPIENT=$("$LOEP" --json recipient list | jq -r '.[0].id')
"$LOEP" recipient set "$RECIPIENT" --version 1 --active yes >/dev/null
settle power C1 "$OPERATOR"
OWNER=$(cookie)
settle water C1 "$OPERATOR"
jq -n --arg cookie "$(cookie)" --arg csrf "$CSRF" --arg token "$TOKEN" \
	'{person: {Cookie: $cookie, "X-CSRF-Token": $csrf},
	token: {Authorization: "Bearer \($token)"}}' >"$WORK/operator.json"
ROBOT=$("$LOEP" --json user add robot --kind service \
	--org "$(jq -r .org "$WORK/water.json")" \
	--capabilities "$OPERATOR" | jq -r .id)
"$LOEP" user cert "$ROBOT" "$PKI/robot.pem" >/dev/null
settle grid CSIRT "$ANALYST"
jq -n --arg cookie "$(cookie)" --arg csrf "$CSRF" \
	'{Cookie: $cookie, "X-CSRF-Token": $csrf}' >"$WORK/analyst.json"
for who in power water grid; do
	is "$who has one of each thing" \
		"$(jq '[del(.task)[] | select(length < 10)] | length' "$WORK/$who.json")" 0
done
ADMIN=$("$LOEP" --json user add office --kind service \
	--org "$(jq -r .org "$WORK/grid.json")" \
	--capabilities "$ADMINISTRATOR" | jq -r .id)
ADMIN=$("$LOEP" --json user token add office --account "$ADMIN" \
	--capabilities "$ADMINISTRATOR" | jq -r .token)

# That is all of what they may hold: nobody gives an operator more.
for word in $(tr ' ' '\n' <<<"$ALL" | grep -vxF "$(tr ' ' '\n' <<<"$OPERATOR")"); do
	fails "$word is for no operator" 77 "$LOEP" user add more \
		--org "$(jq -r .org "$WORK/water.json")" --capabilities "$word"
done
fails "nor has who administers accounts a part in cases" 77 "$LOEP" user add \
	more --capabilities "manage_staff claim"

# A number that is well formed, and nobody's.
UNKNOWN=$(python3 - <<'PY'
digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U"
n = 7 ** 14
while not digits[((2026 << 40) | n) % 37].isalnum():
    n += 1
text = "".join(digits[n >> (35 - 5 * i) & 31] for i in range(8))
print(f"BE-2026-{text[:4]}-{text[4:]}-{digits[((2026 << 40) | n) % 37]}")
PY
)
jq -n --argjson port "$PORT" --arg ca "$CERT" --arg owner "$OWNER" \
	--arg admin "$ADMIN" --arg all "$ALL" --arg pki "$PKI" --arg operator "$OPERATOR" \
	--arg analyst "$ANALYST" --arg administrator "$ADMINISTRATOR" \
	--arg unknown_number "$UNKNOWN" --slurpfile water "$WORK/water.json" \
	--slurpfile foreign "$WORK/power.json" --slurpfile grid "$WORK/grid.json" \
	--slurpfile way "$WORK/operator.json" --slurpfile who "$WORK/analyst.json" \
	'{port: $port, ca: $ca, owner: {headers: {Cookie: $owner}}, askers: {
		"a person": {headers: $way[0].person, own: $water[0], holds: $operator},
		"an analyst of another CSIRT":
			{headers: $who[0], own: $grid[0], holds: $analyst},
		"a token": {headers: $way[0].token, own: $water[0], holds: $operator},
		"a certificate": {headers: {}, cert: "\($pki)/robot.pem",
			key: "\($pki)/robot.key", own: $water[0], holds: $operator},
		"an administrator": {headers: {Authorization: "Bearer \($admin)"},
			own: $grid[0], holds: $administrator,
			sees: ["org", "account", "token", "session", "mail", "hook", "key"]},
		"a stranger": {headers: {}, own: $water[0], holds: ""}},
	all: $all, unknown_number: $unknown_number, foreign: $foreign[0]}' \
	>"$WORK/setting.json"
python3 tests/integration/check_isolation.py orchestrator/web/openapi.yaml \
	"$WORK/setting.json" >"$WORK/isolation" 2>&1
# Its own points, behind ours.
while read -r line; do
	case $line in
	ok* | 'not ok'*)
		N=$((N + 1))
		[ "${line%% *}" = ok ] || FAILED=1
		echo "${line%%[0-9]*}$N - ${line#*- }"
		;;
	1..*) ;;
	*) echo "# $line" ;;
	esac
done <"$WORK/isolation"
ok "the comparison came to its end" grep -q '^1\.\.' "$WORK/isolation"
finish
