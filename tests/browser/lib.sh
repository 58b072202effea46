# SPDX-License-Identifier: Apache-2.0
# lib.sh - what the tests in a browser share: a fresh Loep over HTTPS, with
# accounts, and Chromium to use it.
# shellcheck shell=bash
#
# usage: . tests/browser/lib.sh; browser_start; browser_account ...;
#        browser_run tests/browser/NAME.mjs

. "$(dirname "${BASH_SOURCE[0]}")/../integration/lib.sh"
PACKAGES=$BIN/browser/packages
PICTURES=$BIN/browser
PASSWORD='seven cold lamps under a bridge'
CHROMIUM=$(command -v chromium || command -v chromium-browser || true)

# browser_missing - prints what is missing, or nothing.
browser_missing() {
	if ! command -v node >/dev/null; then
		echo "Node.js is not installed"
	elif [ -z "$CHROMIUM" ]; then
		echo "Chromium is not installed (apt-get install chromium)"
	elif [ ! -d "$PACKAGES/node_modules/playwright-core" ]; then
		echo "playwright-core is not installed: make setup does that where npm is there"
	elif [ ! -e "$BIN/ui/dist/index.html" ]; then
		echo "the browser app is not built: make ui"
	fi
}

# browser_start - skips where something is missing, else starts the service,
# at $PORT where that is set.
browser_start() {
	local missing
	missing=$(browser_missing)
	[ -z "$missing" ] || skip_all "$missing"
	CONF="[web]\nlisten = 127.0.0.1:${PORT:-0}${CONF:+\n$CONF}"
	loep_init
	"$LOEP" --quiet pgp-key --user-id "CERT <cert@csirt.example>" >/dev/null
	loep_run
	browser_env
}

# browser_env - what scripts must know of the service that runs.
browser_env() {
	PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log")
	mkdir -p "$PICTURES"
	export LOEP_URL=https://localhost:$PORT BROWSER_PIN LOEP_PASSWORD=$PASSWORD
	export LOEP_WORK=$WORK LOEP_PARENT=$LOEPD
	export BROWSER_PACKAGES=$PACKAGES BROWSER_PICTURES=$PICTURES BROWSER_CHROMIUM=$CHROMIUM
	BROWSER_PIN=$("$LOEP" tls-cert --show | sed -n 's/^pin *sha256\/\///p')
}

# browser_org NAME CLASS - makes an organisation and prints its id.
browser_org() {
	"$LOEP" --json org add "$1" --class "$2" | jq -r .id
}

# browser_account NAME LOGIN CAPABILITIES [ORG] - makes an account with the
# password of all and prints its id.
browser_account() {
	local id invite
	id=$("$LOEP" --json user add "$1" --login "$2" --capabilities "$3" ${4:+--org "$4"} | jq -r .id)
	invite=$("$LOEP" --json user invite "$id" | jq -r .token)
	printf '%s\n%s\n%s\n' "$invite" "$PASSWORD" "$PASSWORD" |
		"$LOEP" --server "$LOEP_URL" --ca "$STATE/tls/cert.pem" user accept >/dev/null 2>"$WORK/accept.err" ||
		diag "no password for $2: $(cat "$WORK/accept.err")"
	echo "$id"
}

# browser_run SCRIPT... - runs it; its output is this test's TAP.
browser_run() {
	local status=0
	timeout "${BROWSER_SECONDS:-1500}" node "$@" || status=$?
	if [ "$status" != 0 ]; then
		diag "the service's log:"
		tail -n 30 "$WORK/log" | sed 's/^/#   /'
	fi
	loep_stop
	chmod -R u+rwX "$WORK" 2>/dev/null
	rm -rf "$WORK"
	exit "$status"
}
