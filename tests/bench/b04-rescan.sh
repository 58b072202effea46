#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# b04-rescan - changed rules on everything that is stored, against yara(1).
#
# FILES (default 20000) files of this machine are stored; RULES (default 40)
# public rules become active one after another, and of some of them yara's time
# is taken, too.  A re-scan's time is what the store says: from the activation
# to the stored diff.  Ratios: how many times yara needs as long.
. "$(dirname "$0")/lib.sh"

FILES=${FILES:-20000}
RULES=${RULES:-40}
YARAS=${YARAS:-8}
DATA=../shared/data
[ -d "$DATA/yara-rules-cape" ] || { say "no public rules in $DATA"; exit 0; }

CORPUS=$WORK/corpus
mkdir -p "$CORPUS" "$WORK/set" "$WORK/one"
find /usr /etc -xdev -type f -size +0 -size -4096k -readable 2>/dev/null |
	sort | awk -v n="$FILES" 'c++ < n' >"$WORK/paths"
n=0
while read -r path; do
	cp "$path" "$CORPUS/$n" 2>/dev/null && n=$((n + 1))
done <"$WORK/paths"
find "$DATA"/yara-rules-* -name '*.yar*' -size -100k | sort |
	while read -r file; do
		[ "$(grep -cE '^\s*((private|global)\s+)*rule\s' "$file")" = 1 ] &&
			yara -w "$file" /dev/null >/dev/null 2>&1 && echo "$file"
	done | shuf --random-source=<(yes) >"$WORK/single"
say "$n files, $(du -sm "$CORPUS" | cut -f1) MB, $(wc -l <"$WORK/single") rules to choose from"

mkdir -p "$WORK/none"
"$BIN/loep" init --org Bench >/dev/null 2>&1
printf '[loepd]\nvm = no\n[yara]\nrules_dir = %s\n[rules]\nsingle_person = yes\n' \
	"$WORK/none" >>"$STATE/loep.conf"
"$BIN/loepd" --state "$STATE" >"$WORK/log" 2>&1 &
LOEPD=$!
for _ in $(seq 600); do
	grep -q 'all programs are ready' "$WORK/log" && break
	sleep 0.1
done
loep() { "$BIN/loep" --quiet "$@"; }
loep --json submit --recursive --wait "$CORPUS" >/dev/null
for _ in $(seq 3000); do
	[ "$("$BIN/loep" --json status | jq '.index.indexed // 0')" -ge "$n" ] && break
	sleep 0.2
done

newest() { "$BIN/loep" --json rescan list | jq -r '.[0].id'; }

# activate FOLDER - its rules as the active version; prints milliseconds.
activate() {
	local version
	if [ -n "${HAS_SOURCE:-}" ]; then
		loep rules add "$1" --source b --replace b --wait >/dev/null
	else
		loep rules add "$1" --source b --wait >/dev/null
	fi
	version=$("$BIN/loep" --json rules list | jq '[.[] | .version] | max')
	loep rules approve "$version" >/dev/null 2>&1
	# Nothing else runs: reports of the change before are made.
	for _ in $(seq 600); do
		[ "$("$BIN/loep" --json status | jq '[.jobs.queued // 0, .jobs.running // 0] | add')" = 0 ] && break
		sleep 0.1
	done
	loep rules activate "$version" >/dev/null 2>&1
	loep rescan wait "$(newest)" >/dev/null
	"$BIN/loep" --json rescan show "$(newest)" >"$WORK/rescan.json"
	python3 - "$WORK/rescan.json" <<-'PYTHON'
		import json, sys
		from datetime import datetime
		r = json.load(open(sys.argv[1]))
		at = [datetime.fromisoformat(r[k].replace("Z", "+00:00"))
		      for k in ("created", "ended")]
		print(round((at[1] - at[0]).total_seconds() * 1000, 3))
	PYTHON
}

externals=(-d filename= -d filepath= -d extension= -d filetype= -d owner=)

