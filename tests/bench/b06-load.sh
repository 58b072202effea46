#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The service under load, over TLS: 50 analysts with tokens of their own ask for
# what the app shows (queue, cases, artefacts, findings, reports, searches,
# status ...), against the same server serving a static file of the app; the
# same again while 200 slow uploads go on, and with 1,000 artefacts in 10 cases
# and with ARTEFACTS (100,000) in a hundredth as many cases: latency and the
# processor time of a request must stay what they were.  Then one file of BYTES
# (2 GiB) through tus over TLS against sha256sum of it.  [load_*, upload_*]
#
# ARTEFACTS=2000 is quick; with 1000 nothing grows.  Files come in as operators
# send them: archives of 99, by loep submit; the first ten cases file by file.
#
# Latencies with a fixed rate (a quarter of what the service can do) are counted
# from when a request was due, not from when it could be sent (bench_load.c); of
# ROUNDS (3) the one with the median p99 counts.
. "$(dirname "$0")/lib.sh"
ARTEFACTS=${ARTEFACTS:-100000}
SECONDS_EACH=${SECONDS_EACH:-8}
BYTES=${BYTES:-2147483648}
ROUNDS=${ROUNDS:-3}
LOAD=$BIN/tests/bench/bench_load
FIRST=1000
PER_CASE=100
WORDS="submit analyse read_all_orgs claim verdict audit_read metrics_read"

# All requests come from one address here.
"$BIN/loep" init --org Bench >/dev/null 2>&1
printf '%s\n' '[loepd]' 'vm = no' '[yara]' "rules_dir = $PWD/yara-rules" \
	'[sched]' 'workers = 2' '[web]' 'listen = 127.0.0.1:0' \
	'connections = 1000' 'connections_per_address = 1000' \
	'address_requests = 100000' 'address_burst = 1000000' \
	'account_requests = 100000' 'account_burst = 1000000' \
	"ui_dir = $BIN/ui/dist" >>"$STATE/loep.conf"
service "$PWD/yara-rules"
CERT=$STATE/tls/cert.pem
PORT=$(sed -n 's/.*serving HTTPS.*port=\([0-9]*\).*/\1/p' "$WORK/log")

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
	for ((i = 0; i < 6000; i++)); do
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

# counted - how many artefacts there are; store_bytes - of the database.
counted() {
	api /status | jq .counts.artefacts
}
store_bytes() {
	cat "$STATE"/db/loep.db* | wc -c
}

# cpu - seconds of CPU that web and store have taken.
cpu() {
	local p sum=0
	for p in loep-web loep-store; do
		sum=$(sed 's/^.*) //' "/proc/$(pid_of $p)/stat" |
			awk -v s="$sum" -v hz="$(getconf CLK_TCK)" '{ print s + ($12 + $13) / hz }')
	done
	echo "$sum"
}

# list_requests - what is asked, of up to 200 cases, in $WORK/requests.
list_requests() {
	python3 tests/bench/load_requests.py "$STATE/run/loep.sock" \
		>"$WORK/requests"
}

# load FILE OPTIONS... - one round of load; FILE gets what was seen, with
# cpu_ms, the processor time of web and store for a request.
load() {
	local file=$1 before after
	shift
	before=$(cpu)
	"$LOAD" -s "$SECONDS_EACH" "$@" >"$file" || {
		say "load: wrong answers: $(head -c 600 "$file")"
		exit 1
	}
	after=$(cpu)
	jq --argjson s "$(echo "$after - $before" | bc -l)" \
		'.cpu_ms = ($s * 1000 / .count)' "$file" >"$file.new"
	mv "$file.new" "$file"
	say "load: $(basename "$file"): $(jq -c '{rps, p50_ms, p99_ms, worst_ms, cpu_ms}' "$file")"
}

# waits NAME OPTIONS... - rounds at a fixed rate; $WORK/NAME gets the median.
waits() {
	local name=$1 i
	shift
	for ((i = 1; i <= ROUNDS; i++)); do
		settled
		load "$WORK/$name.$i" -r "$RATE" "$@" "$PORT" "$CERT" \
			"$WORK/tokens" "$WORK/requests"
	done
	jq -s 'sort_by(.p99_ms)[length / 2 | floor]' "$WORK/$name".[0-9]* \
		>"$WORK/$name"
}

# measure NAME - what the service can do, and how long one waits at a quarter
# of what it could do first.
measure() {
	list_requests
	load "$WORK/$1.full" "$PORT" "$CERT" "$WORK/tokens" "$WORK/requests"
	RATE=${RATE:-$(of "$1.full" '.rps / 4')}
	waits "$1"
}

of() {
	jq "$2" "$WORK/$1"
}

