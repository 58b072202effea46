# SPDX-License-Identifier: Apache-2.0
# tokens.sh - several accounts that speak to the API over HTTPS.
# shellcheck shell=bash
#
# usage: . tests/integration/lib.sh; . tests/integration/tokens.sh; with CERT
# and PORT set: account NAME ORG CAPABILITIES; get JQ NAME PATH; status NAME PATH

# Services approve here in the place of people, who would have to show that they
# are there (t1107).
# shellcheck disable=SC2034 # lib.sh reads it
STEP_UP=0

# account NAME ORG CAPABILITIES - a service with a token, in $WORK/NAME.token.
account() {
	local id
	id=$("$LOEP" --json user add "$1" --org "$2" --kind service \
		--capabilities "$3" | jq -r .id)
	"$LOEP" --json user token add "$1" --account "$id" --capabilities "$3" |
		jq -r .token >"$WORK/$1.token"
}
# as NAME PATH [CURL OPTIONS] - the answer, and behind it the status.
as() {
	local who=$1 path=$2
	shift 2
	curl -sS --cacert "$CERT" -w '\n%{http_code}' \
		-H "Authorization: Bearer $(cat "$WORK/$who.token")" \
		-H "Content-Type: ${TYPE:-application/json}" "$@" \
		"https://localhost:$PORT/api/v1$path"
}
status() {
	as "$@" | tail -1
}
get() {
	local what=$1
	shift
	as "$@" | sed '$d' | jq -r "$what"
}
