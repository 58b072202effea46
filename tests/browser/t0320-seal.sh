#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Sealed messages in a browser: whoever sent one reads that it is sealed, one
# analyst asks, another agrees, and everybody reads of it.
. "$(dirname "$0")/lib.sh"
[ -x "$BIN/loep-pgp" ] || skip_all "loep-pgp is not built"
command -v gpg >/dev/null || skip_all "gpg is not installed"
CONF='[store]\nsecond_factor = nobody'
# The key is there before the service is.
loep_run_before=$(declare -f loep_run)
eval "run_service${loep_run_before#loep_run}"
loep_run() {
	mkdir -p "$STATE/pgp"
	"$BIN/loep-pgp" --make-key 'Test CSIRT <cert@csirt.example>' \
		>"$STATE/pgp/secret.asc"
	chmod 600 "$STATE/pgp/secret.asc"
	run_service
}
browser_start
ACME=$(browser_org "Acme Energy" C1)
browser_account "An Peeters" an@example.org "submit withdraw" "$ACME" >/dev/null
browser_account "Anna Analyst" anna@csirt.example "claim analyse unseal read_all_orgs" >/dev/null
browser_account "Bea Reviewer" bea@csirt.example "claim analyse unseal read_all_orgs" >/dev/null

export GNUPGHOME=$WORK/gnupg
mkdir -m 700 "$GNUPGHOME"
"$BIN/loep-pgp" --show "$STATE/pgp/secret.asc" | jq -r '.keys[0].armor' \
	>"$WORK/key.asc"
gpg --batch --quiet --import "$WORK/key.asc"
# shellcheck disable=SC2016
printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-' \
	'ANTIVIRUS-TEST-FILE!$H+H*' |
	gpg --batch --quiet --trust-model always -r cert@csirt.example \
		--output "$WORK/message.gpg" --encrypt
gpgconf --kill all
browser_run tests/browser/seal.mjs
