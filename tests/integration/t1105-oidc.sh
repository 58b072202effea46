#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Signing in at an identity provider: npm's oidc-provider, over TLS on loopback.
. "$(dirname "$0")/lib.sh"
. tests/integration/oidc/provider.sh
provider_ports
ISSUER=https://localhost:$AT
URL=https://localhost:$PORT
JAR=$WORK/jar
THERE=$WORK/there
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-subj /CN=localhost -addext subjectAltName=DNS:localhost \
	-keyout "$WORK/idp.key" -out "$WORK/idp.pem" 2>/dev/null
trap 'provider_stop; loep_stop; rm -rf "$WORK"' INT TERM

# web METHOD PATH [CURL OPTIONS...] - of the service, with this browser's jar.
web() {
	local method=$1 path=$2
	shift 2
	curl -sS --max-time 60 --cacert "$CERT" -X "$method" -b "$JAR" -c "$JAR" \
		-H 'Content-Type: application/json' "$@" "$URL/api/v1$path"
}

# status METHOD PATH [CURL OPTIONS...] - its status; the body in $WORK/body.
status() {
	web "$@" -D "$WORK/head" -o "$WORK/body" -w '%{http_code}'
}

# away - where the service sends this browser.
away() {
	web GET /oidc/start -o "$WORK/body" -w '%{redirect_url}'
}

# there FORM ADDRESS - signs in at the provider; the address that it sends the
# browser back to.
there() {
	local form=$1 at=$2 i
	rm -f "$THERE"
	for ((i = 0; i < 6; i++)); do
		case $at in
		*/interaction/*) set -- --data "$form" ;;
		*) set -- ;;
		esac
		at=$(curl -sS --max-time 60 --cacert "$WORK/idp.pem" -b "$THERE" \
			-c "$THERE" -o "$WORK/there.body" -w '%{redirect_url}' "$@" "$at")
		[ -n "$at" ] || break
		case $at in "$URL"/*)
			echo "$at"
			return
			;;
		esac
	done
	diag "the provider: $(head -c 300 "$WORK/there.body")"
}

# back ADDRESS [CURL OPTIONS] - comes back; the status.
back() {
	local at=$1
	shift
	status GET "${at#"$URL/api/v1"}" -H 'Accept: text/html,*/*' "$@"
}

# problem ADDRESS - comes back as a program does; status and problem type.
problem() {
	local code
	code=$(status GET "${1#"$URL/api/v1"}")
	echo "$code $(jq -r '.type | sub("urn:loep:problem:"; "")' "$WORK/body")"
}

# sign_in FORM - all of it, as a browser; the status of the last page.
sign_in() {
	back "$(there "$1" "$(away)")"
}

totp() {
	python3 - "$1" "$2" <<'PY'
import base64, hashlib, hmac, struct, sys, time
key = base64.b32decode(sys.argv[1])
step = int(time.time()) // 30 + int(sys.argv[2])
mac = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
at = mac[19] & 15
print("%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff) % 10**6))
PY
}

provider RS256
CONF="[store]\nsecond_factor = staff\n[web]\nlisten = 127.0.0.1:$PORT\n\
[oidc]\nissuer = $ISSUER\nclient_id = loep\nclient_secret_file = $WORK/secret\n\
redirect_uri = $URL/api/v1/oidc/callback\nsigned_out_uri = $URL/\nca_file = $WORK/idp.pem\n\
label = Test & provider"
loep_start
CERT=$STATE/tls/cert.pem
for ((i = 0; i < 300; i++)); do
	[ "$(web GET /oidc/providers | jq '.items[0].is_available')" = true ] && break
	sleep 0.1
done
is "the provider is shown" "$(web GET /oidc/providers | jq -c '.items[0] |
	[.label, .issuer, .is_available, .has_logout]')" "[\"Test & provider\",\"$ISSUER\",true,true]"

ORG=$("$LOEP" --json org add "Water Company" --class C2 | jq -r .id)
AN=$("$LOEP" --json user add "An Peeters" --org "$ORG" --login an \
	--capabilities submit | jq -r .id)
BO=$("$LOEP" --json user add "Bo Claes" --org "$ORG" --login bo \
	--capabilities submit | jq -r .id)

# Nobody's, then An's.
is "nobody is let in by the provider alone" "$(sign_in login=an-there)" 403
like "but told what they are called there" "$(cat "$WORK/body")" \
	'<code>an-there</code>'
is "and has no session" "$(status GET /whoami)" 401
ok "who manages accounts links one" "$LOEP" user oidc "$AN" an-there
fails "one subject is one account" 1 "$LOEP" user oidc "$BO" an-there
GOING=$(away)
like "PKCE, state and nonce go along" "$GOING" \
	"^$ISSUER/auth\?response_type=code&scope=openid&client_id=loep&redirect_uri=https%3A%2F%2Flocalhost%3A$PORT%2Fapi%2Fv1%2Foidc%2Fcallback&state=[A-Za-z0-9_-]{43}&nonce=[A-Za-z0-9_-]{43}&code_challenge=[A-Za-z0-9_-]{43}&code_challenge_method=S256&max_age=43200\$"
COMING=$(there login=an-there "$GOING")
is "An is in" "$(back "$COMING")" 200
like "by a page that goes on by itself" "$(cat "$WORK/body")" \
	'http-equiv="refresh" content="0; url=/"'
like "with the session's strict cookie" "$(cat "$WORK/head")" \
	'[Ss]et-[Cc]ookie: __Host-loep=[A-Za-z0-9_-]{43}; Path=/; Secure; HttpOnly; SameSite=Strict'
is "it is An's" "$(web GET /whoami | jq -r .account)" "$AN"
is "shown in their links" "$(web GET /oidc/links |
	jq -r '.items[0] | "\(.issuer) \(.subject) \(.used != null)"')" \
	"$ISSUER an-there true"
