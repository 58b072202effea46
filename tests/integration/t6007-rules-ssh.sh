#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules over ssh from a real server, in a network that has nothing else: the
# host's key is pinned, one's own comes from the agent, nothing is asked.
. "$(dirname "$0")/lib.sh"
[ -x "$BIN/loep-rules" ] || skip_all "loep-rules is not built"
SSHD=$(PATH=$PATH:/usr/sbin command -v sshd) ||
	skip_all "openssh-server is not installed"
for tool in git ssh-agent ssh-keygen ip; do
	command -v $tool >/dev/null || skip_all "$tool is not installed"
done
unshare --user --map-current-user --mount --net --keep-caps \
	ip link set lo up 2>/dev/null ||
	skip_all "this account cannot make a network namespace"
[ "$(id -u)" != 0 ] || skip_all "sshd of root asks for more than it needs here"
# shellcheck disable=SC2034 # lib.sh reads it
CONF='[rules]\nfetch = yes'
loep_start
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
PORT=2222
mkdir -p "$WORK/home/.ssh" "$WORK/keys"
chmod 700 "$WORK/home" "$WORK/home/.ssh"
for key in host other mine foreign; do
	ssh-keygen -q -t ed25519 -N '' -C $key -f "$WORK/keys/$key"
done
cp "$WORK/keys/mine.pub" "$WORK/home/.ssh/authorized_keys"
# pin KEY... - these are the keys of the host, and no other.
pin() {
	local key
	: >"$WORK/home/.ssh/known_hosts"
	for key; do
		printf '[127.0.0.1]:%s %s\n' "$PORT" \
			"$(cut -d' ' -f1,2 "$WORK/keys/$key.pub")" \
			>>"$WORK/home/.ssh/known_hosts"
	done
}

git init -q -b main "$WORK/tree"
echo 'rule fetched { strings: $a = "fetched bytes" condition: $a }' >"$WORK/tree/a.yar"
git -C "$WORK/tree" add -A
git -C "$WORK/tree" -c user.name=a -c user.email=a@example.org commit -q -m rules
git clone -q --bare "$WORK/tree" "$WORK/rules.git"

# The account's home is this test's, for sshd and for who asks it.
ME=$(id -un)
awk -F: -v OFS=: -v me="$ME" -v home="$WORK/home" \
	'$1 == me { $6 = home; $7 = "/bin/bash" } { print }' /etc/passwd >"$WORK/passwd"
grep -q "^$ME:" "$WORK/passwd" ||
	echo "$ME:x:$(id -u):$(id -g)::$WORK/home:/bin/bash" >>"$WORK/passwd"
cat >"$WORK/sshd_config" <<CONF
Port $PORT
ListenAddress 127.0.0.1
HostKey $WORK/keys/host
PidFile $WORK/sshd.pid
AuthorizedKeysFile $WORK/home/.ssh/authorized_keys
AuthenticationMethods publickey
StrictModes no
UsePAM no
PermitUserEnvironment no
CONF
cat >"$WORK/inside" <<INSIDE
set -eu
mount --bind "$WORK/passwd" /etc/passwd
ip link set lo up
"$SSHD" -D -e -f "$WORK/sshd_config" 2>"$WORK/sshd.log" &
echo \$\$ >"$WORK/inside.pid"
trap 'kill %1; exit' TERM
wait
INSIDE
unshare --user --map-current-user --mount --net --keep-caps \
	bash "$WORK/inside" &
INSIDE=$!
for ((i = 0; i < 100; i++)); do
	grep -q 'Server listening' "$WORK/sshd.log" 2>/dev/null && break
	sleep 0.1
done
trap 'kill $INSIDE; loep_stop; rm -rf "$WORK"' INT TERM

# add USER KEY - a version out of what that server has, asked with the key in an
# agent ("" = none there); sets V and STATUS.
add() {
	rm -f "$WORK/version"
	cat >"$WORK/ask" <<-ASK
	ssh-add -q "$WORK/keys/$2" 2>/dev/null
	exec "$LOEP" --json rules add "ssh://$1@127.0.0.1:$PORT$WORK/rules.git" \
		--on 0 --wait
	ASK
	nsenter --target "$(cat "$WORK/inside.pid")" --user --mount --net \
		--preserve-credentials ssh-agent bash "$WORK/ask" \
		>"$WORK/version" 2>"$WORK/said" </dev/null
	STATUS=$?
	V=$(jq -r '.version // empty' "$WORK/version" 2>/dev/null)
}

ok "a server listens" grep -q 'Server listening on 127.0.0.1' "$WORK/sshd.log"
pin
add "$ME" mine
is "a host that nobody pinned is refused" "$STATUS" 66
like "which ssh says" "$(cat "$WORK/said")" 'Host key verification failed'
pin other
add "$ME" mine
is "so is one with another key than the pinned one" "$STATUS" 66
like "which ssh says, too" "$(cat "$WORK/said")" 'REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed'
is "nobody got in that far" "$(grep -c Accepted "$WORK/sshd.log")" 0
is "and nothing was learned by it" "$(wc -l <"$WORK/home/.ssh/known_hosts")" 1
pin host
add "$ME" foreign
is "a key that the server does not know is refused" "$STATUS" 66
like "and no password is asked for" "$(cat "$WORK/said")" 'Permission denied \(publickey\)'
add "$ME" mine
is "with both the rules are fetched" "$STATUS" 0
is "all of them" "$(api "/rules/versions/${V:-0}/rules" | jq -r '[.items[].name] | join(" ")')" fetched
is "at their commit, from there" "$("$LOEP" --json rules show "${V:-0}" | jq -r '.sources[0] | "\(.kind) \(.revision) \(.location)"')" \
	"git $(git -C "$WORK/tree" rev-parse HEAD) ssh://$ME@127.0.0.1:$PORT$WORK/rules.git"
is "one log-in was enough" "$(grep -c 'Accepted publickey' "$WORK/sshd.log")" 1
# Options of ssh that a name could carry.
add "-oProxyCommand=touch%20$WORK/pwned" mine
ok "a name that begins with a dash is no option" test "$STATUS" != 0 -a ! -e "$WORK/pwned"

kill $INSIDE
wait $INSIDE 2>/dev/null
finish
