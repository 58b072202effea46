#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What those who hand things in do in a browser (stories O1 to O10): submit,
# follow, add, talk, read the report, see who saw it, withdraw, manage.
. "$(dirname "$0")/lib.sh"
CONF='[review]\nsingle_person = yes'
browser_start
ACME=$(browser_org "Acme Energy" C1)
OTHER=$(browser_org "Other Power" C1)
browser_account "An Peeters" an@example.org "submit withdraw manage_org_users" "$ACME" >/dev/null
browser_account "Eve Stranger" eve@example.net "submit withdraw" "$OTHER" >/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-subj /CN=robot -keyout "$WORK/robot.key" -out "$WORK/robot.pem" 2>/dev/null
BROWSER_SPKI=$(openssl x509 -in "$WORK/robot.pem" -noout -pubkey |
	openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)
export BROWSER_SPKI
browser_run tests/browser/operator.mjs
