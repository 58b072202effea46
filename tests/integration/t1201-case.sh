#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Work on cases over HTTPS: two analysts, an administrator, two organisations.
# Who may do what, in which order, and what nobody else ever sees.
. "$(dirname "$0")/lib.sh"
python3 -c 'import yaml, jsonschema' 2>/dev/null ||
	skip_all 'python3-yaml or python3-jsonschema is not installed'
CONF='[store]\nsecond_factor = nobody\n[web]\nlisten = 127.0.0.1:0\naddress_requests = 100000\naddress_burst = 100000\naccount_requests = 100000\naccount_burst = 100000'
loep_start
CERT=$STATE/tls/cert.pem
PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log")
URL=https://localhost:$PORT
PASSWORD='seven cold lamps under a bridge'
OPENAPI=orchestrator/web/openapi.yaml

# person NAME ORG CAPABILITIES - an account that is logged in; its id is
# printed, its session is $WORK/NAME.{jar,csrf}.
person() {
	local account
	account=$("$LOEP" --json user add "$1" ${2:+--org "$2"} --login "$1" \
		--capabilities "$3" | jq -r .id)
	"$LOEP" --json user invite "$account" | jq --arg p "$PASSWORD" \
		'{invitation: .token, password: $p}' |
		curl -sS --cacert "$CERT" -H 'Content-Type: application/json' \
			-o /dev/null --data-binary @- "$URL/api/v1/invitations/accept"
	jq -n --arg l "$1" --arg p "$PASSWORD" '{login: $l, password: $p}' |
		curl -sS --cacert "$CERT" -c "$WORK/$1.jar" \
			-H 'Content-Type: application/json' --data-binary @- \
			"$URL/api/v1/login" | jq -r .csrf >"$WORK/$1.csrf"
	echo "$account"
}

