#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is stored is found again: by hash, likeness, rule, name and words; by
# staff across cases, by a submitter among what it sent; hostile questions.
# shellcheck disable=SC2034 # lib.sh reads it
CONF='[store]\nsecond_factor = nobody\n[web]\nlisten = 127.0.0.1:0'
. "$(dirname "$0")/lib.sh"
loep_start
found() { # KIND QUESTION JQ
	api "/search" -G --data-urlencode "q=$2" --data-urlencode "kind=$1" | jq -r "$3"
}
until_found() { # KIND QUESTION - search learns from behind
	for _ in $(seq 100); do
		[ "$(found "$1" "$2" '.items | length')" != 0 ] && return
		sleep 0.2
	done
}

# Two that are nearly the same, one that is not, EICAR in an archive.
python3 - "$WORK" <<'PY'
import random, sys
random.seed(7)
words = ["".join(random.choice("abcdefghijklmnop") for _ in range(random.randint(3, 9))) for _ in range(900)]
text = " ".join(random.choice(words) for _ in range(9000))
open(sys.argv[1] + "/ledger-2026.txt", "w").write(text)
open(sys.argv[1] + "/ledger-copy.txt", "w").write(text[:200] + "CHANGED HERE" + text[200:])
open(sys.argv[1] + "/other.txt", "w").write("".join(chr(33 + (i * i // 7) % 90) for i in range(40000)))
PY
# shellcheck disable=SC2016
printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-' 'ANTIVIRUS-TEST-FILE!$H+H*' >"$WORK/invoice.com"
(cd "$WORK" && zip -q evidence.zip invoice.com)
ok "two cases" submit --title "Turbine stopped" "$WORK/ledger-2026.txt" "$WORK/evidence.zip"
FIRST=$CASE
ok "more" submit --title "Façade of another" "$WORK/ledger-copy.txt" "$WORK/other.txt"
SECOND=$CASE
write() { # PATH TEXT
	api "/cases/$FIRST/$1" -X POST -H 'content-type: application/json' \
		-d "$(jq -nc --arg t "$2" '{text: $t}')" -f -o /dev/null
}
ok "a note" write notes "asked the vendor about valve nr. 17"
ok "a message" write messages "please send the memory image"
until_found text valve
until_found name other.txt
until_found rule EICAR

SHA256=$(sha256sum "$WORK/ledger-2026.txt" | cut -d' ' -f1)
is "by SHA-256" "$(found any "$SHA256" '.items[] | "\(.kind) \(.case) \(.name)"')" "hash $FIRST ledger-2026.txt"
is "by MD5" "$(found hash "$(md5sum "$WORK/invoice.com" | cut -d' ' -f1)" '.items[] | "\(.case) \(.name)"')" "$FIRST invoice.com"
is "by SHA-1, in capitals" "$(found hash "$(sha1sum "$WORK/other.txt" | cut -d' ' -f1 | tr a-f A-F)" '.items[].name')" other.txt
like "by the beginning of a rule" "$(found rule test_eic '.items[] | "\(.name) \(.why)"')" '^invoice.com .*:test_eicar_file'
is "or by its words" "$(found rule EICAR '[.items[].name] | index("invoice.com") != null')" true
is "by name" "$(found name "ledger 2026" '[.items[].name] | unique | join(" ")')" ledger-2026.txt
is "by the beginning of a name" "$(found name ledg '[.items[].name] | unique | join(" ")')" "ledger-2026.txt ledger-copy.txt"
is "by words of a note" "$(found text "VALVE 17" '.items[] | "\(.kind) \(.case)"')" "note $FIRST"
is "by words of a message" "$(found text "memory ima" '.items[] | "\(.kind) \(.case)"')" "message $FIRST"
is "by the title, accents or not" "$(found any facade '.items[] | select(.kind == "case") | .case')" "$SECOND"
is "by number" "$(found any "$FIRST" '[.items[] | select(.kind == "case") | .case] | unique | join(" ")')" "$FIRST"
id=$("$LOEP" --json artefact list "$FIRST" | jq -r '.[] | select(.name == "ledger-2026.txt") | .id')
is "what is like it" "$(api "/artefacts/$id/related" | jq -r '.items[] | select(.kind == "tlsh") | .name' | head -n 1)" ledger-copy.txt
TLSH=$("$LOEP" --json case findings "$FIRST" | jq -r --arg id "$id" '[.[] | select(.artefact == $id) | .detail | .. | strings | select(test("^T1[0-9A-F]{70}$"))][0]')
is "by a digest, the nearest first" "$(found any "$TLSH" '[.items[].name] | join(" ")' | cut -d' ' -f1)" ledger-2026.txt
is "itself at no distance" "$(found tlsh "$TLSH" '.items[0].score')" 0
like "a person reads a table" "$("$LOEP" search ledger 2026)" "ledger-2026.txt"
like "likeness too" "$("$LOEP" search --like "$id")" "ledger-copy.txt"
is "nothing is nothing" "$("$LOEP" search zzzzqqq)" "Nothing is found."

# By pages, it is the same as at once.
pages() { # PATH QUESTION JQ - page by page, one row each
	local page cursor="" n=0
	while [ $((n++)) -lt 60 ]; do
		page=$(api "$1" -G -d "$2" -d limit=1 --data-urlencode "cursor=$cursor")
		jq -r ".items[] | $3" <<<"$page"
		cursor=$(jq -r '.next // ""' <<<"$page")
		[ -n "$cursor" ] || return
	done
}
whole() { # PATH QUESTION JQ
	api "$1" -G -d "$2" -d limit=500 | jq -r ".items[] | $3"
}
row='"\(.kind) \(.artefact) \(.name) \(.why)"'
for q in q=ledger "q=ledger&kind=name" "q=test_eic&kind=rule" "q=EICAR&kind=rule" "q=valve&kind=text" "q=$SHA256" "q=$TLSH" "q=$FIRST"; do
	is "page by page: ${q:0:24}" "$(pages /search "$q" "$row")" "$(whole /search "$q" "$row")"
done
is "page by page: related" "$(pages "/artefacts/$id/related" a= "$row")" "$(whole "/artefacts/$id/related" a= "$row")"
is "several pages" "$(($(pages /search q=ledger .kind | wc -l) > 1))" 1
is "the command line stops where it is told" "$("$LOEP" --json search --limit 1 ledger | jq length)" 1
is "a cursor that is none" "$(api /search -G -d q=ledger -d cursor=x -o /dev/null -w '%{http_code}')" 400

# Questions that would be something else if they were believed.
for q in '"' '""' "'" 'a" OR scope:x' 'body:x' 'NEAR(a b)' '*' 'AND' 'a AND' '^a' '(' '-' 'x*y' '<script>' $'\x01' 'ü' '%' '; DROP TABLE case_file'; do
	is "hostile: $(printf %q "$q")" "$(api /search -G --data-urlencode "q=$q" -o /dev/null -w '%{http_code}')" 200
done
is "too long" "$(api /search -G --data-urlencode "q=$(printf 'a%.0s' $(seq 600))" -o /dev/null -w '%{http_code}')" 400
is "nothing asked" "$(api /search -G --data-urlencode 'q= ' -o /dev/null -w '%{http_code}')" 400
is "an unknown kind" "$(api /search -G --data-urlencode 'q=a' -d kind=else -o /dev/null -w '%{http_code}')" 400
is "a broken digest" "$(api /search -G --data-urlencode 'q=T1' -d kind=tlsh -o /dev/null -w '%{http_code}')" 400

# A submitter of another organisation, with the same file.
PORT=$(sed -n 's|.*serving HTTPS.*address=127.0.0.1 port=\([0-9]*\).*|\1|p' "$WORK/log")
"$LOEP" org add Water --class C1 >/dev/null
ORG=$("$LOEP" --json org list | jq -r '.[] | select(.name == "Water") | .id')
ok "an operator" "$LOEP" user add pump --kind service --org "$ORG" --capabilities submit
ACCOUNT=$("$LOEP" --json user list | jq -r '.[] | select(.name == "pump") | .id')
ok "with a token" "$LOEP" user token add pump --account "$ACCOUNT" --capabilities submit -o "$WORK/token"
theirs() { # KIND QUESTION JQ
	curl -sS --max-time 20 --cacert "$STATE/tls/cert.pem" -G --data-urlencode "q=$2" \
		--data-urlencode "kind=$1" -H "Authorization: Bearer $(cat "$WORK/token")" \
		"https://localhost:$PORT/api/v1/search" | jq -r "$3"
}
for question in "hash $SHA256" "any $SHA256" "name ledger" "text valve" "rule EICAR" "text memory" "any Turbine" "tlsh $TLSH" "indicator EICAR"; do
	is "finds nothing of others: ${question:0:24}" "$(theirs "${question%% *}" "${question#* }" '.items | length')" 0
done
remote=("$LOEP" --server "https://localhost:$PORT" --token-file "$WORK/token" --ca "$STATE/tls/cert.pem")
ok "sends the same" "${remote[@]}" --quiet submit --title "Pump" "$WORK/ledger-2026.txt" "$WORK/evidence.zip"
until_name() {
	for _ in $(seq 100); do
		[ "$(theirs name ledger '.items | length')" != 0 ] && return
		sleep 0.2
	done
}
until_name
is "finds its own, once" "$(theirs hash "$SHA256" '[.items[] | "\(.title) \(.name)"] | join(",")')" "Pump ledger-2026.txt"
is "by name too" "$(theirs name ledger '[.items[].title] | unique | join(",")')" Pump
is "but no rule" "$(theirs rule EICAR '.items | length')" 0
is "nor what came out of it" "$(theirs name invoice '.items | length')" 0
is "staff finds both" "$(found hash "$SHA256" '[.items[].org_name] | sort | join(",")')" "Test CSIRT,Water"

# What was learnt stays, what was not is learnt after a kill.
kill -KILL "$(pgrep -P "$LOEPD" -x loep-store)"
printf 'after the fall' >"$WORK/phoenix.txt"
for _ in $(seq 50); do
	submit "$WORK/phoenix.txt" && break
	sleep 0.2
done
until_found name phoenix
is "learnt after a kill" "$(found name phoenix '.items | length')" 1
is "and nothing twice" "$(found name "ledger copy" '.items | length')" 1
finish
