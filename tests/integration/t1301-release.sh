#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What leaves and what goes: a report through its gates, a sample that other
# programs open, labels, deletion with its certificate.
. "$(dirname "$0")/lib.sh"
CONF='[review]\nsingle_person = yes'
loep_start
head -c 300000 /dev/urandom >"$WORK/sample"
SUM=$(sha256sum "$WORK/sample" | cut -d' ' -f1)
submit "$WORK/sample"
ID=$(artefacts '.[0].id')

ok "a sample is taken away" "$LOEP" artefact download "$ID" --reason 'to compare' -o "$WORK/s.zip"
ok "7-Zip finds it whole" 7z t -pinfected "$WORK/s.zip"
fails "and needs the password" 2 7z t -pwrong "$WORK/s.zip"
is "libarchive reads the same bytes" \
	"$(bsdtar --passphrase infected -xOf "$WORK/s.zip" "$SUM" | sha256sum | cut -d' ' -f1)" "$SUM"
is "the manifest says why" \
	"$(bsdtar --passphrase infected -xOf "$WORK/s.zip" manifest.json | jq -r .reason)" 'to compare'
is "some of its bytes" "$("$LOEP" --json artefact bytes "$ID" --offset 9 --length 4 | jq -r .hex)" \
	"$(tail -c +10 "$WORK/sample" | head -c 4 | xxd -p)"
is "and who saw it is known" \
	"$("$LOEP" --json case access "$CASE" | jq -c '[.[].event] | unique | map(select(. == "downloaded" or . == "viewed"))')" \
	'["downloaded","viewed"]'

fails "lowering takes a permission" 77 "$LOEP" case labels "$CASE" --tlp GREEN
ok "raising none" "$LOEP" case labels "$CASE" --tlp RED
ok "with one it goes" "$LOEP" case labels "$CASE" --tlp AMBER --permission 'their CISO, today'

# No label, and none of its lack, makes a run with a route to the outside.
for pap in CLEAR GREEN AMBER RED; do
	echo "of PAP:$pap" >"$WORK/labelled"
	"$LOEP" --json --quiet submit --pap $pap "$WORK/labelled" >"$WORK/pap.json" 2>/dev/null
	LABELLED=$("$LOEP" --json artefact list "$(jq -r .case "$WORK/pap.json")" | jq -r '.[0].id')
	is "PAP:$pap: no real network" "$(api "/artefacts/$LABELLED/runs" \
		-H 'Content-Type: application/json' -d '{"network":"real"}' |
		jq -r '"\(.status) \(.detail)"')" \
		'403 "network" is none or simulated; a route to the real one is not configured'
done

printf '%s' '{"scope":"one <b>host</b>","damage":"none","root_cause":"a macro"}' >"$WORK/texts"
REPORT=$("$LOEP" --json report draft "$CASE" --kind postmortem --language nl --sections "$WORK/texts" | jq -r .id)
ok "it is submitted" "$LOEP" report submit "$REPORT"
fails "nothing is issued unapproved" 1 "$LOEP" report issue "$REPORT"
for ((i = 0; i < 100; i++)); do
	"$LOEP" report approve "$REPORT" >"$WORK/approve" 2>&1 && break
	sleep 0.2
done
ok "approved" "$LOEP" report issue "$REPORT"
"$LOEP" report "$CASE" --rev "$REPORT" --format html -o "$WORK/report.html"
ok "its headings are Dutch" grep -q Hoofdoorzaak "$WORK/report.html"
ok "its text stays text" grep -q 'one &lt;b&gt;host' "$WORK/report.html"
is "one disclosure" "$("$LOEP" --json case disclosures "$CASE" | jq length)" 1

ok "a hold" "$LOEP" case hold "$CASE" on --reason court
fails "keeps it" 1 "$LOEP" case delete "$CASE" --reason asked
ok "over" "$LOEP" case hold "$CASE" off --reason court
DELETION=$("$LOEP" --json case delete "$CASE" --reason asked | jq -r .id)
ok "deletion is approved" "$LOEP" case approve "$DELETION"
for ((i = 0; i < 150; i++)); do
	"$LOEP" case certificate "$DELETION" >"$WORK/certificate" 2>/dev/null && break
	sleep 0.2
done
is "the certificate names the number" "$(jq -r .certificate.number "$WORK/certificate")" "$CASE"
is "and the digest" "$(jq -r --arg s "$SUM" '.list[] | select(.sha256 == $s) | .state' "$WORK/certificate")" gone
is "the vault has no byte of it" "$(find "$STATE/vault/blobs" -type f -name "*$SUM*" | wc -l)" 0
finish
