#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules that take long to compile: work goes on under those before, nothing is
# left unseen by the new ones, and they are compiled once.
. "$(dirname "$0")/lib.sh"

[ -x "$BIN/loep-rules" ] || skip_all "loep-rules is not built"
CONF='[rules]\nsingle_person = yes'
loep_start

SET=$WORK/set
mkdir "$SET"
echo 'rule early { strings: $a = "needle" condition: $a }' >"$SET/a.yar"

# prepare - the rules of $SET as an approved version: VERSION.
prepare() {
	local replace=()
	[ -z "${VERSION:-}" ] || replace=(--replace own)
	"$LOEP" --quiet rules add "$SET" --source own "${replace[@]}" --wait \
		>"$WORK/add.out" 2>&1 || {
		cat "$WORK/add.out"
		return 1
	}
	VERSION=$("$LOEP" --json rules list | jq '[.[] | .version] | max')
	"$LOEP" --quiet rules approve "$VERSION" 2>/dev/null
}
# until SECONDS COMMAND...
until_ok() {
	local i max=$(($1 * 10))
	shift
	for ((i = 0; i < max; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	return 1
}
loaded() {
	grep -q "\"rules loaded\" version=$1 " "$WORK/log"
}
compiled() {
	grep -c "compiling rules" "$WORK/log"
}
# kept COUNT - so many compiled sets lie there for another time.
kept() {
	[ "$(grep -c "compiled rules kept" "$WORK/log")" -ge "$1" ]
}
program() {
	pgrep -P "$LOEPD" -x "$1"
}
# names ARTEFACT-NAME - rules whose matches are listed, each as often as it is.
names() {
	findings "[.[] | select(.type == \"match\" and .artefact == \"$1\") | .name] |
		sort | join(\" \")"
}
id_of() {
	artefacts "[.[] | select(.name == \"$1\")][0].id // empty"
}

ok "a small set becomes a version" prepare
ok "and active" "$LOEP" --quiet rules activate "$VERSION"
ok "and is run" until_ok 60 loaded "$VERSION"
echo "a needle before" >"$WORK/before"
ok "a file is submitted" submit "$WORK/before"
BEFORE=$(id_of before)
is "it is matched" "$(names "$BEFORE")" "early"

# --- many rules: compiled behind the scenes ---
cat >"$SET/b.yar" <<'YARA'
import "pe"
rule later { strings: $a = "needle" condition: $a and not pe.is_pe }
YARA
for ((i = 0; i < 1500; i++)); do
	printf 'rule many_%d { strings: $a = "text %d of the many" $b = /q%d[a-z]{2,9}z/ condition: any of them }\n' \
		"$i" "$i" "$i"
done >"$SET/many.yar"
ok "many rules become a version" prepare
YARA=$(program loep-yara)
"$LOEP" --quiet rules activate "$VERSION"
# Whatever the machine's speed is: the compiling lasts until we say so.
for ((i = 0; i < 2000; i++)); do
	CHILD=$(pgrep -P "$YARA" -x loep-yara | head -n 1)
	[ -n "$CHILD" ] && kill -STOP "$CHILD" 2>/dev/null && break
	sleep 0.005
done
ok "they are compiled in a process of their own" test -n "${CHILD:-}"
is "which is not done" "$(loaded "$VERSION" && echo loaded)" ""
"$LOEP" --quiet rescan wait "$("$LOEP" --json rescan list | jq '.[0].id')" >/dev/null
is "what is stored has been re-scanned already" "$(names "$BEFORE")" "early later"
echo "a needle meanwhile" >"$WORK/meanwhile"
BEGAN=$(date +%s%3N)
"$LOEP" --quiet submit --case "$CASE" "$WORK/meanwhile" >/dev/null
seen() {
	MEANWHILE=$(id_of meanwhile)
	[ -n "$MEANWHILE" ] && [ "$(names "$MEANWHILE")" = early ]
}
ok "a file that comes is triaged by the rules before" until_ok 60 seen
diag "after $(($(date +%s%3N) - BEGAN)) ms"
seen
is "that it has not met the new ones is no secret" "$("$LOEP" --json rescan \
	proof "$MEANWHILE" later | jq -r .state)" pending
kill -CONT "$CHILD"
ok "they are run when they are compiled" until_ok 120 loaded "$VERSION"
ok "the file's case is done" "$LOEP" --quiet case wait "$CASE"
is "and it has met them, once" "$(names "$MEANWHILE")" "early later"
is "each match has its proof" "$("$LOEP" --json rescan proof "$MEANWHILE" later |
	jq -r .state)" match

# --- the next start, and the way back, compile nothing ---
until_ok 30 kept 2
loep_stop
mv "$WORK/log" "$WORK/log.1"
loep_run
ok "the next start has them" until_ok 60 loaded "$VERSION"
is "without compiling" "$(compiled)" 0
diag "loaded in $(grep '"rules loaded" version' "$WORK/log" | tail -n 1 |
	grep -o 'ms=[0-9]*')"
echo "a needle afterwards" >"$WORK/afterwards"
"$LOEP" --quiet submit --wait --case "$CASE" "$WORK/afterwards" >/dev/null
is "and finds what there is" "$(names "$(id_of afterwards)")" "early later"
ok "the way back" "$LOEP" --quiet rules rollback
ok "is run" until_ok 60 loaded 1
is "without compiling, too" "$(compiled)" 0
"$LOEP" --quiet rescan wait "$("$LOEP" --json rescan list | jq '.[0].id')" >/dev/null
is "matches of rules that are gone are withdrawn" "$(names "$BEFORE")" early
loep_stop
for file in "$STATE"/db/rules-*.img; do
	printf 'x' | dd of="$file" bs=1 seek=3000 conv=notrunc status=none
done
mv "$WORK/log" "$WORK/log.2"
loep_run
ok "a damaged file is not believed" until_ok 60 loaded 1
like "which the log says" "$(cat "$WORK/log")" "compiled rules not taken"
is "the rules are compiled again" "$(compiled)" 1

# --- whoever dies meanwhile ---
printf 'rule added { strings: $a = "needle" condition: #a == 1 }\n' >>"$SET/b.yar"
ok "another version" prepare
"$LOEP" --quiet rules activate "$VERSION"
kill -KILL "$(program loep-yara)"
echo "a needle in trouble" >"$WORK/trouble"
ok "loep-yara dies while it compiles: a file is taken" until_ok 60 "$LOEP" \
	--quiet submit --wait --case "$CASE" "$WORK/trouble"
ok "the rules are run all the same" until_ok 120 loaded "$VERSION"
"$LOEP" --quiet case wait "$CASE" >/dev/null
is "and it has met them" "$(names "$(id_of trouble)")" "added early later"

# --- a hunt is no version ---
echo 'rule idea { strings: $a = "needle" condition: $a }' >"$WORK/idea.yar"
is "a hunt finds what there is" "$("$LOEP" --json --quiet hunt "$WORK/idea.yar" |
	jq -s 'length')" 4
is "it is no version" "$("$LOEP" --json rules list | jq '[.[] | .version] | max')" \
	"$VERSION"
is "nor does it change what is known" "$(names "$BEFORE")" "added early later"
is "its re-scan is of no version" "$("$LOEP" --json rescan list |
	jq -c '.[0] | [.kind, .version_to]')" '["hunt",null]'
LAST=$VERSION
sed -i 's/"needle" condition: #a == 1/"needle" condition: #a >= 1/' "$SET/b.yar"
ok "the version after that" prepare
is "has the next number" "$VERSION" "$((LAST + 1))"
finish
