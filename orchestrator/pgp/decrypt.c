/* SPDX-License-Identifier: Apache-2.0 */
/* decrypt.c - the plain bytes of an encrypted message. */
#include "lib/utf8.h"
#include "pgp/message.h"
#include "pgp/op.h"

#include <string.h>

/* A name in a literal packet has 255 bytes at most (RFC 4880 section 5.9). */
#define NAME_BYTES_MAX 255

/* Which of the reasons it was. */
static int
explain(struct op *op, const struct message *message, rnp_result_t result)
{
	bool is_encrypted = message_describe(message, op);

	if (op->source.is_failed)
		return op_fail(op, ERR_SYS, "input");
	if (op->sink.is_over)
		return op_fail(op, ERR_LIMIT, "limit");
	if (op->sink.is_failed)
		return op_fail(op, ERR_EOF, "output");
	if (!is_encrypted)
		return op_fail(op, ERR_FORMAT, "no_message");
	switch (result) {
	case RNP_ERROR_NO_SUITABLE_KEY:
	case RNP_ERROR_KEY_NOT_FOUND:
	case RNP_ERROR_BAD_PASSWORD:
		return json_array_size(
			   json_object_get(op->detail, "recipients")) == 0
			   ? op_fail(op, ERR_NOT_FOUND, "password")
			   : op_fail(op, ERR_NOT_FOUND, "no_key");
	case RNP_ERROR_OUT_OF_MEMORY:
		return op_fail(op, ERR_LIMIT, "memory");
	default:
		/* Behind the right key, whatever fails was altered or cut. */
		return op_fail(op, ERR_FORMAT, "integrity");
	}
}

/* The primary key that opened it. */
static void
tell_key(struct op *op, const struct message *message)
{
	rnp_recipient_handle_t used = NULL;
	rnp_key_handle_t key = NULL;
	char *id = NULL, *fpr = NULL;

	if (rnp_op_verify_get_used_recipient(message->op, &used) !=
		RNP_SUCCESS ||
	    used == NULL || rnp_recipient_get_keyid(used, &id) != RNP_SUCCESS)
		return;
	if (rnp_locate_key(message->ffi, "keyid", id, &key) == RNP_SUCCESS &&
	    key != NULL &&
	    (rnp_key_get_primary_fprint(key, &fpr) == RNP_SUCCESS ||
		rnp_key_get_fprint(key, &fpr) == RNP_SUCCESS))
		json_object_set_new(op->detail, "key", json_string(fpr));
	rnp_buffer_destroy(fpr);
	rnp_buffer_destroy(id);
	(void)rnp_key_handle_destroy(key);
}

static void
tell_name(struct op *op, const struct message *message)
{
	char *name = NULL;
	uint32_t mtime;
	size_t len;

	if (rnp_op_verify_get_file_info(message->op, &name, &mtime) !=
		RNP_SUCCESS ||
	    name == NULL)
		return;
	len = strlen(name);
	if (len <= NAME_BYTES_MAX && utf8_is_valid(name, len))
		json_object_set_new(op->detail, "name", json_string(name));
	rnp_buffer_destroy(name);
}

static int
finish(struct op *op, const struct message *message)
{
	char *mode = NULL, *cipher = NULL;
	bool is_valid = false;
	int err = ERR_OK;

	if (!message_describe(message, op))
		return op_fail(op, ERR_FORMAT, "no_message");
	if (rnp_op_verify_get_protection_info(
		message->op, &mode, &cipher, &is_valid) != RNP_SUCCESS)
		return op_fail(op, ERR_FORMAT, "integrity");
	if (strcmp(mode, "cfb") == 0)
		err = op_fail(op, ERR_FORMAT, "unprotected");
	else if (!is_valid)
		err = op_fail(op, ERR_FORMAT, "integrity");
	json_object_set_new(op->detail, "integrity",
	    json_string(strncmp(mode, "aead", 4) == 0 ? "aead" : "mdc"));
	json_object_set_new(op->detail, "cipher", json_string(cipher));
	rnp_buffer_destroy(mode);
	rnp_buffer_destroy(cipher);
	tell_key(op, message);
	tell_name(op, message);
	return err;
}

int
op_decrypt(struct op *op)
{
	json_int_t most = json_member_int(op->options, "bytes_max", -1);
	struct message message;
	rnp_result_t result;
	int err;

	if (most >= 0)
		op->sink.bytes_max = (uint64_t)most;
	if (message_open(&message, op, true) != ERR_OK) {
		message_release(&message);
		return op_fail(op, ERR_SYS, "memory");
	}
	result = rnp_op_verify_execute(message.op);
	/* librnp calls it a success when its last write failed. */
	if (rnp_output_finish(message.output) != RNP_SUCCESS ||
	    op->sink.is_over || op->sink.is_failed)
		result = RNP_ERROR_WRITE;
	err = result == RNP_SUCCESS ? finish(op, &message)
				    : explain(op, &message, result);
	json_object_set_new(
	    op->detail, "bytes", json_integer((json_int_t)op->sink.bytes));
	message_release(&message);
	return err;
}
