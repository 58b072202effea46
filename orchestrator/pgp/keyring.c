/* SPDX-License-Identifier: Apache-2.0 */
/* keyring.c - the service's own keys. */
#include "pgp/keyring.h"

#include "lib/openpgp.h"
#include "lib/xalloc.h"
#include "pgp/armor.h"
#include "pgp/describe.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static rnp_ffi_t
ffi_new(void)
{
	rnp_ffi_t ffi = NULL;

	if (rnp_ffi_create(&ffi, RNP_KEYSTORE_GPG, RNP_KEYSTORE_GPG) !=
	    RNP_SUCCESS)
		return NULL;
	return ffi;
}

static rnp_result_t
import(rnp_ffi_t ffi, const void *p, size_t len, uint32_t flags)
{
	rnp_input_t input = NULL;
	rnp_result_t result;

	result = rnp_input_from_memory(&input, p, len, false);
	if (result != RNP_SUCCESS)
		return result;
	result = rnp_import_keys(ffi, input, flags, NULL);
	(void)rnp_input_destroy(input);
	return result;
}

/* A file may hold several armored blocks, one behind the other. */
static bool
import_all(rnp_ffi_t ffi, const char *p, size_t len)
{
	const uint32_t flags =
	    RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_SECRET_KEYS;
	const char *block, *rest = p;
	size_t left = len, block_len;

	if (!armor_next(p, len, &block, &block_len))
		return import(ffi, p, len, flags) == RNP_SUCCESS;
	while (armor_next(rest, left, &block, &block_len)) {
		if (import(ffi, block, block_len, flags) != RNP_SUCCESS)
			return false;
		rest = block + block_len;
		left = len - (size_t)(rest - p);
	}
	return true;
}

/* --- opening them once --- */

/* One whose secret half is elsewhere (an offline primary key) stays so. */
static bool
unprotect(rnp_key_handle_t key, const char *passphrase)
{
	bool is_there = false, is_protected = false;
	char *type = NULL;
	bool is_stub;

	(void)rnp_key_have_secret(key, &is_there);
	if (!is_there)
		return true;
	if (rnp_key_get_protection_type(key, &type) != RNP_SUCCESS)
		return false;
	is_stub =
	    strcmp(type, "GPG-None") == 0 || strcmp(type, "GPG-Smartcard") == 0;
	rnp_buffer_destroy(type);
	if (is_stub || rnp_key_is_protected(key, &is_protected) != RNP_SUCCESS)
		return is_stub;
	return !is_protected ||
	       rnp_key_unprotect(key, passphrase) == RNP_SUCCESS;
}

static bool
unprotect_all(rnp_key_handle_t key, const char *passphrase)
{
	size_t count = 0;

	if (!unprotect(key, passphrase))
		return false;
	(void)rnp_key_get_subkey_count(key, &count);
	for (size_t i = 0; i < count; i++) {
		rnp_key_handle_t sub = NULL;
		bool is_open;

		if (rnp_key_get_subkey_at(key, i, &sub) != RNP_SUCCESS)
			return false;
		is_open = unprotect(sub, passphrase);
		(void)rnp_key_handle_destroy(sub);
		if (!is_open)
			return false;
	}
	return true;
}

/* fpr: of the key that it is about, or "". */
static int
fail(char why[KEYRING_WHY_BYTES], const char *text, const char *fpr)
{
	(void)snprintf(why, KEYRING_WHY_BYTES, "%s%s%s", text,
	    fpr[0] == '\0' ? "" : ": ", fpr);
	return ERR_FORMAT;
}

/* Adds the key's secret half, open, behind the others. */
static bool
keep_secret(struct keyring *keyring, rnp_key_handle_t key)
{
	rnp_output_t output = NULL;
	uint8_t *buf = NULL;
	size_t len = 0;
	bool is_kept = false;

	if (rnp_output_to_memory(&output, KEYRING_BYTES_MAX) != RNP_SUCCESS)
		return false;
	if (rnp_key_export(
		key, output, RNP_KEY_EXPORT_SECRET | RNP_KEY_EXPORT_SUBKEYS) ==
		RNP_SUCCESS &&
	    rnp_output_memory_get_buf(output, &buf, &len, false) ==
		RNP_SUCCESS &&
	    len <= keyring->secret_size - keyring->secret_len) {
		memcpy(keyring->secret + keyring->secret_len, buf, len);
		keyring->secret_len += len;
		explicit_bzero(buf, len);
		is_kept = true;
	}
	(void)rnp_output_destroy(output);
	return is_kept;
}

static bool
list(struct keyring *keyring, rnp_key_handle_t key)
{
	json_t *detail = describe_key(key);
	size_t len = 0;
	char *armor;

	if (detail == NULL)
		return false;
	armor = describe_armor(key, &len);
	json_object_set_new(detail, "armor",
	    armor == NULL ? json_string("") : json_stringn(armor, len));
	rnp_buffer_destroy(armor);
	json_array_append_new(json_object_get(keyring->list, "keys"), detail);
	return true;
}

static int
take(struct keyring *keyring, rnp_ffi_t ffi, const char *fpr,
    const char *passphrase, char why[KEYRING_WHY_BYTES])
{
	rnp_key_handle_t key = NULL;
	bool is_primary = false, is_secret = false;
	int err = ERR_OK;

	if (rnp_locate_key(ffi, "fingerprint", fpr, &key) != RNP_SUCCESS ||
	    key == NULL)
		return fail(why, "the key cannot be read", fpr);
	(void)rnp_key_is_primary(key, &is_primary);
	(void)rnp_key_have_secret(key, &is_secret);
	if (!is_primary)
		err = ERR_OK;
	else if (!is_secret)
		err =
		    fail(why, "only the public half of the key is there", fpr);
	else if (!unprotect_all(key, passphrase))
		err = fail(why, "the passphrase does not open the key", fpr);
	else if (!keep_secret(keyring, key) || !list(keyring, key))
		err = fail(why, "the key is too large, or broken", fpr);
	(void)rnp_key_handle_destroy(key);
	return err;
}

