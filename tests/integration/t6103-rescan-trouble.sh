#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Trouble while rules change: an index that is damaged, lost, or has no space
# left, a blob that is deleted in the middle, two activations at once, rules
# that are made to be slow.  No match is lost, and the service goes on.

# The index has a small file system of its own, which namespaces give to
# ordinary users: a shell outside of ours mounts it where we ask it to.
if [ -z "${LOEP_MOUNT_ASK:-}" ]; then
	LOEP_MOUNT_ASK=$(mktemp -u "${TMPDIR:-/tmp}/loep-mount-XXXXXX")
	export LOEP_MOUNT_ASK
	mkfifo "$LOEP_MOUNT_ASK"
	# What is mounted within cannot be removed within.
	TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/loep-t6103-XXXXXX")
	export TMPDIR
	trap 'rm -rf "$LOEP_MOUNT_ASK" "$LOEP_MOUNT_ASK.done" "$TMPDIR"' EXIT
	# shellcheck disable=SC2016 # the inner shell expands these
	unshare --user --map-root-user --mount bash -c '
		exec 9<>"$LOEP_MOUNT_ASK"
		{
			read -r place <&9
			mount -t tmpfs -o size=24m,mode=700 tmpfs "$place"
			echo $? >"$LOEP_MOUNT_ASK.done"
		} &
		unshare --user --map-user="$1" --map-group="$2" "$3" 9>&-' \
		t6103 "$(id -u)" "$(id -g)" "$0"
	exit
fi
. "$(dirname "$0")/lib.sh"

[ -x "$BIN/loep-rules" ] || skip_all "loep-rules is not built"
command -v yara >/dev/null || skip_all "yara is not installed"
CONF='[rules]\nsingle_person = yes'
loep_init
INDEX=$STATE/index
mkdir -p "$INDEX"
echo "$INDEX" >"$LOEP_MOUNT_ASK"
for ((i = 0; i < 100; i++)); do
	[ ! -s "$LOEP_MOUNT_ASK.done" ] || break
	sleep 0.1
done
[ "$(cat "$LOEP_MOUNT_ASK.done")" = 0 ] ||
	skip_all "no mount in a user namespace here"
loep_run

IN=$WORK/in
SET=$WORK/own
mkdir "$IN" "$SET"
# Words, so that rules find some; noise, so that columns are large.
python3 - "$IN" <<'PYTHON'
import random
import sys
draw = random.Random(5)
words = [bytes(draw.choices(b"abcdefgh", k=6)) for _ in range(400)]
for i in range(90):
    body = b" ".join(draw.choices(words, k=60)) + b"\nneedle%d\n" % (i % 7)
    with open(f"{sys.argv[1]}/f{i:02}", "wb") as f:
        f.write(body + draw.randbytes(20000))
PYTHON

units() {
	"$LOEP" --json status | jq -r '.index.units'
}

indexed() {
	"$LOEP" --json status | jq -r '.index.indexed'
}

# wait_indexed - until the index holds everything.
wait_indexed() {
	local i
	for ((i = 0; i < 300; i++)); do
		[ "$(indexed)" = "$(units)" ] && return 0
		sleep 0.2
	done
	return 1
}

newest() {
	"$LOEP" --json --quiet rescan list | jq -r '.[0].id'
}

rescan() {
	"$LOEP" --json --quiet rescan show "$(newest)" | jq -r "$1"
}

