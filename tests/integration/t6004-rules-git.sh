#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules out of git repositories: fetched over https where that is configured,
# and repositories that try to make git do more than hand out files.
. "$(dirname "$0")/lib.sh"

[ -x "$BIN/loep-rules" ] || skip_all "loep-rules is not built"
command -v git >/dev/null || skip_all "git is not installed"
[ -x /usr/lib/git-core/git-http-backend ] || skip_all "git http-backend is missing"
command -v openssl >/dev/null || skip_all "openssl is not installed"
HERE=$PWD
CONF='[rules]\nfetch = yes'
loep_start
cd "$WORK" || exit 1
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1

# add ARGUMENTS... - a version on top of nothing; sets V and STATUS.
add() {
	rm -f version
	"$LOEP" --json rules add "$@" --on 0 --wait >version 2>said
	STATUS=$?
	V=$(jq -r '.version // empty' version 2>/dev/null)
}

source_of() {
	"$LOEP" --json rules show "$V" | jq -r ".sources[0] | $1"
}

# rules_of - the names of the version's rules.
rules_of() {
	api "/rules/versions/$V/rules?limit=500" |
		jq -r '[.items[].name] | sort | join(" ")'
}

commit() {
	git -C "$1" add -A &&
		git -C "$1" -c user.name=a -c user.email=a@example.org \
			commit -q -m rules
}

mkdir served
git init -q -b main work
echo 'rule fetched { strings: $a = "fetched bytes" condition: $a }' >work/a.yar
mkdir work/sub
echo 'rule below { condition: filesize == 77 }' >work/sub/b.yara
echo "no rule" >work/README
commit work
git clone -q --bare work served/fine.git

# --- a server, and somebody who listens and should hear nothing ---
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
	-keyout key.pem -out cert.pem -days 2 -subj /CN=127.0.0.1 \
	-addext subjectAltName=IP:127.0.0.1 2>openssl.err
python3 "$HERE/tests/integration/git_https.py" "$WORK/served" cert.pem key.pem \
	"$WORK/port" "$WORK/served.log" 2>server.err &
SERVER=$!
for ((i = 0; i < 100; i++)); do
	[ ! -s port ] || break
	sleep 0.1
done
PORT=$(cat port)
URL=https://127.0.0.1:$PORT

# --- fetched ---
add "$URL/fine.git"
is "a certificate that nobody trusts is refused" "$STATUS" 66
like "which git says" "$(cat said)" 'certificate'
: >served.log
export GIT_SSL_CAINFO=$WORK/cert.pem
add "$URL/fine.git" --licence MIT --tlp amber --owner "a peer" --priority 7
is "a repository is fetched over https" "$STATUS $(rules_of)" "0 below fetched"
is "at its commit, with what is known of it" "$(source_of \
	'"\(.kind) \(.revision) \(.licence) \(.tlp) \(.owner) \(.priority) \(.fetch_allowed)"')" \
	"git $(git -C work rev-parse HEAD) MIT TLP:AMBER a peer 7 true"
is "under its own name" "$(source_of .name)" fine
add "https://an:s3cret@127.0.0.1:$PORT/fine.git"
is "a token in an address serves to get in" \
	"$STATUS $(grep -c 'Basic' served.log)" "0 0"
is "and is kept nowhere" "$(source_of .location) $(grep -c s3cret said)" \
	"$URL/fine.git 0"
ok "not in the database either" bash -c \
	'! grep -rqa s3cret "$1"' _ "$STATE/db"
add "$URL/absent.git"
is "what is not there is told" "$STATUS" 66
add "$URL/moved/fine.git"
is "nobody is led from https to http" "$STATUS" 66

# --- other ways in ---
: >served.log
for url in "http://127.0.0.1:$PORT/fine.git" "git://127.0.0.1:$PORT/fine.git" \
	"ftp://127.0.0.1:$PORT/fine.git" "ext::sh -c touch% $WORK/pwned" \
	"fd::17" "https::http://127.0.0.1:$PORT/"; do
	fails "not over ${url%%[/ ]*}" 77 "$LOEP" rules add "$url" --on 0
	like "and it says why" "$(cat said)" "https or ssh only"
done
is "nobody was asked" "$(grep -c . served.log)" 0
ok "nothing ran" test ! -e pwned
# ssh runs in the cage, too, and gets as far as the network; keys come from the
# agent, and hosts must be known.
add ssh://127.0.0.1:1/fine.git
is "over ssh a host that does not listen is told" "$STATUS" 66
like "by ssh itself" "$(cat said)" 'connect to host 127.0.0.1 port 1: Connection refused'
fails "a host that begins with a dash is no option" 66 "$LOEP" rules add \
	"ssh://-oProxyCommand=touch%20$WORK/pwned/x.git" --on 0
ok "nothing ran then" test ! -e pwned
add "file://$WORK/served/fine.git"
is "file:// is a path" "$STATUS $(rules_of)" "0 below fetched"
add work
is "a work tree is read from its last commit" "$STATUS $(rules_of)" \
	"0 below fetched"

# --- what is in it ---
git clone -q work odd
git -C odd config core.hooksPath /dev/null
head -c 34000000 /dev/zero | tr '\0' ' ' >odd/huge.yar
ln -s /etc/passwd odd/link.yar
printf '[submodule "x"]\n\tpath = x.yar\n\turl = %s/fine.git\n' "$URL" >odd/.gitmodules
printf '*.yar filter=run diff=run\n' >odd/.gitattributes
for ((i = 0; i < 300; i++)); do
	mkdir -p "odd/many/$i"
	echo "rule m$i { condition: filesize == $i }" >"odd/many/$i/m.yar"
