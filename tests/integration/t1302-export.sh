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

# --- personal data ---
pii=$("$LOEP" --json report personal-data "$REPORT")
is "what may be personal is told by kind" "$(jq -rc '[.[].type] | unique' <<<"$pii")" \
	'["card","host","iban","mail","national","phone","user"]'
fails "the value is not in it" 1 grep -qE 'peeters|85\.07|5390' <<<"$pii"
is "where it stands" "$(jq -c '.[] | select(.type == "user") | [.section, .offset, .length]' <<<"$pii")" '["summary",9,3]'

# --- recipients ---
is "the charter's groups are known, and not active" \
	"$("$LOEP" --json recipient list | jq -c '[.[] | select(.kind == "community") | .is_active] | [length, any]')" '[4,false]'
FIRST=$("$LOEP" --json recipient list | jq -r '.[] | select(.name == "FIRST") | .id')
fails "nothing goes to who is not active" 1 "$LOEP" report export "$REPORT" --to "$FIRST" --format stix --purpose 'to warn'
ok "a group is active once somebody says so" "$LOEP" recipient set "$FIRST" --version 1 --active yes
fails "an edit of an older version is refused" 1 "$LOEP" recipient set "$FIRST" --version 1 --active no
PEER=$("$LOEP" --json recipient add 'CERT of a peer' --kind partner --tlp-max AMBER+STRICT --lacks-strict yes | jq -r .id)
"$LOEP" recipient set "$PEER" --version 1 --active yes >/dev/null
fails "a kind that there is not" 1 "$LOEP" recipient add X --kind press

# preview TO FORMAT [OPTIONS...] - an export, rendered; sets D.
preview() {
	D=$("$LOEP" --json report export "$REPORT" --to "$1" --format "$2" --purpose 'to warn' "${@:3}" | jq -r .id)
	for ((i = 0; i < 100; i++)); do
		[ "$("$LOEP" --json disclosure show "$D" | jq .is_rendered)" = true ] && return 0
		sleep 0.2
	done
	return 1
}

# --- without the source's word: nothing above what is free ---
ok "a preview" preview "$FIRST" stix
is "its ceiling is what is free" "$("$LOEP" --json disclosure show "$D" | jq -r .tlp)" TLP:GREEN
ok "what is removed is told" "$LOEP" disclosure removed "$D" -o "$WORK/removed"
is "the sample is above the ceiling" "$(jq -rc '[.removed[] | select(.what == "artefact") | [.why, .tlp]]' "$WORK/removed")" '[["label","TLP:AMBER+STRICT"]]'
"$LOEP" disclosure preview "$D" -o "$WORK/green.stix"
is "nothing of it is left" "$(jq '[.objects[] | select(.type != "identity" and .type != "marking-definition")] | length' "$WORK/green.stix")" 0
fails "a preview has no file" 1 "$LOEP" disclosure file "$D"
fails "and is not approved" 1 "$LOEP" disclosure approve "$D"
fails "a ceiling above what they may have" 1 "$LOEP" report export "$REPORT" --to "$FIRST" --format stix --purpose x --ceiling RED
ok "it is dropped" "$LOEP" disclosure deny "$D" --reason 'empty'

# --- with it ---
ok "a preview up to the label" preview "$PEER" misp --ceiling AMBER+STRICT
is "the source is asked" "$("$LOEP" --json disclosure submit "$D" | jq -r .state)" consent_pending
fails "without its word nothing is approved" 1 "$LOEP" disclosure approve "$D"
is "no is no" "$("$LOEP" --json disclosure consent "$D" --answer no --reason 'too early' | jq -r .state)" denied
fails "and stays it" 1 "$LOEP" disclosure consent "$D" --answer yes
preview "$PEER" misp --ceiling AMBER+STRICT
"$LOEP" disclosure submit "$D" >/dev/null
is "yes is yes" "$("$LOEP" --json disclosure consent "$D" --answer yes | jq -r .state)" requested
fails "first somebody looks for personal data" 1 "$LOEP" disclosure approve "$D"
ok "it is refused by name" grep -q 'personal data' "$WORK/said"
VERSION=$(api "/reports/$REPORT" | jq .version)
ok "somebody looked" "$LOEP" report personal-data "$REPORT" --reviewed "$VERSION"
ok "approved" "$LOEP" disclosure approve "$D"
fails "there is no file before it is given" 1 "$LOEP" disclosure file "$D"
ok "given" "$LOEP" disclosure send "$D"
ok "the file" "$LOEP" disclosure file "$D" -o "$WORK/peer.misp"
is "it is what was approved" "$("$LOEP" --json disclosure show "$D" | jq -r .payload_sha256)" \
	"$(sha256sum "$WORK/peer.misp" | cut -d' ' -f1)"
