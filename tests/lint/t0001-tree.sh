#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The state of the tree: layers, headers, third-party headers, format, length
# of files, scripts, words.  Prints TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
CC=${CC:-cc}
n=0
failed=0

# report NAME TEXT - passes where TEXT is empty.
report() {
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf '%s\n' "$2" | head -n 40 | sed 's/^/# /'
		failed=1
	fi
}

files() {
	git -c safe.directory='*' ls-files -- "$@"
}

folders=$(find orchestrator -mindepth 1 -maxdepth 2 -name '*.c' -printf '%h\n' |
	sort -u | sed 's,^orchestrator/,,')
folders="$folders $(find orchestrator/analysers -name '*.c' -printf '%h\n' |
	sort -u | sed 's,^orchestrator/,,')"

# A folder includes its own headers and lib/; lib/ only lib/.
bad=
for folder in $folders; do
	allowed="lib|$folder"
	case $folder in
	vm | analysers/behaviour) allowed="$allowed|agents" ;;
	analysers/grams) allowed="$allowed|index" ;;
	analysers/yara) allowed="$allowed|rules" ;;
	analysers/hunt) allowed="$allowed|analysers/yara" ;;
	analysers/rules) allowed="$allowed|rules|analysers/yara" ;;
	hook | mail | oidc | syslog) allowed="$allowed|transfer" ;;
	lib) allowed=lib ;;
	esac
	found=$(grep -nE '^ *# *include "' orchestrator/"$folder"/*.[ch] |
		grep -vE "include \"($allowed)/[a-z0-9_]+\.(h|def)\"" |
		grep -v 'include "store/schema')
	bad=$bad$found
done
report "each folder includes its own headers and lib/ only" "$bad"

# Each third-party header is included from one folder (libcurl: cli/ and transfer/).
bad=$(grep -hnoE '^ *# *include <(openssl|yara|archive|magic|sqlite3|zstd|seccomp|jansson|microhttpd|gnutls|curl|libvirt|nftables|tlsh|rnp)[a-z/_.0-9]*' -r orchestrator \
	--include='*.c' --include='*.h' --include='*.cc' -H |
	sed -E 's,^orchestrator/(.*)/[^/]*:[0-9]+:.*<(openssl|yara|archive|magic|sqlite3|zstd|seccomp|jansson|microhttpd|gnutls|curl|libvirt|nftables|tlsh|rnp).*,\2 \1,' |
	sort -u | awk '$0 != "curl transfer" { n[$1]++; w[$1] = w[$1] " " $2 } END { for (l in n) if (n[l] > 1) print l ":" w[l] }')
report "each third-party header is included from one folder" "$bad"

# Every header compiles alone.
bad=
for header in $(files 'orchestrator/*.h' 'agents/wire.h'); do
	out=$($CC -std=gnu17 -D_GNU_SOURCE -DLOEP_VERSION='"x"' -Iorchestrator -I. \
		-include lib/banned.h -fsyntax-only -x c "$header" 2>&1 |
		grep -E 'error' | head -n 1)
	bad=$bad${out:+$out
}
done
report "every header compiles alone" "$bad"

# Formatted as .clang-format says.
bad=$(files '*.c' '*.h' | grep -v '\.bpf\.c$' |
	xargs clang-format --dry-run --Werror 2>&1 | grep 'error:' | head -n 20)
report "C is formatted (make format)" "$bad"

bad=$(files '*.c' '*.h' '*.sh' '*.py' '*.ts' '*.tsx' |
	while read -r f; do
		lines=$(wc -l <"$f")
		case $f in
		tests/*) most=900 ;;
		*) most=700 ;;
		esac
		[ "$lines" -le $most ] || echo "$f has $lines lines"
	done)
report "no file is longer than 700 lines (tests: 900)" "$bad"

bad=$(files '*.c' '*.h' '*.def' '*.sh' 'scripts/*' '.ci/run' 'Makefile' |
	while read -r f; do
		head -n 3 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$f"
	done)
report "each source names its licence" "$bad"

bad=$(files '*.c' '*.h' '*.sh' 'Makefile' |
	xargs grep -nwE 'TODO|FIXME|XXX|HACK' /dev/null |
	grep -v '^tests/lint/')
report "nothing is left for later in the code" "$bad"

bad=$(files '*.sh' 'scripts/*' '.ci/run' | grep -v 'scripts/packages$' |
	while read -r f; do
		head -n 1 "$f" | grep -q 'sh$' && echo "$f"
	done | xargs shellcheck -S warning -e SC2034 2>&1 | head -n 30)
report "shell scripts pass shellcheck" "$bad"

# prove runs them as they are: without the bit a test does not run at all.
bad=$(for f in $(files 'tests/*/t[0-9]*.sh'); do
	[ -x "$f" ] || echo "$f: not executable"
done)
report "tests can be run" "$bad"

# What docs/acceptance.md says that something is proved by is there.
bad=$(for name in $(grep -oE '`(t[0-9]{4}|test_[a-z0-9_]+)`' docs/acceptance.md | tr -d '`' | sort -u); do
	files "tests/*/$name-*.sh" "tests/unit/*$name.c" | grep -q . ||
		echo "$name"
done)
report "docs/acceptance.md names tests that there are" "$bad"

# The mails' texts are in four languages.
bad=$(files '*.md' '*.c' '*.h' 'docs/*' | grep -vE "^orchestrator/(mail/text|web/oidc_text).c$" |
	xargs codespell -q 3 -L 'artefact,artefacts,artefactual,crate,ser,te,nd,fo,inh,ot,ned,ans,hel,anc,licence,behaviour,ue,fro,fpr' 2>&1 | head -n 20)
report "words are spelled right" "$bad"

bad=$(for m in docs/man/*.[1-8]; do
	[ -e "$m" ] && mandoc -T lint -W warning "$m" 2>&1 |
		grep -vE 'unknown manual section|referenced manual not found' | head -n 5
done)
report "man pages pass mandoc" "$bad"

report "loep.conf(5) is what scripts/conf-man writes" \
	"$(scripts/conf-man | diff - docs/man/loep.conf.5 | head -n 20)"

# The browser app: types, format, what its sources must not do.
if [ -d build/ui/node_modules ] && command -v node >/dev/null; then
	bad=$(cd build/ui && npm run --silent check 2>&1) && bad=
	report "the browser app is typed, formatted and makes no HTML of text" "$bad"
else
	n=$((n + 1))
	echo "ok $n - the browser app # SKIP its packages are not there: make ui"
fi

echo "1..$n"
exit $failed
