/* SPDX-License-Identifier: Apache-2.0 */
/*
 * erase.h - deletion of a submission or a case with all that came of it.
 *
 *	running -> proving -> signing -> done
 *
 * Work on it stops; rows go in small transactions, what refers first; then
 * the vault is asked, digest by digest, whether the bytes are gone; then the
 * database's own files are cleaned (scrub.h) and the certificate is signed.  Each step may be done twice and is found again in
 * the database: an end in the middle costs nothing but time.
 */
#ifndef STORE_ERASE_H
#define STORE_ERASE_H

#include "store/request.h"

/* A deletion that is to run now, or to wait for somebody's approval. */
struct erase_new {
	const char *kind; /* withdrawal deletion retention */
	const char *case_id;
	const char *submission; /* "" = the whole case */
	const char *reason;
	const char *by; /* account; NULL = the service */
	bool is_running;
	bool is_words; /* what names people only (retention.c) */
};

/* Inside the unit that runs; ERR_CONFLICT: it is being deleted already. */
int must_check erase_add(
    struct store *store, const struct erase_new *what, char ret_id[UUID_BYTES]);
/* Stops the work on what a deletion is of, so that it can begin. */
int must_check erase_begin(struct store *store, const char *id);
/* A step of one deletion; from the tick. */
void erase_tick(struct store *store);
/* Does what the policy's retention asks for, daily (retention.c). */
void erase_retention(struct store *store);

#endif
