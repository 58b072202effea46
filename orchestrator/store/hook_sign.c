/* SPDX-License-Identifier: Apache-2.0 */
/* hook_sign.c - secrets of webhooks, and what is signed with them. */
#include "store/hook_sign.h"

#include "lib/base64.h"
#include "lib/digest.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/store.h"

#include <inttypes.h>

#define AAD_BYTES (UUID_BYTES + 8)

void
hook_secret_text(
    const uint8_t secret[HOOK_SECRET_BYTES], char ret_text[HOOK_SECRET_TEXT])
{
	auto_free char *text = base64_encode(secret, HOOK_SECRET_BYTES);

	(void)snprintf(ret_text, HOOK_SECRET_TEXT, "whsec_%s", text);
	seal_forget(text, strlen(text));
}

int
hook_secret_seal(const struct store *store, const char *hook,
    const uint8_t secret[HOOK_SECRET_BYTES],
    uint8_t ret_box[SEAL_WRAPPED_BYTES])
{
	char aad[AAD_BYTES];

	if (!store->has_second_key)
		return ERR_UNAVAILABLE;
	(void)snprintf(aad, sizeof(aad), "hook %s", hook);
	seal_wrap(store->second_key, aad, strlen(aad), secret, ret_box);
	return ERR_OK;
}

int
hook_secret_open(const struct store *store, const char *hook,
    const uint8_t *box, size_t len, uint8_t ret_secret[HOOK_SECRET_BYTES])
{
	char aad[AAD_BYTES];

	if (len != SEAL_WRAPPED_BYTES)
		return ERR_FORMAT;
	if (!store->has_second_key)
		return ERR_UNAVAILABLE;
	(void)snprintf(aad, sizeof(aad), "hook %s", hook);
	return seal_unwrap(
	    store->second_key, aad, strlen(aad), box, ret_secret);
}

char *
hook_signature(
    const uint8_t secret[HOOK_SECRET_BYTES], const struct hook_signed *what)
{
	uint8_t mac[SHA256_BYTES];
	auto_free char *text =
	    xasprintf("%s.%" PRId64 ".%s", what->id, what->at_s, what->body);
	auto_free char *code = NULL;

	hmac_sha256(secret, text, strlen(text), mac);
	code = base64_encode(mac, sizeof(mac));
	return xasprintf("v1,%s", code);
}
