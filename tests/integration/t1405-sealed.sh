#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What GnuPG encrypts to the service's key is kept in that form alone: triage
# and re-scans leave it sealed, two people open it for one analysis, and nothing
# of the plaintext is anywhere, before, meanwhile on disk, and after.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tokens.sh"

[ -x "$BIN/loep-pgp" ] || skip_all "loep-pgp is not built"
command -v gpg >/dev/null || skip_all "gpg is not installed"
command -v zip >/dev/null || skip_all "zip is not installed"
CONF='[rules]\nsingle_person = yes\n[web]\nlisten = 127.0.0.1:0'
loep_init
mkdir -p "$STATE/pgp"
"$BIN/loep-pgp" --make-key 'Test CSIRT <cert@csirt.example>' \
	>"$STATE/pgp/secret.asc"
chmod 600 "$STATE/pgp/secret.asc"
loep_run
CERT=$STATE/tls/cert.pem
PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log")

# --- who sends, and what ---
WATER=$("$LOEP" --json org add Water --class C1 | jq -r .id)
CSIRT=$("$LOEP" --json org list | jq -r '.[] | select(.class == "CSIRT") | .id')
account wim "$WATER" 'submit'
account second "$CSIRT" 'unseal analyse read_all_orgs'
account third "$CSIRT" 'analyse read_all_orgs'

export GNUPGHOME=$WORK/gnupg
mkdir -m 700 "$GNUPGHOME"
"$BIN/loep-pgp" --show "$STATE/pgp/secret.asc" | jq -r '.keys[0].armor' \
	>"$WORK/key.asc"
gpg --batch --quiet --import "$WORK/key.asc"
# encrypt FILE OUT [OPTION...] - as anybody would, to the service.
encrypt() {
	local file=$1 out=$2
	shift 2
	gpg --batch --quiet --yes --trust-model always "$@" \
		-r cert@csirt.example --output "$out" --encrypt "$file"
}
MARK=mark$RANDOM$RANDOM$RANDOM
mkdir "$WORK/plain"
printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$' \
	'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*' >"$WORK/plain/$MARK.com"
printf 'the word is %s' "$MARK" >"$WORK/plain/note-$MARK.txt"
(cd "$WORK/plain" && zip -q "$WORK/plain/in.zip" "$MARK.com" "note-$MARK.txt")
encrypt "$WORK/plain/$MARK.com" "$WORK/eicar.gpg"
encrypt "$WORK/plain/in.zip" "$WORK/zip.asc" --armor

# plain_in PLACE... - where something of the plaintext is: its bytes, as text
# or digits, the names in it, its digests.
plain_in() {
	python3 - "$MARK" "$WORK/plain/$MARK.com" "$WORK/plain/in.zip" "$@" <<'PY'
import base64, hashlib, os, sys
mark, eicar, archive = sys.argv[1:4]
needles = {mark.encode(), mark.encode("utf-16-le")}
for path in (eicar, archive):
    data = open(path, "rb").read()
    for i in range(0, min(len(data), 64), 16):
        needles.add(data[i:i + 16])
    head = data[:30]
    needles |= {head.hex().encode(), head.hex().upper().encode()}
    needles |= {base64.b64encode(head[i:])[:24] for i in range(3)}
    for kind in ("md5", "sha1", "sha256", "sha512"):
        digest = hashlib.new(kind, data)
        needles |= {digest.digest(), digest.hexdigest().encode()}
needles.add(b"EICAR-STANDARD")
def search(path):
    try:
        data = open(path, "rb").read()
    except OSError:
        return
    for needle in needles:
        if needle in data or (len(needle) > 20 and needle[::-1] in data):
            print(os.path.basename(path), needle[:8])
for place in sys.argv[4:]:
    if os.path.isdir(place):
        for folder, _, names in os.walk(place):
            for name in names:
                if not os.path.islink(os.path.join(folder, name)):
                    search(os.path.join(folder, name))
    else:
        search(place)
PY
}
# Where it could be: all that the service keeps, says, and is told.
plain() {
	local pid
	for pid in $LOEPD $(ps -o pid= --ppid "$LOEPD"); do
		cat "/proc/$pid/environ" "/proc/$pid/cmdline" 2>/dev/null
	done >"$WORK/environ"
	plain_in "$STATE" "$WORK/log" "$WORK/environ" "$@"
}
mkdir "$WORK/control"
base64 -w0 "$WORK/plain/$MARK.com" >"$WORK/control/file"
like "the search finds what there is" "$(plain_in "$WORK/control")" file

