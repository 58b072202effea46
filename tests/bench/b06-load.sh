#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The service under load, over TLS: 50 analysts with tokens of their own ask for
# what the app shows (queue, cases, artefacts, findings, reports, searches,
# status ...), against the same server serving a static file of the app; with
# 1,000 artefacts in 10 cases against ARTEFACTS (100,000) in ten times as many
# cases, one of them with BIG (a fifth of them); and beside 200 slow uploads,
# and while that large case is written out for its report.  Two services are up
# at once and asked in turn (load_rounds.py says how that becomes a figure).
# Then files of BYTES (1 GiB) in all through tus over TLS against sha256sum of
# them: one, and four at once.  [load_*, upload_*]
#
# ARTEFACTS=2000 is quick; with 1000 nothing grows.  Files come in as operators
# send them: archives of 99, by loep submit.  A page of a list is full in both
# stores: 199 cases more have no file.
# KEEP=FOLDER keeps both filled stores there, and a later run goes on with them
# (each adds the few hundred small files of its slow uploads); empty the folder
# to begin anew.  RATE= asks that many pages a second; ROUNDS (7).
. "$(dirname "$0")/lib.sh"
ARTEFACTS=${ARTEFACTS:-100000}
BIG=${BIG:-$((ARTEFACTS / 5))}
SECONDS_EACH=${SECONDS_EACH:-8}
BYTES=${BYTES:-1073741824}
ROUNDS=${ROUNDS:-7}
RATE=${RATE:-}
KEEP=${KEEP:-}
LOAD=$BIN/tests/bench/bench_load
FIRST=1000
PER_CASE=100
WORDS="submit analyse read_all_orgs claim verdict audit_read metrics_read"
STORES=${KEEP:-$WORK/stores}
mkdir -p "$STORES"
# A service that ends is begun again; what is not kept goes with $WORK.
KEEP_STATE=yes

declare -A loepds=()

# begin NAME - starts the service of $STORES/NAME, which use NAME then means.
begin() {
	STATE=$STORES/$1
	LOG=$WORK/$1.log
	service "$PWD/yara-rules"
	loepds[$1]=$LOEPD
	use "$1"
}

# use NAME - whom api, loep and the figures mean from now on.
use() {
	STATE=$STORES/$1
	LOEPD=${loepds[$1]}
	export LOEP_STATE=$STATE
	CERT=$STATE/tls/cert.pem
	PORT=$(sed -n 's/.*serving HTTPS.*port=\([0-9]*\).*/\1/p' "$WORK/$1.log")
}

# end NAME
end() {
	STATE=$STORES/$1
	LOEPD=${loepds[$1]}
	unset "loepds[$1]"
	service_stop
}

end_all() {
	local name
	for name in "${!loepds[@]}"; do
		end "$name"
	done
	rm -rf "$WORK"
}
trap end_all EXIT

# make_service NAME - an empty one.  All requests come from one address here.
make_service() {
	LOEP_STATE=$STORES/$1 "$BIN/loep" init --org Bench >/dev/null 2>&1
	printf '%s\n' '[loepd]' 'vm = no' '[yara]' \
		"rules_dir = $PWD/yara-rules" '[sched]' 'workers = 2' '[web]' \
		'listen = 127.0.0.1:0' 'connections = 1000' \
		'connections_per_address = 1000' 'address_requests = 100000' \
		'address_burst = 1000000' 'account_requests = 100000' \
		'account_burst = 1000000' "ui_dir = $BIN/ui/dist" \
		>>"$STORES/$1/loep.conf"
}

# make_tokens COUNT - of accounts of their own, to standard output.
make_tokens() {
	local org i id
	org=$(api /whoami | jq -r .org)
	for ((i = 1; i <= $1; i++)); do
		id=$("$BIN/loep" --json user add "analyst$i" --org "$org" \
			--kind service --capabilities "$WORDS" | jq -r .id)
		"$BIN/loep" --json user token add "t$i" --account "$id" \
			--capabilities "$WORDS" --days 365 | jq -r .token
	done
}

api() {
	curl -sS --unix-socket "$STATE/run/loep.sock" "http://loep/api/v1$1" "${@:2}"
}

