#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules that change, over a store of 100,000 artefacts, against yara over the
# same files, and every match compared with yara's.  [rescan_*]
#
# FILES=10000 RULES=10 is quick.  TIMED of the RULES are timed with yara, too.
# COMMUNITY=1 PACKERS=1 puts every public rule into the whole set.
# CORPUS=FOLDER keeps files, rules and the filled store there, so that a later
# run goes on with them; empty the folder to begin anew.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/corpus.sh"
FILES=${FILES:-100000}
BYTES=${BYTES:-$((FILES * 52000))}

SETS=$PWD/yara-rules
for set in yara-rules-reversinglabs yara-rules-cape yara-rules-community; do
	[ -d "$PWD/../shared/data/$set" ] && SETS=$SETS:$PWD/../shared/data/$set
done
[ "$SETS" != "$PWD/yara-rules" ] ||
	say "rescan: ../shared/data is not there; using our own rules"
if [ -n "${CORPUS:-}" ]; then
	mkdir -p "$CORPUS"
	STATE=$CORPUS/state
	KEEP_STATE=yes
else
	CORPUS=$WORK/corpus
fi
mkdir -p "$CORPUS"
corpus "$FILES" "$BYTES" "$CORPUS"

WORKERS=2 RULES_CONF=$'[rules]\nsingle_person = yes' service "$PWD/yara-rules"
export BIN WORK STATE CORPUS SETS LOEPD LOEP_STATE=$STATE
python3 tests/bench/rescan.py | while read -r key number; do
	result "$key" "$number"
done
[ "${PIPESTATUS[0]}" = 0 ]
service_stop
