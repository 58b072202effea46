#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Several identity providers: whose sign-in it is, where it leads, what it
# proves, whom nobody knows, and what is heard once.
. "$(dirname "$0")/lib.sh"
. tests/integration/oidc/provider.sh
provider_ports
FIRST=http://localhost:$AT
OURS=$PORT
provider_ports
SECOND=http://localhost:$AT
URL=https://localhost:$OURS
JAR=$WORK/jar
THERE=$WORK/there
stop_all() {
	kill "$ONE" 2>/dev/null
	provider_stop
}
trap stop_all EXIT

# web METHOD PATH [CURL OPTIONS...] - of the service, with this browser's jar.
web() {
	local method=$1 path=$2
	shift 2
	curl -sS --max-time 60 --cacert "$CERT" -X "$method" -b "$JAR" -c "$JAR" \
		-H 'Content-Type: application/json' -H "X-CSRF-Token: ${CSRF:-}" "$@" \
		"$URL/api/v1$path"
}
status() {
	web "$@" -D "$WORK/head" -o "$WORK/body" -w '%{http_code}'
}
problem() {
	jq -r '.type | sub("urn:loep:problem:"; "")' "$WORK/body"
}
# away [QUERY] - where the service sends this browser.
away() {
	web GET "/oidc/start${1:+?$1}" -o "$WORK/body" -w '%{redirect_url}'
}
# there FORM ADDRESS - signs in at the provider; where it sends the browser.
# FORMS: how often it asked for a name.
there() {
	local form=$1 at=$2 i
	echo 0 >"$WORK/forms"
	for ((i = 0; i < 6; i++)); do
		case $at in
		*/interaction/*)
			set -- --data "$form"
			echo $(($(cat "$WORK/forms") + 1)) >"$WORK/forms"
			;;
		*) set -- ;;
		esac
		at=$(curl -sS --max-time 60 -b "$THERE" -c "$THERE" \
			-o "$WORK/there.body" -w '%{redirect_url}' "$@" "$at")
		[ -n "$at" ] || break
		case $at in "$URL"/*)
			echo "$at"
			return
			;;
		esac
	done
	diag "the provider: $(head -c 300 "$WORK/there.body")"
}
back() { # ADDRESS - comes back as a browser; the status
	status GET "${1#"$URL/api/v1"}" -H 'Accept: text/html,*/*'
}
comes() { # ADDRESS - as a program does; status and problem
	local code
	code=$(status GET "${1#"$URL/api/v1"}")
	echo "$code $(problem)"
}
sign_in() { # FORM [QUERY] - all of it; the status of the last page
	back "$(there "$1" "$(away "${2:-}")")"
}
csrf() {
	CSRF=$(web GET /whoami -D - -o /dev/null | tr -d '\r' |
		sed -n 's/^[Xx]-[Cc][Ss][Rr][Ff]-[Tt]oken: //p')
}
whose() {
	web GET /whoami | jq -r .account
}

ISSUER=$FIRST
provider RS256
ONE=$PROVIDER
ISSUER=$SECOND
provider RS256
# shellcheck disable=SC2034 # lib.sh reads it
STEP_UP=2
CONF="[web]\nlisten = 127.0.0.1:$OURS\n[store]\nsecond_factor = nobody\n\
[oidc]\nissuer = $FIRST\nclient_id = loep\nclient_secret_file = $WORK/secret\n\
redirect_uri = $URL/api/v1/oidc/callback\nlabel = First\nstrangers = wait\n\
[oidc.acme]\nissuer = $SECOND\nclient_id = loep\nclient_secret_file = $WORK/secret\n\
redirect_uri = $URL/api/v1/oidc/callback\nlabel = Acme"
loep_start
CERT=$STATE/tls/cert.pem
for ((i = 0; i < 300; i++)); do
	[ "$(web GET /oidc/providers | jq -c '[.items[].is_available]')" = '[true,true]' ] && break
	sleep 0.1
