/* SPDX-License-Identifier: Apache-2.0 */
/* idem.c - answers to requests that carried an Idempotency-Key. */
#include "web/idem.h"

#include "lib/digest.h"
#include "lib/limits.h"
#include "lib/loop.h"
#include "lib/xalloc.h"

#include <sys/queue.h>

#define ENTRIES_MAX 4096
#define BYTES_MAX   (16 * MIB)
#define KEPT_MS	    ((uint64_t)24 * 3600 * 1000)
#define BUCKETS	    256

struct entry {
	TAILQ_ENTRY(entry) by_age;
	TAILQ_ENTRY(entry) by_name;
	uint8_t name[SHA256_BYTES];	   /* account and key */
	uint8_t fingerprint[SHA256_BYTES]; /* target and body */
	uint64_t slot;
	uint64_t at_ms;
	bool is_done;
	struct idem_answer answer;
	char *type;
	char *location;
	void *body;
	size_t bytes; /* what the entry counts for */
};

TAILQ_HEAD(entry_list, entry);

struct idem {
	struct entry_list by_age; /* oldest first */
	struct entry_list by_name[BUCKETS];
	size_t count;
	size_t bytes;
	uint64_t slot_last;
};

struct idem *
idem_new(void)
{
	struct idem *idem = xcalloc(1, sizeof(*idem));

	TAILQ_INIT(&idem->by_age);
	for (size_t i = 0; i < BUCKETS; i++)
		TAILQ_INIT(&idem->by_name[i]);
	return idem;
}

static void
drop(struct idem *idem, struct entry *e)
{
	TAILQ_REMOVE(&idem->by_age, e, by_age);
	TAILQ_REMOVE(&idem->by_name[e->name[0] % BUCKETS], e, by_name);
	idem->count--;
	idem->bytes -= e->bytes;
	free(e->type);
	free(e->location);
	free(e->body);
	free(e);
}

void
idem_free(struct idem *idem)
{
	struct entry *e;

	if (idem == NULL)
		return;
	while ((e = TAILQ_FIRST(&idem->by_age)) != NULL)
		drop(idem, e);
	free(idem);
}

/* Makes room: what is too old goes, then the oldest. */
static void
trim(struct idem *idem)
{
	uint64_t now_ms = loop_now_ms();
	struct entry *e;

	while ((e = TAILQ_FIRST(&idem->by_age)) != NULL &&
	       (idem->count > ENTRIES_MAX || idem->bytes > BYTES_MAX ||
		   now_ms - e->at_ms > KEPT_MS))
		drop(idem, e);
}

/* The digest of two texts that cannot run into each other. */
static void
digest_pair(uint8_t ret_digest[SHA256_BYTES], const char *a, const void *b,
    size_t b_len)
{
	struct sha256 *ctx = sha256_new();

	sha256_update(ctx, a, strlen(a) + 1);
	if (b_len > 0)
		sha256_update(ctx, b, b_len);
	sha256_final(ctx, ret_digest);
	sha256_free(ctx);
}

static struct entry *
find(struct idem *idem, const uint8_t name[SHA256_BYTES])
{
	struct entry *e;

	TAILQ_FOREACH (e, &idem->by_name[name[0] % BUCKETS], by_name) {
		if (memcmp(e->name, name, SHA256_BYTES) == 0)
			return e;
	}
	return NULL;
}

int
idem_begin(struct idem *idem, const struct idem_request *request,
    uint64_t *ret_slot, struct idem_answer *ret_answer)
{
	uint8_t name[SHA256_BYTES], fingerprint[SHA256_BYTES];
	struct entry *e;

	digest_pair(name, request->account, request->key, strlen(request->key));
	digest_pair(fingerprint, request->target, request->body, request->len);
	trim(idem);
	e = find(idem, name);
	if (e == NULL) {
		e = xcalloc(1, sizeof(*e));
		memcpy(e->name, name, sizeof(name));
		memcpy(e->fingerprint, fingerprint, sizeof(fingerprint));
		e->slot = ++idem->slot_last;
		e->at_ms = loop_now_ms();
		e->bytes = sizeof(*e);
		TAILQ_INSERT_TAIL(&idem->by_age, e, by_age);
		TAILQ_INSERT_TAIL(
		    &idem->by_name[name[0] % BUCKETS], e, by_name);
		idem->count++;
		idem->bytes += e->bytes;
		*ret_slot = e->slot;
		return ERR_OK;
	}
	if (memcmp(e->fingerprint, fingerprint, sizeof(fingerprint)) != 0)
		return ERR_FORMAT;
	if (!e->is_done)
		return ERR_CONFLICT;
	*ret_answer = e->answer;
	return ERR_EOF;
}

static struct entry *
find_slot(struct idem *idem, uint64_t slot)
{
	struct entry *e;

	/* The newest are at the end, and are the ones that are asked for. */
	TAILQ_FOREACH_REVERSE(e, &idem->by_age, entry_list, by_age)
	{
		if (e->slot == slot)
			return e;
		if (e->slot < slot)
			break;
	}
	return NULL;
}

void
idem_finish(struct idem *idem, uint64_t slot, const struct idem_answer *answer)
{
	struct entry *e = slot == 0 ? NULL : find_slot(idem, slot);

	if (e == NULL)
		return;
	/* Who was refused may have shown meanwhile who they are. */
	if (answer->status >= 500 || answer->status == 403 ||
	    answer->len > MIB) {
		drop(idem, e);
		return;
	}
	if (answer->type != NULL) {
		e->type = xstrdup(answer->type);
		e->body =
		    xmemdup(answer->len > 0 ? answer->body : "", answer->len);
	}
	if (answer->location != NULL)
		e->location = xstrdup(answer->location);
	e->answer = (struct idem_answer){
	    .status = answer->status,
	    .type = e->type,
	    .location = e->location,
	    .body = e->body,
	    .len = e->type == NULL ? 0 : answer->len,
	};
	e->is_done = true;
	idem->bytes += answer->len;
	e->bytes += answer->len;
}

void
idem_forget(struct idem *idem, uint64_t slot)
{
	struct entry *e = slot == 0 ? NULL : find_slot(idem, slot);

	if (e != NULL)
		drop(idem, e);
}
