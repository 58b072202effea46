# SPDX-License-Identifier: Apache-2.0
# corpus.sh - many files of this machine, as a store that has grown holds them.
# shellcheck shell=bash

# corpus COUNT BYTES FOLDER - writes COUNT paths of readable files to
# FOLDER/list, the largest ones up to 64 MiB, no archives: their members would
# be more artefacts than yara is given files.  Should they hold fewer than
# BYTES, files that are two halves of large ones, cut at odd places, take the
# places of the smallest.  What is there already is taken as it is.
corpus() {
	local count=$1 bytes=$2 dir=$3

	[ ! -s "$dir/list" ] || return 0
	mkdir -p "$dir/mutations"
	# What the system itself rewrites (/var, /etc) would be another file by
	# the time that yara reads it.
	find /usr /opt /home -xdev -type f -size +0 \
		-size -65536k -readable ! -iregex \
		'.*\.\(gz\|tgz\|xz\|bz2\|zst\|lz4\|lzma\|zip\|jar\|whl\|egg\|deb\|rpm\|a\|ar\|tar\|7z\|iso\|cab\|cpio\|od.\|...x\|crx\|xpi\|nupkg\|rlib\|epub\|kmz\)' \
		-printf '%s %p\n' 2>/dev/null |
		sort -k1,1nr -k2 >"$dir/all"
	# Names with line breaks would be two names to yara --scan-list.
	grep -E '^[0-9]+ /[^[:cntrl:]]+$' "$dir/all" >"$dir/plain"
	python3 tests/bench/splice.py "$count" "$bytes" "$dir/mutations" \
		<"$dir/plain" >"$dir/list.new"
	mv "$dir/list.new" "$dir/list"
}
