#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Re-scans: after each change of the rules, the stored matches of every file
# are those of yara(1) with the whole new set; whoever is killed meanwhile.
. "$(dirname "$0")/lib.sh"

[ -x "$BIN/loep-rules" ] || skip_all "loep-rules is not built"
command -v yara >/dev/null || skip_all "yara is not installed"
CONF='[rules]\nsingle_person = yes'
loep_start

FILES=${FILES:-150}
IN=$WORK/in
SET=$WORK/own
VERSION=0
mkdir "$IN" "$SET"

# --- files: of this machine, and some that are at the edge ---
# shellcheck disable=SC2012
find /usr/bin /usr/share/doc /usr/lib/python3* -type f -size -150k -readable \
	2>/dev/null | sort | awk -v n="$FILES" 'NR % 37 == 1 && c++ < n' |
	while read -r file; do
		cp "$file" "$IN/$(printf '%s' "$file" | md5sum | cut -c1-8)_${file##*/}"
	done
: >"$IN/empty"
printf 'needle' >"$IN/short"
printf 'MZneedle in a PE-like file' >"$IN/mz.exe"
head -c 70000 /dev/zero | tr '\0' 'a' >"$IN/loud"
ok "files are submitted" submit "$IN"/*
TOTAL=$(find "$IN" -type f | wc -l)

rescan() {
	"$LOEP" --json --quiet rescan show "$(newest)" | jq -r "$1"
}

newest() {
	"$LOEP" --json --quiet rescan list | jq -r '.[0].id'
}

# prepare - the rules of $SET as a new version that may become active.
prepare() {
	local replace=(--replace own)
	[ "$VERSION" != 0 ] || replace=()
	"$LOEP" --quiet rules add "$SET" --source own "${replace[@]}" --wait \
		>"$WORK/add.out" 2>&1 || {
		cat "$WORK/add.out"
		return 1
	}
	VERSION=$("$LOEP" --json rules list | jq '[.[] | .version] | max')
	"$LOEP" --quiet rules approve "$VERSION" 2>/dev/null
}

# activate - makes it active, too, and waits for its re-scan.
activate() {
	prepare && "$LOEP" --quiet rules activate "$VERSION" &&
		"$LOEP" --quiet rescan wait "$(newest)"
}

# settle - waits until the newest re-scan is done, whatever dies meanwhile.
settle() {
	local i
	for ((i = 0; i < 200; i++)); do
		[ "$(rescan .state 2>/dev/null)" = "done" ] && return
		sleep 0.2
	done
}

# exact NAME - compares all files with yara(1).
exact() {
	local file args=()
	for file in "${1:-$SET}"/*.yar; do
		args+=("own/${file##*/}=$file")
	done
	python3 tests/integration/rescan_compare.py "$STATE" "$CASE" "$IN" \
		"${args[@]}" 2>"$WORK/differ"
	sed 's/^/# /' "$WORK/differ"
}

