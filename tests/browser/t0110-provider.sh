#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Getting in with a browser at an identity provider: button, invitation, second
# factor, a link of one's own, refusals, four languages.
. "$(dirname "$0")/lib.sh"
. tests/integration/oidc/provider.sh
provider_ports
ISSUER=http://localhost:$AT
URL=https://localhost:$PORT
provider RS256
CONF="[store]\nsecond_factor = staff\n[oidc]\nissuer = $ISSUER\n\
client_id = loep\nclient_secret_file = $WORK/secret\nlabel = Acme ID\n\
redirect_uri = $URL/api/v1/oidc/callback\nsigned_out_uri = $URL/"
browser_start
ACME=$(browser_org "Acme Energy" C1)
browser_account "Mia Managers" mia@example.org "submit manage_org_users" "$ACME" >/dev/null
browser_account "Eve Maes" eve@example.org submit "$ACME" >/dev/null
AN=$(browser_account "An Peeters" an@example.org submit "$ACME")
BOB=$("$LOEP" --json user add "Bob Claes" --login bob@example.org --capabilities submit --org "$ACME" | jq -r .id)
INVITATION=$("$LOEP" --json user invite "$BOB" | jq -r .token)
export INVITATION
"$LOEP" user oidc "$AN" an-there
browser_run tests/browser/provider.mjs