# --- rules, so that a re-scan has something to do ---
SET=$WORK/set
mkdir "$SET"
activate() {
	local replace=(--replace own)
	[ -n "${VERSION:-}" ] || replace=()
	"$LOEP" --quiet rules add "$SET" --source own "${replace[@]}" --wait \
		>"$WORK/add.out" 2>&1 || return
	VERSION=$("$LOEP" --json rules list | jq '[.[] | .version] | max')
	"$LOEP" --quiet rules approve "$VERSION" 2>/dev/null
	"$LOEP" --quiet rules activate "$VERSION"
}
cat >"$SET/a.yar" <<'YAR'
rule eicar_test { strings: $a = { 45 49 43 41 52 2D 53 54 }
	condition: $a and uint32be(0) == 0x58354f21 and filesize < 129 }
YAR
ok "rules become active" activate

# --- it comes in ---
CASE=$(get .number wim /cases -d '{"title":"lamps"}')
SUBMISSION=$(get .id wim "/cases/$CASE/submissions" -d '{}')
SEALED=$(TYPE=application/octet-stream get .artefact wim \
	"/submissions/$SUBMISSION/files?filename=eicar.gpg" \
	--data-binary "@$WORK/eicar.gpg")
# The other one in two pieces, by tus.
SIZE=$(stat -c %s "$WORK/zip.asc")
PLACE=$(as wim "/submissions/$SUBMISSION/uploads" -X POST -o /dev/null -D - \
	-H 'Tus-Resumable: 1.0.0' -H "Upload-Length: $SIZE" \
	-H "Upload-Metadata: filename $(printf zip.asc | base64)" |
	tr -d '\r' | sed -n 's,^[Ll]ocation: .*/api/v1,,p')
head -c 100 "$WORK/zip.asc" >"$WORK/first"
tail -c +101 "$WORK/zip.asc" >"$WORK/rest"
for part in first:0 rest:100; do
	TYPE=application/offset+octet-stream as wim "$PLACE" -X PATCH \
		-H 'Tus-Resumable: 1.0.0' -H "Upload-Offset: ${part#*:}" \
		--data-binary "@$WORK/${part%:*}" >/dev/null
done
"$LOEP" --quiet case wait "$CASE" >/dev/null
ZIPPED=$(artefacts '[.[] | select(.name == "zip.asc")][0].id // empty')
for artefact in "$SEALED" "$ZIPPED"; do
	is "it is sealed as it came in" "$("$LOEP" --json artefact show "$artefact" |
		jq -r '"\(.restriction) \(.seal) \(.children) \(.mime)"')" \
		"sealed openpgp 0 application/pgp-encrypted"
done
is "its sender reads that" "$(get .seal wim "/artefacts/$SEALED")" openpgp
is "for which key is known" "$(findings '[.[] | select(.name == "openpgp_keys") |
	.detail.value | length] | unique | join(" ")')" 16
is "triage opens nothing" "$("$LOEP" --json job list "$CASE" | jq -r '[.[] |
	select(.kind | test("unseal|archive|detonate"))] | length')" 0
is "the report says so" "$("$LOEP" report "$CASE" --format html 2>/dev/null |
	grep -o 'sealed: not opened' | sort -u)" 'sealed: not opened'
is "nothing of it is there" "$(plain)" ""
ok "it leaves as it came" "$LOEP" artefact download "$SEALED" --reason "for court" \
	-o "$WORK/out.zip"
SUM=$(sha256sum "$WORK/eicar.gpg" | cut -d' ' -f1)
is "to the byte" "$(bsdtar --passphrase infected -xOf "$WORK/out.zip" "$SUM" |
	sha256sum | cut -d' ' -f1)" "$SUM"
fails "nobody looks into it" 1 "$LOEP" artefact bytes "$SEALED"

# --- a re-scan ---
cp "$SET/a.yar" "$SET/b.yar"
sed -i 's/eicar_test/eicar_again/' "$SET/b.yar"
ok "other rules become active" activate
RESCAN=$("$LOEP" --json --quiet rescan list | jq -r '.[0].id')
"$LOEP" --quiet rescan wait "$RESCAN" >/dev/null
is "the re-scan lists both as skipped" "$("$LOEP" --json --quiet rescan gaps \
	"$RESCAN" | jq -r '[.[] | select(.state == "open") | .artefact_name + ":" +
	.reason] | sort | join(" ")')" "eicar.gpg:sealed zip.asc:sealed"
is "and nothing of them is there" "$(plain)" ""

# --- who may open it ---
WHY='the way in is not known, and this file is all there is'
unseal() {
	"$LOEP" --json artefact unseal "$1" --necessity "$WHY" | jq -r .id
}
fails "not without a necessity" 64 "$LOEP" artefact unseal "$SEALED"
fails "nor with none to speak of" 1 "$LOEP" artefact unseal "$SEALED" --necessity "just so"
is "nor by who lacks the capability" "$(status third "/artefacts/$SEALED/unseal" \
	-d "$(jq -n --arg w "$WHY" '{necessity: $w}')")" 403