done
is "both are shown" "$(web GET /oidc/providers | jq -c '[.items[] | [.name, .label, .issuer]]')" \
	"[[\"oidc\",\"First\",\"$FIRST\"],[\"acme\",\"Acme\",\"$SECOND\"]]"
AN=$("$LOEP" --json user add "An" --capabilities submit | jq -r .id)
BO=$("$LOEP" --json user add "Bo" --capabilities submit | jq -r .id)
"$LOEP" user oidc "$AN" an-there
api "/accounts/$BO/oidc" -H 'Content-Type: application/json' \
	-d '{"subject":"an-there","provider":"acme"}'
is "of none that is there" "$(status GET '/oidc/start?provider=other')" 404

# The same subject at two providers is two people.
is "at the first" "$(sign_in login=an-there)" 200
is "it is An" "$(whose)" "$AN"
cp "$JAR" "$WORK/an.jar"
rm -f "$JAR"
is "at the second" "$(sign_in login=an-there provider=acme)" 200
is "it is Bo" "$(whose)" "$BO"
rm -f "$JAR"
COMING=$(there login=an-there "$(away provider=acme)")
is "the first one's word for the second's" "$(comes "$(sed \
	"s/iss=[^&]*/iss=$(jq -rn --arg i "$FIRST" '$i | @uri')/" <<<"$COMING")")" \
	"403 provider-not-trusted"

# Where it leads: pages of ours alone.
while read -r to page; do
	rm -f "$JAR"
	is "wanted: $to" "$(sign_in login=an-there "to=$(jq -rn --arg t "$to" '$t | @uri')")" 200
	like "led to $page" "$(cat "$WORK/body")" "http-equiv=\"refresh\" content=\"0; url=$page\""
done <<'PAGES'
/cases/BE-1?tab=files&x=1 /cases/BE-1\?tab=files&amp;x=1
//evil.example/ /
/\evil.example /
https://evil.example/ /
javascript:alert(1) /
/"><script>alert(1)</script> /
/api/v1/whoami /
PAGES

# A new sign-in there shows who has the session here.
cp "$WORK/an.jar" "$JAR"
csrf
sleep 2.5
unlink_own() {
	status POST /oidc/unlink -d '{}'
}
is "it was a while ago" "$(unlink_own) $(problem)" "403 step-up"
is "where it can be shown" "$(jq -c '[.how, .provider]' "$WORK/body")" '[["provider"],"oidc"]'
GOING=$(web POST /proof/oidc -d '{}' | jq -r .url)
like "a new one is asked for" "$GOING" '&prompt=login&max_age=2$'
COMING=$(there login=an-there "$GOING")
is "though they are signed in there" "$(cat "$WORK/forms")" 1
cp "$JAR" "$WORK/before.jar"
rm -f "$JAR"
is "in another browser" "$(comes "$COMING")" "400 sign-in-over"
cp "$WORK/before.jar" "$JAR"
is "in this one" "$(back "$COMING")" 200
like "it leads to a page that tells the other" "$(cat "$WORK/body")" 'url=/proved'
is "now it is another reason" "$(unlink_own) $(problem)" "409 conflict"
is "the same session" "$(whose)" "$AN"
is "it is good once" "$(comes "$COMING")" "400 sign-in-over"
prove() { # FORM - status and problem
	comes "$(there "$1" "$(web POST /proof/oidc -d '{}' | jq -r .url)")"
}
sleep 2.5
is "a sign-in of an hour ago" "$(prove 'login=an-there&trick=long_ago')" "403 sign-in-old"
is "one that says no time" "$(prove 'login=an-there&trick=timeless')" "403 sign-in-old"
is "nothing was shown" "$(unlink_own) $(problem)" "403 step-up"

