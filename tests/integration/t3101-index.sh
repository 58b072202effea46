#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The index of all artefacts: it fills by itself, outlives kills of its
# program at random moments, and comes back when its folder is lost.
. "$(dirname "$0")/lib.sh"

FILES=${FILES:-120}

# indexed - prints "indexed/units bytes state".
indexed() {
	"$LOEP" --json status 2>/dev/null |
		jq -r '.index | "\(.indexed)/\(.units) \(.bytes) \(.state)"' 2>/dev/null
}

# wait_indexed UNITS SECONDS - until so many units are all there.
wait_indexed() {
	local i
	for ((i = 0; i < $2 * 5; i++)); do
		[[ $(indexed) == "$1/$1 "*" connected" ]] && return 0
		sleep 0.2
	done
	echo "the index holds $(indexed), wanted $1/$1"
	return 1
}

# program NAME - the pid of a program of this Loep.
program() {
	pgrep -P "$LOEPD" -x "$1" | head -n 1
}

loep_start
mkdir -p "$WORK/files"
for ((i = 0; i < FILES; i++)); do
	{
		echo "file number $i of $FILES"
		head -c $((RANDOM % 20000)) /dev/urandom | base64
	} >"$WORK/files/f$i.txt"
done
: >"$WORK/files/empty"

ok "the index is there" wait_indexed 0 30
ok "files are taken" "$LOEP" --quiet submit --wait "$WORK"/files/*
UNITS=$("$LOEP" --json status | jq .index.units)
is "every file is a unit" "$UNITS" $((FILES + 1))
ok "the index becomes complete" wait_indexed "$UNITS" 120
like "its size is shown" "$(indexed)" '^[0-9]+/[0-9]+ [1-9][0-9]+ '

is "nothing readable is in it" \
	"$(grep -rl 'file number' "$STATE/index" | wc -l)" 0

# --- killed at random moments, while more comes in ---
for ((k = 0; k < 8; k++)); do
	printf 'another file %s\n' "$k" >"$WORK/files/more$k"
	"$LOEP" --quiet submit "$WORK/files/more$k" >/dev/null 2>&1
	UNITS=$((UNITS + 1))
	sleep "0.$((RANDOM % 8))"
	victim=$(program loep-index)
	[ -z "$victim" ] || kill -KILL "$victim"
done
victim=$(program loep-grams)
[ -z "$victim" ] || kill -KILL "$victim"
ok "the index outlives kills" wait_indexed "$UNITS" 120

# --- its folder is lost ---
loep_stop
rm -rf "$STATE/index"
loep_run
ok "a lost index comes back" wait_indexed "$UNITS" 120

# --- its files are damaged ---
loep_stop
for f in "$STATE"/index/segment-*; do
	printf 'damage' | dd of="$f" bs=1 seek=20 conv=notrunc status=none
done
loep_run
ok "a damaged index comes back" wait_indexed "$UNITS" 120
like "and the log says so" "$(grep -c 'a part of the index is lost' "$WORK/log")" '^[1-9]'

# --- a manifest that was cut short ---
loep_stop
truncate -s 30 "$STATE/index/manifest"
loep_run
ok "a cut manifest is noticed" wait_indexed "$UNITS" 120

# --- it does not work when there is nothing to do ---
sleep 3
before=$(ps -o cputimes= -p "$(program loep-index)" | tr -d ' ')
segments=$(find "$STATE/index" -name 'segment-*' -printf '%f\n' | sort)
sleep 12
after=$(ps -o cputimes= -p "$(program loep-index)" | tr -d ' ')
ok "an idle index rests" test $((after - before)) -le 1
is "and leaves its files alone" \
	"$(find "$STATE/index" -name 'segment-*' -printf '%f\n' | sort)" "$segments"
is "a few large segments are left" "$(wc -l <<<"$segments")" 1
finish
