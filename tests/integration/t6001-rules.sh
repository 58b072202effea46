#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rule-set versions: from a folder with a broken rule to a roll-back.
. "$(dirname "$0")/lib.sh"

[ -x "$BIN/loep-rules" ] || skip_all "loep-rules is not built"
command -v git >/dev/null || skip_all "git is not installed"
loep_start

# The same user as another account: who connects next is somebody new.
become_somebody_else() {
	loep_stop
	python3 - "$STATE/db/loep.db" <<-'PYTHON'
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1])
		db.execute("UPDATE account SET uid = NULL")
		db.commit()
		db.close()
	PYTHON
	loep_run
}

# rules JQ ARGUMENTS... - a filter over what `loep rules` answers.
rules() {
	local filter=$1
	shift
	"$LOEP" --json --quiet rules "$@" 2>"$WORK/rules.err" | jq -r "$filter"
}

mkdir -p "$WORK/own/sub" "$WORK/own/sub/files.yar.tests/has_marker/match" \
	"$WORK/own/sub/files.yar.tests/has_marker/miss"
cat >"$WORK/own/sub/files.yar" <<'YARA'
// Files that the test made.
private rule small { condition: filesize < 1MB }
rule has_marker : test {
	meta:
		author = "us"
		score = 60
	strings:
		$a = "the marker of this test"
	condition:
		$a and small
}
rule has_other {
	strings:
		$a = { 4f 54 48 45 52 [2-4] 4d 41 52 4b }
	condition:
		$a
}
YARA
cat >"$WORK/own/broken.yar" <<'YARA'
rule still_good { strings: $a = "still good" condition: $a }
rule broken { strings: $a = "x" condition: $b }
YARA
echo "here is the marker of this test" \
	>"$WORK/own/sub/files.yar.tests/has_marker/match/sample"
echo "nothing" >"$WORK/own/sub/files.yar.tests/has_marker/miss/sample"

fails "without a version there is nothing to show" 1 "$LOEP" rules show
like "and the way to one is told" "$("$LOEP" rules list)" "loep rules add"

# --- a folder with one broken rule ---
ok "a folder is added" "$LOEP" rules add "$WORK/own" --licence MIT \
	--tlp green --owner us --comment "the first" --wait
is "it is tested" "$(rules '.state' show 1)" tested
is "the broken rule blocks no other" "$(rules '.rules' show 1)" 4
is "and is set aside" "$(rules '.counts.rejected' show 1)" 1
like "by name and reason" "$("$LOEP" rules show 1)" 'broken .*'
is "a rule has its place" "$(rules '"\(.source) \(.path)"' \
	show 1 has_marker)" "own sub/files.yar"
is "its meta section" "$(rules .meta.author show 1 has_marker)" us
like "its meaning as a digest" "$(rules .closure show 1 has_marker)" \
	'^[0-9a-f]{64}$'
like "and a condition for the index" "$(rules .condition show 1 has_marker)" .
like "and how much of the store that leaves" "$("$LOEP" rules show 1 has_marker)" \
	'selectivity +nothing is stored yet'
is "its samples were tried" "$(rules '"\(.tests.passed) \(.tests.failed)"' \
	show 1 has_marker)" "2 0"
like "a private rule is one" "$(rules .is_private show 1 small)" true
is "sources are told" "$(rules '.sources[0] | "\(.name) \(.kind) \(.licence) \(.tlp)"' \
	show 1)" "own folder MIT TLP:GREEN"
is "no case shows of it" "$("$LOEP" --json case list | jq length)" 0
fails "a rule that there is not" 1 "$LOEP" rules show 1 nothing
like "is said" "$(cat "$WORK/said")" "no rule nothing"

# --- who may ---
fails "the author does not approve" 77 "$LOEP" rules approve 1
like "and is told who does" "$(cat "$WORK/said")" "somebody else"
fails "nothing unapproved becomes active" 1 "$LOEP" rules activate 1
like "and the way is told" "$(cat "$WORK/said")" "rules approve 1"
become_somebody_else
ok "somebody else approves" "$LOEP" rules approve 1
ok "and activates" "$LOEP" rules activate 1
is "the status names it" "$("$LOEP" --json status | jq .rules.version)" 1
like "and what is set aside" "$("$LOEP" --json status |
	jq -c .rules_aside)" '"name":"broken"'
echo "bytes with the marker of this test" >"$WORK/hit"
ok "a file is submitted" submit "$WORK/hit"
api "/rules/versions/1/selectivity?rule=has_marker" >"$WORK/body"
is "how much of the store a rule can match is told" "$(jq -c \
	'[.name, .units, (.candidates + .unindexed >= 1)]' "$WORK/body")" \
	'["has_marker",1,true]'
like "in words, too" "$("$LOEP" rules show 1 has_other)" \
	'selectivity +[01] of 1 stored artefacts may match'
is "the version's rule finds it" "$(findings \
	'[.[] | select(.type == "match") | .name] | index("has_marker") != null')" \
	true

# --- a test against good files ---
mkdir -p "$WORK/good"
echo "nothing to see" >"$WORK/good/a"
ok "no rule matches good files" "$LOEP" rules test 1 --goodware "$WORK/good"
echo "the marker of this test" >"$WORK/good/b"
fails "one that does is told by the status" 1 "$LOEP" rules test 1 \
	--goodware "$WORK/good" --keep
like "and named with a file" "$(cat "$WORK/said")" "has_marker .*good/b"
is "the result is kept" "$(rules .test.false_positives[0].rule show 1)" \
	has_marker