# as NAME METHOD PATH [BODY] - the status; the answer is in $WORK/body.
as() {
	local name=$1 method=$2 path=$3
	local body=(-H 'Content-Type: application/json' --data-binary "${4:-}")
	[ $# -ge 4 ] || body=()
	[ "$method" = GET ] || [ $# -ge 4 ] ||
		body=(-H 'Content-Type: application/json' -d '{}')
	curl -sS --cacert "$CERT" -b "$WORK/$name.jar" -X "$method" \
		-H "X-CSRF-Token: $(cat "$WORK/$name.csrf")" "${body[@]}" \
		-o "$WORK/body" -w '%{http_code}' "$URL/api/v1$path"
}

# the JQ - of the last answer.
the() {
	jq -r "$1" "$WORK/body"
}

# fits METHOD TEMPLATE STATUS - the last answer is as described.
fits() {
	python3 tests/integration/check_schema.py "$OPENAPI" "$1" "$2" "$3" \
		<"$WORK/body"
}

# file NAME SUBMISSION BYTES - hands in a file; prints the artefact.
file() {
	curl -sS --cacert "$CERT" -b "$WORK/$1.jar" \
		-H "X-CSRF-Token: $(cat "$WORK/$1.csrf")" \
		-H 'Content-Type: application/octet-stream' --data-binary "$3" \
		"$URL/api/v1/submissions/$2/files?filename=lamp" |
		jq -r .artefact
}

STAFF='read_all_orgs analyse claim verdict approve_report'
WATER=$("$LOEP" --json org add Water --class C1 | jq -r .id)
POWER=$("$LOEP" --json org add Power --class C2 | jq -r .id)
AN=$(person an '' "$STAFF")
BERT=$(person bert '' "$STAFF")
person rita '' 'read_all_orgs metrics_read' >/dev/null
person boss '' 'manage_staff manage_policy' >/dev/null
person wim "$WATER" 'submit withdraw' >/dev/null
person pol "$POWER" 'submit' >/dev/null

is "a case" "$(as wim POST /cases '{"title":"<script>alert(1)</script> lamps","severity":"high"}')" 201
NUMBER=$(the .number)
as wim POST "/cases/$NUMBER/submissions" '{}' >/dev/null
is "is received" "$(as wim GET "/cases/$NUMBER"; the .stage)" "200received"
SUBMISSION=$(as wim GET "/cases/$NUMBER/submissions" >/dev/null; the '.items[0].id')
ARTEFACT=$(file wim "$SUBMISSION" 'bytes of a lamp')
is "then checked" "$(as wim GET "/cases/$NUMBER"; the .stage)" "200checking"

# --- the queue, and who has a case ---
is "the queue" "$(as an GET '/queue?owner=none')" 200
ok "as described" fits GET /api/v1/queue 200
is "holds it" "$(the '.items[0].number')" "$NUMBER"
is "with its severity" "$(the '.items[0].severity')" high
for who in wim pol boss; do
	is "the queue is not $who's" "$(as $who GET /queue)" 403
	is "nor the staff" "$(as $who GET /staff)" 403
done
is "two who may work" "$(as an GET /staff; the '[.items[].name] - ["administrator"] | join(" ")')" "200an bert"
is "An claims" "$(as an POST "/cases/$NUMBER/claim")" 200
ok "as described" fits POST '/api/v1/cases/{case}/claim' 200
is "it is in analysis" "$(the .stage)" analysing
is "Bert cannot" "$(as bert POST "/cases/$NUMBER/claim")" 409
like "and hears who has it" "$(the .detail)" '^an works on it'
for who in rita wim boss; do
	is "nor $who" "$(as $who POST "/cases/$NUMBER/claim")" 403
done
is "for another organisation there is no such case, or no such right" \
	"$(as pol POST "/cases/$NUMBER/claim")" 403
is "two at once: one of them" "$(
	as an POST "/cases/$NUMBER/unclaim" >/dev/null
	for who in an bert; do
		curl -sS --cacert "$CERT" -b "$WORK/$who.jar" -X POST -d '{}' \
			-H "X-CSRF-Token: $(cat "$WORK/$who.csrf")" \
			-H 'Content-Type: application/json' -o /dev/null \
			-w '%{http_code}\n' \
			"$URL/api/v1/cases/$NUMBER/claim" &
	done | sort
	wait
)" "$(printf '200\n409')"
as an GET "/cases/$NUMBER" >/dev/null
HOLDER=$(the .owner_name)
OTHER=$([ "$HOLDER" = an ] && echo "$BERT" || echo "$AN")
is "handed over" "$(as an POST "/cases/$NUMBER/handover" "{\"to\":\"$OTHER\",\"note\":\"my shift ends\"}")" 200
is "not to who may not" "$(as an POST "/cases/$NUMBER/handover" '{"to":"01900000-0000-7000-8000-000000000000","note":"x"}')" 404
is "and it is kept" "$(as rita GET "/cases/$NUMBER/handovers"; the '.items[0].note')" "200my shift ends"
ok "as described" fits GET '/api/v1/cases/{case}/handovers' 200
as an POST "/cases/$NUMBER/handover" "{\"to\":\"$AN\",\"note\":\"mine\"}" >/dev/null

# --- said of a case, under a lock ---
as an GET "/cases/$NUMBER" >/dev/null
ok "a case is as described" fits GET '/api/v1/cases/{case}' 200
VERSION=$(the .version)
is "An says what it is" "$(as an POST "/cases/$NUMBER" "{\"version\":$VERSION,\"rsit_class\":\"malicious-code\",\"severity\":\"critical\",\"notification_kind\":\"mandatory\",\"aware_at\":\"2026-01-30T12:00:00Z\"}")" 200
ok "as described" fits POST '/api/v1/cases/{case}' 200
is "beside the submitter's word" "$(the '.severity + " " + .severity_submitter')" "critical high"
is "Bert was too late" "$(as bert POST "/cases/$NUMBER" "{\"version\":$VERSION,\"title\":\"x\"}")" 409
is "and hears so" "$(the .type)" urn:loep:problem:stale
is "a word that is none" "$(as an POST "/cases/$NUMBER" "{\"version\":$((VERSION + 1)),\"rsit_class\":\"magic\"}")" 400
is "what it was is not the submitter's to say" "$(as wim POST "/cases/$NUMBER" "{\"version\":$((VERSION + 1)),\"rsit_class\":\"other\"}")" 403
is "found by the beginning of a word" "$(as wim GET '/cases?q=lam'; the '.items | length')" 2001
is "not by others" "$(as pol GET '/cases?q=lam'; the '.items | length')" 2000
is "clocks" "$(as an GET "/cases/$NUMBER/clocks"; the '[.items[] | select(.name == "nis2_notification") | .due_at + " " + .state] | first')" \
	"2002026-02-02T12:00:00.000000Z overdue"
ok "as described" fits GET '/api/v1/cases/{case}/clocks' 200
is "the CSIRT's own are not shown" "$(as wim GET "/cases/$NUMBER/clocks"; the '[.items[].name] | map(select(. == "report")) | length')" 2000

# --- messages and notes ---
HOSTILE='<img src=x onerror=alert(1)>\u001b[2J\u202e\\'
is "Wim asks" "$(as wim POST "/cases/$NUMBER/messages" "{\"text\":\"$HOSTILE\"}")" 201
ok "as described" fits POST '/api/v1/cases/{case}/messages' 201
is "An sees one unread" "$(as an GET /queue; the '.items[0].unread')" 2001
is "as it was written" "$(as an GET "/cases/$NUMBER/messages"; the '.items[0].text' | xxd -p)" \
	"200$(printf '<img src=x onerror=alert(1)>\033[2J\342\200\256\\\n' | xxd -p)"
ok "as described" fits GET '/api/v1/cases/{case}/messages' 200
like "on a terminal it does nothing" "$("$LOEP" case messages "$NUMBER" | cat -v)" '\\x1b\[2J'
is "An answers" "$(as an POST "/cases/$NUMBER/messages" '{"text":"We look into it."}')" 201
is "and reads" "$(as an POST "/cases/$NUMBER/messages/read")" 204
is "Wim hears the organisation" "$(as wim GET "/cases/$NUMBER/messages"; the '.items[1] | .from + "," + (.from_name // "nobody")')" "200Test CSIRT,nobody"
is "others hear nothing" "$(as pol GET "/cases/$NUMBER/messages")" 404
is "nor write" "$(as pol POST "/cases/$NUMBER/messages" '{"text":"x"}')" 404
is "an empty one" "$(as wim POST "/cases/$NUMBER/messages" '{"text":" "}')" 400
head -c 1048576 /dev/zero | tr '\0' 'a' | sed 's/^/{"text":"/; s/$/"}/' >"$WORK/long"
is "a megabyte" "$(as wim POST "/cases/$NUMBER/messages" @"$WORK/long")" 413
printf '{"text":"\377\376"}' >"$WORK/bad"
is "what is no UTF-8" "$(as wim POST "/cases/$NUMBER/messages" @"$WORK/bad")" 400
is "An notes" "$(as an POST "/cases/$NUMBER/notes" '{"text":"SECRETNOTE"}')" 201
ok "as described" fits POST '/api/v1/cases/{case}/notes' 201
is "Rita reads it" "$(as rita GET "/cases/$NUMBER/notes"; the '.items[0].text')" "200SECRETNOTE"
is "but writes none" "$(as rita POST "/cases/$NUMBER/notes" '{"text":"x"}')" 403
is "for Wim there are none" "$(as wim GET "/cases/$NUMBER/notes")" 404
cp "$WORK/body" "$WORK/notes"
is "as for a case that is not there" \
	"$(jq -c 'del(.instance)' "$WORK/notes")" \
	"$(as wim GET /cases/01900000-0000-7000-8000-000000000000/notes >/dev/null; the 'del(.instance)' | jq -c .)"

# --- tasks ---
is "a task" "$(as an POST "/cases/$NUMBER/tasks" "{\"text\":\"SECRETTASK\",\"assignee\":\"$BERT\",\"due_at\":\"2030-01-01T00:00:00Z\"}")" 201
ok "as described" fits POST '/api/v1/cases/{case}/tasks' 201
TASK=$(the .id)
is "open ones are counted" "$(as bert GET /queue; the '.items[0].tasks_open')" 2001
is "Bert does it" "$(as bert POST "/tasks/$TASK" '{"state":"done"}')" 200
ok "as described" fits POST '/api/v1/tasks/{id}' 200
is "and it is not counted" "$(as bert GET /queue; the '.items[0].tasks_open')" 2000
is "for Wim there are none" "$(as wim GET "/cases/$NUMBER/tasks")" 404
is "nor for Pol" "$(as pol POST "/tasks/$TASK" '{"state":"open"}')" 403

# --- verdicts: four eyes ---
VERDICT='{"value":"malicious","confidence":"high","reason":"SECRETVERDICT"}'
for who in rita boss wim pol; do
	is "no verdict by $who" "$(as $who POST "/artefacts/$ARTEFACT/verdicts" "$VERDICT")" 403
done
is "An's verdict" "$(as an POST "/artefacts/$ARTEFACT/verdicts" "$VERDICT")" 201
ok "as described" fits POST '/api/v1/artefacts/{artefact}/verdicts' 201
ID=$(the .id)
is "not confirmed by An" "$(as an POST "/verdicts/$ID/confirm")" 403
for who in rita boss wim pol; do
	is "nor by $who" "$(as $who POST "/verdicts/$ID/confirm")" 403
done
is "but by Bert" "$(as bert POST "/verdicts/$ID/confirm"; the .confirmed_by_name)" 200bert
ok "as described" fits POST '/api/v1/verdicts/{id}/confirm' 200
is "once" "$(as bert POST "/verdicts/$ID/confirm")" 409
is "the case has it" "$(as an GET "/cases/$NUMBER"; the '.verdict + " " + (.verdict_confirmed | tostring)')" "200malicious true"
is "Wim not" "$(as wim GET "/cases/$NUMBER"; the .verdict)" 200null
is "nor the list of them" "$(as wim GET "/artefacts/$ARTEFACT/verdicts")" 404

# --- stages ---
is "declined without a reason" "$(as an POST "/cases/$NUMBER/stage" '{"stage":"declined"}')" 400
is "closed" "$(as an POST "/cases/$NUMBER/stage" '{"stage":"closed"}')" 200
is "Wim does not open it" "$(as wim POST "/cases/$NUMBER/stage" '{"stage":"analysing","reason":"more"}')" 403
is "Wim reads what happened" "$(as wim GET "/cases/$NUMBER/history"; the '[.items[].action] | map(select(startswith("stage"))) | join(" ")')" \
	"200stage_checking stage_analysing stage_closed"
ok "as described" fits GET '/api/v1/cases/{case}/history' 200
is "An reads more" "$(as an GET "/cases/$NUMBER/history"; the '[.items[].action] | contains(["claimed", "note", "verdict"])')" 200true

# Whatever Wim and Pol may ask for, nothing of the staff's is in it.
for who in wim pol; do
	for path in "/cases" "/cases/$NUMBER" "/cases/$NUMBER/messages" \
		"/cases/$NUMBER/notes" "/cases/$NUMBER/tasks" \
		"/cases/$NUMBER/history" "/cases/$NUMBER/handovers" \
		"/cases/$NUMBER/clocks" "/cases/$NUMBER/artefacts" \
		"/cases/$NUMBER/findings" "/cases/$NUMBER/jobs" \
		"/artefacts/$ARTEFACT" "/artefacts/$ARTEFACT/verdicts" \
		"/cases/$NUMBER/reports" "/cases/$NUMBER/submissions" \
		"/cases?q=secret" "/statistics" "/queue"; do
		as $who GET "$path" >/dev/null
		cat "$WORK/body"
	done
done >"$WORK/seen"
is "nothing of the staff's leaks" "$(grep -c -i -e SECRET -e "$AN" -e "$BERT" -e 'my shift' "$WORK/seen")" 0

# --- statistics ---
is "what today brought" "$(as rita GET '/statistics?days=2'; the '.items[1] | "\(.opened) \(.closed) \(.artefacts)"')" "2001 1 1"
ok "as described" fits GET /api/v1/statistics 200
is "not for Wim" "$(as wim GET /statistics)" 403

# --- by the command, by one person alone ---
ok "the command: open it again" "$LOEP" case stage "$NUMBER" analysing --reason 'more came'
ok "note" "$LOEP" case note "$NUMBER" "a line"
like "notes" "$("$LOEP" case notes "$NUMBER")" 'a line'
ok "task" "$LOEP" case task "$NUMBER" "look again" --due 2030-01-01T00:00:00Z
like "tasks" "$("$LOEP" case tasks "$NUMBER")" 'look again'
ok "set" "$LOEP" case set "$NUMBER" --title "Lamps" --malicious yes
like "queue" "$("$LOEP" queue)" "$NUMBER +Lamps +Water"
like "queue staff" "$("$LOEP" queue staff)" bert
like "statistics" "$("$LOEP" queue statistics --days 1)" waiting
like "history" "$("$LOEP" case history "$NUMBER")" stage_closed
like "clocks" "$("$LOEP" case clocks "$NUMBER")" 'nis2_final'
ok "verdict" "$LOEP" artefact verdict "$ARTEFACT" benign --reason 'it is a lamp'
fails "not confirmed alone" 77 "$LOEP" artefact confirm \
	"$("$LOEP" --json artefact verdicts "$ARTEFACT" | jq -r '.[0].id')"
# --- two cases become one, and one becomes two ---
as wim POST /cases '{"title":"the same lamps"}' >/dev/null
SECOND=$(the .number)
as wim POST "/cases/$SECOND/submissions" '{}' >/dev/null
SUBMISSION=$(the .id)
MINE=$(file wim "$SUBMISSION" one)
file wim "$SUBMISSION" two >/dev/null
is "not by Wim" "$(as wim POST "/cases/$SECOND/merge" "{\"into\":\"$NUMBER\",\"reason\":\"x\"}")" 403
is "nor into what is not there" "$(as an POST "/cases/$SECOND/merge" '{"into":"01900000-0000-7000-8000-000000000000","reason":"x"}')" 404
NEW=$("$LOEP" --json case split "$SECOND" "$MINE" --title 'Other lamps' --reason 'two events' | jq -r .number)
is "split: the part has its own number" "$(as wim GET "/cases/$NEW"; the '"\(.split_from) \(.artefacts)"')" "200$SECOND 1"
ok "as described" fits GET '/api/v1/cases/{case}' 200
fails "a merge is said twice" 64 "$LOEP" case merge "$SECOND" "$NUMBER" --reason 'one event'
fails "nor is somebody else's case merged" 1 "$LOEP" case merge "$SECOND" "$NUMBER" --reason 'one event' --yes
ok "it is handed over" "$LOEP" case handover "$NUMBER" --note 'to merge it' --to \
	"$("$LOEP" --json queue staff | jq -r '.[] | select(.name == "administrator") | .id')"
ok "merge" "$LOEP" case merge "$SECOND" "$NUMBER" --reason 'one event' --yes
is "the old number leads to the new one" "$(as wim GET "/cases/$SECOND"; the .number)" "200$NUMBER"
is "for its own submitter alone" "$(as pol GET "/cases/$SECOND")" 404
like "which reads of it" "$(as wim GET "/cases/$NUMBER/history"; cat "$WORK/body")" '"merged"'
fails "no text" 64 "$LOEP" case note "$NUMBER"
fails "no such verb" 64 "$LOEP" case dance "$NUMBER"
fails "malicious is yes or no" 64 "$LOEP" case set "$NUMBER" --malicious maybe
finish
