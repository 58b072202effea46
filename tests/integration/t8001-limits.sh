#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Bad input: sizes at the edges, a bomb, damaged files, bad rules (full-size
# bombs are t8002).
. "$(dirname "$0")/lib.sh"

# A rule folder with good and bad files.
mkdir "$WORK/rules"
cat >"$WORK/rules/good.yar" <<'R'
rule good_rule { meta: score = 50 strings: $a = "needle-in-hay" condition: $a }
R
cat >"$WORK/rules/syntax.yar" <<'R'
rule broken { strings: $a = "x" condition: $a and and }
R
cat >"$WORK/rules/mixed.yar" <<'R'
rule fine_beside_bad { strings: $a = "needle-in-hay" condition: $a }
rule undefined_identifier { condition: no_such_thing == 3 }
R
cat >"$WORK/rules/slow.yar" <<'R'
rule catastrophic { strings: $a = /(a+)+(b|c)*(a|aa)+x{1,200}(a*)*y/ condition: $a }
R
RULES=$WORK/rules
loep_start

: >"$WORK/empty"
printf x >"$WORK/one"
ok "an empty file" submit "$WORK/empty"
is "is identified" "$(artefacts '.[0].mime')" "application/x-empty"
is "its size" "$(artefacts '.[0].size')" 0
ok "one byte" submit "$WORK/one"
is "is identified, too" "$(artefacts '.[0].state')" "done"
printf 'hay needle-in-hay hay' >"$WORK/hay"
ok "a file for the good rules" submit "$WORK/hay"
is "rules beside bad ones are active" \
	"$(findings '[.[] | select(.type == "match") | .name] | sort | join(" ")')" \
	"fine_beside_bad good_rule"
status=$(api /status)
like "the bad file is named" "$status" 'syntax\.yar'
like "the bad rule is named" "$status" 'undefined_identifier|mixed\.yar'

truncate -s 4G "$WORK/zeros"
before=$(du -sk "$STATE/vault" | cut -f1)
ok "4 GiB of zeros" submit "$WORK/zeros"
is "are identified" "$(artefacts '.[0].size')" 4294967296
after=$(du -sk "$STATE/vault" | cut -f1)
ok "and cost next to nothing" test $((after - before)) -lt 8192

# An archive bomb: 2 GiB of zeros in 2 MiB.
head -c 2G /dev/zero | gzip -9 >"$WORK/bomb.gz"
ok "an archive bomb" submit "$WORK/bomb.gz"
like "meets a limit that is named" \
	"$(findings '.[] | select(.type == "limit") | .name')" 'ratio|expansion|bytes'

# Archives in archives, deeper than the limit.
printf core >"$WORK/nest"
for i in $(seq 12); do
	(cd "$WORK" && tar cf nest.tar nest && mv nest.tar nest)
done
ok "12 nested levels" submit "$WORK/nest"
like "meet the limit of depth" "$(findings '.[] | select(.type == "limit") | .name')" depth
is "8 of them are unpacked" "$(artefacts '[.[].depth] | max')" 8

# Damaged files say where they end, and keep what could be read.
(cd "$WORK" && head -c 200000 /dev/urandom >a && cp a b && zip -q whole.zip a b &&
	head -c 300000 whole.zip >cut.zip)
ok "a truncated ZIP" submit "$WORK/cut.zip"
like "says where it stopped" "$(findings '.[] | select(.type == "error") | .detail.text')" .
is "its whole member is there" "$(artefacts '[.[] | select(.name == "a")] | length')" 1
head -c 9000 /usr/bin/true >"$WORK/cut.elf"
ok "a truncated ELF" submit "$WORK/cut.elf"
is "is still typed" "$(artefacts '.[0].mime | test("application/x-")')" true
like "and it is said where it ends" "$(findings '.[] | select(.type == "error") | .detail.text')" \
	'ends at byte 9000, but its .* to byte [0-9]+'
python3 - "$WORK/cut.exe" <<'P'
import struct, sys
head = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0"
head += struct.pack("<HHIIIHH", 0x14C, 1, 0, 0, 0, 224, 0x102)
head += struct.pack("<H", 0x10B) + bytes(222)
head += b".text\0\0\0" + struct.pack("<IIII", 4096, 4096, 4096, 512) + bytes(16)
open(sys.argv[1], "wb").write(head.ljust(512, b"\0") + bytes(range(256)) * 4)
P
ok "a truncated PE" submit "$WORK/cut.exe"
like "says where it ends" "$(findings '.[] | select(.type == "error") | .detail.text')" \
	'ends at byte 1536, but its sections reach to byte 4608'
like "its sections are told of" "$(findings '.[] | select(.type == "fact") | .name')" '^pe_sections$'
(cd "$WORK" && zip -q -P 'not-a-usual-one' locked.zip a)
ok "an archive whose password nobody knows" submit "$WORK/locked.zip"
like "says so" "$(findings '.[] | select(.type == "error") | (.name + " " + .detail.text)')" '[Pp]assword|encrypted'

finish
