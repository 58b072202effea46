/* SPDX-License-Identifier: Apache-2.0 */
/* message.h - an encrypted message that is being read. */
#ifndef PGP_MESSAGE_H
#define PGP_MESSAGE_H

#include "pgp/op.h"

/* Key ids that are told of one message. */
#define MESSAGE_RECIPIENTS_MAX 64

struct message {
	rnp_ffi_t ffi;
	rnp_input_t input;
	rnp_output_t output;
	rnp_op_verify_t op;
};

/* Of op's source, into its sink; message_release() in any case. */
int must_check message_open(
    struct message *message, struct op *op, bool with_secret);
void message_release(struct message *message);
/*
 * Sets is_armored, recipients, passwords, is_ours in op->detail, once the
 * message was executed, however that went.  False: it is not encrypted.
 */
bool message_describe(const struct message *message, struct op *op);

#endif
