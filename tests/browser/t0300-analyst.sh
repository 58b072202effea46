#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the CSIRT's people do in a browser (stories A1 to A16): queue, case,
# artefact, verdict, run, comparison, report, search, administration.
. "$(dirname "$0")/lib.sh"
command -v zip >/dev/null || skip_all "zip is not installed"
CONF='[store]\nsecond_factor = nobody'
browser_start
ACME=$(browser_org "Acme Energy" C1)
browser_account "An Peeters" an@example.org "submit withdraw" "$ACME" >/dev/null
browser_account "Anna Analyst" anna@csirt.example "submit claim analyse run_vm download_sample verdict withdraw read_all_orgs legal_hold share_partner share_community" >/dev/null
browser_account "Bea Reviewer" bea@csirt.example "claim analyse verdict approve_report withdraw read_all_orgs" >/dev/null

FIRST=$("$LOEP" --json recipient list | jq -r '.[] | select(.name == "FIRST") | .id')
"$LOEP" recipient set "$FIRST" --version 1 --active yes >/dev/null

# The test file of eicar.org in pieces, a dropper, a program, a hostile name.
mkdir "$WORK/in"
# shellcheck disable=SC2016
printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-' \
	'ANTIVIRUS-TEST-FILE!$H+H*' >"$WORK/in/eicar.com"
cp tests/samples/dropper.sh "$WORK/in/invoice.sh"
cp /usr/bin/true "$WORK/in/program"
printf 'x' >"$WORK/in/<img src=x onerror=alert(1)>"
(cd "$WORK/in" && zip -q -P infected "$WORK/evidence.zip" ./*)
browser_run tests/browser/analyst.mjs