# make_files FIRST COUNT EACH - folders of cases, EACH with so many small files.
make_files() {
	python3 - "$WORK/in" "$@" <<-'PY'
		import os, random, sys
		root, first, cases, each = sys.argv[1], *map(int, sys.argv[2:])
		words = ["w%x" % (i * 2654435761 % 99991) for i in range(4000)]
		for c in range(first, first + cases):
		    r = random.Random(c)
		    folder = "%s/%05d" % (root, c)
		    os.makedirs(folder)
		    for f in range(each):
		        with open("%s/%s-%d.log" % (folder, r.choice(words), f), "w") as o:
		            o.write("case %d file %d\n" % (c, f))
		            for _ in range(r.randrange(10, 60)):
		                o.write(" ".join(r.choices(words, k=8)) + "\n")
	PY
}

# settled - waits until nothing is left to be analysed.
settled() {
	local i
	for ((i = 0; i < 12000; i++)); do
		[ "$(api /status | jq '(.jobs.queued // 0) + (.jobs.running // 0)')" = 0 ] &&
			return 0
		sleep 0.3
	done
	say "load: triage does not end"
	exit 1
}

# send_case FOLDER - one archive; the archive itself is an artefact, too.
send_case() {
	tar cf "$1.tar" -C "$1" .
	"$BIN/loep" --quiet submit --title "case ${1##*/}" "$1.tar" >/dev/null 2>&1
	rm -rf "$1" "$1.tar"
}
export -f send_case
export BIN

counted() {
	api /status | jq .counts.artefacts
}

# store_bytes NAME - of its database.
store_bytes() {
	cat "$STORES/$1"/db/loep.db* | wc -c
}

# fill_small - a service with FIRST artefacts, and the tokens.
fill_small() {
	local i
	make_service small
	begin small
	make_tokens 50 >"$STORES/tokens"
	make_files 0 $((FIRST / PER_CASE)) $((PER_CASE - 1))
	find "$WORK/in" -mindepth 1 -maxdepth 1 -exec bash -c 'send_case "$0"' '{}' \;
	for ((i = 0; i < 199; i++)); do
		api /cases -f -H 'Content-Type: application/json' \
			-d "{\"title\":\"empty $i\"}" >/dev/null
	done
	settled
	say "load: $(counted) artefacts"
	end small
}

