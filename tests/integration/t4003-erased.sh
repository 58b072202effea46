#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A deletion leaves nothing: every byte that the service keeps is searched for
# every word that came with the case, from files, people and what was made of
# them; and somebody else's copy of the same file stays whole.
. "$(dirname "$0")/lib.sh"
command -v zip >/dev/null || skip_all "zip is not installed"
CONF='[review]\nsingle_person = yes\n[rules]\nsingle_person = yes'
RULES=$WORK/rules
mkdir "$RULES"
# What matched is text of the file, in a finding.
echo 'rule lantern { strings: $a = /zqbytes[a-z]+/ condition: $a }' >"$RULES/a.yar"
loep_start
post() {
	api "$1" -H 'Content-Type: application/json' -d "$2"
}
# Words that are nowhere else, one of each place.
WORDS=(zqtitlelamp zqcontextlamp zqcommentlamp zqhostlamp zqfilelamp zqmemberlamp
	zqbyteslamp zqmessagelamp zqnotelamp zqtasklamp zqverdictlamp zqreportlamp
	zqreasonlamp zqnameslamp)
# where WORD - the files of the service, and its log, that hold it.
where() {
	grep -rlaF "$1" "$STATE" "$WORK/log" 2>/dev/null |
		sed "s,$WORK/,," | sort | paste -sd' '
}

POWER=$("$LOEP" --json org add Power --class C1 | jq -r .id)
WATER=$("$LOEP" --json org add Water --class C1 | jq -r .id)
NUMBER=$(post /cases "{\"org\":\"$POWER\",\"title\":\"zqtitlelamp\"}" | jq -r .number)
"$LOEP" case set "$NUMBER" --context 'it is zqcontextlamp' >/dev/null
SUBMISSION=$(post "/cases/$NUMBER/submissions" '{"comment":"zqcommentlamp",
	"source_host":"zqhostlamp.example"}' | jq -r .id)
mkdir "$WORK/in"
echo 'a light that is zqbyteslamp' >"$WORK/in/zqmemberlamp.txt"
(cd "$WORK/in" && zip -q ../evidence.zip zqmemberlamp.txt)
api "/submissions/$SUBMISSION/files?filename=zqfilelamp.zip" \
	-H 'Content-Type: application/octet-stream' \
	--data-binary @"$WORK/evidence.zip" >"$WORK/uploaded"
# Both have this one, each under a name of its own.
{
	echo 'the same light for all'
	head -c 100000 /dev/zero | tr '\0' 'x'
} >"$WORK/shared"
api "/submissions/$SUBMISSION/files?filename=zqnameslamp" \
	-H 'Content-Type: application/octet-stream' \
	--data-binary @"$WORK/shared" >"$WORK/uploaded2"
OTHER=$(post /cases "{\"org\":\"$WATER\",\"title\":\"water\"}" | jq -r .number)
"$LOEP" --quiet submit --case "$OTHER" "$WORK/shared" >/dev/null 2>&1
settled() {
	local i
	for ((i = 0; i < 300; i++)); do
		[ "$("$LOEP" --json case show "$1" | jq .jobs_open)" = 0 ] && break
		sleep 0.2
	done
}
settled "$NUMBER"
settled "$OTHER"
ID=$("$LOEP" --json artefact list "$NUMBER" | jq -r '[.[] | select(.name == "zqfilelamp.zip")][0].id')
post "/cases/$NUMBER/messages" '{"text":"is it zqmessagelamp?"}' >"$WORK/made"
post "/cases/$NUMBER/notes" '{"text":"they say zqnotelamp"}' >"$WORK/made"
"$LOEP" case claim "$NUMBER" >/dev/null
post "/cases/$NUMBER/tasks" '{"text":"look at zqtasklamp"}' >"$WORK/made"
"$LOEP" artefact verdict "$ID" suspicious --reason 'because of zqverdictlamp' >/dev/null
"$LOEP" case stage "$NUMBER" waiting --reason 'for zqreasonlamp' >/dev/null
"$LOEP" --quiet artefact download "$ID" --reason 'for zqdownloadlamp' -o "$WORK/s.zip"
printf '{"summary":"all of zqreportlamp"}' >"$WORK/texts"
REPORT=$("$LOEP" --json report draft "$NUMBER" --kind analysis --language en \
	--sections "$WORK/texts" | jq -r .id)
