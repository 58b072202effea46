#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Who has a session shows in a browser that it is them, by password or at the
# identity provider; and people land on the page that they wanted.
. "$(dirname "$0")/lib.sh"
. tests/integration/oidc/provider.sh
provider_ports
ISSUER=http://localhost:$AT
URL=https://localhost:$PORT
provider RS256
CONF="[store]\nsecond_factor = nobody\nstep_up_seconds = 4\n[oidc]\nissuer = $ISSUER\n\
client_id = loep\nclient_secret_file = $WORK/secret\nlabel = Acme ID\nstrangers = wait\n\
redirect_uri = $URL/api/v1/oidc/callback\nsigned_out_uri = $URL/"
browser_start
ACME=$(browser_org "Acme Energy" C1)
browser_account "Mia Managers" mia@example.org "submit manage_org_users" "$ACME" >/dev/null
browser_account "Eve Maes" eve@example.org submit "$ACME" >/dev/null
AN=$("$LOEP" --json user add "An Peeters" --capabilities submit --org "$ACME" | jq -r .id)
"$LOEP" user oidc "$AN" an-there
browser_run tests/browser/proof.mjs
