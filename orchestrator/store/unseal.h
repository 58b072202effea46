/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unseal.h - sealed artefacts: OpenPGP messages, which are kept in that form
 * alone and opened by an explicit, justified act of people, for one analysis.
 *
 *	requested -> running -> done or failed;  requested -> refused
 *
 * The act's jobs (kinds that begin with "unseal_") are the only ones whose
 * bytes the scheduler has decrypted; the schema refuses one without an act that
 * is running, and job_input() asks again.  What they find is reduced to what
 * may be kept (unseal_keep.h), what comes out is encrypted again before the
 * vault has it.
 */
#ifndef STORE_UNSEAL_H
#define STORE_UNSEAL_H

#include "store/job.h"

/* What is written down as the necessity has at least so many characters. */
#define UNSEAL_NECESSITY_MIN 20
#define UNSEAL_NECESSITY_MAX 4000

/* Is it a job that sees what is sealed? */
bool unseal_is_kind(const char *kind);
/* identify said that the attempt's artefact is an encrypted message. */
int must_check unseal_seal(struct store *store, const struct attempt *a);
/*
 * An unseal job is given its bytes: custody, or ERR_CONFLICT where its act is
 * over.
 */
int must_check unseal_input(struct request *r, const struct attempt *a);
/* Its attempt ended, however: the copy is gone. */
int must_check unseal_copy_gone(struct store *store, const struct attempt *a);
/* Another job of the act, on the attempt's artefact; others are ERR_FORMAT. */
int must_check unseal_next(
    struct store *store, const struct attempt *a, const char *kind);
/* What came out of it is looked at, too. */
int must_check unseal_children(struct store *store, const struct attempt *a);
/* Ends the acts of a case that have no work left. */
int must_check unseal_settle(struct store *store, const char *case_id);

#endif