# --- changes ---
sed -i 's/Files that the test made/Files that this test makes/; s/"us"/"them"/' \
	"$WORK/own/sub/files.yar"
ok "comments and meta change" "$LOEP" rules add "$WORK/own" --replace own --wait
is "which is no change in meaning" "$(rules \
	'[.[] | .change] | unique | join(" ")' diff 1 2)" unchanged_in_meaning
sed -i 's/2-4/2-5/; s/private rule small.*/private rule small { condition: filesize < 2MB }/' \
	"$WORK/own/sub/files.yar"
sed -i '/still_good/d' "$WORK/own/broken.yar"
echo 'rule new_one { strings: $a = "new one" condition: $a }' \
	>"$WORK/own/new.yar"
ok "meaning changes" "$LOEP" rules add "$WORK/own" --replace own --wait
is "of a rule and of what names it" "$(rules \
	'[.[] | select(.change == "changed") | .name] | sort | join(" ")' diff 1 3)" \
	"has_marker has_other small"
is "a rule is new" "$(rules \
	'[.[] | select(.change == "added") | .name] | join(" ")' diff 1 3)" new_one
is "and one is gone" "$(rules \
	'[.[] | select(.change == "removed") | .name] | join(" ")' diff 1 3)" still_good
fails "what is not there is not replaced" 1 "$LOEP" rules add "$WORK/own" \
	--replace absent
like "and the way is told" "$(cat "$WORK/said")" "rules show"

# --- what people set ---
fails "nothing is set aside without a reason" 64 "$LOEP" rules quarantine \
	has_marker
ok "a rule is quarantined" "$LOEP" rules quarantine has_marker --on 3 \
	--reason "matches everything"
QUARANTINED=$(rules '[.[] | .version] | max' list)
is "in a version of its own" "$(rules '"\(.state) \(.parent)"' \
	show "$QUARANTINED")" "tested 3"
is "with the reason" "$(rules .reason show "$QUARANTINED" has_marker)" \
	"matches everything"
is "and nothing else" "$(rules '[.[] | .change] | join(" ")' \
	diff 3 "$QUARANTINED")" state
ok "another folder goes on top" "$LOEP" rules add "$WORK/own" \
	--source second --on "$QUARANTINED" --wait
LAST=$(rules '[.[] | .version] | max' list)
is "what was quarantined stays so" "$(rules .state show "$LAST" \
	own/sub/files.yar:has_marker)" quarantined
is "the same name elsewhere is another rule" "$(rules .state show "$LAST" \
	second/sub/files.yar:has_marker)" active
fails "a name alone is not enough then" 1 "$LOEP" rules show "$LAST" has_marker
like "and both are named" "$(cat "$WORK/said")" "own/sub.*second/sub"
ok "a source is removed" "$LOEP" rules remove second --on "$LAST" --wait
is "with its rules" "$(rules '[.sources[] | .name] | join(" ")' \
	show $((LAST + 1)))" own

# --- the API, as it is described ---
if python3 -c 'import yaml, jsonschema' 2>/dev/null; then
	while read -r template query; do
		path=/rules${template/'{version}'/3}
		STATUS=$(api "$path$query" -o "$WORK/body" -w '%{http_code}')
		ok "GET /rules$template is as described" python3 \
			tests/integration/check_schema.py \
			orchestrator/web/openapi.yaml get "/api/v1/rules$template" \
			"$STATUS" <"$WORK/body"
	done <<'PATHS'
/versions
/versions/{version}
/versions/{version}/sources
/versions/{version}/rules
/versions/{version}/rule ?rule=has_marker
/versions/{version}/selectivity ?rule=has_marker
/versions/{version}/notes
/versions/{version}/diff ?base=1
PATHS
	api /rules/states -X POST -H 'Content-Type: application/json' -d \
		'{"parent":3,"rules":[{"rule":"new_one","state":"noisy","reason":"r"}]}' \
		>"$WORK/body"
	ok "setting states is as described" python3 \
		tests/integration/check_schema.py orchestrator/web/openapi.yaml \
		post /api/v1/rules/states 201 <"$WORK/body"
else
	skip "the API is as described" "python3-yaml or jsonschema is missing"
fi

# --- two activations, roll-back ---
become_somebody_else
ok "a later version is approved" "$LOEP" rules approve 3
is "who believes another to be active is told" "$(api \
	/rules/versions/3/activate -X POST -H 'Content-Type: application/json' \
	-d '{"active":2}' -o "$WORK/body" -w '%{http_code}')" 409
like "which one is" "$(jq -r .detail "$WORK/body")" "version 1 became active"
"$LOEP" rules activate 3 >"$WORK/one" 2>&1 &
ONE=$!
"$LOEP" rules activate 3 >"$WORK/two" 2>&1
TWO=$?
wait "$ONE"
is "of two activations at once one wins" "$(($? + TWO))" 1
is "the other is a version now" "$(rules .version show)" 3
is "the one before is retired" "$(rules .state show 1)" retired
ok "it is gone back to" "$LOEP" rules rollback
is "without anybody's approval" "$(rules .version show)" 1
ok "the chain tells of all that" "$LOEP" audit export -o "$WORK/audit"
ok "and is whole" "$LOEP" audit verify "$WORK/audit"
is "each step in it" "$(grep -oE 'rules\.[a-z_]+' "$WORK/audit" | sort -u |
	tr '\n' ' ')" "rules.activated rules.approved rules.created rules.read \
rules.rejected rules.rolled_back rules.sent rules.states_set rules.test_kept "
finish
