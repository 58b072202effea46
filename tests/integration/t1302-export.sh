#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What leaves for others: indicators for the submitter's own notifications,
# exports to recipients with ceiling, preview, consent and a second person.
. "$(dirname "$0")/lib.sh"
python3 -c 'import jsonschema' 2>/dev/null || skip_all "no python3-jsonschema"
CONF='[review]\nsingle_person = yes'
loep_start

# stix FILE - whether it is a bundle as it should be.
stix() {
	local example=../shared/stix-example-bundle.json
	[ -f "$example" ] || example=
	python3 tests/integration/check_stix.py "$1" ${example:+"$example"}
}

# get FORMAT - a file of the case's report, into $WORK/report.FORMAT.
get() {
	"$LOEP" report "$CASE" --rev "$REPORT" --format "$1" -o "$WORK/report.$1"
}

mkdir -p "$WORK/in"
# shellcheck disable=SC2016
printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-' \
	'ANTIVIRUS-TEST-FILE!$H+H*' >"$WORK/in/jan.peeters@aqua.example.com"
submit "$WORK/in/jan.peeters@aqua.example.com"
ID=$(artefacts '.[0].id')
SUM=$(sha256sum "$WORK/in/jan.peeters@aqua.example.com" | cut -d' ' -f1)
ok "a verdict" "$LOEP" artefact verdict "$ID" malicious --confidence high --reason 'seen by An Smets'
cat >"$WORK/texts" <<'JSON'
{"summary": "C:\\Users\\jan\\Desktop, \\\\srv-7\\share", "root_cause": "een macro, geopend door 85.07.30-033.28",
 "recommendations": "bel +32 2 501 05 60 of jan.peeters@aqua.example; IBAN BE68 5390 0754 7034; kaart 4111 1111 1111 1111"}
JSON
REPORT=$("$LOEP" --json report draft "$CASE" --kind analysis --language nl --sections "$WORK/texts" | jq -r .id)
ok "a report is submitted" "$LOEP" report submit "$REPORT"
for ((i = 0; i < 100; i++)); do
	"$LOEP" report approve "$REPORT" >"$WORK/approve" 2>&1 && break
	sleep 0.2
done
ok "and issued" "$LOEP" report issue "$REPORT"

for format in stix misp csv indicators root_cause; do
	ok "it has $format" get "$format"
done
ok "the bundle is one" stix "$WORK/report.stix"
is "the file is in it" "$(jq -r '.objects[] | select(.type == "file") | .hashes["SHA-256"]' "$WORK/report.stix")" "$SUM"
is "the event is not published" "$(jq .Event.published "$WORK/report.misp")" false
ok "the digest is in the list" grep -q "^\"sha256\",\"$SUM\",\"malicious\"" "$WORK/report.csv"
ok "and in the text" grep -qx -- "- sha256: $SUM" "$WORK/report.indicators"
is "the label comes first" "$(head -n 1 "$WORK/report.root_cause")" "TLP:AMBER+STRICT"
ok "the paragraph is theirs" grep -q '^een macro' "$WORK/report.root_cause"
finish
