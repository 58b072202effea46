/* SPDX-License-Identifier: Apache-2.0 */
/* op.h - one question, in the process that works on it. */
#ifndef PGP_OP_H
#define PGP_OP_H

#include "lib/openpgp.h"
#include "pgp/keyring.h"
#include "pgp/stream.h"

struct op_to {
	char fpr[PGP_FPR_BYTES];
	int fd; /* sealed memory; owned by whoever holds the order */
};

struct op {
	struct keyring *keyring;
	struct source source;
	struct sink sink;
	const json_t *options;
	const struct op_to *to;
	size_t to_count;
	json_t *detail; /* an object, to be filled */
	const char *why;
};

/* Each: an enum err and, on failure, a word of lib/openpgp.h in op->why. */
int must_check op_inspect(struct op *op);
int must_check op_decrypt(struct op *op);
int must_check op_encrypt(struct op *op);
int must_check op_read_key(struct op *op);
/* The one of that number; also drops what it does not need of the keys. */
int must_check op_run(struct op *op, enum pgp_what what);
bool op_needs_secret(enum pgp_what what, const json_t *options);

int op_fail(struct op *op, enum err err, const char *why);

#endif
