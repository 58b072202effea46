/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.c - is it an encrypted message, and for whom? */
#include "lib/limits.h"
#include "pgp/message.h"
#include "pgp/op.h"

/* Any number of recipients that makes sense; the rest is not read. */
#define HEAD_BYTES_MAX ((uint64_t)256 * KIB)

int
op_inspect(struct op *op)
{
	struct message message;
	int err;

	op->source.bytes_max = HEAD_BYTES_MAX;
	/* Nobody wants what little of it could be decrypted. */
	op->sink.bytes_max = 0;
	if (message_open(&message, op, false) != ERR_OK)
		return op_fail(op, ERR_SYS, "memory");
	(void)rnp_op_verify_execute(message.op);
	err = message_describe(&message, op)
		  ? ERR_OK
		  : op_fail(op, op->source.is_failed ? ERR_SYS : ERR_FORMAT,
			op->source.is_failed ? "input" : "no_message");
	message_release(&message);
	return err;
}
