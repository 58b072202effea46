/* SPDX-License-Identifier: Apache-2.0 */
/* encrypt.c - to the service's own key, to those of others; signed or not. */
#include "lib/own.h"
#include "lib/sealed.h"
#include "pgp/describe.h"
#include "pgp/op.h"

#include <string.h>

#define NAME_BYTES_MAX 255

static int
refuse(struct op *op, const char *fpr, const char *problem)
{
	json_object_set_new(op->detail, "fpr", json_string(fpr));
	json_object_set_new(op->detail, "problem", json_string(problem));
	return op_fail(op, ERR_CONFLICT, "recipient");
}

/* Why a key is not encrypted to; a word of describe.h. */
static const char *
problem_of(rnp_key_handle_t key)
{
	static const char *const words[] = {"revoked", "expired",
	    "weak_algorithm", "weak_hash", "no_encryption", "invalid"};
	auto_json json_t *detail = describe_key(key);
	const json_t *problem;
	size_t i;

	if (detail == NULL)
		return "invalid";
	for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
		json_array_foreach(
		    json_object_get(detail, "problems"), i, problem)
		{
			if (strcmp(json_string_value(problem), words[w]) == 0)
				return words[w];
		}
	}
	return NULL;
}

static void
tell(struct op *op, const char *fpr)
{
	json_array_append_new(
	    json_object_get(op->detail, "keys"), json_string(fpr));
}

static int
add_key(struct op *op, rnp_op_encrypt_t encrypt, rnp_key_handle_t key,
    const char *fpr)
{
	const char *problem = problem_of(key);
	rnp_key_handle_t sub;
	rnp_result_t result;

	if (problem != NULL)
		return refuse(op, fpr, problem);
	sub = describe_subkey(key, "encrypt");
	if (sub == NULL)
		return refuse(op, fpr, "no_encryption");
	result = rnp_op_encrypt_add_recipient(encrypt, sub);
	(void)rnp_key_handle_destroy(sub);
	if (result != RNP_SUCCESS)
		return refuse(op, fpr, "invalid");
	tell(op, fpr);
	return ERR_OK;
}

/* Key rings of one each, so that none can add to another's. */
struct rings {
	rnp_ffi_t ffi[PGP_TO_MAX];
	rnp_key_handle_t key[PGP_TO_MAX];
	size_t count;
};

static void
rings_release(struct rings *rings)
{
	for (size_t i = 0; i < rings->count; i++) {
		(void)rnp_key_handle_destroy(rings->key[i]);
		(void)rnp_ffi_destroy(rings->ffi[i]);
	}
}

static bool
read_key(const struct op_to *to, rnp_ffi_t ffi, rnp_key_handle_t *ret_key)
{
	rnp_input_t input = NULL;
	const uint8_t *map;
	size_t len;
	bool is_read;

	if (sealed_map(to->fd, PGP_KEY_BYTES_MAX, &map, &len) != ERR_OK)
		return false;
	is_read =
	    rnp_input_from_memory(&input, map, len, false) == RNP_SUCCESS &&
	    rnp_import_keys(ffi, input, RNP_LOAD_SAVE_PUBLIC_KEYS, NULL) ==
		RNP_SUCCESS &&
	    rnp_locate_key(ffi, "fingerprint", to->fpr, ret_key) == RNP_SUCCESS;
	(void)rnp_input_destroy(input);
	sealed_unmap(map, len);
	return is_read && *ret_key != NULL;
}

static int
add_other(struct op *op, rnp_op_encrypt_t encrypt, struct rings *rings,
    const struct op_to *to)
{
	size_t at = rings->count;
	bool is_primary = false;

	if (rnp_ffi_create(&rings->ffi[at], RNP_KEYSTORE_GPG,
		RNP_KEYSTORE_GPG) != RNP_SUCCESS)
		return op_fail(op, ERR_LIMIT, "memory");
	rings->count++;
	if (!read_key(to, rings->ffi[at], &rings->key[at]))
		return refuse(op, to->fpr, "other_key");
	(void)rnp_key_is_primary(rings->key[at], &is_primary);
	if (!is_primary)
		return refuse(op, to->fpr, "other_key");
	return add_key(op, encrypt, rings->key[at], to->fpr);
}

static int
add_self(struct op *op, rnp_op_encrypt_t encrypt, rnp_ffi_t ffi)
{
	rnp_key_handle_t key = NULL;
	char fpr[PGP_FPR_BYTES];
	rnp_result_t result;

	if (keyring_current(op->keyring, ffi, "encrypt", &key, fpr) != ERR_OK)
		return op_fail(op, ERR_CONFLICT, "own_key");
	result = rnp_op_encrypt_add_recipient(encrypt, key);
	(void)rnp_key_handle_destroy(key);
	if (result != RNP_SUCCESS)
		return op_fail(op, ERR_CONFLICT, "own_key");
	tell(op, fpr);
	return ERR_OK;
}

