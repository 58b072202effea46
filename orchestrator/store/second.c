/* SPDX-License-Identifier: Apache-2.0 */
/* second.c - secrets of second factors at rest. */
#include "store/second.h"

#include "lib/log.h"
#include "lib/secret.h"

/* Until nobody is in the way. */
#define SCRUB_MS ((uint64_t)200)

/* No JSON: nothing else that the vault signs can be this. */
static const char text[] = "loep: key of second factors, version 1";

static void
fill_aad(char aad[UUID_BYTES + 8], const char *account)
{
	(void)snprintf(aad, UUID_BYTES + 8, "totp %s", account);
}

int
second_seal(struct store *store, const char *account,
    const uint8_t secret[TOTP_SECRET_BYTES], uint8_t ret_box[SECOND_BOX_BYTES])
{
	char aad[UUID_BYTES + 8];
	struct seal_in in = {
	    .key = store->second_key,
	    .nonce = ret_box,
	    .aad = aad,
	    .p = secret,
	    .len = TOTP_SECRET_BYTES,
	};
	struct seal *seal;
	int err;

	if (!store->has_second_key)
		return ERR_UNAVAILABLE;
	fill_aad(aad, account);
	in.aad_len = strlen(aad);
	random_bytes(ret_box, SEAL_NONCE_BYTES);
	seal = seal_new();
	err = seal_box(seal, &in, ret_box + SEAL_NONCE_BYTES);
	seal_free(seal);
	return err;
}

int
second_open(const struct store *store, const char *account, const uint8_t *p,
    size_t len, uint8_t ret_secret[TOTP_SECRET_BYTES])
{
	char aad[UUID_BYTES + 8];
	struct seal_in in = {
	    .key = store->second_key,
	    .nonce = p,
	    .aad = aad,
	    .p = p + SEAL_NONCE_BYTES,
	    .len = SECOND_BOX_BYTES - SEAL_NONCE_BYTES,
	};
	struct seal *seal;
	int err;

	if (len == TOTP_SECRET_BYTES) {
		memcpy(ret_secret, p, len);
		return ERR_OK;
	}
	if (len != SECOND_BOX_BYTES)
		return ERR_FORMAT;
	if (!store->has_second_key)
		return ERR_UNAVAILABLE;
	fill_aad(aad, account);
	in.aad_len = strlen(aad);
	seal = seal_new();
	err = seal_unbox(seal, &in, ret_secret);
	seal_free(seal);
	return err;
}

/* One row that lies open: both of its secrets; ERR_NOT_FOUND: none does. */
static int
seal_next(struct store *store)
{
	uint8_t box[2][SECOND_BOX_BYTES], secret[TOTP_SECRET_BYTES];
	struct value values[2] = {val_null(), val_null()};
	char account[UUID_BYTES];
	AUTO(query) q = {0};
	int err = query_one(&q, store->db, STMT_SECOND_OPEN, NULL, 0);

	if (err != ERR_OK)
		return err;
	(void)snprintf(account, sizeof(account), "%s", query_text(&q, 0));
	for (int i = 0; i < 2; i++) {
		size_t len;
		const uint8_t *p = query_bytes(&q, i + 1, &len);

		if (len != sizeof(secret))
			continue;
		memcpy(secret, p, len);
		err = second_seal(store, account, secret, box[i]);
		if (err != ERR_OK)
			return err;
		values[i] = val_bytes(box[i], sizeof(box[i]));
	}
	seal_forget(secret, sizeof(secret));
	query_release(&q);
	return db_do(store->db, STMT_SECOND_SEAL,
	    ARGS(val_text(account), values[0], values[1]), NULL);
}

static void
seal_all(struct store *store)
{
	int64_t count = 0;
	int err = tx_begin(store, ROLE_STORE);

	if (err != ERR_OK)
		return;
	while ((err = seal_next(store)) == ERR_OK)
		count++;
	tx_end(store, err == ERR_NOT_FOUND);
	if (err != ERR_NOT_FOUND)
		log_line(LOG_WARN,
		    "msg=\"second factors not sealed\" reason=\"%s\"",
		    store->db->why);
	else if (count > 0)
		log_line(LOG_INFO,
		    "msg=\"second factors sealed\" accounts=%lld",
		    (long long)count);
}

/* The log still has the rows from before they were sealed. */
static void
on_scrub(void *arg)
{
	struct store *store = arg;

	store->scrub = NULL;
	if (db_scrub(store->db) != ERR_OK)
		store->scrub =
		    loop_timer(store->loop, SCRUB_MS, on_scrub, store);
}

static void
on_signed(void *arg, struct vault_answer *answer)
{
	struct store *store = arg;

	if (answer->err != ERR_OK) {
		log_line(LOG_WARN,
		    "msg=\"no key for second factors\" reason=\"%s\"",
		    answer->why);
		return;
	}
	sha256_once(
	    answer->signature, sizeof(answer->signature), store->second_key);
	store->has_second_key = true;
	seal_all(store);
	if (store->scrub == NULL)
		store->scrub = loop_timer(store->loop, 0, on_scrub, store);
}

void
second_ask(struct store *store)
{
	if (vault_sign(store->vault, text, sizeof(text) - 1, on_signed,
		store) != ERR_OK)
		log_line(LOG_WARN, "msg=\"the vault cannot be asked for the "
				   "key of second factors\"");
}
