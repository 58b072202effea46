#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A version before it is active: what it would change in all that is stored,
# stopped and taken up again.  And files that go: from the index, and while
# everything is scanned.
. "$(dirname "$0")/lib.sh"

[ -x "$BIN/loep-rules" ] || skip_all "loep-rules is not built"
CONF='[rules]\nsingle_person = yes\n[review]\nsingle_person = yes'
loep_start

SET=$WORK/set
mkdir "$SET" "$WORK/in" "$WORK/other"
for ((i = 0; i < 24; i++)); do
	printf 'file %d with %s and %s\n' "$i" "needle$((i % 2))" "thread$((i % 3))" \
		>"$WORK/in/f$i"
done
for ((i = 0; i < 5; i++)); do
	printf 'file %d elsewhere with needle1 and thread2\n' "$i" >"$WORK/other/g$i"
done
ok "files are submitted" submit "$WORK"/other/*
OTHER=$CASE
GOING=$(artefacts '.[0].id')
ok "in two cases" submit "$WORK"/in/*

prepare() {
	local replace=(--replace own)
	[ -n "${VERSION:-}" ] || replace=()
	"$LOEP" --quiet rules add "$SET" --source own "${replace[@]}" --wait \
		>"$WORK/add.out" 2>&1 || return
	VERSION=$("$LOEP" --json rules list | jq '[.[] | .version] | max')
	"$LOEP" --quiet rules approve "$VERSION" 2>/dev/null
}
activate() {
	"$LOEP" --quiet rules activate "$VERSION" &&
		"$LOEP" --quiet rescan wait "$(newest)" >/dev/null
}
newest() {
	"$LOEP" --json --quiet rescan list | jq -r '.[0].id'
}
rescan() {
	"$LOEP" --json --quiet rescan show "$(newest)" | jq -r "$1"
}
# changes NUMBER - what, rule and artefact, in order.
changes() {
	"$LOEP" --json --quiet rescan changes "$1" |
		jq -r '.[] | "\(.what) \(.name) \(.artefact)"' | sort
}
matches() {
	findings '[.[] | select(.type == "match") | .name + .artefact] | sort | join(" ")'
}
indexed() {
	"$LOEP" --json status | jq -r '.index | "\(.indexed)/\(.units)"'
}
# until_is SECONDS WANTED COMMAND...
until_is() {
	local i wanted=$2 max=$(($1 * 5))
	shift 2
	for ((i = 0; i < max; i++)); do
		[ "$("$@")" = "$wanted" ] && return 0
		sleep 0.2
	done
	echo "it is $("$@"), wanted $wanted"
	return 1
}
# may_match RULE - artefacts that it can match, by the index.
may_match() {
	api "/rules/versions/$VERSION/selectivity?rule=$1" | jq .candidates
}
hunt() {
	pgrep -P "$LOEPD" -x loep-hunt
}

cat >"$SET/a.yar" <<'YARA'
rule stays { strings: $a = "needle0" condition: $a }
rule moves { strings: $a = "needle1" condition: $a }
rule goes { strings: $a = "thread1" condition: $a }
YARA
ok "a version" prepare
ok "is active" activate
BEFORE=$(matches)

# --- before it is active ---
cat >"$SET/a.yar" <<'YARA'
rule stays { strings: $a = "needle0" condition: $a }
rule moves { strings: $a = "thread2" condition: $a }
rule comes { condition: filesize > 30 and filesize < 1MB }
YARA
ok "another one" prepare
ok "is tried on all that is stored" "$LOEP" rules preview "$VERSION"
PREVIEW=$(newest)
is "as a preview" "$(rescan '"\(.kind) \(.version_to) \(.scope)"')" \
	"preview $VERSION 29"
changes "$PREVIEW" >"$WORK/preview"
is "which says what would come" "$(grep -c '^new comes' "$WORK/preview")" \
	"$(find "$WORK/in" "$WORK/other" -type f -size +30c | wc -l)"
is "and what would go" "$(grep -c '^lost goes' "$WORK/preview")" 8
is "nothing has changed by it" "$(matches)" "$BEFORE"
is "the version is not active" "$("$LOEP" --json rules show | jq .version)" 1

# --- stopped, and taken up again ---
# ordered WORD - a preview that hears that word before it gets anywhere.
ordered() {
	local sched
	sched=$(pgrep -P "$LOEPD" -x loep-sched)
	kill -STOP "$sched"
	"$LOEP" --quiet rules preview "$VERSION" >/dev/null 2>&1 &
	until_is 30 $((PREVIEW + 1)) newest >/dev/null
	PREVIEW=$((PREVIEW + 1))
	ok "a preview is told: $1" "$LOEP" rescan "$1" "$PREVIEW"
	kill -CONT "$sched"
	wait $!
	sleep 1
}
ordered pause
is "it stands still" "$(rescan '"\(.state) \(.kind) \(.new)"')" "paused preview 0"
ok "it goes on" "$LOEP" rescan resume "$PREVIEW"
ok "to its end" "$LOEP" --quiet rescan wait "$PREVIEW"
is "and says the same" "$(changes "$PREVIEW" | cmp - "$WORK/preview" && echo same)" same
ordered cancel
is "it is over" "$(rescan '"\(.state) \(.kind) \(.new)"')" "cancelled preview 0"
fails "for good" 1 "$LOEP" rescan resume "$PREVIEW"
is "still nothing has changed" "$(matches)" "$BEFORE"
ok "it becomes active" activate
is "and changes what was foretold" "$(changes "$(newest)" |
	cmp - "$WORK/preview" && echo same)" same

# --- why not ---
SOME=$(artefacts '[.[] | select(.name == "f0")][0].id')
is "the index says why not" "$("$LOEP" --json rescan proof "$SOME" moves |
	jq -r .state)" excluded
like "by the bytes that are absent" "$("$LOEP" rescan proof "$SOME" moves)" absent
printf 'rule counted { strings: $a = "file" condition: #a == 2 }\n' >>"$SET/a.yar"
ok "a rule that the index cannot rule out" prepare
ok "is active then" activate
is "a scan says why not" "$("$LOEP" --json rescan proof "$SOME" counted |
	jq -r .state)" no_match

# --- what makes a rule slow, and a hunt that is kept ---
cat >"$SET/slow.yar" <<'YARA'
rule tiring { strings: $fine = "plain text" $bad = /x.*y.*z.*x.*y.*z.*q/s condition: any of them }
YARA
ok "a rule that is slow" prepare
is "is named with the string that makes it so" "$("$LOEP" --json rules show \
	"$VERSION" tiring | jq -r '"\(.cost_ms > 0) \(.cost_string)"')" 'true $bad'
rm "$SET/slow.yar"
echo 'rule idea { strings: $a = "thread0" condition: $a }' >"$WORK/idea.yar"
ok "a hunt" "$LOEP" --quiet hunt "$WORK/idea.yar"
is "leaves nothing" "$(changes "$(newest)" | wc -l)" 0
ok "one that is kept" "$LOEP" --quiet hunt "$WORK/idea.yar" --keep
is "leaves what it found" "$(changes "$(newest)" | grep -c '^new idea ')" 8

# --- files that go ---
ok "all is in the index" until_is 60 29/29 indexed
is "which names who may match" "$(may_match moves)" 13
printf 'rule last { strings: $a = /[a-z]{4} [0-9]+ with needle0/ condition: $a }\n' \
	>>"$SET/a.yar"
ok "the version after that" prepare
kill -STOP "$(hunt)"
"$LOEP" --quiet rules activate "$VERSION"
DELETION=$("$LOEP" --json case delete "$OTHER" --reason asked | jq -r .id)
ok "a case is deleted in the middle of its re-scan" "$LOEP" case approve "$DELETION"
for ((i = 0; i < 150; i++)); do
	"$LOEP" case certificate "$DELETION" >/dev/null 2>&1 && break
	sleep 0.2
done
kill -CONT "$(hunt)"
"$LOEP" --quiet rescan wait "$(newest)" >/dev/null
is "which ends" "$(rescan '"\(.state) \(.gaps)"')" "done 0"
is "with what is still there" "$(rescan .new)" 12
ok "nothing of it is in the index" until_is 60 24/24 indexed
is "nor may it match" "$(may_match moves)" 8
fails "nothing is told of it" 1 "$LOEP" rescan proof "$GOING" moves
ok "and the service goes on" submit "$WORK/in/f0"
finish