static int
take_all(struct keyring *keyring, rnp_ffi_t ffi, const char *passphrase,
    char why[KEYRING_WHY_BYTES])
{
	rnp_identifier_iterator_t it = NULL;
	const char *fpr = NULL;
	int err = ERR_OK;

	if (rnp_identifier_iterator_create(ffi, &it, "fingerprint") !=
	    RNP_SUCCESS)
		return fail(why, "librnp lists no keys", "");
	while (err == ERR_OK &&
	       rnp_identifier_iterator_next(it, &fpr) == RNP_SUCCESS &&
	       fpr != NULL)
		err = take(keyring, ffi, fpr, passphrase, why);
	(void)rnp_identifier_iterator_destroy(it);
	if (err == ERR_OK && keyring->secret_len == 0)
		return fail(why, "there is no key in it", "");
	if (err == ERR_OK && json_array_size(json_object_get(
				 keyring->list, "keys")) > KEYRING_KEYS_MAX)
		return fail(why, "there are too many keys in it", "");
	return err;
}

int
keyring_load(struct keyring *keyring, const void *p, size_t len,
    const char *passphrase, char why[KEYRING_WHY_BYTES])
{
	rnp_ffi_t ffi = ffi_new();
	int err;

	*keyring = (struct keyring){
	    .secret_size = KEYRING_BYTES_MAX,
	    .list = json_pack("{s:[]}", "keys"),
	};
	keyring->secret = mmap(NULL, keyring->secret_size,
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ffi == NULL || keyring->secret == MAP_FAILED) {
		keyring->secret = NULL;
		(void)rnp_ffi_destroy(ffi);
		return fail(why, "no memory for keys", "");
	}
	/* Refused to ordinary users beyond some KiB: it helps where it can. */
	(void)mlock(keyring->secret, KEYRING_BYTES_MAX / 16);
	(void)madvise(keyring->secret, keyring->secret_size, MADV_DONTDUMP);
	if (!import_all(ffi, p, len))
		err = fail(why, "these are no OpenPGP keys", "");
	else
		err = take_all(keyring, ffi, passphrase, why);
	(void)rnp_ffi_destroy(ffi);
	return err;
}

void
keyring_drop_secret(struct keyring *keyring)
{
	if (keyring->secret == NULL)
		return;
	explicit_bzero(keyring->secret, keyring->secret_len);
	(void)munmap(keyring->secret, keyring->secret_size);
	keyring->secret = NULL;
	keyring->secret_len = 0;
}

void
keyring_release(struct keyring *keyring)
{
	keyring_drop_secret(keyring);
	json_decref(keyring->list);
	keyring->list = NULL;
}

/* --- using them --- */

int
keyring_open(
    const struct keyring *keyring, bool with_secret, rnp_ffi_t *ret_ffi)
{
	rnp_ffi_t ffi = ffi_new();
	const json_t *item;
	size_t i;
	bool is_good = ffi != NULL;

	json_array_foreach(json_object_get(keyring->list, "keys"), i, item)
	{
		const char *armor = json_member_text(item, "armor", "");

		is_good =
		    is_good && import(ffi, armor, strlen(armor),
				   RNP_LOAD_SAVE_PUBLIC_KEYS) == RNP_SUCCESS;
	}
	if (is_good && with_secret && keyring->secret != NULL)
		is_good = import(ffi, keyring->secret, keyring->secret_len,
			      RNP_LOAD_SAVE_PUBLIC_KEYS |
				  RNP_LOAD_SAVE_SECRET_KEYS) == RNP_SUCCESS;
	if (!is_good) {
		(void)rnp_ffi_destroy(ffi);
		return ERR_SYS;
	}
	*ret_ffi = ffi;
	return ERR_OK;
}

/* The part of the key that does it now; NULL where nothing can. */
static rnp_key_handle_t
usable(rnp_ffi_t ffi, const char *fpr, const char *usage)
{
	rnp_key_handle_t key = NULL, sub;
	bool is_valid = false, is_sub_valid = false;

	if (rnp_locate_key(ffi, "fingerprint", fpr, &key) != RNP_SUCCESS ||
	    key == NULL)
		return NULL;
	sub = describe_subkey(key, usage);
	(void)rnp_key_is_valid(key, &is_valid);
	if (sub != NULL)
		(void)rnp_key_is_valid(sub, &is_sub_valid);
	(void)rnp_key_handle_destroy(key);
	if (is_valid && is_sub_valid)
		return sub;
	(void)rnp_key_handle_destroy(sub);
	return NULL;
}

int
keyring_current(const struct keyring *keyring, rnp_ffi_t ffi, const char *usage,
    rnp_key_handle_t *ret_key, char *ret_fpr)
{
	rnp_key_handle_t best = NULL;
	json_int_t best_created = -1;
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(keyring->list, "keys"), i, item)
	{
		const char *fpr = json_member_text(item, "fpr", "");
		json_int_t created = json_member_int(item, "created", 0);
		rnp_key_handle_t key;

		if (created <= best_created)
			continue;
		key = usable(ffi, fpr, usage);
		if (key == NULL)
			continue;
		(void)rnp_key_handle_destroy(best);
		best = key;
		best_created = created;
		(void)snprintf(ret_fpr, PGP_FPR_BYTES, "%s", fpr);
	}
	if (best == NULL)
		return ERR_NOT_FOUND;
	*ret_key = best;
	return ERR_OK;
}
