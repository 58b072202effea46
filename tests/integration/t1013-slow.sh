#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# 200 slow uploads at once do not slow a page down, and all of them end well.
. "$(dirname "$0")/lib.sh"
loep_start
CASE=$(api /cases -H 'Content-Type: application/json' -d '{"title": "slow"}' | jq -r .number)
SUBMISSION=$(api "/cases/$CASE/submissions" -H 'Content-Type: application/json' -d '{}' | jq -r .id)
python3 tests/integration/slow_uploads.py "$STATE/run/loep.sock" "$SUBMISSION" 200 "${SLOW_SECONDS:-8}" \
	>"$WORK/slow.json" 2>"$WORK/slow.err" || diag "$(tail -n 3 "$WORK/slow.err")"
diag "$(cat "$WORK/slow.json")"
is "all of 200 uploads end well" "$(jq .finished "$WORK/slow.json")" 200
# A page takes a few milliseconds; the bound leaves room for a busy machine.
ok "a page takes less than 50 ms meanwhile (median)" jq -e '.busy.median < 50' "$WORK/slow.json"
ok "and hardly ever more than a quarter of a second" jq -e '.busy.p99 < 250' "$WORK/slow.json"
is "they are evidence" "$(api "/cases/$CASE" | jq .artefacts)" 200
finish
