#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Sealed and quarantined artefacts: re-scans skip them and name them, until a
# person decides; then they are looked at by the rules of that day.
. "$(dirname "$0")/lib.sh"

[ -x "$BIN/loep-rules" ] || skip_all "loep-rules is not built"
CONF='[rules]\nsingle_person = yes'
loep_start

SET=$WORK/set
mkdir "$SET" "$WORK/in"
printf 'needle, and thread one' >"$WORK/in/open"
printf 'needle, and thread two' >"$WORK/in/secret"
printf 'needle, and thread three' >"$WORK/in/member"
(cd "$WORK/in" && tar cf "$WORK/marked.tar" member && rm member)
ok "files are submitted" submit "$WORK/in/open" "$WORK/in/secret" "$WORK/marked.tar"

activate() {
	local replace=(--replace own)
	[ -n "${VERSION:-}" ] || replace=()
	"$LOEP" --quiet rules add "$SET" --source own "${replace[@]}" --wait \
		>"$WORK/add.out" 2>&1 || return
	VERSION=$("$LOEP" --json rules list | jq '[.[] | .version] | max')
	"$LOEP" --quiet rules approve "$VERSION" 2>/dev/null
	"$LOEP" --quiet rules activate "$VERSION" &&
		"$LOEP" --quiet rescan wait "$(newest)" >/dev/null
}
newest() {
	"$LOEP" --json --quiet rescan list | jq -r '.[0].id'
}
id_of() {
	artefacts "[.[] | select(.name == \"$1\")][0].id // empty"
}
# names ARTEFACT - rules that match it.
names() {
	findings "[.[] | select(.type == \"match\" and .artefact == \"$1\") | .name] |
		sort | join(\" \")"
}
gaps() {
	"$LOEP" --json --quiet rescan gaps "$(newest)" |
		jq -r "[.[] | select(.state == \"$1\") | .artefact_name + \":\" + .reason] |
			sort | join(\" \")"
}

echo 'rule old { strings: $a = "needle" condition: $a }' >"$SET/a.yar"
ok "rules become active" activate
OPEN=$(id_of open)
SECRET=$(id_of secret)
MARKED=$(id_of marked.tar)
MEMBER=$(id_of member)
is "they match" "$(names "$OPEN") $(names "$SECRET") $(names "$MEMBER")" "old old old"

# --- people close them ---
fails "not without a reason" 64 "$LOEP" artefact restrict "$SECRET" sealed
fails "nor by another word" 1 "$LOEP" artefact restrict "$SECRET" shut --reason x
ok "one is sealed" "$LOEP" artefact restrict "$SECRET" sealed --reason "sent so"
ok "one is quarantined" "$LOEP" artefact restrict "$MARKED" \
	classified_suspected --reason "it bears a marking"
is "with what came out of it" "$("$LOEP" --json artefact show "$MEMBER" |
	jq -r .restriction)" classified_suspected
fails "which is not decided on alone" 1 "$LOEP" artefact restrict "$MEMBER" none \
	--reason "this part is harmless"
fails "it is not taken away" 1 "$LOEP" artefact download "$SECRET" \
	--reason curiosity -o "$WORK/out.zip"
fails "nor looked at" 1 "$LOEP" artefact bytes "$MEMBER"

# --- other rules ---
echo 'rule new { strings: $a = "thread" condition: $a }' >"$SET/b.yar"
ok "other rules become active" activate
is "what is open is scanned" "$(names "$OPEN")" "new old"
is "what is closed is not" "$(names "$SECRET") $(names "$MEMBER")" "old old"
is "but named" "$(gaps open)" \
	"marked.tar:quarantined member:quarantined secret:sealed"
is "nobody says that it does not match" "$("$LOEP" --json rescan proof \
	"$SECRET" new | jq -r .state)" gap
like "but why that is not known" "$("$LOEP" rescan proof "$MEMBER" new)" quarantined
ok "a retry of gaps is no decision" bash -c "'$LOEP' rescan retry $(newest); true"
is "they stay closed" "$(names "$SECRET") $(names "$MEMBER")" "old old"
is "a hunt does not open them either" "$(echo \
	'rule hunted { strings: $a = "thread t" condition: $a }' >"$WORK/hunt.yar"
	"$LOEP" --json --quiet hunt "$WORK/hunt.yar" 2>/dev/null | jq -s length)" 0
echo 'rule third { strings: $a = "thread" condition: #a == 1 }' >"$SET/c.yar"
rm "$SET/a.yar"
ok "rules go and come" activate
is "matches of rules that are gone go everywhere" \
	"$(names "$OPEN")/$(names "$SECRET")/$(names "$MEMBER")" "new third//"
is "the gaps are named again" "$(gaps open)" \
	"marked.tar:quarantined member:quarantined secret:sealed"

# --- and decide ---
ok "the seal is lifted" "$LOEP" artefact restrict "$SECRET" none \
	--reason "needed to find the way in"
ok "the quarantine, too" "$LOEP" artefact restrict "$MARKED" none \
	--reason "the marking is a joke"
"$LOEP" --quiet case wait "$CASE" >/dev/null
is "they have met all rules that are active" \
	"$(names "$SECRET")/$(names "$MEMBER")" "new third/new third"
is "the gaps are decided" "$(gaps open)|$(gaps decided)" \
	"|marked.tar:quarantined member:quarantined secret:sealed"
is "each match has its proof" "$("$LOEP" --json rescan proof "$SECRET" new |
	jq -r .state)" match
like "whose it is reads of the seal" "$("$LOEP" case access "$CASE")" unsealed
"$LOEP" --quiet audit export -o "$WORK/audit.ndjson" >/dev/null
for step in sealed quarantined unsealed released; do
	ok "the chain of evidence tells: $step" grep -q "custody[.]$step\"" \
		"$WORK/audit.ndjson"
done
finish
