#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules that are broken, hostile or too many: an error that says what to do,
# and the others go on.
. "$(dirname "$0")/lib.sh"

[ -x "$BIN/loep-rules" ] || skip_all "loep-rules is not built"
command -v git >/dev/null || skip_all "git is not installed"
loep_start
cd "$WORK" || exit 1

rules() {
	local filter=$1
	shift
	"$LOEP" --json --quiet rules "$@" 2>"$WORK/rules.err" | jq -r "$filter"
}

# add NAME ARGUMENTS... - a version on top of nothing; sets V and STATUS.
add() {
	"$LOEP" --json rules add "$@" --on 0 --wait >"$WORK/version" \
		2>"$WORK/said"
	STATUS=$?
	V=$(jq -r '.version // empty' "$WORK/version" 2>/dev/null)
}

good='rule good { strings: $a = "good bytes" condition: $a }'

# --- texts that are no rules ---
mkdir -p syntax
echo "$good" >syntax/good.yar
echo 'rule { this is } no rule {{{' >syntax/text.yar
printf 'rule cut { strings: $a = "never ends' >syntax/cut.yar
printf 'rule nul { condition: true }\0' >syntax/nul.yar
printf '\377\376r\0u\0l\0e\0' >syntax/utf16.yar
: >syntax/empty.yar
echo 'import "no_such_module" rule m { condition: no_such_module.x == 1 }' \
	>syntax/module.yar
echo 'rule dup { condition: filesize > 1 } rule dup { condition: filesize > 2 }' \
	>syntax/dup.yar
add syntax
is "broken texts leave a tested version" "$STATUS $(jq -r .state version)" \
	"0 tested"
is "with the rules that are sound" "$(api \
	"/rules/versions/$V/rules?state=active" |
	jq -r '[.items[].name] | sort | join(" ")')" "dup good"
like "what is set aside has a reason" "$(api \
	"/rules/versions/$V/rules?state=rejected" |
	jq -r '[.items[].reason | length > 0] | all')" true
mkdir -p hopeless
cp syntax/text.yar hopeless
add hopeless
is "a set without a rule is rejected" "$STATUS $(jq -r .state version)" \
	"1 rejected"
like "and says so" "$(jq -r .reason version)" "rule"

# --- includes ---
mkdir -p loop
echo 'include "b.yar"' >loop/a.yar
echo 'include "a.yar"' >loop/b.yar
echo 'include "../../../../etc/passwd"' >loop/up.yar
echo 'include "/etc/passwd"' >loop/root.yar
echo 'include "absent.yar"' >loop/absent.yar
printf 'include "shared.inc"\nrule uses { condition: shared }\n' >loop/uses.yar
echo 'rule shared { condition: filesize < 100 }' >loop/shared.inc
add loop
is "loops of includes end" "$STATUS $(jq -r .state version)" "0 tested"
is "what is included is there" "$(rules .name show "$V" uses)" uses
ok "no file from elsewhere is in the bundle" bash -c \
	'! curl -sS --unix-socket "$1" \
	"http://localhost/api/v1/rules/versions/$2/bundle?purpose=test" |
	grep -q root:x' _ "$STATE/run/loep.sock" "$V"

# --- the same names in two sources ---
mkdir -p one two
echo "$good" >one/a.yar
echo 'rule good { condition: filesize == 7 }' >two/a.yar
add one
"$LOEP" --json rules add two --on "$V" --wait >version 2>said
V=$(jq -r .version version)
is "the same name in two sources is two rules" "$(jq -r .rules version)" 2
is "each with its own meaning" "$(for n in one two; do
	rules .closure show "$V" "$n/a.yar:good"
done | sort -u | wc -l)" 2

# --- too large, too many ---
mkdir -p large
echo "$good" >large/good.yar
head -c 100000000 /dev/zero | tr '\0' ' ' >large/huge.yar
add large
is "a file of 100 MB does not stop the others" "$STATUS $(jq -r .rules version)" \
	"0 1"
like "and is named" "$(cat said)" "huge.yar: it is too long"
fails "alone it is refused" 65 "$LOEP" rules add large/huge.yar --on 0
like "with the bound" "$(cat said)" "at most 32 MiB"
mkdir -p many
for ((f = 0; f < 10; f++)); do
	for ((i = 0; i < 1000; i++)); do
		echo "rule r${f}_$i { strings: \$a = \"number $f of $i\" condition: \$a }"
	done >"many/$f.yar"
done
BEGAN=$(date +%s%3N)
add many
diag "10,000 rules: $(($(date +%s%3N) - BEGAN)) ms"
is "ten thousand rules become a version" "$STATUS $(jq -r .rules version)" \
	"0 10000"
mkdir -p most
awk 'BEGIN { for (i = 0; i < 100000; i++)
	printf "rule r%d { strings: $a = \"rule %d of many\" condition: $a }\n", i, i > "most/" int(i / 1000) ".yar" }'
BEGAN=$(date +%s%3N)
add most
diag "100,000 rules: $(($(date +%s%3N) - BEGAN)) ms"
is "a hundred thousand, too" "$STATUS $(jq -r .rules version)" "0 100000"
"$LOEP" --quiet rules reject "$V" --reason "only a test" >/dev/null

