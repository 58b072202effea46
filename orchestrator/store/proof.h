/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof.h - is it still its person who uses a session?
 *
 * What approves, issues, or gives rights and ways in is done only within some
 * minutes of a proof: a log-in, the password and the code of the second factor
 * again (PROVE), or a sign-in at the provider just now (OIDC_PROVE).  The
 * password is asked beside the code, as at the log-in: whoever found a session
 * open may have found the device beside it.  A token's person may show it like
 * a session's; a service has nobody who could.  Who comes by uid was let in by
 * this machine, which is asked nothing more.
 */
#ifndef STORE_PROOF_H
#define STORE_PROOF_H

#include "store/request.h"

/*
 * ERR_OK where the principal showed it lately, or need not.  ERR_DENIED with
 * the kind "step-up" and the members how (password, code, provider: any of
 * these shows it), code (one goes with the password), provider (its name), and
 * seconds (for which it is good).
 */
int must_check proof_check(struct request *r);
/* Does the one who asks have to show it at all? */
bool proof_is_asked(const struct request *r);
/* Writes down that it was shown now, of a session or token, by its digest. */
int must_check proof_keep(
    struct request *r, const uint8_t *digest, int64_t proved_at);

int prove(struct request *r);

#endif