static int
add_signature(struct op *op, rnp_op_encrypt_t encrypt, rnp_ffi_t ffi)
{
	rnp_key_handle_t key = NULL;
	char fpr[PGP_FPR_BYTES];
	rnp_result_t result;

	if (keyring_current(op->keyring, ffi, "sign", &key, fpr) != ERR_OK)
		return op_fail(op, ERR_CONFLICT, "own_key");
	result = rnp_op_encrypt_add_signature(encrypt, key, NULL);
	(void)rnp_key_handle_destroy(key);
	if (result != RNP_SUCCESS)
		return op_fail(op, ERR_CONFLICT, "own_key");
	json_object_set_new(op->detail, "signed_by", json_string(fpr));
	return ERR_OK;
}

static bool
is_asked(const struct op *op, const char *name, bool usual)
{
	const json_t *value = json_object_get(op->options, name);

	return value == NULL ? usual : json_is_true(value);
}

static int
add_all(
    struct op *op, rnp_op_encrypt_t encrypt, struct rings *rings, rnp_ffi_t ffi)
{
	int err = ERR_OK;

	if (is_asked(op, "to_self", true))
		err = add_self(op, encrypt, ffi);
	for (size_t i = 0; i < op->to_count && err == ERR_OK; i++)
		err = add_other(op, encrypt, rings, &op->to[i]);
	if (err == ERR_OK &&
	    json_array_size(json_object_get(op->detail, "keys")) == 0)
		err = op_fail(op, ERR_CONFLICT, "recipient");
	if (err == ERR_OK && is_asked(op, "sign", false))
		err = add_signature(op, encrypt, ffi);
	return err;
}

static int
execute(struct op *op, rnp_op_encrypt_t encrypt, rnp_output_t output)
{
	const char *name = json_member_text(op->options, "name", "");
	rnp_result_t result;

	(void)rnp_op_encrypt_set_armor(encrypt, is_asked(op, "armor", false));
	(void)rnp_op_encrypt_set_cipher(encrypt, RNP_ALGNAME_AES_256);
	(void)rnp_op_encrypt_set_hash(encrypt, RNP_ALGNAME_SHA256);
	/* Compressed before it is encrypted, its length would say of what it
	 * is made; samples are mostly packed anyway. */
	(void)rnp_op_encrypt_set_compression(encrypt, "Uncompressed", 0);
	if (strlen(name) <= NAME_BYTES_MAX)
		(void)rnp_op_encrypt_set_file_name(encrypt, name);
	result = rnp_op_encrypt_execute(encrypt);
	/* librnp calls it a success when its last write failed. */
	if (rnp_output_finish(output) != RNP_SUCCESS)
		op->sink.is_failed |= !op->sink.is_over;
	if (op->source.is_failed)
		return op_fail(op, ERR_SYS, "input");
	if (op->sink.is_over)
		return op_fail(op, ERR_LIMIT, "limit");
	if (op->sink.is_failed)
		return op_fail(op, ERR_EOF, "output");
	return result == RNP_SUCCESS ? ERR_OK
				     : op_fail(op, ERR_CONFLICT, "own_key");
}

int
op_encrypt(struct op *op)
{
	rnp_op_encrypt_t encrypt = NULL;
	rnp_output_t output = NULL;
	rnp_input_t input = NULL;
	rnp_ffi_t ffi = NULL;
	struct rings rings = {0};
	int err;

	json_object_set_new(op->detail, "keys", json_array());
	if (keyring_open(op->keyring, is_asked(op, "sign", false), &ffi) !=
		ERR_OK ||
	    source_open(&op->source, &input) != ERR_OK ||
	    sink_open(&op->sink, &output) != ERR_OK ||
	    rnp_op_encrypt_create(&encrypt, ffi, input, output) != RNP_SUCCESS)
		err = op_fail(op, ERR_LIMIT, "memory");
	else
		err = add_all(op, encrypt, &rings, ffi);
	if (err == ERR_OK)
		err = execute(op, encrypt, output);
	json_object_set_new(
	    op->detail, "bytes", json_integer((json_int_t)op->sink.bytes));
	(void)rnp_op_encrypt_destroy(encrypt);
	(void)rnp_output_destroy(output);
	(void)rnp_input_destroy(input);
	rings_release(&rings);
	(void)rnp_ffi_destroy(ffi);
	return err;
}
