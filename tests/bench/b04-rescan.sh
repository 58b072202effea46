#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules that change, over a store of 100,000 artefacts, against yara over the
# same files.  [rescan_*]   FILES=10000 RULES=10 is quick.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/corpus.sh"
FILES=${FILES:-100000}
BYTES=${BYTES:-$((FILES * 50000))}

SETS=$PWD/yara-rules
for set in yara-rules-reversinglabs yara-rules-cape yara-rules-community; do
	[ -d "$PWD/../shared/data/$set" ] && SETS=$SETS:$PWD/../shared/data/$set
done
[ "$SETS" != "$PWD/yara-rules" ] ||
	say "rescan: ../shared/data is not there; using our own rules"
LIST=$WORK/list
corpus "$FILES" "$BYTES" "$LIST"
say "rescan: $(wc -l <"$LIST") files, $(tr '\n' '\0' <"$LIST" | du -Lch --files0-from=- | tail -n 1 | cut -f1)"

WORKERS=2 RULES_CONF=$'[rules]\nsingle_person = yes' service "$PWD/yara-rules"
export BIN WORK STATE LIST SETS RULES
python3 tests/bench/rescan.py | while read -r key number; do
	result "$key" "$number"
done
[ "${PIPESTATUS[0]}" = 0 ]
service_stop