is "a peer without AMBER+STRICT gets what is stricter" "$(jq -rc '[.Event.Tag[].name] | map(select(startswith("tlp:")))' "$WORK/peer.misp")" '["tlp:red"]'
is "the event has the case's one identifier" "$(jq -r .Event.uuid "$WORK/peer.misp")" "$(jq -r .Event.uuid "$WORK/report.misp")"
is "whose it is sees who got it" \
	"$("$LOEP" --json case access "$CASE" | jq -r 'map(select(.event == "disclosed")) | last | .purpose')" 'CERT of a peer: to warn'
is "one more disclosure was sent" "$("$LOEP" --json case disclosures "$CASE" | jq '[.[] | select(.state == "sent")] | length')" 2

# --- a community gets no personal data, whatever a report holds ---
ok "their label" "$LOEP" case labels "$CASE" --tlp GREEN --permission 'their CISO, today'
cat >"$WORK/texts.new" <<<"$(jq '.methods = "An Smets"' "$WORK/texts")"
REPORT=$("$LOEP" --json report draft "$CASE" --kind analysis --language nl --sections "$WORK/texts.new" | jq -r .id)
"$LOEP" report submit "$REPORT" >/dev/null
for ((i = 0; i < 100; i++)); do
	"$LOEP" report approve "$REPORT" >"$WORK/approve" 2>&1 && break
	sleep 0.2
done
"$LOEP" report issue "$REPORT" >/dev/null
"$LOEP" report personal-data "$REPORT" --reviewed "$(api "/reports/$REPORT" | jq .version)" >/dev/null
for format in stix misp csv; do
	preview "$FIRST" "$format"
	"$LOEP" disclosure submit "$D" >/dev/null
	"$LOEP" disclosure approve "$D" >/dev/null
	"$LOEP" disclosure send "$D" >/dev/null
	ok "$format for a community" "$LOEP" disclosure file "$D" -o "$WORK/community.$format"
	ok "has the digest" grep -q "$SUM" "$WORK/community.$format"
	fails "and nothing personal" 1 grep -nEi \
		'peeters|jan|smets|85\.07|501 05|5390|4111|srv-7|users|test csirt.*submitter|threat-actor|intrusion-set|"individual"' \
		"$WORK/community.$format"
done
ok "the bundle is one" stix "$WORK/community.stix"
is "all of it is GREEN" "$(jq -rc '[.objects[].object_marking_refs // [] | .[]] | unique | length' "$WORK/community.stix")" 1
ok "no attribute says who" bash -c "! grep -qE '\"(Attribution|Person)\"' '$WORK/community.misp'"

# --- recalled: nothing more leaves ---
ok "recalled" "$LOEP" report recall "$REPORT" --reason 'wrong host'
fails "the file is gone with it" 1 "$LOEP" disclosure file "$D"

# --- deletion takes exports along ---
DELETION=$("$LOEP" --json case delete "$CASE" --reason asked | jq -r .id)
ok "the case is deleted" "$LOEP" case approve "$DELETION"
for ((i = 0; i < 150; i++)); do
	"$LOEP" case certificate "$DELETION" >"$WORK/certificate" 2>/dev/null && break
	sleep 0.2
done
is "with a certificate" "$(jq -r .certificate.number "$WORK/certificate")" "$CASE"
is "no digest of what was exported is left in the vault" \
	"$(find "$STATE/vault/blobs" -type f -name "*$(sha256sum "$WORK/peer.misp" | cut -d' ' -f1)*" | wc -l)" 0
finish