cat >"$SET/a.yar" <<'YARA'
private rule script { condition: uint8(0) == 0x23 }
rule shebang { strings: $a = "#!/" condition: $a at 0 and script }
rule elf { condition: uint32(0) == 0x464C457F and filesize < 1MB }
rule word {
	meta:
		score = 70
	strings:
		$a = "import" nocase
		$b = /re[a-z]{3}n/
	condition:
		any of them
}
rule needle { strings: $a = "needle" wide ascii condition: $a }
YARA
cat >"$SET/b.yar" <<'YARA'
rule never { strings: $z = "qqqqzzzqqqz" condition: $z }
rule name { condition: filename contains "py" }
rule absent { strings: $z = "copyright" nocase condition: not $z }
rule two { strings: $a = "the" fullword $b = { 74 68 ?? 20 } condition: #a > 2 and for any i in (1..#b) : (@b[i] < 500) }
YARA

ok "the first version becomes active" activate
is "matches are those of yara" "$(exact)" "lost 0 invented 0 of some"
is "all files were in its scope" "$(rescan '.scope >= '"$TOTAL")" true

# --- changes, one kind after another ---
sed -i 's/score = 70/score = 90/; s,^rule elf,// only a comment\n&,' "$SET/a.yar"
ok "meta and comments change" activate
is "no artefact is read" "$(rescan '"\(.scanned) \(.bytes) \(.rules_scan)"')" "0 0 0"
is "matches are those of yara" "$(exact)" "lost 0 invented 0 of some"
is "and say the new score" "$(findings \
	'[.[] | select(.name == "word") | .score] | unique | join(" ")')" 90

sed -i 's/"import" nocase/"return" nocase/' "$SET/a.yar"
printf 'rule added { strings: $q = { 7F 45 4C 46 } condition: #q > 0 }\n' >>"$SET/b.yar"
ok "a string changes, a rule comes" activate
is "only these are scanned for" "$(rescan .rules_scan)" 2
is "matches are those of yara" "$(exact)" "lost 0 invented 0 of some"
like "the diff names what is new" "$("$LOEP" rescan changes "$(newest)")" 'new .*added'

sed -i '/^rule elf/d' "$SET/a.yar"
printf 'global rule small { condition: filesize < 40KB }\n' >>"$SET/b.yar"
ok "a rule goes, a global rule comes" activate
is "matches are those of yara" "$(exact)" "lost 0 invented 0 of some"
is "withdrawn matches are no longer listed" \
	"$(findings '[.[] | select(.type == "match" and .name == "elf")] | length')" 0
ok "unless asked for" bash -c "curl -sS --unix-socket '$STATE/run/loep.sock' \
	'http://localhost/api/v1/cases/$CASE/findings?type=match&withdrawn=1&limit=500' |
	jq -e '[.items[] | select(.name == \"elf\" and .withdrawn_by != null)] | length > 0'"

sed -i 's/uint8(0) == 0x23/uint8(0) == 0x7f/' "$SET/a.yar"
ok "a private rule changes" activate
is "what names it is scanned for" "$(rescan .rules_scan)" 1
is "matches are those of yara" "$(exact)" "lost 0 invented 0 of some"

FIRST=$WORK/first
cp -r "$SET" "$FIRST"
LOUD='rule loud { strings: $a = "a" condition: #a > 1000001 }'
printf '%s\nrule many { strings: $x = /[a-z]{2}[0-9]/ condition: #x > 3 }\n' "$LOUD" >"$SET/c.yar"
ok "rules come that match nearly anything" activate
is "matches are those of yara" "$(exact)" "lost 0 invented 0 of some"

# --- people hear of it ---
ok "cases got a task" bash -c "curl -sS --unix-socket '$STATE/run/loep.sock' \
	'http://localhost/api/v1/cases/$CASE/tasks' | jq -e '.items | length > 0'"
id=$(artefacts '[.[] | select(.name == "short")][0].id')
is "a match has its proof" "$("$LOEP" --json rescan proof "$id" needle | jq -r .state)" match
like "a miss, too" "$("$LOEP" --json rescan proof "$id" never | jq -r .state)" \
	'^(excluded|no_match)$'
like "which names bytes that are absent" "$("$LOEP" rescan proof "$id" never)" \
	'absent: the bytes [0-9a-f]{8} of "qqqqzzzqqqz"'
like "and places that are not" "$("$LOEP" rescan proof "$id" needle)" \
	'\$a +at 0: needle'
like "changes are added up by rule" "$("$LOEP" rescan changes "$(newest)" \
	--by rule)" '^many +own/c.yar +[0-9]+ +0 +0'
like "by case" "$("$LOEP" rescan changes "$(newest)" --by case)" \
	"^$("$LOEP" --json case show "$CASE" | jq -r .number) .*[1-9]"
fails "by nothing else" 64 "$LOEP" rescan changes "$(newest)" --by moon
"$LOEP" --json report "$CASE" --new >/dev/null 2>&1

# --- back ---
ok "an older version is active again" bash -c "'$LOEP' --quiet rules rollback"
"$LOEP" --quiet rescan wait "$(newest)" >/dev/null
is "matches are those of yara" "$(exact "$FIRST")" "lost 0 invented 0 of some"

# --- rules without strings, for which first bytes are enough, or not ---
ok "the newest rules are active again" activate
# Of members of archives, too.
HEADS=$(artefacts '[.[].size | if . > 16384 then 16384 else . end] | add')
printf 'import "math"\nimport "elf"\nimport "hash"\n' >"$SET/d.yar"
printf 'rule head { condition: filesize > 10 and math.entropy(0, 64) > 4.0 }\n' >>"$SET/d.yar"
ok "a rule comes that looks at first bytes" activate
is "matches are those of yara" "$(exact)" "lost 0 invented 0 of some"
is "and nothing else is read" "$(rescan '.scanned > '"$((TOTAL / 2))"' and .bytes <= '"$HEADS")" true
printf 'rule sections { condition: elf.number_of_sections > 20 }\n' >>"$SET/d.yar"
printf 'rule tail { condition: filesize > 1 and uint8(0) == 0x7f and uint8(filesize - 1) == 0 }\n' >>"$SET/d.yar"
ok "rules come that look further in some files" activate
is "matches are those of yara" "$(exact)" "lost 0 invented 0 of some"
printf 'rule sum { condition: hash.md5(0, filesize) < "8" }\n' >>"$SET/d.yar"
ok "a rule comes that looks at everything" activate
is "matches are those of yara" "$(exact)" "lost 0 invented 0 of some"
rm "$SET/d.yar"

# --- new files in the middle, and whoever is killed ---
kill_one() {
	local pid
	pid=$(pgrep -P "$LOEPD" -x "$1" | head -n 1)
	[ -n "$pid" ] && kill -KILL "$pid"
}
# hand_in FILE - submits it as soon as that can be.
hand_in() {
	local i
	for ((i = 0; i < 100; i++)); do
		"$LOEP" --quiet submit --case "$CASE" "$1" >/dev/null 2>&1 && return
		sleep 0.2
	done
}
for victim in loep-sched loep-hunt loep-store loep-index loep-vault; do
	printf 'rule killed_%s { strings: $a = /[a-f]{3}t/ condition: #a > 1 }\n' \
		"${victim#loep-}" >>"$SET/c.yar"
	printf 'new bytes needle for %s\nimport fact fact' "$victim" >"$IN/new_$victim"
	ok "$victim: another version" prepare
	"$LOEP" --quiet rules activate "$VERSION" >/dev/null
	kill_one "$victim"
	hand_in "$IN/new_$victim"
	settle
	"$LOEP" --quiet case wait "$CASE" >/dev/null 2>&1
	is "$victim is killed: the re-scan is done" "$(rescan .state)" "done"
	is "and matches are those of yara" "$(exact)" "lost 0 invented 0 of some"
done

# --- people stop it ---
printf 'rule late { strings: $a = /[g-k]{3}t/ condition: #a >= 0 }\n' >>"$SET/c.yar"
ok "another version" prepare
STOPPED=$(($(newest) + 1))
HUNT=$(pgrep -P "$LOEPD" -x loep-hunt)
kill -STOP "$HUNT"
"$LOEP" --quiet rules activate "$VERSION" >/dev/null
ok "it is paused while it runs" "$LOEP" rescan pause "$STOPPED"
is "and says so" "$(rescan .state)" paused
ok "it is cancelled" "$LOEP" rescan cancel "$STOPPED"
kill -CONT "$HUNT"
ok "and taken up again" "$LOEP" rescan resume "$STOPPED"
settle
is "it is done" "$(rescan .state)" "done"
is "and matches are those of yara" "$(exact)" "lost 0 invented 0 of some"
fails "what is done is not paused" 1 "$LOEP" rescan pause "$STOPPED"

# --- a damaged blob is a gap, and no match is lost silently ---
loep_stop
SUM=$(find "$IN" -type f -size +20k -size -100k -print0 | sort -z | head -zn 1 |
	xargs -0 sha256sum | cut -d' ' -f1)
BLOB=$(find "$STATE/vault/blobs" -type f -name "*$SUM*")
chmod u+w "$BLOB"
printf 'xxxxxxxxxxxxxxxx' | dd of="$BLOB" bs=1 seek=3000 conv=notrunc 2>/dev/null
loep_run
printf 'rule anything { strings: $a = /[x-z]{3}t/ condition: #a >= 0 }\n' >>"$SET/c.yar"
ok "a blob is damaged, and other rules come" activate
is "the re-scan names it" "$(rescan .gaps)" 1
like "and says why" "$("$LOEP" rescan gaps "$(newest)")" damaged
id=$("$LOEP" --json rescan gaps "$(newest)" | jq -r '.[0].artefact')
is "its proof says that it is not known" \
	"$("$LOEP" --json rescan proof "$id" anything | jq -r .state)" gap
finish
