#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Debian package in a fresh Debian: installs, serves, upgrades, is removed.
#
# One mmdebstrap run, without root: it makes the system, and its last hook
# runs everything below in it (deb-inside.sh), which writes the TAP lines.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
WORK=$(mktemp -d "${TMPDIR:-/tmp}/loep-deb.XXXXXX")
chmod 755 "$WORK"
trap 'rm -rf "$WORK"' EXIT

skip_all() { echo "1..0 # SKIP $*"; exit 0; }
command -v mmdebstrap >/dev/null || skip_all "mmdebstrap is not installed"
command -v dh >/dev/null || skip_all "debhelper is not installed"
[ "$(id -u)" = 0 ] || unshare --user true 2>/dev/null ||
	skip_all "this kernel gives ordinary users no user namespaces"

n=0 failed=0
check() { # NAME COMMAND...
	local name=$1
	shift
	n=$((n + 1))
	if "$@" >"$WORK/out" 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' "$WORK/out"
		failed=1
	fi
}

check "the package is made" make deb
cp "$O"/deb/loep_*.deb "$WORK/loep.deb" || { echo "1..$n"; exit 1; }
check "lintian has nothing to say" \
	lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs --allow-root "$WORK/loep.deb"
# The next version, for the upgrade.
dpkg-deb -R "$WORK/loep.deb" "$WORK/next"
sed -i 's/^Version: .*/&+next/' "$WORK/next/DEBIAN/control"
dpkg-deb --root-owner-group -b "$WORK/next" "$WORK/next.deb" >/dev/null
cp tests/e2e/deb-inside.sh "$WORK/inside.sh"
chmod 644 "$WORK"/*.deb

suite=bookworm
options=()
while read -r line; do
	options+=(--aptopt="$line")
done < <(apt-config dump --format '%F "%v";%n' 2>/dev/null |
	grep -E '^Acquire::(http|https)::(Proxy|CaInfo)')
# shellcheck disable=SC2016 # apt expands these
apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
	'Created-By: Packages' 'Origin: Debian' 2>/dev/null |
	grep -E " $suite(-updates|-security)? main\$" | sort -u >"$WORK/sources"
# The hook is another user of the namespace.
: >"$WORK/tap"
chmod 666 "$WORK/tap"
mode=unshare
[ "$(id -u)" != 0 ] || unshare --user true 2>/dev/null || mode=root
depends=$(dpkg-deb -f "$WORK/loep.deb" Depends | sed 's/([^)]*)//g; s/|[^,]*//g; s/ //g')
# The system has what the package asks for: the rest is the package's own work.
TMPDIR=$WORK mmdebstrap --quiet --mode=$mode --variant=minbase \
	--include="systemd,procps,jq,$depends" \
	--aptopt='Apt::Install-Recommends "false"' "${options[@]}" \
	--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
	--dpkgopt='path-exclude=/usr/share/locale/*' \
	--customize-hook="copy-in $WORK/loep.deb $WORK/next.deb $WORK/inside.sh /root" \
	--customize-hook="chroot \"\$1\" bash /root/inside.sh $n >$WORK/tap 2>&1" \
	"$suite" /dev/null "$WORK/sources" >"$WORK/log" 2>&1 || {
		tail -n 20 "$WORK/log" | sed 's/^/# /'
		failed=1
	}
cat "$WORK/tap"
n=$(grep -cE '^(not )?ok ' "$WORK/tap")
grep -q '^# finished$' "$WORK/tap" || failed=1
grep -q '^not ok' "$WORK/tap" && failed=1
echo "1..$((n + 2))"
exit $failed
