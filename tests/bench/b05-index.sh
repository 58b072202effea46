#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The index of many files of this machine: how quickly it is built, against
# sha256sum of the same files, warm [index_vs_sha256sum]; its size in percent of
# them [index_percent], of the compressed ones among them
# [index_percent_packed] and of the others [index_percent_plain]; and what a
# question costs [index_query_us, index_query_max_us].
. "$(dirname "$0")/lib.sh"
ROUNDS=${ROUNDS:-3}
FILES=${FILES:-100000}
# What fits into memory beside the index, so that both read it warm.
BYTES=${BYTES:-7000000000}

# corpus - paths with a NUL behind each: files of this machine in an order that
# is always the same, as many as are wanted.
corpus() {
	find /usr /var/lib /var/cache /opt /lib -xdev -type f -readable -size -200M \
		-printf '%s %p\0' 2>/dev/null | sort -z -u |
		shuf -z --random-source=<(yes) |
		awk -v RS='\0' -v ORS='\0' -v files="$FILES" -v bytes="$BYTES" '
			n < files && sum + $1 <= bytes {
				n++; sum += $1; sub(/^[0-9]+ /, ""); print
			}'
}

# mutations COUNT - files of the corpus with a piece in the middle changed.
mutations() {
	mkdir -p "$WORK/mutations"
	python3 - "$WORK/corpus" "$WORK/mutations" "$1" <<'PYTHON'
import os, random, sys
paths = open(sys.argv[1], "rb").read().split(b"\0")[:-1]
random.seed(1)
for i in range(int(sys.argv[3])):
    with open(random.choice(paths), "rb") as f:
        data = bytearray(f.read(262144))
    at = random.randrange(len(data) + 1)
    data[at:at + 64] = random.randbytes(64)
    name = os.path.join(sys.argv[2], str(i))
    with open(name, "wb") as f:
        f.write(data)
    sys.stdout.buffer.write(os.fsencode(name) + b"\0")
PYTHON
}

count() {
	tr -cd '\0' <"$1" | wc -c
}

build() {
	rm -rf "$WORK/index"
	mkdir "$WORK/index"
	"$BIN/tests/bench/bench_index" build "$WORK/index" <"$WORK/corpus" \
		>"$WORK/built" 2>>"$WORK/log"
}

digest() {
	xargs -0 sha256sum <"$WORK/corpus"
}

corpus >"$WORK/corpus"
n=$(count "$WORK/corpus")
if [ "$n" -lt "$FILES" ]; then
	say "index: $n files here, the rest are mutations of them"
	mutations $((FILES - n)) >"$WORK/more"
	cat "$WORK/more" >>"$WORK/corpus"
fi
xargs -0 cat <"$WORK/corpus" >/dev/null
ours=()
theirs=()
for ((round = 1; round <= ROUNDS; round++)); do
	theirs+=("$(seconds digest)")
	ours+=("$(seconds build)")
	say "index: round $round: ${ours[-1]} s, sha256sum: ${theirs[-1]} s"
done
built() {
	jq ".$1" "$WORK/built"
}
result index_files "$(built files)"
result index_mib "$(echo "$(built bytes) / 1048576" | bc -l)"
result index_vs_sha256sum "$(echo "$(median "${theirs[@]}") / $(median "${ours[@]}")" | bc -l)"
result index_percent "$(built percent)"
result index_percent_packed "$(built percent_packed)"
result index_percent_plain "$(built percent_plain)"
result index_anonymous_mib "$(echo "$(built rss_kib) / 1024" | bc -l)"
"$BIN/tests/bench/bench_index" query "$WORK/index" <"$WORK/corpus" \
	>"$WORK/asked" 2>>"$WORK/log"
result index_query_us "$(jq .us_median "$WORK/asked")"
result index_query_max_us "$(jq .us_max "$WORK/asked")"
rm -rf "$WORK"