# fill_large - goes on with a copy of the small one.
fill_large() {
	local from folder cases=$(((ARTEFACTS - FIRST - BIG) / PER_CASE))
	cp -a "$STORES/small" "$STORES/large"
	begin large
	from=$(date +%s)
	make_files $((FIRST / PER_CASE)) "$cases" $((PER_CASE - 1))
	find "$WORK/in" -mindepth 1 -maxdepth 1 | sort |
		xargs -P 4 -I '{}' bash -c 'send_case "{}"'
	# One case, of archives with as many members as one may have.
	make_files 90000 $(((BIG + 9999) / 10000)) $((BIG < 10000 ? BIG - 1 : 9999))
	for folder in "$WORK"/in/*; do
		tar cf "$folder.tar" -C "$folder" .
	done
	"$BIN/loep" --quiet submit --title "case 90000" "$WORK"/in/*.tar \
		>/dev/null 2>&1
	rm -rf "$WORK/in"
	settled
	say "load: $(counted) artefacts in $(($(date +%s) - from)) s"
	end large
}

# static_file BYTES - the file of the app whose size is next to that.
static_file() {
	local page
	page=$(cd "$BIN/ui/dist" 2>/dev/null && find . -type f -printf '%s %P\n' |
		awk -v b="$1" '{ d = $1 < b ? b - $1 : $1 - b; print d, $2 }' |
		sort -n | head -n 1)
	echo "${page#* }" | grep . || echo api/v1/openapi.yaml
}

# requests NAME KIND ARGUMENTS... - a file of what is asked of that service.
requests() {
	python3 tests/bench/load_requests.py "$STORES/$1/run/loep.sock" \
		"${@:3}" >"$WORK/$1.$2"
}

# plan_store NAME - its part of the plan.
plan_store() {
	use "$1"
	jq -n --arg c "$CERT" --argjson p "$PORT" --argjson l "$LOEPD" \
		--arg s "$STATE/run/loep.sock" --arg w "$WORK/$1" \
		'{cert: $c, port: $p, loepd: $l, socket: $s, pages: ($w + ".pages"),
		big: ($w + ".big"), static: ($w + ".static")}'
}

ratio() {
	echo "($1) / ($2)" | bc -l
}

# What is kept is whole: it gets its name once it is filled.
[ -e "$STORES/small.filled" ] || {
	rm -rf "$STORES/small" "$STORES/large" "$STORES/large.filled"
	fill_small
	touch "$STORES/small.filled"
}
[ "$(cat "$STORES/large.filled" 2>/dev/null)" = "$ARTEFACTS" ] || {
	rm -rf "$STORES/large"
	fill_large
	echo "$ARTEFACTS" >"$STORES/large.filled"
}

begin small
begin large
big=$(api "/cases?q=90000&limit=1" | jq -r '.items[0].number // ""')
requests small pages
requests large pages
[ -z "$big" ] || requests large big "$big"
"$LOAD" -s 2 "$PORT" "$CERT" "$STORES/tokens" "$WORK/large.pages" >"$WORK/first"
echo "static /$(static_file "$(jq '.mib * 1048576 / .count' "$WORK/first")")" \
	>"$WORK/large.static"
number=$(api /cases -H 'Content-Type: application/json' \
	-d '{"title":"slow"}' | jq -r .number)
api "/cases/$number/submissions" -H 'Content-Type: application/json' -d '{}' |
	jq -r .id >"$WORK/submission"
jq -n --argjson small "$(plan_store small)" --argjson large "$(plan_store large)" \
	--arg load "$LOAD" --argjson rounds "$ROUNDS" --arg big "$big" \
	--argjson seconds "$SECONDS_EACH" --argjson rate "${RATE:-null}" \
	--arg work "$WORK" --arg tokens "$STORES/tokens" \
	--arg details "$PWD/$O/bench-load.json" \
	'{load: $load, rounds: $rounds, seconds: $seconds, rate: $rate,
	submission: ($work + "/submission"), big: $big, tokens: $tokens,
	details: $details, stores: {small: $small, large: $large}}' \
	>"$WORK/plan"
python3 tests/bench/load_rounds.py "$WORK/plan" >"$WORK/figures"
while read -r key value; do
	result "$key" "$value"
done <"$WORK/figures"
result load_store_bytes_per_artefact "$(use large && ratio \
	"$(store_bytes large) - $(store_bytes small)" "($(counted) - $FIRST)" |
	tail -n 1)"
say "load: goals: p99, p50 and CPU of a page grow by less than 1.2 from $FIRST to $ARTEFACTS artefacts; 200 uploads and a report's dump make p99 grow by less than 2"
end small
end large

# Files over TLS, into a service of its own: nothing of it is kept.
STORES=$WORK
make_service upload
begin upload
make_tokens 1 >"$WORK/token"
chmod 600 "$WORK/token"
kill -STOP "$(pid_of loep-sched)"

# send FILE
send() {
	"$BIN/loep" --server "https://localhost:$PORT" --ca "$CERT" \
		--token-file "$WORK/token" --quiet submit "$1"
}
export -f send
export PORT CERT WORK

# upload_rounds KEY COUNT - COUNT files at once, in turn with sha256sum.
upload_rounds() {
	local round i ours theirs ratios=()
	mkdir "$WORK/files"
	for ((i = 0; i < $2; i++)); do
		tar cf - /usr/lib /usr/bin /usr/share 2>/dev/null |
			tail -c "+$((1 + i * BYTES / $2))" |
			head -c $((BYTES / $2)) >"$WORK/files/$i" || true
		truncate -s $((BYTES / $2)) "$WORK/files/$i"
	done
	for ((round = 1; round <= 3; round++)); do
		# Other bytes each time: nothing is there already.
		for i in "$WORK"/files/*; do
			printf '%s %s' "$round" "$1" |
				dd of="$i" conv=notrunc status=none
			cat "$i" >/dev/null
		done
		theirs=$(seconds bash -c "ls $WORK/files/* | xargs -P $2 -n 1 sha256sum")
		ours=$(seconds bash -c "ls $WORK/files/* | xargs -P $2 -I '{}' bash -c 'send {}'")
		say "load: $1: round $round: $ours s, sha256sum: $theirs s"
		ratios+=("$(ratio "$theirs" "$ours")")
	done
	rm -r "$WORK/files"
	result "$1" "$(median "${ratios[@]}")"
	result "$1_min" "$(printf '%s\n' "${ratios[@]}" | sort -g | head -n 1)"
	result "$1_max" "$(printf '%s\n' "${ratios[@]}" | sort -g | tail -n 1)"
}

upload_rounds upload_tls_vs_sha256sum 1
upload_rounds upload_tls_4_vs_sha256sum 4
kill -CONT "$(pid_of loep-sched)"
say "load: goal: 0.8 (TLS, tus, encrypted and durable, against reading it)"
end upload