# What the provider says is heard once.
hear() { # ISSUER TRICK
	curl -sS --max-time 60 --cacert "$CERT" -o "$WORK/body" -w '%{http_code}' \
		--data-urlencode "logout_token=$(curl -sS "$1/forge/$2?sub=an-there")" \
		"$URL/api/v1/oidc/backchannel-logout"
}
is "the second one's, of that name" "$(hear "$SECOND" good)" 200
is "ends nothing of the first's" "$(whose)" "$AN"
is "without an id" "$(hear "$FIRST" no_id)" 400
is "An is still in" "$(whose)" "$AN"
is "with one" "$(hear "$FIRST" again)" 200
is "they are out" "$(status GET /whoami)" 401
rm -f "$JAR"
is "and in again" "$(sign_in login=an-there)" 200
is "the same id again" "$(hear "$FIRST" again)" 400
is "ends nothing" "$(whose)" "$AN"
is "another provider may have it, too" "$(hear "$SECOND" again)" 200

# Whom nobody knows.
rm -f "$JAR" "$THERE"
is "a stranger waits" "$(sign_in login=cy-there provider=acme)" 403
CODE=$(grep -oE '[A-Z2-7]{4}-[A-Z2-7]{4}' "$WORK/body" | head -n 1)
like "with a code" "$CODE" '^[A-Z2-7]{4}-[A-Z2-7]{4}$'
is "and no session" "$(status GET /whoami)" 401
is "the same one the next time" "$(sign_in login=cy-there provider=acme) $(grep -c "$CODE" "$WORK/body")" "403 1"
is "administrators see them" "$(api /oidc/strangers | jq -c '[.items[] | [.code, .issuer, .subject]]')" \
	"[[\"$CODE\",\"$SECOND\",\"cy-there\"]]"
like "so does the command" "$("$LOEP" user waiting)" "$CODE .*$SECOND .*cy-there"
ORG=$("$LOEP" --json org add "Water Company" --class C2 | jq -r .id)
take_in() {
	api /oidc/strangers/accept -H 'Content-Type: application/json' -o "$WORK/body" \
		-w '%{http_code}' -d "{\"code\":\"$1\",\"org\":\"$ORG\",\"name\":\"Cy\",\"capabilities\":\"submit\"}"
}
is "a code that is none" "$(take_in AAAA-AAAA)" 404
is "theirs, as it is typed" "$(take_in "$(tr '[:upper:]' '[:lower:]' <<<"$CODE")")" 201
CY=$(jq -r .id "$WORK/body")
is "once" "$(take_in "$CODE")" 404
is "they are in" "$(sign_in login=cy-there provider=acme)" 200
is "as that account" "$(whose)" "$CY"
is "of that organisation" "$(web GET /whoami | jq -r .org)" "$ORG"

rm -f "$JAR" "$THERE"
sign_in login=di-there >/dev/null
CODE=$(grep -oE '[A-Z2-7]{4}-[A-Z2-7]{4}' "$WORK/body" | head -n 1)
ok "somebody is turned away" "$LOEP" user turn-away "$CODE"
is "and hears it" "$(comes "$(there login=di-there "$(away)")")" "403 not-taken-in"
fails "nobody takes them in any more" 1 "$LOEP" user take "$CODE" "Di"
sign_in login=ed-there >/dev/null
rm -f "$THERE"
sign_in login=ed-there >/dev/null
CODE=$(grep -oE '[A-Z2-7]{4}-[A-Z2-7]{4}' "$WORK/body" | head -n 1)
ok "another is taken in by the command" "$LOEP" user take "$CODE" "Ed" --org "$ORG"
rm -f "$THERE"
is "and in" "$(sign_in login=ed-there)" 200
is "without any right" "$(web GET /whoami | jq -r .capabilities)" ""

# One is gone: the other goes on.
provider_stop
rm -f "$JAR" "$THERE"
is "the first goes on" "$(sign_in login=an-there)" 200
COMING=$(comes "$URL/api/v1/oidc/callback?state=x")
is "without a state" "$COMING" "400 sign-in-over"
stop_all
finish