cp "$JAR" "$WORK/an.jar"
is "the same callback again" "$(back "$COMING")" 400
like "is none" "$(cat "$WORK/body")" 'Begin again'
is "a program hears it as a problem" "$(problem "$COMING")" "400 sign-in-over"

# What must not get in.
rm -f "$JAR"
GOING=$(away)
COMING=$(there login=an-there "$GOING")
rm -f "$JAR"
is "another browser than the one that went" "$(back "$COMING")" 400
GOING=$(away)
is "with a cookie of its own" "$(back "$COMING")" 400
NONCE=$(printf 'A%.0s' {1..43})
is "another nonce" "$(back "$(there login=an-there \
	"$(sed "s/nonce=[^&]*/nonce=$NONCE/" <<<"$(away)")")")" 403
like "is a token that is not trusted" "$(cat "$WORK/body")" 'cannot be trusted'
COMING=$(there login=an-there "$(away)")
is "another code" "$(back "$(sed 's/code=[^&]*/code=AAAA/' <<<"$COMING")")" 403
COMING=$(there login=an-there "$(away)")
is "an answer of another issuer" "$(back "$(sed \
	's/iss=[^&]*/iss=https%3A%2F%2Fevil.example/' <<<"$COMING")")" 403
COMING=$(there login=an-there "$(away)")
is "an answer without its issuer" \
	"$(back "$(sed 's/&iss=[^&]*//' <<<"$COMING")")" 403
COMING=$(there cancel=1 "$(away)")
is "the provider says no" "$(back "$COMING")" 403
like "shown as text" "$(cat "$WORK/body")" \
	'access_denied: the person said &lt;b&gt;no&lt;/b&gt;'
is "without a state" "$(back "$URL/api/v1/oidc/callback?error=%3Cscript%3E")" 400
like "nothing of it is shown" "$(grep -c 'script' "$WORK/body")" '^0$'
COMING=$(there login=an-there "$(away)")
is "a sign-in that works" "$(back "$COMING")" 200
rm -f "$JAR"
AGAIN=$(there login=an-there "$(away)")
is "its code again, in another one" "$(problem "$(sed \
	"s/code=[^&]*/code=$(sed 's/.*code=\([^&]*\).*/\1/' <<<"$COMING")/" <<<"$AGAIN")")" \
	"403 provider-not-trusted"

# What the provider itself must not get away with.
while read -r trick why; do
	COMING=$(there "login=an-there&trick=$trick" "$(away)")
	is "a token with $trick" "$(problem "$COMING")" "403 provider-not-trusted"
	like "for that reason" "$(grep 'what the provider sent was not taken' "$WORK/log" | tail -n 1)" "$why"
done <<'TRICKS'
issuer another issued it
audience it is not for us
audiences it is not for us
party it is not for us
nonce it is of another sign-in
expired it has expired
old it is old
future it is from the future
later it is not good yet
nobody it names nobody
kid signed with an unknown key
critical its header asks for more
stranger its signature is not right
own_key its signature is not right
none signed by none of RS256
hmac signed by none of RS256
claims its signature is not right
signature its signature is not right
unsigned its signature is not right
words it has not three parts
no_token it has neither token nor error
html it has neither token nor error
deep it has neither token nor error
TRICKS
COMING=$(there "login=an-there&trick=long" "$(away)")
is "an answer without an end" "$(problem "$COMING")" "503 provider-away"
COMING=$(there "login=an-there&trick=mail" "$(away)")
is "the mail address of somebody here" "$(problem "$COMING")" "403 not-linked"
is "still nobody" "$(status GET /whoami)" 401
"$LOEP" user disable "$AN" >/dev/null
is "a disabled account" "$(sign_in login=an-there)" 403
is "whose session ended, too" "$(curl -sS --cacert "$CERT" -b "$WORK/an.jar" \
	-o /dev/null -w '%{http_code}' "$URL/api/v1/whoami")" 401