# static_file BYTES - the file of the app whose size is next to that.
static_file() {
	local page
	page=$(cd "$BIN/ui/dist" 2>/dev/null && find . -type f -printf '%s %P\n' |
		awk -v b="$1" '{ d = $1 < b ? b - $1 : $1 - b; print d, $2 }' |
		sort -n | head -n 1)
	echo "${page#* }" | grep . || echo api/v1/openapi.yaml
}

ratio() {
	echo "$1 / $2" | bc -l
}

org=$(api /whoami | jq -r .org)
for ((i = 1; i <= 50; i++)); do
	id=$("$BIN/loep" --json user add "analyst$i" --org "$org" --kind service \
		--capabilities "$WORDS" | jq -r .id)
	"$BIN/loep" --json user token add "t$i" --account "$id" \
		--capabilities "$WORDS" | jq -r .token
done >"$WORK/tokens"

make_files 0 $((FIRST / PER_CASE)) $PER_CASE
for folder in "$WORK"/in/*; do
	"$BIN/loep" --quiet submit -r --title "case ${folder##*/}" "$folder" \
		>/dev/null 2>&1
	rm -rf "$folder"
done
settled
say "load: $(counted) artefacts"
small_bytes=$(store_bytes)
small_count=$(counted)
RATE=
measure small
echo "static /$(static_file "$(of small.full '.mib * 1048576 / .count')")" \
	>"$WORK/static"

if [ "$ARTEFACTS" -gt "$FIRST" ]; then
	from=$(date +%s)
	make_files $((FIRST / PER_CASE)) $(((ARTEFACTS - FIRST) / PER_CASE)) \
		$((PER_CASE - 1))
	find "$WORK/in" -mindepth 1 -maxdepth 1 | sort |
		xargs -P 4 -I '{}' bash -c 'send_case "{}"'
	settled
	say "load: $(counted) artefacts in $(($(date +%s) - from)) s"
	measure large
	result load_growth_p99 "$(ratio "$(of large .p99_ms)" "$(of small .p99_ms)")"
	result load_growth_cpu "$(ratio "$(of large .cpu_ms)" "$(of small .cpu_ms)")"
	bytes=$(($(store_bytes) - small_bytes))
	count=$(($(counted) - small_count))
	result load_store_bytes_per_artefact "$(ratio $bytes $count)"
	say "load: goals: p99 and CPU of a request grow by less than 1.5 from $small_count to $(counted) artefacts"
	last=large
else
	last=small
fi
load "$WORK/static.full" "$PORT" "$CERT" "$WORK/tokens" "$WORK/static"
result load_page_rps "$(of $last.full .rps)"
result load_page_p99_ms "$(of $last .p99_ms)"
result load_page_rps_vs_static "$(ratio "$(of $last.full .rps)" "$(of static.full .rps)")"
result load_worst_page_p99_ms "$(of $last '[.routes[].p99_ms] | max')"

# 200 slow uploads at once.
number=$(api /cases -H 'Content-Type: application/json' -d '{"title":"slow"}' | jq -r .number)
api "/cases/$number/submissions" -H 'Content-Type: application/json' -d '{}' |
	jq -r .id >"$WORK/submission"
waits uploads -u 200 -i "$WORK/submission"
result load_slow_upload_p99_ratio "$(ratio "$(of uploads .p99_ms)" "$(of $last .p99_ms)")"
say "load: goals: 200 uploads make p99 grow by less than 2; all of them end well"

# One large file.
settled
kill -STOP "$(pid_of loep-sched)"
head -n 1 "$WORK/tokens" >"$WORK/token"
chmod 600 "$WORK/token"
tar cf - /usr/lib /usr/bin /usr/share 2>/dev/null | head -c "$BYTES" >"$WORK/file" || true
[ "$(stat -c %s "$WORK/file")" = "$BYTES" ] || truncate -s "$BYTES" "$WORK/file"
ours=()
theirs=()
for ((round = 1; round <= ROUNDS; round++)); do
	cat "$WORK/file" >/dev/null
	theirs+=("$(seconds sha256sum "$WORK/file")")
	ours+=("$(seconds "$BIN/loep" --server "https://localhost:$PORT" \
		--ca "$CERT" --token-file "$WORK/token" --quiet submit "$WORK/file")")
	say "load: upload: round $round: ${ours[-1]} s, sha256sum: ${theirs[-1]} s"
done
kill -CONT "$(pid_of loep-sched)"
result upload_tls_vs_sha256sum "$(ratio "$(median "${theirs[@]}")" "$(median "${ours[@]}")")"
say "load: goal: 0.8 (TLS, tus, encrypted and durable, against reading it)"
service_stop