# --- one rule after another ---
times=()
lost=0
invented=0
yaras=()
i=0
while read -r file && [ "$i" -lt "$RULES" ]; do
	rm -f "$WORK/one"/*
	cat "$file" >"$WORK/one/rule.yar"
	ms=$(activate "$WORK/one")
	HAS_SOURCE=1
	i=$((i + 1))
	times+=("$ms")
	printf '%s\t%s\t%s\n' "$ms" "$(jq .candidates "$WORK/rescan.json")" "$file" >>"$WORK/times"
	[ "$i" -le "$YARAS" ] || continue
	yaras+=("$(seconds yara -w -N -r -p 2 "${externals[@]}" "$WORK/one/rule.yar" "$CORPUS")")
	yara -w -N -r -p 2 "${externals[@]}" "$WORK/one/rule.yar" "$CORPUS" 2>/dev/null |
		sed 's,.*/,,' | sort >"$WORK/want"
	api_id=$(newest)
	"$BIN/loep" --json rescan changes "$api_id" |
		jq -r '.[] | select(.what != "lost") | .artefact_name' | sort |
		comm -12 - <(find "$CORPUS" -type f -printf '%f\n' | sort) >"$WORK/got"
	lost=$((lost + $(comm -23 "$WORK/want" "$WORK/got" | wc -l)))
	invented=$((invented + $(comm -13 "$WORK/want" "$WORK/got" | wc -l)))
done <"$WORK/single"
yara_s=$(median "${yaras[@]}")
mean=$(printf '%s\n' "${times[@]}" | awk '{ s += $1 } END { print s / NR }')
result rescan_one_vs_yara "$(echo "$yara_s * 1000 / $(median "${times[@]}")" | bc -l)"
result rescan_one_mean_vs_yara "$(echo "$yara_s * 1000 / $mean" | bc -l)"
result rescan_one_ms "$(median "${times[@]}")"
result rescan_lost "$lost"
result rescan_invented "$invented"
say "the slowest tenth (ms, candidates, rule):"
sort -rg "$WORK/times" | head -n $(((RULES + 9) / 10)) >&2

# --- words only ---
sed -i '1s,^,/* a comment */ ,' "$WORK/one/rule.yar"
activate "$WORK/one" >/dev/null
result rescan_meta_reads "$(jq .scanned "$WORK/rescan.json")"

# --- what no index can help ---
echo 'import "pe" rule worst { condition: filesize > 1 and not pe.number_of_sections == 77 }' \
	>"$WORK/one/rule.yar"
ms=$(activate "$WORK/one")
result rescan_worst_vs_yara "$(echo "$(seconds yara -w -N -r -p 2 \
	"$WORK/one/rule.yar" "$CORPUS") * 1000 / $ms" | bc -l)"

# --- a set, and some changes of it ---
find "$DATA/yara-rules-cape" "$DATA/yara-rules-reversinglabs" -name '*.yar*' |
	while read -r file; do
		yara -w "${externals[@]}" "$file" /dev/null >/dev/null 2>&1 &&
			cat "$file" >"$WORK/set/$(md5sum <"$file" | cut -c1-8).yar"
	done
ms=$(activate "$WORK/set")
args=()
for file in "$WORK/set"/*.yar; do
	args+=("$(basename "$file"):$file")
done
set_s=$(seconds yara -w -N -r -p 2 "${externals[@]}" "${args[@]}" "$CORPUS")
result rescan_all_vs_yara "$(echo "$set_s * 1000 / $ms" | bc -l)"
for count in 4 42; do
	find "$WORK/set" -name '*.yar' | shuf --random-source=<(yes) -n "$count" |
		while read -r file; do
			# Another meaning, the same matches.
			perl -0pi -e 's/(\n\s*condition\s*:\s*)(.*?)(\n\}\s*)$/$1(filesize >= 0) and ($2)$3/s' "$file"
		done
	ms=$(activate "$WORK/set")
	say "$(jq .rules_scan "$WORK/rescan.json") rules changed"
	result "rescan_${count}_vs_set" "$(echo "$set_s * 1000 / $ms" | bc -l)"
done
peak=0
for name in loep-hunt loep-index loep-sched loep-store; do
	pid=$(pgrep -P "$LOEPD" -x "$name" | head -n 1)
	kib=$(awk '/VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null || echo 0)
	say "$name: $((kib / 1024)) MiB at most"
	[ "$kib" -le "$peak" ] || peak=$kib
done
result rescan_peak_mib "$((peak / 1024))"
service_stop
rm -rf "$WORK"
