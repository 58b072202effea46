#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Getting in with a browser: invitation, password, second factor, sessions,
# tokens, languages; with the keyboard alone.
. "$(dirname "$0")/lib.sh"
CONF='[store]\nsecond_factor = staff'
browser_start
ACME=$(browser_org "Acme Energy" C1)
browser_account "An Peeters" an@example.org submit "$ACME" >/dev/null
browser_account "Dirk Analyst" dirk@csirt.example.org "analyse claim read_all_orgs" >/dev/null
BOB=$("$LOEP" --json user add "Bob Claes" --login bob@example.org --capabilities submit --org "$ACME" | jq -r .id)
INVITATION=$("$LOEP" --json user invite "$BOB" | jq -r .token)
export INVITATION
browser_run tests/browser/signin.mjs