"$LOEP" report submit "$REPORT" >/dev/null
for ((i = 0; i < 100; i++)); do
	"$LOEP" report approve "$REPORT" >"$WORK/approve" 2>&1 && break
	sleep 0.2
done
ok 'a report is issued' "$LOEP" report issue "$REPORT"
# Words are found a while after they came.
for ((i = 0; i < 150; i++)); do
	[ "$("$LOEP" --json search zqmemberlamp 2>/dev/null | jq length)" != 0 ] && break
	sleep 0.2
done
is 'it is found by its words' \
	"$(for word in zqmemberlamp zqnotelamp zqmessagelamp; do "$LOEP" --json search $word | jq 'length > 0'; done | paste -sd' ')" 'true true true'
# Such a search can fail: before, most of them are somewhere, but no byte of a
# file lies open.
found=0
for word in "${WORDS[@]}"; do
	[ -z "$(where "$word")" ] || found=$((found + 1))
done
ok "before, the search of bytes finds $found of ${#WORDS[@]}" test "$found" -ge 12
is 'no file lies open in the vault' "$(grep -rlaF 'the same light' "$STATE/vault" | wc -l)" 0

DELETION=$("$LOEP" --json case delete "$NUMBER" --reason asked | jq -r .id)
ok 'the deletion is approved' "$LOEP" case approve "$DELETION"
for ((i = 0; i < 150; i++)); do
	"$LOEP" case certificate "$DELETION" >"$WORK/certificate" 2>/dev/null && break
	sleep 0.2
done
is 'a certificate lists every digest, all gone' \
	"$(jq -c '[.list[].state] | [length >= 3, unique]' "$WORK/certificate")" '[true,["gone"]]'
is 'nothing finds it any more' \
	"$(for word in "${WORDS[@]}"; do "$LOEP" --json search "$word" | jq length; done | sort -u)" 0
# The index of words, and the database's log, are cleaned behind that.
left=x
for ((i = 0; i < 60 && ${#left} != 0; i++)); do
	sleep 0.5
	left=
	for word in "${WORDS[@]}"; do
		at=$(where "$word")
		[ -z "$at" ] || left="$left$word: $at; "
	done
done
is 'no byte of it is anywhere' "$left" ''

SUM=$(sha256sum "$WORK/shared" | cut -d' ' -f1)
is 'the certificate names what both had' \
	"$(grep -c "$SUM" "$WORK/certificate")" 1
COPY=$("$LOEP" --json artefact list "$OTHER" | jq -r '.[0].id')
ok 'the other copy is there' "$LOEP" --quiet artefact download "$COPY" \
	--reason 'to compare' -o "$WORK/copy.zip"
is 'byte for byte' "$(7z x -so -pinfected "$WORK/copy.zip" "$SUM" 2>/dev/null | sha256sum | cut -d' ' -f1)" "$SUM"
ok 'and all that is left is whole' "$LOEP" verify
"$LOEP" --quiet audit export -o "$WORK/audit.ndjson" >/dev/null
is 'for what it was taken away stays in the chain' "$(grep -c zqdownloadlamp "$WORK/audit.ndjson")" 1
ok 'the audit chain, too' "$LOEP" audit verify "$WORK/audit.ndjson"
loep_stop
loep_run
left=
for word in "${WORDS[@]}"; do
	at=$(where "$word")
	[ -z "$at" ] || left="$left$word: $at; "
done
is 'nor after a restart' "$left" ''
finish
