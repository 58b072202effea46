#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What t0400-deb.sh does inside the fresh system, as its root.  There is no
# systemd running in there: loepd is started as its unit would.
set -u
n=$1
cd /root || exit 1

ok() { # NAME COMMAND...
	local name=$1
	shift
	n=$((n + 1))
	if "$@" >/tmp/out 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' /tmp/out | tail -n 30
	fi
}
not() { ! "$@"; }
export DEBIAN_FRONTEND=noninteractive

start() {
	/usr/lib/loep/loepd --state /var/lib/loep --config /etc/loep/loep.conf >>/var/log/loepd.log 2>&1 &
	pid=$!
	for _ in $(seq 300); do
		grep -q 'all programs are ready' /var/log/loepd.log && return 0
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.2
	done
	tail -n 30 /var/log/loepd.log
	return 1
}
stop() {
	kill -TERM "$pid" && wait "$pid"
	local status=$?
	: >/var/log/loepd.log
	return $status
}
owner() { [ "$(stat -c %U "$1")" = "$2" ] || { stat "$1"; false; }; }
runs_as() { # USER PROGRAM
	[ "$(ps -o user:32= -C "$2" | sort -u | tr -d ' ')" = "$1" ] || { ps -eo user:32,comm; false; }
}

ok "installs" dpkg -i loep.deb
for user in loep-vault loep-store loep-index loep-sched loep-web loep-mail loep-oidc loep-hook loep-syslog loep-pgp loep-analyser loep-vm; do
	ok "makes the user $user" getent passwd "$user"
done
ok "loep-vm may use KVM" test "$(id -gn loep-vm)" = kvm
ok "makes keys and database" test -s /var/lib/loep/db/loep.db -a -d /var/lib/loep/vault/keys
ok "the keys are the vault's alone" owner /var/lib/loep/vault/keys loep-vault
ok "the configuration is in /etc" test -f /etc/loep/loep.conf -a -L /var/lib/loep/loep.conf
ok "the unit is a good one" systemd-analyze verify --man=no /lib/systemd/system/loep.service
ok "and is enabled" test -L /etc/systemd/system/multi-user.target.wants/loep.service
ok "the units of the backup are good ones" systemd-analyze verify --man=no \
	/lib/systemd/system/loep-backup.service /lib/systemd/system/loep-backup.timer
ok "and wait for somebody to enable them" \
	not test -e /etc/systemd/system/timers.target.wants/loep-backup.timer
sed -i 's/^#vm = .*/vm = no/; s/^# *vm = .*/vm = no/' /etc/loep/loep.conf
# A provider that is not there: what signs people in runs all the same.
sed -i 's,^# *issuer = .*,issuer = https://localhost:9,' /etc/loep/loep.conf
ok "serves" start
ok "each program as its user: store" runs_as loep-store loep-store
ok "vault" runs_as loep-vault loep-vault
ok "web" runs_as loep-web loep-web
ok "oidc" runs_as loep-oidc loep-oidc
ok "yara" runs_as loep-analyser loep-yara
# The test virus of EICAR, in two halves.
# shellcheck disable=SC2016
printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-' 'ANTIVIRUS-TEST-FILE!$H+H*' >sample.bin
ok "takes a file and looks at it" loep submit --wait sample.bin
number=$(loep --json case list | jq -r '.[0].number')
ok "the rules that come along found it" sh -c "loep case show $number | grep -i eicar"
ok "doctor has no complaint of the cages" sh -c 'loep doctor | tee /tmp/doctor; ! grep -qi "cage.*cannot" /tmp/doctor'
# As loep-backup.service does it.
backup=$(sed -n 's/^ExecStart=//p' /lib/systemd/system/loep-backup.service)
ok "is backed up by the unit's command" \
	env LOEP_BACKUP_DIR=/var/backups/loep sh -c "$backup"
ok "stops" stop
ok "the backup becomes a service again" \
	loep --state /srv/restored restore /var/backups/loep

ok "upgrades" dpkg -i next.deb
ok "starts again" start
ok "the case is still there" loep case show "$number"
ok "the audit chain is whole" sh -c "loep audit export -o /tmp/audit && loep audit verify /tmp/audit"
ok "stops again" stop

ok "is removed" dpkg -r loep
ok "its programs are gone" not test -e /usr/bin/loep -o -e /usr/lib/loep
ok "evidence and configuration stay" test -s /var/lib/loep/db/loep.db -a -s /etc/loep/loep.conf
ok "installs again over them" dpkg -i loep.deb
ok "serves what was there" start
ok "the same case" loep case show "$number"
ok "stops at the end" stop
ok "is purged" dpkg -P loep
ok "the configuration is gone" not test -e /etc/loep
ok "evidence stays" test -s /var/lib/loep/db/loep.db
echo "# finished"
