/* SPDX-License-Identifier: Apache-2.0 */
/* sweep.c - blobs that the vault has and no row knows. */
#include "store/sweep.h"

#include "lib/log.h"
#include "store/audit.h"
#include "store/blob.h"
#include "store/store.h"

/* When to try again after a failure. */
#define AGAIN_US ((int64_t)60 * 1000000)

static void ask_page(struct store *store);

static void
end(struct store *store, int err)
{
	struct sweep *sweep = &store->sweep;
	int64_t wait_us = sweep->period_us;

	sweep->is_running = false;
	if (err != ERR_OK && wait_us > AGAIN_US)
		wait_us = AGAIN_US;
	sweep->next_at = loop_wall_us() + wait_us;
	if (sweep->found > 0)
		log_line(LOG_WARN,
		    "msg=\"blobs that nothing refers to are deleted\" "
		    "count=%zu",
		    sweep->found);
}

/* Goes on with the next organisation; ERR_NOT_FOUND behind the last. */
static int
next_org(struct store *store)
{
	struct sweep *sweep = &store->sweep;
	AUTO(query) q = {0};
	int err;

	store->db->role = ROLE_STORE;
	err = query_one(
	    &q, store->db, STMT_ORG_BEHIND, ARGS(val_text(sweep->at.org)));
	if (err != ERR_OK)
		return err;
	(void)snprintf(
	    sweep->at.org, sizeof(sweep->at.org), "%s", query_text(&q, 0));
	memset(sweep->at.sha256, 0, sizeof(sweep->at.sha256));
	return ERR_OK;
}

/* Makes the row of one that has none, so that it is deleted. */
static int
check(struct store *store, const char *org, const uint8_t *sha256)
{
	int64_t now = loop_wall_us();
	char hex[SHA256_HEX_BYTES];
	struct audit_object object = {"blob", hex, org};
	int64_t changes = 0;
	/* The vault has seen that it is old: unused for long enough. */
	int err = db_do(store->db, STMT_BLOB_ADD_ORPHAN,
	    ARGS(val_text(org), val_bytes(sha256, SHA256_BYTES), val_int(now),
		val_int(now - BLOB_UNUSED_US - 1)),
	    &changes);

	if (err != ERR_OK || changes == 0)
		return err;
	store->sweep.found++;
	hex_encode(hex, sha256, SHA256_BYTES);
	return audit_own(store, "blob.orphan", &object, NULL);
}

static int
check_page(struct store *store, const struct vault_answer *page)
{
	int err = tx_begin(store, ROLE_STORE);

	if (err != ERR_OK)
		return err;
	for (size_t i = 0; err == ERR_OK && i < page->listed_count; i++)
		err = check(store, store->sweep.at.org,
		    page->listed + i * SHA256_BYTES);
	tx_end(store, err == ERR_OK);
	return err;
}

static void
on_page(void *arg, struct vault_answer *page)
{
	struct store *store = arg;
	struct sweep *sweep = &store->sweep;
	int err = (int)page->err;

	if (err == ERR_OK)
		err = check_page(store, page);
	if (err == ERR_OK && page->is_end) {
		err = next_org(store);
		if (err == ERR_NOT_FOUND) {
			end(store, ERR_OK);
			return;
		}
	} else if (err == ERR_OK) {
		memcpy(sweep->at.sha256, page->sha256, SHA256_BYTES);
	}
	if (err == ERR_OK)
		ask_page(store);
	else
		end(store, err);
}

static void
ask_page(struct store *store)
{
	struct sweep *sweep = &store->sweep;
	int err =
	    vault_list(store->vault, &sweep->at, sweep->age_s, on_page, store);

	if (err != ERR_OK)
		end(store, err);
}

void
sweep_due(struct store *store)
{
	struct sweep *sweep = &store->sweep;

	if (sweep->period_us <= 0 || sweep->is_running ||
	    vault_chan(store->vault) == NULL || loop_wall_us() < sweep->next_at)
		return;
	sweep->is_running = true;
	sweep->found = 0;
	sweep->at = (struct blob_ref){.org = ""};
	if (next_org(store) == ERR_OK)
		ask_page(store);
	else
		end(store, ERR_OK);
}
