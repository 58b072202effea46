/* SPDX-License-Identifier: Apache-2.0 */
/* op.c - one question, in the process that works on it. */
#include "pgp/op.h"

int
op_fail(struct op *op, enum err err, const char *why)
{
	op->why = why;
	return (int)err;
}

bool
op_needs_secret(enum pgp_what what, const json_t *options)
{
	return what == PGP_DECRYPT ||
	       (what == PGP_ENCRYPT &&
		   json_is_true(json_object_get(options, "sign")));
}

int
op_run(struct op *op, enum pgp_what what)
{
	if (!op_needs_secret(what, op->options))
		keyring_drop_secret(op->keyring);
	switch (what) {
	case PGP_INSPECT:
		return op_inspect(op);
	case PGP_DECRYPT:
		return op_decrypt(op);
	case PGP_ENCRYPT:
		return op_encrypt(op);
	case PGP_READ_KEY:
		return op_read_key(op);
	case PGP_WHAT_END_:
	default:
		return op_fail(op, ERR_FORMAT, "no_message");
	}
}
