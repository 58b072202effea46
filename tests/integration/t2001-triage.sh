#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Triage: identify, yara, archive, children of children.
. "$(dirname "$0")/lib.sh"
loep_start

# The EICAR test file, in pieces so that this script is none.
mkdir "$WORK/in"
# shellcheck disable=SC2016
printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-' \
	'ANTIVIRUS-TEST-FILE!$H+H*' >"$WORK/in/eicar.com"
cp /usr/bin/true "$WORK/in/true"
printf 'inner\n' >"$WORK/in/inner.txt"
(cd "$WORK/in" && tar czf inner.tar.gz inner.txt && rm inner.txt &&
	zip -q -P infected "$WORK/evidence.zip" eicar.com true inner.tar.gz)

ok "an encrypted ZIP is taken" submit "$WORK/evidence.zip"
is "three members, and what is in the inner archive" \
	"$(artefacts '[.[] | select(.relation == "archive_member") | .name] | sort | join(" ")')" \
	"eicar.com inner.tar.gz inner.txt true"
is "types are known" "$(artefacts '.[] | select(.name == "true") | .mime')" \
	"application/x-pie-executable"
is "digests are those of sha256sum" \
	"$(artefacts '.[] | select(.name == "true") | .sha256')" \
	"$(sha256sum /usr/bin/true | cut -d' ' -f1)"
id=$(artefacts '.[] | select(.name == "true") | .id')
"$LOEP" --json artefact show "$id" >"$WORK/true.json"
is "SHA-1" "$(jq -r .sha1 "$WORK/true.json")" "$(sha1sum /usr/bin/true | cut -d' ' -f1)"
is "MD5" "$(jq -r .md5 "$WORK/true.json")" "$(md5sum /usr/bin/true | cut -d' ' -f1)"
is "SHA-512" "$(jq -r .sha512 "$WORK/true.json")" "$(sha512sum /usr/bin/true | cut -d' ' -f1)"
like "TLSH" "$(jq -r .tlsh "$WORK/true.json")" '^T1[0-9A-F]{70}$'
like "entropy" "$(jq -r .entropy_milli "$WORK/true.json")" '^[3-7][0-9]{3}$'
like "EICAR is found by rule" "$(findings '.[] | select(.type == "match") | .name | ascii_downcase')" eicar
is "with rule file, offset, length and bytes" \
	"$(findings '[.[] | select(.type == "match" and (.name | test("(?i)eicar")))][0] | .detail.strings[0] | "\(.offset) \(.length > 30) \(.data | length > 0)"')" \
	"0 true true"
like "the engine is named" "$(findings '.[] | select(.type == "match") | .engine' | head -n 1)" '^libyara 4'
like "facts of ELF files are there" "$(findings '[.[] | select(.type == "fact") | .name] | join(" ")')" elf
is "everything is done" "$(artefacts '[.[].state] | unique | join(" ")')" "done"
is "the score of the case is that of EICAR" \
	"$("$LOEP" --json case show "$CASE" | jq '.score > 0')" true

# The report came by itself.
ok "a report as JSON" "$LOEP" report "$CASE" --format json -o "$WORK/report.json"
is "names the case" "$(jq -r .case.number "$WORK/report.json")" "$CASE"
is "has all artefacts" "$(jq '.artefacts | length' "$WORK/report.json")" "$(artefacts length)"
ok "a report as HTML" "$LOEP" report "$CASE" --format html -o "$WORK/report.html"
ok "self-contained" bash -c "! grep -qE '(src|href)=' '$WORK/report.html'"
ok "its label stands above and below" \
	bash -c "[ \$(grep -c 'TLP:AMBER+STRICT' '$WORK/report.html') -ge 2 ]"

# Hostile names stay text everywhere.
mkdir "$WORK/names"
printf 'x' >"$WORK/names/<img src=x onerror=alert(1)>"
printf 'y' >"$WORK/names/"$'\033[31mred\xff'
(cd "$WORK/names" && tar cf "$WORK/names.tar" -- *)
ok "an archive with hostile names" submit "$WORK/names.tar"
ok "its report" "$LOEP" report "$CASE" --format html -o "$WORK/names.html"
ok "no tag of it is in the page" bash -c "! grep -q '<img' '$WORK/names.html'"
ok "no escape reaches the terminal" \
	bash -c "! '$LOEP' artefact list '$CASE' | grep -q \$'\033'"
is "the name's bytes are kept" \
	"$(artefacts '[.[] | select(.name_hex != null) | .name_hex] | join(" ")')" \
	"$(printf '\033[31mred\xff' | xxd -p)"
finish
