#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What those who run the service do in a browser: rules, virtual machines,
# organisations and accounts, policy and mode by two persons, audit.
. "$(dirname "$0")/lib.sh"
CONF='[store]\nsecond_factor = nobody'
browser_start
ACME=$(browser_org "Acme Energy" C1)
browser_account "An Peeters" an@example.org "submit withdraw" "$ACME" >/dev/null
browser_account "Anna Analyst" anna@csirt.example "claim analyse manage_rules read_all_orgs" >/dev/null
browser_account "Bea Reviewer" bea@csirt.example "claim analyse approve_rules read_all_orgs approve_policy approve_crisis" >/dev/null
browser_account "Chris Chief" chris@csirt.example "manage_staff manage_vm_images audit_read metrics_read manage_policy activate_crisis" >/dev/null
browser_run tests/browser/admin.mjs
