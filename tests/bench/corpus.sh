# SPDX-License-Identifier: Apache-2.0
# corpus.sh - many files of this machine, as a store that has grown holds them.
# shellcheck shell=bash

# corpus COUNT BYTES LIST - writes COUNT paths of readable files to LIST, the
# largest ones up to 8 MiB, no archives: their members would be more artefacts
# than yara is given files.  Should they hold fewer than BYTES, files that are
# two halves of others, cut at odd places, fill up what is missing; they are
# put into $WORK/mutations.
corpus() {
	local count=$1 bytes=$2 list=$3 have

	find /usr /opt /var/lib /var/cache /etc /home -xdev -type f -size +0 \
		-size -8192k -readable ! -iregex \
		'.*\.\(gz\|tgz\|xz\|bz2\|zst\|lz4\|lzma\|zip\|jar\|whl\|egg\|deb\|rpm\|a\|ar\|tar\|7z\|iso\|cab\|cpio\|od.\|...x\|crx\|xpi\|nupkg\|rlib\|epub\|kmz\)' \
		-printf '%s %p\n' 2>/dev/null |
		sort -k1,1nr -k2 >"$WORK/all"
	# Names with line breaks would be two names to yara --scan-list.
	grep -E '^[0-9]+ /[^[:cntrl:]]+$' "$WORK/all" >"$WORK/plain"
	head -n "$count" "$WORK/plain" >"$WORK/chosen"
	have=$(awk '{ s += $1 } END { printf "%d", s }' "$WORK/chosen")
	cut -d' ' -f2- "$WORK/chosen" >"$list"
	mkdir -p "$WORK/mutations"
	# The largest two thousand, each with the next one: whole programs and
	# libraries, whose strings stand elsewhere now.
	awk -v need=$((bytes - have)) -v dir="$WORK/mutations" '
		NR > 1 && made < need {
			a = int($1 * 5 / 8); b = int(size * 3 / 8)
			printf "%d\t%d\t%s\t%s\t%s/%06d\n", a, b,
			    substr($0, index($0, " ") + 1), last, dir, NR
			made += a + b
		}
		{ size = $1; last = substr($0, index($0, " ") + 1) }
	' "$WORK/chosen" >"$WORK/pairs"
	python3 tests/bench/splice.py <"$WORK/pairs"
	# As many as were asked for: mutations take the place of the smallest.
	made=$(wc -l <"$WORK/pairs")
	{
		head -n "$((count - made))" "$list"
		cut -f5 "$WORK/pairs"
	} >"$list.new"
	mv "$list.new" "$list"
}
