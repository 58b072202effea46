#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The report: its JSON form by its schema, its page, and that it repeats.
. "$(dirname "$0")/lib.sh"
python3 -c 'import jsonschema' 2>/dev/null || skip_all "no python3-jsonschema"
loep_start

# A file with a rule's match (in pieces, so that this script is none), an ELF
# program, an inner archive, and names that want to be markup or commands.
mkdir "$WORK/in"
# shellcheck disable=SC2016
printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-' \
	'ANTIVIRUS-TEST-FILE!$H+H*' >"$WORK/in/eicar.com"
cp /usr/bin/true "$WORK/in/true"
printf 'x' >"$WORK/in/<img src=x onerror=alert(1)>"
printf 'y' >"$WORK/in/<script>alert(2)<"$'\xe2\x80\xae'"txt.exe"
printf 'z' >"$WORK/in/"$'\033[31mred'
printf 'inner\n' >"$WORK/inner.txt"
tar czf "$WORK/in/inner.tar.gz" -C "$WORK" inner.txt
tar czf "$WORK/case.tar.gz" -C "$WORK/in" .

# valid FILE - whether a report is what its schema says; prints what is not.
valid() {
	python3 - orchestrator/report/report.schema.json "$1" <<'PY'
import json
import sys

import jsonschema

schema = json.load(open(sys.argv[1], encoding="utf-8"))
jsonschema.Draft202012Validator.check_schema(schema)
errors = list(jsonschema.Draft202012Validator(schema).iter_errors(
    json.load(open(sys.argv[2], encoding="utf-8"))))
for error in errors[:10]:
    print(list(error.absolute_path), error.message[:200])
sys.exit(1 if errors else 0)
PY
}

# page REGEX - how many lines of the page match.
page() {
	grep -cE -- "$1" "$WORK/report.html"
}

ok "an archive is taken" submit "$WORK/case.tar.gz"
ok "its report as JSON" "$LOEP" report "$CASE" --format json -o "$WORK/report.json"
ok "its report as a page" "$LOEP" report "$CASE" --format html -o "$WORK/report.html"

ok "the JSON form is what its schema says" valid "$WORK/report.json"
jq '.artefacts[0].surprise = 1' "$WORK/report.json" >"$WORK/bad.json"
fails "the schema is strict" 1 valid "$WORK/bad.json"
jq 'del(.summary.disclaimer)' "$WORK/report.json" >"$WORK/bad.json"
fails "nothing may be missing" 1 valid "$WORK/bad.json"

is "all members are in it" "$(jq '[.artefacts[] | select(.relation == "archive_member")] | length' "$WORK/report.json")" 7
is "each parent is in it" "$(jq '[.artefacts[].id] as $ids
	| [.artefacts[].parent | select(. != null) | select(. as $p | $ids | index($p) | not)] | length' "$WORK/report.json")" 0
is "each finding's artefact is in it" "$(jq '[.artefacts[].id] as $ids
	| [.findings[].artefact | select(. as $a | $ids | index($a) | not)] | length' "$WORK/report.json")" 0
like "the match is a headline, with its place" \
	"$(jq -r '.summary.headlines[] | "\(.name) in \(.artefact_name)"' "$WORK/report.json")" \
	'[Ee][Ii][Cc][Aa][Rr].* in (\./)?eicar\.com'
is "the score of the summary is the highest" \
	"$(jq '.summary.score == ([.findings[].score // 0] | max)' "$WORK/report.json")" true
is "it says what no machine did" \
	"$(jq -r '.not_done[] | select(.what == "reverse engineering") | .state' "$WORK/report.json")" "not done"

label=$(jq -r .tlp "$WORK/report.json")
is "the label is that of the case" "$label" "$(jq -r .case.tlp "$WORK/report.json")"
is "the label stands above" "$(page "class=\"tlp top\".*>${label//+/\\+}<")" 1
is "and below" "$(page "class=\"tlp bottom\".*>${label//+/\\+}<")" 1
is "and is repeated on each printed page" "$(page '@media print.*\.tlp\{position:fixed')" 1
is "no script" "$(grep -ciE '<script|javascript:| on[a-z]+="' "$WORK/report.html")" 0
is "no reference outside" "$(grep -ciE '<[^>]*(src|href|action|data)=|url\(|@import|<(img|link|iframe|object|embed|base|form)' "$WORK/report.html")" 0
is "a policy that allows none" "$(page "default-src 'none'")" 1
ok "the hostile name is text" grep -qF '&lt;img src=x onerror=alert(1)&gt;' "$WORK/report.html"
ok "the override is visible" grep -qF '\xe2\x80\xae' "$WORK/report.html"
ok "no control character" bash -c "! LC_ALL=C grep -q \$'[\\x01-\\x08\\x0b-\\x1f\\x7f]' '$WORK/report.html'"

# The same case gives the same report; but for when it was made, and what the
# custody log has seen since.
ok "a new report" "$LOEP" report "$CASE" --new
"$LOEP" report "$CASE" --format json -o "$WORK/again.json"
ok "it is what its schema says" valid "$WORK/again.json"
same='del(.environment.meta.created, .custody)'
is "it says the same" "$(jq -S "$same" "$WORK/again.json" | sha256sum)" \
	"$(jq -S "$same" "$WORK/report.json" | sha256sum)"
is "the custody log only grew" "$(jq -n --slurpfile a "$WORK/report.json" --slurpfile b "$WORK/again.json" \
	'$b[0].custody[0:($a[0].custody | length)] == $a[0].custody')" true
finish
