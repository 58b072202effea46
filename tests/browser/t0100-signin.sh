#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Getting in with a browser.
. "$(dirname "$0")/lib.sh"
browser_start
ACME=$(browser_org "Acme Energy" C1)
browser_account "An Peeters" an@example.org submit "$ACME" >/dev/null
browser_run tests/browser/signin.mjs