# --- programs that die while the rules are read ---
# child NAME - the process of that program below our loepd.
child() {
	pgrep -P "$LOEPD" -x "$1"
}
for victim in loep-rules loep-sched loep-store; do
	V=$("$LOEP" --json --quiet rules add many --on 0 | jq -r .version)
	sleep 0.2
	kill -KILL "$(child "$victim")"
	for ((i = 0; i < 600; i++)); do
		case $(rules .state show "$V" 2>/dev/null) in
		"" | draft) sleep 0.1 ;;
		*) break ;;
		esac
	done
	is "$victim dies: the version is whole all the same" \
		"$(rules '"\(.state) \(.rules)"' show "$V")" "tested 10000"
done

# --- repositories ---
git init -q repository
cp one/a.yar repository/fine.yar
mkdir -p repository/deep/er
echo 'rule deep { condition: filesize == 3 }' >repository/deep/er/rule.yara
ln -s /etc/passwd repository/passwd.yar
ln -s ../../../../../etc repository/up
printf '#!/bin/sh\ntouch "%s/pwned"\n' "$WORK" >hook
chmod +x hook
for hook in post-checkout post-merge pre-auto-gc reference-transaction; do
	cp hook "repository/.git/hooks/$hook"
done
git -C repository config core.fsmonitor "$WORK/hook"
git -C repository config uploadpack.packObjectsHook "$WORK/hook"
commit() {
	git -C repository -c core.fsmonitor=false -c core.hooksPath=/dev/null \
		-c user.name=a -c user.email=a@example.org "$@"
}
commit add -A
commit commit -q -m rules
COMMIT=$(git -C repository -c core.fsmonitor=false rev-parse HEAD)
rm -f pwned
add repository
is "a repository is read" "$STATUS $(jq -r .rules version)" "0 2"
is "at its commit" "$(rules '.sources[0] | "\(.kind) \(.revision)"' show "$V")" \
	"git $COMMIT"
like "symbolic links are named" "$(cat said)" "passwd.yar: it is a symbolic link"
ok "none of its hooks ran" test ! -e pwned
BLOB=$(echo 'rule hostile { condition: filesize == 9 }' |
	git -C repository hash-object -w --stdin)
INNER=$(printf '100644 blob %s\t%s\n' "$BLOB" evil.yar |
	git -C repository mktree)
TREE=$(printf '040000 tree %s\t..\n040000 tree %s\t.git\n100644 blob %s\tok.yar\n' \
	"$INNER" "$INNER" "$BLOB" | git -C repository mktree)
HOSTILE=$(commit commit-tree -m hostile "$TREE")
git -C repository update-ref refs/heads/hostile "$HOSTILE"
git -C repository symbolic-ref HEAD refs/heads/hostile
add repository
is "paths that lead elsewhere are not taken" "$STATUS $(rules \
	'.rules' show "$V")" "0 2"
like "but named" "$(cat said)" '\.\./evil.yar: its path leads elsewhere'
ok "and wrote nothing" test ! -e "$WORK/../evil.yar"
git init -q bare --bare
fails "an empty repository is no source" 65 "$LOEP" rules add bare --on 0
fails "nothing is fetched where that is not configured" 77 "$LOEP" rules add \
	https://example.org/rules.git --on 0
like "and the key is told" "$(cat said)" "fetch = yes"
fails "not by another protocol either" 77 "$LOEP" rules add \
	'ext::sh -c touch% pwned' --on 0

# --- folders, archives, exports ---
mkdir -p links
echo "$good" >links/good.yar
ln -s /etc/passwd links/passwd.yar
mkfifo links/pipe.yar
add links
is "links and pipes of a folder are passed over" \
	"$STATUS $(jq -r .rules version) $(grep -c "not taken" said)" "0 1 2"
python3 - <<'PYTHON'
import io
import tarfile
with tarfile.open("evil.tar", "w") as tar:
    for name in ("../up.yar", "/root.yar", "fine/in.yar"):
        data = b'rule in_archive { condition: filesize == 5 }'
        info = tarfile.TarInfo(name)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    link = tarfile.TarInfo("link.yar")
    link.type = tarfile.SYMTYPE
    link.linkname = "/etc/passwd"
    tar.addfile(link)
PYTHON
add evil.tar
is "an archive gives what is inside of it" "$STATUS $(jq -r .rules version)" "0 1"
head -c 5000 /dev/urandom >noise.zip
fails "noise is no archive" 65 "$LOEP" rules add noise.zip --on 0
like "which is said" "$(cat said)" "no archive"
cat >event.json <<'JSON'
{"response": [{"Event": {"Attribute": [
 {"type": "yara", "uuid": "5a5a5a5a-1111-2222-3333-444444444444",
  "value": "rule from_misp { condition: filesize == 11 }"},
 {"type": "yara", "value": "rule gone { condition: true }", "deleted": true},
 {"type": "md5", "value": "d41d8cd98f00b204e9800998ecf8427e"}],
 "Object": [{"name": "yara", "Attribute": [{"type": "yara",
  "uuid": "../../../../etc/cron.d/x",
  "value": "rule in_object { condition: filesize == 12 }"}]}]}}]}
JSON
add event.json --tlp amber --licence "as agreed"
is "a MISP export gives its rules" "$STATUS $(jq -r .rules version)" "0 2"
is "named by their attributes" "$(rules .path show "$V" from_misp)" \
	5a5a5a5a-1111-2222-3333-444444444444.yar
echo '{"response": [' >cut.json
fails "a broken export is refused" 65 "$LOEP" rules add cut.json --on 0
echo '{"response": []}' >none.json
fails "and one without rules" 65 "$LOEP" rules add none.json --on 0
fails "what is not there is not read" 66 "$LOEP" rules add absent --on 0
is "and the service goes on" "$("$LOEP" --json status | jq -r .vault)" connected
finish
