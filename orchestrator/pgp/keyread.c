/* SPDX-License-Identifier: Apache-2.0 */
/* keyread.c - reads a public key that somebody brings. */
#include "lib/fileio.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "pgp/armor.h"
#include "pgp/describe.h"
#include "pgp/op.h"

#include <string.h>

static const char private_mark[] = "BEGIN PGP PRIVATE KEY BLOCK";

static int
read_all(struct op *op, uint8_t *buf, size_t size, size_t *ret_len)
{
	rnp_input_t input = NULL;
	rnp_output_t output = NULL;
	uint8_t *p = NULL;
	size_t len = 0;
	int err = ERR_OK;

	op->source.bytes_max = PGP_KEY_BYTES_MAX + 1;
	if (source_open(&op->source, &input) != ERR_OK ||
	    rnp_output_to_memory(&output, 0) != RNP_SUCCESS ||
	    rnp_output_pipe(input, output) != RNP_SUCCESS ||
	    rnp_output_memory_get_buf(output, &p, &len, false) != RNP_SUCCESS)
		err = op_fail(op, ERR_SYS, "input");
	else if (len > PGP_KEY_BYTES_MAX || len > size)
		err = op_fail(op, ERR_LIMIT, "limit");
	if (err == ERR_OK && len > 0 && p != NULL) {
		memcpy(buf, p, len);
		*ret_len = len;
	}
	(void)rnp_output_destroy(output);
	(void)rnp_input_destroy(input);
	return err;
}

/* The one primary key of a ring; NULL where there is none, or more. */
static rnp_key_handle_t
only_key(rnp_ffi_t ffi, bool *ret_has_more, bool *ret_has_secret)
{
	rnp_identifier_iterator_t it = NULL;
	rnp_key_handle_t only = NULL;
	const char *fpr = NULL;

	*ret_has_more = *ret_has_secret = false;
	if (rnp_identifier_iterator_create(ffi, &it, "fingerprint") !=
	    RNP_SUCCESS)
		return NULL;
	while (rnp_identifier_iterator_next(it, &fpr) == RNP_SUCCESS &&
	       fpr != NULL) {
		rnp_key_handle_t key = NULL;
		bool is_primary = false, is_secret = false;

		if (rnp_locate_key(ffi, "fingerprint", fpr, &key) !=
			RNP_SUCCESS ||
		    key == NULL)
			continue;
		(void)rnp_key_is_primary(key, &is_primary);
		(void)rnp_key_have_secret(key, &is_secret);
		*ret_has_secret |= is_secret;
		if (is_primary && only == NULL) {
			only = key;
			continue;
		}
		*ret_has_more |= is_primary;
		(void)rnp_key_handle_destroy(key);
	}
	(void)rnp_identifier_iterator_destroy(it);
	return only;
}

static int
put(struct op *op, rnp_key_handle_t key)
{
	json_t *detail = describe_key(key);
	size_t len;
	char *armor = describe_armor(key, &len);
	bool is_written;

	if (armor == NULL) {
		json_decref(detail);
		return op_fail(op, ERR_LIMIT, "limit");
	}
	is_written =
	    detail != NULL && file_write(op->sink.fd, armor, len) == ERR_OK;
	rnp_buffer_destroy(armor);
	if (detail != NULL)
		json_object_update(op->detail, detail);
	json_decref(detail);
	return is_written ? ERR_OK : op_fail(op, ERR_EOF, "output");
}

static int
read_ring(struct op *op, rnp_ffi_t ffi)
{
	bool has_more, has_secret;
	rnp_key_handle_t key = only_key(ffi, &has_more, &has_secret);
	int err;

	/* It must be told that the key has been shown to others. */
	if (has_secret)
		err = op_fail(op, ERR_FORMAT, "secret_key");
	else if (key == NULL)
		err = op_fail(op, ERR_FORMAT, "no_key_block");
	else if (has_more)
		err = op_fail(op, ERR_FORMAT, "several_keys");
	else
		err = put(op, key);
	(void)rnp_key_handle_destroy(key);
	return err;
}

/* The block within what was pasted, or what is not armored, as a whole. */
static int
find_block(struct op *op, const char *p, size_t len, const char **ret_block,
    size_t *ret_len)
{
	const char *more;
	size_t more_len, used;

	if (len > 0 &&
	    memmem(p, len, private_mark, sizeof(private_mark) - 1) != NULL)
		return op_fail(op, ERR_FORMAT, "secret_key");
	*ret_block = p;
	*ret_len = len;
	if (!armor_next(p, len, ret_block, ret_len))
		return ERR_OK;
	used = (size_t)(*ret_block - p) + *ret_len;
	return armor_next(p + used, len - used, &more, &more_len)
		   ? op_fail(op, ERR_FORMAT, "several_keys")
		   : ERR_OK;
}

static int
import(struct op *op, const char *p, size_t len)
{
	rnp_input_t input = NULL;
	rnp_ffi_t ffi = NULL;
	int err;

	if (rnp_ffi_create(&ffi, RNP_KEYSTORE_GPG, RNP_KEYSTORE_GPG) !=
		RNP_SUCCESS ||
	    rnp_input_from_memory(&input, (const uint8_t *)p, len, false) !=
		RNP_SUCCESS)
		err = op_fail(op, ERR_LIMIT, "memory");
	else if (rnp_import_keys(ffi, input,
		     RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_SECRET_KEYS |
			 RNP_LOAD_SAVE_PERMISSIVE,
		     NULL) != RNP_SUCCESS)
		err = op_fail(op, ERR_FORMAT, "no_key_block");
	else
		err = read_ring(op, ffi);
	(void)rnp_input_destroy(input);
	(void)rnp_ffi_destroy(ffi);
	return err;
}

int
op_read_key(struct op *op)
{
	auto_free uint8_t *buf = xmalloc(PGP_KEY_BYTES_MAX);
	const char *block;
	size_t len = 0;
	int err = read_all(op, buf, PGP_KEY_BYTES_MAX, &len);

	if (err == ERR_OK)
		err = find_block(op, (const char *)buf, len, &block, &len);
	return err == ERR_OK ? import(op, block, len) : err;
}