done
commit odd
BLOB=$(echo 'rule hostile { condition: filesize == 9 }' |
	git -C odd hash-object -w --stdin)
INNER=$(printf '100644 blob %s\t%s\n' "$BLOB" evil.yar | git -C odd mktree)
LINE='100644 blob '$BLOB'\t'
# shellcheck disable=SC2059 # the line is a format
TREE=$({
	git -C odd ls-tree HEAD
	printf "040000 tree $INNER\t..\n040000 tree $INNER\t.git\n"
	printf "160000 commit $(git -C work rev-parse HEAD)\tx.yar\n"
	printf "$LINE-rf.yar\n$LINE\"new\\\\nline.yar\"\n$LINE\"\\\\033[31m.yar\"\n"
} | git -C odd mktree)
git -C odd update-ref refs/heads/odd "$(git -C odd -c user.name=a \
	-c user.email=a@example.org commit-tree -m odd "$TREE")"
git -C odd symbolic-ref HEAD refs/heads/odd
git clone -q --bare odd served/odd.git 2>/dev/null || cp -r odd/.git served/odd.git
git -C served/odd.git config core.bare true
: >served.log
for place in "$URL/odd.git" odd; do
	add "$place"
	is "$place: what can be taken is" \
		"$STATUS $(rules_of | tr ' ' '\n' | grep -c '^m[0-9]*$')" "0 300"
	like "the huge file is named" "$(cat said)" "huge.yar: it is longer than 32"
	like "the link" "$(cat said)" "link.yar: it is a symbolic link"
	like "the submodule" "$(cat said)" "x.yar: it is no file"
	like "the path that leads up" "$(cat said)" '\.\./evil.yar: its path leads elsewhere'
	is "no control byte reaches the terminal" "$(tr -d '\n' <said |
		grep -c '[[:cntrl:]]')" 0
done
is "no submodule was fetched" "$(grep -c 'fine.git' served.log)" 0

# --- repositories that bring a configuration along ---
touch_script() {
	printf '#!/bin/sh\ntouch "%s/pwned"\nexec "$@"\n' "$WORK" >run
	chmod +x run
}
touch_script
git clone -q work tricky
for key in core.fsmonitor core.sshCommand core.pager core.editor core.askPass \
	core.alternateRefsCommand uploadpack.packObjectsHook diff.external \
	credential.helper gpg.program remote.origin.uploadpack filter.run.smudge \
	core.gitProxy; do
	git -C tricky config "$key" "$WORK/run"
done
git -C tricky config core.hooksPath "$WORK/tricky/hooks"
mkdir tricky/hooks
for hook in post-checkout pre-receive post-update reference-transaction \
	proc-receive fsmonitor-watchman; do
	cp run "tricky/hooks/$hook"
done
printf '[uploadpack]\n\tpackObjectsHook = %s/run\n' "$WORK" >tricky/.git/extra
git -C tricky config include.path extra
add tricky
is "a configuration of programs is read past" "$STATUS $(rules_of)" \
	"0 below fetched"
ok "and none of them ran" test ! -e pwned

# One that lacks objects and says where and how to get them.
git clone -q --no-local --filter=blob:none "file://$WORK/work" lazy 2>/dev/null ||
	git clone -q work lazy
git -C work config uploadpack.allowFilter true
rm -rf lazy
git clone -q --bare --filter=blob:none "file://$WORK/work" lazy 2>/dev/null
: >served.log
for way in "$URL/fine.git" "ext::$WORK/run" "$WORK/served/fine.git"; do
	git -C lazy config remote.origin.url "$way"
	git -C lazy config remote.origin.uploadpack "$WORK/run git-upload-pack"
	git -C lazy config protocol.allow always
	add lazy
	is "objects that are missing are not fetched from ${way%%:*}" "$STATUS" 66
done
ok "nothing of it ran" test ! -e pwned
is "nobody was asked for them" "$(grep -c . served.log)" 0

# Objects and folders of somebody else.
git init -q --bare secret
git -C secret fetch -q "$WORK/work" main:main
git init -q -b main borrow
echo "$WORK/secret/objects" >borrow/.git/objects/info/alternates
git -C borrow update-ref refs/heads/main "$(git -C work rev-parse HEAD)"
add borrow
is "what another folder holds is not taken" "$STATUS" 66
mkdir pointer
echo "gitdir: $WORK/work/.git" >pointer/.git
add pointer
is "nor by a pointer to another repository" "$STATUS" 66

# Broken ones.
cp -r served/fine.git broken
find broken/objects -type f -size +0 -exec chmod u+w {} \; \
	-exec truncate -s 10 {} \;
add broken
is "a damaged repository is an error" "$STATUS" 66
echo "ref: refs/heads/$(head -c 3000 /dev/zero | tr '\0' a)" >served/fine.git/HEAD
add "$URL/fine.git"
like "a HEAD that leads nowhere, too" "$STATUS" '^6[56]$'

is "and nothing is left in /tmp" "$(find /tmp -maxdepth 1 -user "$(id -un)" \
	-name 'loep-git-*' -newer cert.pem | wc -l)" 0
kill "$SERVER" 2>/dev/null
wait "$SERVER" 2>/dev/null
is "the service goes on" "$("$LOEP" --json status | jq -r .vault)" connected
finish
