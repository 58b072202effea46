/* SPDX-License-Identifier: Apache-2.0 */
/* message.c - an encrypted message that is being read. */
#include "pgp/message.h"

#include <string.h>

/* A password is never asked for: there is nobody who could know it. */
static bool
on_password(rnp_ffi_t ffi, void *arg, rnp_key_handle_t key, const char *context,
    char *buf, size_t size)
{
	(void)ffi;
	(void)arg;
	(void)key;
	(void)context;
	(void)buf;
	(void)size;
	return false;
}

int
message_open(struct message *message, struct op *op, bool with_secret)
{
	*message = (struct message){0};
	if (keyring_open(op->keyring, with_secret, &message->ffi) != ERR_OK)
		return ERR_SYS;
	(void)rnp_ffi_set_pass_provider(message->ffi, on_password, NULL);
	source_seek_armor(&op->source);
	if (source_open(&op->source, &message->input) != ERR_OK ||
	    sink_open(&op->sink, &message->output) != ERR_OK ||
	    rnp_op_verify_create(&message->op, message->ffi, message->input,
		message->output) != RNP_SUCCESS)
		return ERR_SYS;
	/* Who signed it is not ours to judge, and no reason to keep it shut. */
	(void)rnp_op_verify_set_flags(
	    message->op, RNP_VERIFY_IGNORE_SIGS_ON_DECRYPT);
	return ERR_OK;
}

void
message_release(struct message *message)
{
	(void)rnp_op_verify_destroy(message->op);
	(void)rnp_output_destroy(message->output);
	(void)rnp_input_destroy(message->input);
	(void)rnp_ffi_destroy(message->ffi);
	*message = (struct message){0};
}

static bool
is_ours(const struct keyring *keyring, const char *id)
{
	const json_t *key, *own;
	size_t i, j;

	json_array_foreach(json_object_get(keyring->list, "keys"), i, key)
	{
		json_array_foreach(json_object_get(key, "ids"), j, own)
		{
			if (strcmp(json_string_value(own), id) == 0)
				return true;
		}
	}
	return false;
}

bool
message_describe(const struct message *message, struct op *op)
{
	json_t *ids = json_array();
	size_t count = 0, passwords = 0;
	bool has_ours = false;

	(void)rnp_op_verify_get_recipient_count(message->op, &count);
	(void)rnp_op_verify_get_symenc_count(message->op, &passwords);
	for (size_t i = 0; i < count && i < MESSAGE_RECIPIENTS_MAX; i++) {
		rnp_recipient_handle_t recipient = NULL;
		char *id = NULL;

		if (rnp_op_verify_get_recipient_at(
			message->op, i, &recipient) != RNP_SUCCESS ||
		    rnp_recipient_get_keyid(recipient, &id) != RNP_SUCCESS)
			continue;
		has_ours |= is_ours(op->keyring, id);
		json_array_append_new(ids, json_string(id));
		rnp_buffer_destroy(id);
	}
	json_object_set_new(op->detail, "recipients", ids);
	json_object_set_new(
	    op->detail, "passwords", json_integer((json_int_t)passwords));
	json_object_set_new(op->detail, "is_ours", json_boolean(has_ours));
	return count > 0 || passwords > 0;
}