is "its sender does not even hear of such things" \
	"$(status wim "/artefacts/$SEALED/unseals")" 404
ACT=$(unseal "$SEALED")
like "it waits for a second person" "$("$LOEP" unseal list "$CASE")" requested
fails "who asked does not approve" 77 "$LOEP" unseal approve "$ACT"
is "no job was made" "$("$LOEP" --json job list "$CASE" | jq -r '[.[] |
	select(.kind | startswith("unseal"))] | length')" 0
is "somebody else approves" "$(status second "/unseals/$ACT/approve" -X POST -d '{}')" 200

# settled ACT - waits until it is over; its state.
settled() {
	local i state=
	for ((i = 0; i < 300; i++)); do
		state=$("$LOEP" --json unseal list "$CASE" |
			jq -r --arg a "$1" '.[] | select(.id == $a) | .state')
		case $state in done | failed) break ;; esac
		sleep 0.1
	done
	echo "$state"
}
is "it is analysed" "$(settled "$ACT")" "done"
matched() {
	findings "[.[] | select(.type == \"match\" and .artefact == \"$1\") | .name] |
		sort | join(\" \")"
}
is "and the rules match" "$(matched "$SEALED")" "eicar_again eicar_test"
is "kept are place and length alone" "$(findings '[.[] | select(.type == "match") |
	.detail.strings[0] | tostring] | unique | join(" ")')" \
	'{"id":"$a","length":8,"offset":28}'
is "of the content a keyed digest" "$(findings "[.[] | select(.artefact == \"$SEALED\" and
	.name == \"hmac_sha256\") | .detail.value | length] | join(\" \")")" 64
is "it stays sealed" "$("$LOEP" --json artefact show "$SEALED" | jq -r .restriction)" sealed
ok "when it was gone is known" "$LOEP" --json unseal list "$CASE"
is "nothing of it is there, still" "$(plain)" ""
fails "its jobs are not run again" 1 "$LOEP" job retry "$("$LOEP" --json job list \
	"$CASE" | jq -r '[.[] | select(.kind == "unseal_yara")][0].id')"
like "its sender reads who, when and what for" "$(get '.items[] |
	"\(.event) \(.role) \(.org_name) \(.purpose)"' wim "/cases/$CASE/access")" \
	"unsealed .* Test CSIRT $WHY"

is "what the re-scan left open is decided" "$("$LOEP" --json --quiet rescan gaps \
	"$RESCAN" | jq -r '[.[] | .artefact_name + ":" + .state] | sort |
	join(" ")')" "eicar.gpg:decided zip.asc:open"

# --- what is in a container that came sealed ---
ACT=$(unseal "$ZIPPED")
is "the other one, too" "$(status second "/unseals/$ACT/approve" -X POST -d '{}')" 200
is "is analysed" "$(settled "$ACT")" "done"
is "its members are sealed, and nameless" "$(artefacts '[.[] | select(.parent != null and
	.relation == "archive_member") | "\(.name) \(.seal)"] | sort | join(", ")')" \
	"member-1.pgp enclosed, member-2.pgp enclosed"
MEMBER=$(artefacts '[.[] | select(.name == "member-1.pgp")][0].id')
is "and looked at" "$(matched "$MEMBER")" "eicar_again eicar_test"
is "nothing of them is there" "$(plain)" ""
ok "a member leaves encrypted" "$LOEP" artefact download "$MEMBER" --reason x \
	-o "$WORK/member.zip"
ok "to the service's own key" bash -c "
	bsdtar --passphrase infected -xOf '$WORK/member.zip' --exclude manifest.json \
		>'$WORK/member.pgp' &&
	gpg --batch --list-packets '$WORK/member.pgp' 2>&1 | grep -q 'pubkey enc packet'"

# --- a mail ---
encrypt "$WORK/plain/$MARK.com" "$WORK/eicar.asc" --armor
{
	printf '%s\r\n' 'From: an@water.example' 'To: cert@csirt.example' \
		'MIME-Version: 1.0' 'Content-Type: multipart/encrypted;' \
		' protocol="application/pgp-encrypted"; boundary="b"' '' '--b' \
		'Content-Type: application/pgp-encrypted' '' 'Version: 1' '' \
		'--b' 'Content-Type: application/octet-stream' ''
	cat "$WORK/eicar.asc"
	printf '%s\r\n' '' '--b--'
} >"$WORK/mail.eml"
MAIL=$(TYPE=application/octet-stream get .artefact wim \
	"/submissions/$SUBMISSION/files?filename=mail.eml" \
	--data-binary "@$WORK/mail.eml")
