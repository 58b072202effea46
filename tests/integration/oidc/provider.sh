# SPDX-License-Identifier: Apache-2.0
# provider.sh - an identity provider for tests: npm's oidc-provider, of the
# version that tests/integration/oidc pins, on loopback.
# shellcheck shell=bash
#
# usage: . tests/integration/lib.sh; . tests/integration/oidc/provider.sh
#        provider_ports; provider ALGORITHM; ...; provider_stop

PROVIDER_PACKAGES=$BIN/oidc
command -v node >/dev/null || skip_all "Node.js is not installed"
[ -d "$PROVIDER_PACKAGES/node_modules/oidc-provider" ] ||
	skip_all "oidc-provider is not installed: make setup does that where npm is there"

# provider_ports - PORT for the service and AT for the provider.
provider_ports() {
	read -r PORT AT < <(
		python3 - <<'PY'
import socket
a, b = socket.socket(), socket.socket()
a.bind(("127.0.0.1", 0))
b.bind(("127.0.0.1", 0))
print(a.getsockname()[1], b.getsockname()[1])
PY
	)
}

# provider ALGORITHM - starts it as $ISSUER, for the service at $URL, with new
# keys; $WORK/idp.pem and idp.key are its certificate's, where it has one.
provider() {
	jq -n --arg i "$ISSUER" --arg r "$URL/api/v1/oidc/callback" --arg a "$1" \
		--arg c "$WORK/idp.pem" --arg k "$WORK/idp.key" \
		'{issuer: $i, redirect: $r, client: "loep", alg: $a, cert: $c,
		key: $k, secret: "a secret: & so on"}' >"$WORK/idp.json"
	: >"$WORK/idp.log"
	# It tells the service of those who sign out: that has a certificate of its own.
	NODE_TLS_REJECT_UNAUTHORIZED=0 node tests/integration/oidc/provider.mjs "$PROVIDER_PACKAGES" \
		"$WORK/idp.json" >>"$WORK/idp.log" 2>&1 &
	PROVIDER=$!
	for ((i = 0; i < 600; i++)); do
		grep -q ready "$WORK/idp.log" && return
		sleep 0.1
	done
	diag "the provider does not come up: $(head -n 5 "$WORK/idp.log")"
}

provider_stop() {
	[ -z "${PROVIDER:-}" ] || kill "$PROVIDER" 2>/dev/null
	wait "${PROVIDER:-}" 2>/dev/null
	PROVIDER=
}

# Whatever ends the test.
trap provider_stop EXIT
echo 'a secret: & so on' >"$WORK/secret"