"$LOEP" user enable "$AN" >/dev/null

# Signing out, here and there.
leave() { # signs this browser out at the provider
	local page
	page=$(curl -sS --max-time 60 --cacert "$WORK/idp.pem" -b "$THERE" -c "$THERE" "$1")
	curl -sS --max-time 60 --cacert "$WORK/idp.pem" -b "$THERE" -c "$THERE" \
		-o "$WORK/there.body" -w '%{redirect_url}' --data \
		"logout=yes&xsrf=$(sed -n 's/.*name="xsrf" value="\([^"]*\)".*/\1/p' <<<"$page" | head -n 1)" \
		"$ISSUER/session/end/confirm"
}
hear() { # TRICK [QUERY] - the provider, or somebody, says that somebody left
	curl -sS --max-time 60 --cacert "$CERT" -o "$WORK/body" -w '%{http_code}' \
		--data-urlencode "logout_token=$(curl -sS --cacert "$WORK/idp.pem" \
			"$ISSUER/forge/$1?${2-sub=an-there}")" --data more=1 \
		"$URL/api/v1/oidc/backchannel-logout"
}
rm -f "$JAR"
is "An is in again" "$(sign_in login=an-there)" 200
cp "$JAR" "$WORK/first.jar"
cp "$THERE" "$WORK/first.there"
rm -f "$JAR"
is "and in another browser" "$(sign_in login=an-there)" 200
LEAVE=$(web GET /oidc/logout -o "$WORK/body" -w '%{redirect_url}')
is "where one signs out there" "$LEAVE" \
	"$ISSUER/session/end?client_id=loep&post_logout_redirect_uri=https%3A%2F%2Flocalhost%3A$PORT%2F"
is "looking there ends nothing" "$(status GET /whoami)" 200
while read -r trick; do
	is "a logout token with $trick" "$(hear "$trick")" 400
done <<<"$(printf '%s\n' nonce no_event other_event audience issuer old expired nobody stranger type)"
like "is refused as a problem" "$(cat "$WORK/body")" 'urn:loep:problem:provider-not-trusted'
is "none at all" "$(curl -sS --cacert "$CERT" -o "$WORK/body" -w '%{http_code}' \
	--data x=y "$URL/api/v1/oidc/backchannel-logout")" 400
is "of another type" "$(curl -sS --cacert "$CERT" -o "$WORK/body" -w '%{http_code}' \
	-H 'Content-Type: application/json' --data '{"logout_token":"a"}' \
	"$URL/api/v1/oidc/backchannel-logout")" 415
is "somebody else's" "$(hear good sub=bo-there)" 200
is "a session of nobody's" "$(hear good 'sub=an-there&sid=other')" 200
is "An is still in" "$(status GET /whoami)" 200
is "and comes back here after it" "$(leave "$LEAVE")" "$URL/"
is "the provider said it: the session here is over" "$(status GET /whoami)" 401
cp "$WORK/first.jar" "$JAR"
is "that of the other browser is not" "$(status GET /whoami)" 200
is "all of the subject's" "$(hear plain)" 200
is "now it is, too" "$(status GET /whoami)" 401

# An invitation, with the provider in the place of a password.
rm -f "$JAR"
INVITE=$("$LOEP" --json user invite "$BO" | jq -r .token)
GOING=$(web POST /invitations/oidc -d "{\"invitation\":\"$INVITE\"}" | jq -r .url)
is "somebody else's identity is no way in" \
	"$(back "$(there login=an-there "$GOING")")" 409
GOING=$(web POST /invitations/oidc -d "{\"invitation\":\"$INVITE\"}" | jq -r .url)
is "an invitation is accepted there" "$(back "$(there login=bo-there "$GOING")")" 200
is "and Bo is in" "$(web GET /whoami | jq -r .account)" "$BO"
is "it is good once" "$(status POST /invitations/oidc -d \
	"{\"invitation\":\"$INVITE\"}")" 401

# A second factor of one's own; a link of one's own.
csrf() { web GET /whoami -D - -o /dev/null | tr -d '\r' | sed -n 's/^[Xx]-[Cc][Ss][Rr][Ff]-[Tt]oken: //p'; }
CSRF=$(csrf)
is "without a second factor nobody links their own" \
	"$(status POST /oidc/link -H "X-CSRF-Token: $CSRF" -d '{"code":"000000"}')" 409
SECRET=$(web POST /totp -H "X-CSRF-Token: $CSRF" -d '{}' | jq -r .secret)
web POST /totp/confirm -H "X-CSRF-Token: $CSRF" \
	-d "{\"code\":\"$(totp "$SECRET" -1)\"}" >"$WORK/codes"
RECOVERY=$(jq -r '.codes[0]' "$WORK/codes")
rm -f "$JAR"
is "now the provider is half the way" "$(sign_in login=bo-there)" 200
like "to a code" "$(cat "$WORK/body")" 'url=/\?sign-in=code'
is "no session yet" "$(status GET /whoami)" 401
is "a wrong code" "$(status POST /oidc/code -d '{"code":"000000"}')" 401
sleep 1.1
is "the right one" "$(status POST /oidc/code -d \
	"{\"code\":\"$(totp "$SECRET" 0)\"}")" 200
is "in with both" "$(web GET /whoami | jq -r .account)" "$BO"
is "the half is used up" "$(status POST /oidc/code -d \
	"{\"code\":\"$RECOVERY\"}")" 401
"$LOEP" user oidc "$BO" --remove
is "who is unlinked is out" "$(status GET /whoami)" 401
is "and does not get in" "$(sign_in login=bo-there)" 403
"$LOEP" user oidc "$BO" bo-two
is "another identity" "$(sign_in login=bo-two)" 200
web POST /oidc/code -d "{\"code\":\"$RECOVERY\"}" >/dev/null
is "in with it" "$(web GET /whoami | jq -r .account)" "$BO"
is "no password: the link must stay" "$(status POST /oidc/unlink \
	-H "X-CSRF-Token: $(csrf)" -d '{"code":""}')" 409

# Its keys change; it is gone; it is back.
rm -f "$JAR"
sleep 5
provider_stop
provider ES256
is "new keys, another algorithm" "$(sign_in login=an-there)" 200
COMING=$(there login=an-there "$(away)")
provider_stop
is "it goes while somebody is there" "$(back "$COMING")" 503
like "which is said" "$(cat "$WORK/body")" 'cannot be reached now'
PASSWORD='seven cold lamps under a bridge'
INVITE=$("$LOEP" --json user invite "$AN" | jq -r .token)
is "local passwords still work" "$(status POST /invitations/accept -d \
	"{\"invitation\":\"$INVITE\",\"password\":\"$PASSWORD\"}") $(status POST \
	/login -d "{\"login\":\"an\",\"password\":\"$PASSWORD\"}")" "200 200"

# Started while it is away; what it must have asked; and little time.
loep_stop
sed -i 's/^issuer = .*/&\nrequired_acr = urn:test:high\nsign_in_seconds = 2/' \
	"$STATE/loep.conf"
: >"$WORK/log"
loep_run
rm -f "$JAR"
is "away from the start" "$(problem "$URL/api/v1/oidc/start")" "503 provider-away"
is "and shown so" "$(web GET /oidc/providers | jq '.items[0].is_available')" false
provider EdDSA
for ((i = 0; i < 300; i++)); do
	[ "$(web GET /oidc/providers | jq '.items[0].is_available')" = true ] && break
	sleep 0.2
done
COMING=$(there login=bo-two "$(away)")
sleep 2.2
is "who takes too long" "$(back "$COMING")" 400
# More than two seconds are needed for the rest, on a busy machine.
loep_stop
sed -i '/^sign_in_seconds/d' "$STATE/loep.conf"
: >"$WORK/log"
loep_run
for ((i = 0; i < 300; i++)); do
	[ "$(web GET /oidc/providers | jq '.items[0].is_available')" = true ] && break
	sleep 0.2
done
is "a weak sign-in there" "$(sign_in 'login=bo-two&acr=urn:test:low')" 403
is "one that says nothing" "$(sign_in login=bo-two)" 403
is "a strong one is enough" "$(sign_in 'login=bo-two&acr=urn:test:high')" 200
is "without our second factor" "$(web GET /whoami | jq -r .account)" "$BO"
provider_stop

"$LOEP" --quiet audit export -o "$WORK/audit" >/dev/null
AUDIT=$(cat "$WORK/audit")
like "the audit chain has who came" "$AUDIT" 'identity provider, with its second factor'
like "who was linked" "$AUDIT" 'account.oidc_linked'
like "and who was not let in" "$AUDIT" 'unlinked'
finish