"$LOEP" --quiet case wait "$CASE" >/dev/null
is "an encrypted mail is sealed, too" "$("$LOEP" --json artefact show "$MAIL" |
	jq -r .seal)" openpgp
ACT=$(unseal "$MAIL")
status second "/unseals/$ACT/approve" -X POST -d '{}' >/dev/null
is "and opened" "$(settled "$ACT")" "done"
is "to what is in it" "$(matched "$MAIL")" "eicar_again eicar_test"

# --- refused, and what cannot be opened ---
ACT=$(unseal "$SEALED")
is "it can be refused" "$(get .state second "/unseals/$ACT/refuse" -X POST \
	-d '{"reason":"we know enough"}')" refused
openpgp_message >"$WORK/other.gpg"
OTHER=$(TYPE=application/octet-stream get .artefact wim \
	"/submissions/$SUBMISSION/files?filename=other.gpg" \
	--data-binary "@$WORK/other.gpg")
"$LOEP" --quiet case wait "$CASE" >/dev/null
ACT=$(unseal "$OTHER")
is "one for another key" "$(status second "/unseals/$ACT/approve" -X POST -d '{}')" 200
is "fails" "$(settled "$ACT")" failed
like "and says why" "$("$LOEP" --json job list "$CASE" | jq -r '.[] | .reason')" \
	"none of the service's keys"

# --- killed in the middle ---
head -c 30000000 /dev/urandom >"$WORK/plain/large"
printf 'the word is %s' "$MARK" >>"$WORK/plain/large"
encrypt "$WORK/plain/large" "$WORK/large.gpg"
LARGE=$(TYPE=application/octet-stream get .artefact wim \
	"/submissions/$SUBMISSION/files?filename=large.gpg" \
	--data-binary "@$WORK/large.gpg")
"$LOEP" --quiet case wait "$CASE" >/dev/null
ACT=$(unseal "$LARGE")
program() {
	ps -o pid=,comm= --ppid "$LOEPD" | awk -v n="$1" '$2 == n {print $1}'
}
status second "/unseals/$ACT/approve" -X POST -d '{}' >/dev/null
kill -KILL "$(program loep-pgp)"
sleep 0.3
kill -KILL "$(program loep-sched)"
is "killed twice, it is analysed all the same" "$(settled "$ACT")" "done"
is "nothing of it was left" "$(plain)" ""
"$LOEP" --quiet audit export -o "$WORK/audit.ndjson" >/dev/null
# steps EVENT - how often the chain says that.
steps() {
	grep -c "custody[.]$1\"" "$WORK/audit.ndjson"
}
is "each copy that was made is said to be gone" "$(steps destroyed_copy)" "$(steps unsealed)"
is "and each act to be over" "$(steps resealed)" \
	"$("$LOEP" --json unseal list "$CASE" | jq '[.[] | select(.destroyed_at)] | length')"

# --- elsewhere ---
ok "a backup" "$LOEP" --quiet backup "$WORK/backup"
ok "has the keys that open it" cmp "$STATE/pgp/secret.asc" "$WORK/backup/pgp/secret.asc"
"$LOEP" --quiet backup --without-keys "$WORK/bare" >/dev/null
ok "one without keys does not" test ! -e "$WORK/bare/pgp"
ok "restored" "$LOEP" --state "$WORK/restored" restore "$WORK/backup"
ok "they are there again" cmp "$STATE/pgp/secret.asc" "$WORK/restored/pgp/secret.asc"
is "has nothing of it" "$(plain "$WORK/backup" "$WORK/audit.ndjson")" ""
is "search knows nothing of it" "$("$LOEP" --json search "$MARK" | jq length)" 0
like "acts are counted" "$(curl -sS --unix-socket "$STATE/run/loep.sock" \
	http://localhost/metrics)" 'loep_unseal_total.outcome="refused". 1'

# --- another key of the service ---
"$LOEP" --quiet pgp-key --add --user-id 'Test CSIRT, later <cert@csirt.example>' \
	>"$WORK/later" 2>&1
loep_stop
loep_run
PORT=$(sed -n 's/.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*/\1/p' "$WORK/log" | tail -n 1)
is "there are two" "$("$BIN/loep-pgp" --show "$STATE/pgp/secret.asc" |
	jq '.keys | length')" 2
is "what came before is as it came" "$("$LOEP" --json artefact show "$SEALED" |
	jq -r .sha256)" "$SUM"
ACT=$(unseal "$ZIPPED")
status second "/unseals/$ACT/approve" -X POST -d '{}' >/dev/null
is "and opened by the key before" "$(settled "$ACT")" "done"
is "still, nothing of it is there" "$(plain)" ""
gpgconf --kill all
finish
