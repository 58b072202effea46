#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A property, tried with the whole service: whatever random rules over random
# files become active, in whatever order, the stored matches are those of
# yara(1).  LOEP_PROPERTY_SEED and LOEP_PROPERTY_ROUNDS: more of it.
. "$(dirname "$0")/lib.sh"

[ -x "$BIN/loep-rules" ] || skip_all "loep-rules is not built"
command -v yara >/dev/null && command -v yarac >/dev/null ||
	skip_all "yara is not installed"
[ -x "$BIN/tests/tools/generate_rules" ] || skip_all "the generator is not built"
SEED=${LOEP_PROPERTY_SEED:-1}
ROUNDS=${LOEP_PROPERTY_ROUNDS:-12}
CONF='[rules]\nsingle_person = yes'
loep_start

diag "LOEP_PROPERTY_SEED=$SEED LOEP_PROPERTY_ROUNDS=$ROUNDS"
mkdir "$WORK/world"
seen=0
while read -r number result; do
	if [ "$number" = "#" ]; then
		diag "$result"
		continue
	fi
	seen=$((seen + 1))
	like "round $number: $result" "$result" \
		'^lost 0 invented 0 of [1-9][0-9]* missing 0:'
done < <(BIN=$BIN python3 tests/integration/rescan_property.py "$STATE" \
	"$WORK/world" "$SEED" "$ROUNDS" 2>"$WORK/error")
is "so many rounds" "$seen" "$ROUNDS"
[ ! -s "$WORK/error" ] || diag "$(tail -n 5 "$WORK/error")"
[ "$FAILED" = 0 ] || [ -z "${KEEP:-}" ] || cp -r "$WORK/world" "$KEEP"
finish
