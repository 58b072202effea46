/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_secret.c - what people type or the database keeps of secrets: codes,
 * recovery codes in base32, secrets in base64url, password hashes.
 * fuzz-links:
 */
#include "lib/own.h"
#include "lib/password.h"
#include "lib/secret.h"
#include "lib/totp.h"
#include "lib/xalloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_base32(const char *text)
{
	uint8_t bytes[10], again[10];
	char shown[17];

	if (base32_decode(text, bytes, sizeof(bytes)) != ERR_OK)
		return;
	base32_encode(shown, bytes, sizeof(bytes));
	if (base32_decode(shown, again, sizeof(again)) != ERR_OK ||
	    memcmp(bytes, again, sizeof(bytes)) != 0)
		abort();
}

static void
try_totp(const char *text)
{
	static const uint8_t key[TOTP_SECRET_BYTES] = "12345678901234567890";
	int64_t step = -1;

	if (totp_check(key, text, 59000000, 0, &step) == ERR_OK &&
	    (step < 0 || step > 2 ||
		totp_check(key, text, 59000000, step, &step) == ERR_OK))
		abort();
}

static void
try_password(const char *text)
{
	struct password_hash hash;
	char shown[PASSWORD_TEXT_BYTES];

	if (password_get(text, &hash) != ERR_OK)
		return;
	password_put(shown, &hash);
	if (password_get(shown, &hash) != ERR_OK ||
	    !password_cost_is_valid(&hash.cost))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = xstrndup((const char *)data, size);
	uint8_t secret[SECRET_BYTES];
	char shown[SECRET_LENGTH + 1];

	try_base32(text);
	try_totp(text);
	try_password(text);
	if (secret_decode((const char *)data, size, secret) == ERR_OK) {
		secret_encode(shown, secret);
		if (memcmp(shown, data, SECRET_LENGTH) != 0)
			abort();
	}
	return 0;
}
