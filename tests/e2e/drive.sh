# SPDX-License-Identifier: Apache-2.0
# drive.sh - what the tests of loep-vm with a real guest share: a pool of one
# slot, driven by vmdrive, TAP.
# shellcheck shell=bash
# usage: . tests/e2e/drive.sh; go NAME COMMAND...; run LINE FILTER WANTED NAME

set -u
O=${O:-build}
image=$(readlink -f "$O/vm-images")
drive=$O/tests/e2e/vmdrive
work=$(mktemp -d "${TMPDIR:-/tmp}/loep-vm.XXXXXX")
count=0
clean() {
	chmod -R u+rwX "$work" 2>/dev/null
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' INT TERM

ok() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		tail -n 20 "$work/log" | cut -c1-600 | sed 's/^/# /'
	fi
}
# go NAME COMMAND...: obeys the commands; its lines of JSON go to $work/out
go() {
	local name=$1
	shift
	timeout 1500 "$drive" "$O" "$work/state" "$image" 1 "$@" \
	    >"$work/out" 2>"$work/log"
	ok $? "$name"
}
# run N FILTER WANTED NAME: a fact of the Nth line
run() {
	local got
	got=$(sed -n "$1p" "$work/out" | jq -r "$2" 2>/dev/null)
	[ "$got" = "$3" ]
	ok $? "$4${got:+ ($got)}"
}
qemus() {
	pgrep -fc "guest=loep-slot0.*$work/state" || true
}

[ -f "$image/debian-12/manifest.json" ] || {
	echo "1..0 # SKIP no guest image: make image"
	exit 0
}
mkdir "$work/state" "$work/s"
chmod 755 "$work" "$work/state"
[ "$(id -u)" != 0 ] || chown nobody "$work/state"

