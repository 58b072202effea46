/* SPDX-License-Identifier: Apache-2.0 */
/* proof.h - the service wants to know that the token's person is there. */
#ifndef CLI_PROOF_H
#define CLI_PROOF_H

#include "cli/transfer.h"

/*
 * Is that answer a refusal that a person at this terminal can turn (problem
 * step-up)?  Then asks for password and code, and shows them to the service;
 * true: the request is to be sent again.  Ends the program where they are not
 * right, as any request does.
 */
bool proof_give(struct api *api, const struct answer *answer, long http);

#endif
