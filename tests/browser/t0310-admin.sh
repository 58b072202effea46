#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What those who run the service do in a browser: rules and re-scans,
# exceptions, organisations and accounts, policy and mode by two persons,
# tokens, mail, audit.
. "$(dirname "$0")/lib.sh"
CONF='[store]\nsecond_factor = nobody'
SINK=
if python3 -c 'import aiosmtpd' 2>/dev/null; then
	# A mail server that refuses never@ for good.
	mkdir "$WORK/box"
	python3 tests/integration/smtp_sink.py 0 "$WORK/box" >"$WORK/sink.log" 2>&1 &
	SINK=$!
	trap 'kill "$SINK" 2>/dev/null' EXIT
	for ((i = 0; i < 100; i++)); do
		[ -s "$WORK/box/ready" ] && break
		sleep 0.1
	done
	CONF="$CONF\n[mail]\nrelay = 127.0.0.1:$(cat "$WORK/box/ready")\nfrom = cert@cert.example"
fi
browser_start
ACME=$(browser_org "Acme Energy" C1)
browser_org "Town of Nowhere" C3 >/dev/null
browser_account "An Peeters" an@example.org "submit withdraw manage_org_users" "$ACME" >/dev/null
browser_account "Mia Manager" mia@example.org "submit manage_org_users" "$ACME" >/dev/null
browser_account "Anna Analyst" anna@csirt.example "claim analyse manage_rules activate_rules read_all_orgs" >/dev/null
browser_account "Bea Reviewer" bea@csirt.example "claim analyse approve_rules read_all_orgs approve_policy approve_crisis" >/dev/null
browser_account "Chris Chief" chris@csirt.example "manage_staff manage_vm_images audit_read metrics_read manage_policy activate_crisis manage_keys" >/dev/null

# Two files, of which the disk loses one; then rules that match both.
echo "the marker stays" >"$WORK/kept.txt"
echo "the marker is lost" >"$WORK/lost.txt"
submit "$WORK/kept.txt" "$WORK/lost.txt"
BLOB=$(find "$STATE/vault/blobs" -type f -name "*$(sha256sum "$WORK/lost.txt" | cut -d' ' -f1)*")
mv "$BLOB" "$WORK/blob"
mkdir "$WORK/own"
echo 'rule marker { strings: $a = "the marker" condition: $a }' >"$WORK/own/a.yar"
"$LOEP" --quiet rules add "$WORK/own" --source own --comment "A first set" --wait >/dev/null 2>&1
"$BIN/loep-pgp" --make-key "Acme Energy <soc@example.org>" >"$WORK/acme.sec"
KEY=$("$BIN/loep-pgp" --show "$WORK/acme.sec" | jq -r '.keys[0].armor')
FPR=$("$BIN/loep-pgp" --show "$WORK/acme.sec" | jq -r '.keys[0].fpr')
export BLOB SINK KEY FPR
browser_run tests/browser/admin.mjs
