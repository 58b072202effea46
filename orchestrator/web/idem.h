/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idem.h - answers to requests that carried an Idempotency-Key.
 *
 * A client that did not see the answer to a POST repeats it with the same key
 * and gets the first answer again, instead of doing the thing twice.  Kept in
 * memory for a day, bounded, per account: a restart of the program or many
 * other keys make it forget.  Answers with status 5xx are not kept.
 */
#ifndef WEB_IDEM_H
#define WEB_IDEM_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

#define IDEM_KEY_BYTES 128

struct idem;

struct idem_request {
	const char *account;
	const char *key;
	const char *target;
	const void *body;
	size_t len;
};

/* An answer; its texts are copied in and borrowed out. */
struct idem_answer {
	unsigned int status;
	const char *type;     /* NULL = no body */
	const char *location; /* NULL = none */
	const void *body;
	size_t len;
};

struct idem *idem_new(void);
void idem_free(struct idem *idem);
/*
 * Looks a request up.  ERR_OK: new, *ret_slot is for idem_finish();
 * ERR_CONFLICT: the first one is still being worked on; ERR_FORMAT: the key
 * came with another request; ERR_EOF: *ret_answer is the first answer, good
 * until the next call.
 */
int must_check idem_begin(struct idem *idem, const struct idem_request *request,
    uint64_t *ret_slot, struct idem_answer *ret_answer);
/* Keeps the answer of a slot; 0 is no slot. */
void idem_finish(
    struct idem *idem, uint64_t slot, const struct idem_answer *answer);
/* Forgets a slot: the request ended without an answer. */
void idem_forget(struct idem *idem, uint64_t slot);

#endif