TURN=0
# activate - other rules than the last time, at once.
activate() {
	local replace=(--replace own)
	[ "$TURN" != 0 ] || replace=()
	TURN=$((TURN + 1))
	cat >"$SET/a.yar" <<-YARA
		rule needle { strings: \$a = "needle$((TURN % 7))" condition: \$a and $TURN > 0 }
		rule pair { strings: \$a = /[a-h]{5}$(printf %b "\\x$((61 + TURN % 8))") ab/ condition: #a > 0 }
		rule absent { strings: \$a = "needle$((TURN % 5))" condition: not \$a }
	YARA
	"$LOEP" --quiet rules add "$SET" --source own "${replace[@]}" --wait \
		>"$WORK/add.out" 2>&1 || return
	VERSION=$("$LOEP" --json rules list | jq '[.[] | .version] | max')
	"$LOEP" --quiet rules approve "$VERSION" 2>/dev/null
	"$LOEP" --quiet rules activate "$VERSION"
}

exact() {
	python3 tests/integration/rescan_compare.py "$STATE" "$CASE" "$IN" \
		"own/a.yar=$SET/a.yar" 2>"$WORK/differ"
	sed 's/^/# /' "$WORK/differ"
}

# survives NAME - rules change now; nothing is lost, then the index is whole.
survives() {
	ok "$1: other rules become active" activate
	ok "$1: their re-scan ends" "$LOEP" --quiet rescan wait "$(newest)"
	is "$1: matches are those of yara" "$(exact)" "lost 0 invented 0 of some"
	ok "$1: the index becomes whole again" wait_indexed
}

ok "files are submitted" submit "$IN"/*
ok "and indexed" wait_indexed
survives "no trouble"

# --- files of the index, while nobody looks and while it is used ---
largest() {
	find "$INDEX" -name 'segment-*' -printf '%s %p\n' | sort -n |
		tail -n 1 | cut -d' ' -f2
}
restart_after() {
	loep_stop
	"$@"
	loep_run
}
flip() {
	python3 - "$1" <<-'PYTHON'
		import random, sys
		with open(sys.argv[1], "r+b") as f:
		    data = bytearray(f.read())
		    for _ in range(40):
		        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
		    f.seek(0)
		    f.write(data)
	PYTHON
}
version_of() {
	# Behind the eight bytes of the magic.
	printf '\377' | dd of="$1" bs=1 seek=8 conv=notrunc status=none
}
chmod u+w "$INDEX"/* 2>/dev/null
restart_after truncate -s 5000 "$(largest)"
survives "a truncated segment"
restart_after flip "$(largest)"
survives "a segment with flipped bits"
restart_after version_of "$(largest)"
survives "a segment of another version"
restart_after rm "$(largest)"
survives "a missing segment"
restart_after flip "$INDEX/manifest"
survives "a flipped manifest"
restart_after version_of "$INDEX/manifest"
survives "a manifest of another version"
restart_after find "$INDEX" -type f -delete
survives "an empty folder"
flip "$(largest)"
survives "bits that flip while it runs"

# --- no space for the index ---
filler=$INDEX/filler
dd if=/dev/zero of="$filler" bs=64k status=none 2>/dev/null
for ((i = 0; i < 40; i++)); do
	{
		echo "needle$((i % 7)) abcde"
		head -c 30000 /dev/urandom
	} >"$IN/full$i"
done
ok "no space: files are taken" "$LOEP" --quiet submit --wait --case "$CASE" "$IN"/full*
ok "no space: the index lags" test "$(indexed)" -lt "$(units)"
ok "no space: other rules become active" activate
ok "no space: their re-scan ends" "$LOEP" --quiet rescan wait "$(newest)"
is "no space: matches are those of yara" "$(exact)" "lost 0 invented 0 of some"
like "the log says so" "$(grep 'loep-index' "$WORK/log" | tail -n 3)" \
	'disk of the index is full'
rm "$filler"
survives "with space again"

# Merging needs space, too: many small segments, and then none is left.
for ((i = 0; i < 12; i++)); do
	{
		echo "needle$((i % 7)) abcdef"
		head -c 40000 /dev/urandom
	} >"$IN/merge$i"
	"$LOEP" --quiet submit --wait --case "$CASE" "$IN/merge$i" >/dev/null
	[ "$i" != 6 ] || dd if=/dev/zero of="$filler" bs=4k status=none 2>/dev/null
done
ok "no space to merge: other rules become active" activate
ok "no space to merge: their re-scan ends" "$LOEP" --quiet rescan wait "$(newest)"
is "no space to merge: matches are those of yara" "$(exact)" \
	"lost 0 invented 0 of some"
rm "$filler"
survives "with space to merge"

# --- a blob is deleted in the middle of a re-scan ---
HUNT=$(pgrep -P "$LOEPD" -x loep-hunt)
kill -STOP "$HUNT"
ok "a blob goes: other rules become active" activate
SUM=$(sha256sum "$IN/f00" | cut -d' ' -f1)
BLOB=$(find "$STATE/vault/blobs" -type f -name "*$SUM*")
cp "$BLOB" "$WORK/blob"
rm -f "$BLOB"
kill -CONT "$HUNT"
"$LOEP" --quiet rescan wait "$(newest)" >/dev/null
is "a blob goes: the re-scan is done" "$(rescan .state)" "done"
GAPS=$(rescan .gaps)
if [ "$GAPS" = 0 ]; then
	# It was open already; the next re-scan sees that it is gone.
	ok "a blob is gone: other rules become active" activate
	"$LOEP" --quiet rescan wait "$(newest)" >/dev/null
	GAPS=$(rescan .gaps)
fi
is "a blob goes: it is a gap, not a clean file" "$GAPS" 1
like "a blob goes: by name" "$("$LOEP" rescan gaps "$(newest)")" 'f00'
id=$("$LOEP" --json rescan gaps "$(newest)" | jq -r '.[0].artefact')
is "a blob goes: its proof is not known" \
	"$("$LOEP" --json rescan proof "$id" absent | jq -r .state)" gap
cp "$WORK/blob" "$BLOB"
ok "a blob is back: its gaps are retried" "$LOEP" rescan retry "$(newest)"
"$LOEP" --quiet rescan wait "$(newest)" >/dev/null
is "a blob is back: matches are those of yara" "$(exact)" \
	"lost 0 invented 0 of some"

# --- two at once ---
"$LOEP" --quiet rules add "$SET" --replace own --wait >/dev/null 2>&1
ONE=$("$LOEP" --json rules list | jq '[.[] | .version] | max')
sed -i 's/^rule needle/rule other { condition: filesize > 1000 }\n&/' "$SET/a.yar"
"$LOEP" --quiet rules add "$SET" --replace own --wait >/dev/null 2>&1
TWO=$("$LOEP" --json rules list | jq '[.[] | .version] | max')
"$LOEP" --quiet rules approve "$ONE" 2>/dev/null
"$LOEP" --quiet rules approve "$TWO" 2>/dev/null
"$LOEP" --quiet rules activate "$ONE" >"$WORK/one" 2>&1 &
ONE_PID=$!
"$LOEP" --quiet rules activate "$TWO" >"$WORK/two" 2>&1
TWO_STATUS=$?
wait "$ONE_PID"
like "two activations at once: at least one wins" "$? $TWO_STATUS" '0'
ok "two activations at once: the second wins in the end" bash -c \
	"'$LOEP' --json rules show | jq -e '.version == $TWO' >/dev/null ||
	'$LOEP' --quiet rules activate '$TWO'"
"$LOEP" --quiet rescan wait "$(newest)" >/dev/null
is "two activations at once: matches are those of yara" "$(exact)" \
	"lost 0 invented 0 of some"

# --- rules that are made to be slow ---
cat >"$SET/b.yar" <<'YARA'
rule bomb1 { strings: $a = /(a+)+b/ condition: $a }
rule bomb2 { strings: $a = /(([a-z])+.)+[A-Z]([a-z])+$/ condition: $a }
rule bomb3 { strings: $a = /x.*y.*z.*x.*y.*z.*q/s condition: $a }
rule bomb4 { strings: $a = { 61 [0-] 61 [0-] 61 [0-] 61 [0-] 62 } condition: $a }
rule bomb5 { strings: $a = /(a?){200}a{200}/ condition: $a }
rule bomb6 { condition: for all i in (0..1000000000) : (uint8(i % 7) != 300) }
rule fine { strings: $a = "needle3" condition: $a }
YARA
head -c 60000 /dev/zero | tr '\0' a >"$IN/aaaa"
ok "a file that such rules do not like" "$LOEP" --quiet submit --wait \
	--case "$CASE" "$IN/aaaa"
BEGAN=$SECONDS
ok "rules that are made to be slow become a version" "$LOEP" --quiet rules \
	add "$SET" --replace own --wait
VERSION=$("$LOEP" --json rules list | jq '[.[] | .version] | max')
"$LOEP" --quiet rules approve "$VERSION" 2>/dev/null
ok "which becomes active" "$LOEP" --quiet rules activate "$VERSION"
"$LOEP" --quiet rescan wait "$(newest)" >/dev/null
# On a busy machine their time is up: these gaps are tried again.
for _ in 1 2 3; do
	[ "$(rescan .state)" = "done" ] || "$LOEP" --quiet rescan wait "$(newest)" >/dev/null
done
diag "after $((SECONDS - BEGAN)) s; set aside: $(api \
	"/rules/versions/$VERSION/rules?state=rejected" |
	jq -r '[.items[].name] | join(" ")')"
is "their re-scan ends" "$(rescan .state)" "done"
is "the others found what they look for" "$(findings \
	'[.[] | select(.type == "match" and .name == "fine")] | length')" \
	"$(grep -l needle3 "$IN"/* | wc -l)"
ok "and the service goes on" submit "$IN/f01"
finish
