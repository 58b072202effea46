/* SPDX-License-Identifier: Apache-2.0 */
/* rescan_pack.c - the bytes of units for a re-scan. */
#include "store/rescan.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/pack.h"
#include "lib/xalloc.h"

/* Leaves room for the pack's head and the gaps between items. */
#define PACK_PLANNED_BYTES (PACK_BYTES_MAX - MIB)

struct item {
	int64_t seq;
	int64_t size;
	uint8_t *name;
	size_t name_len;
};

/* What is being opened; waits for the vault. */
struct opening {
	struct request *r;
	char org[UUID_BYTES]; /* "" until there is an item */
	struct wire_out digests;
	struct item *items;
	size_t count;
	int64_t bytes;
	uint32_t head; /* bytes of each that are asked for; 0 = all */
	bool is_large; /* one that travels alone */
};

static void
opening_free(struct opening *o)
{
	for (size_t i = 0; i < o->count; i++)
		free(o->items[i].name);
	free(o->items);
	wire_out_release(&o->digests);
	free(o);
}

static void
put_row(struct request *r, int64_t seq, const char *state, const char *text,
    const struct item *item, int64_t at, uint64_t pack_bytes)
{
	struct values row;

	values_init(&row);
	values_add_int(&row, seq);
	values_add_text(&row, state);
	values_add_text(&row, text);
	values_add_int(&row, item == NULL ? 0 : item->size);
	values_add_bytes(&row, item == NULL ? (const void *)"" : item->name,
	    item == NULL ? 0 : item->name_len);
	values_add_int(&row, at);
	values_add_int(&row, (int64_t)pack_bytes);
	request_row(r, &row);
}

/* Items that the vault could not read; true where one is this. */
static bool
find_fault(const struct vault_answer *answer, size_t at, char why[256])
{
	struct wire_in in;

	wire_in_init(&in, answer->faults, answer->faults_len);
	while (!in.is_failed && in.pos < in.len) {
		uint32_t index = wire_get_u32(&in);

		(void)wire_get_u8(&in);
		wire_get_str(&in, why, 256);
		if (!in.is_failed && index == at)
			return true;
	}
	return false;
}

static void
put_packed(struct opening *o, const struct vault_answer *answer)
{
	char why[256];

	for (size_t i = 0; i < o->count; i++) {
		const struct item *item = &o->items[i];

		if (find_fault(answer, i, why))
			put_row(o->r, item->seq, "damaged", why, NULL, 0, 0);
		else
			put_row(o->r, item->seq, "packed", "", item, (int64_t)i,
			    answer->size);
	}
}

static void
put_large(struct opening *o, const struct vault_answer *answer)
{
	const struct item *item = &o->items[0];

	if (answer->err != ERR_OK)
		put_row(o->r, item->seq, "damaged", answer->why, NULL, 0, 0);
	else
		put_row(o->r, item->seq,
		    answer->how == BLOB_MEMFD ? "memory" : "range", "", item, 0,
		    0);
}

static void
on_opened(void *arg, struct vault_answer *answer)
{
	struct opening *o = arg;
	struct request *r = o->r;
	/* Later is better than a gap; a pack as a whole is never damaged. */
	bool is_trouble =
	    answer->err == ERR_UNAVAILABLE || answer->err == ERR_NO_SPACE ||
	    answer->err == ERR_AGAIN || (answer->err != ERR_OK && !o->is_large);
	int err = is_trouble ? (int)answer->err : request_begin(r);

	if (err != ERR_OK) {
		request_end(
		    r, (enum err)err, is_trouble ? answer->why : NULL, -1);
		opening_free(o);
		return;
	}
	if (o->is_large)
		put_large(o, answer);
	else
		put_packed(o, answer);
	opening_free(o);
	request_finish(
	    r, ERR_OK, answer->err == ERR_OK ? take_fd(answer->fd) : -1);
}

/* Why a unit is not scanned; NULL = it is. */
static const char *
refusal(const struct query *q, const struct rescan *rescan)
{
	const char *job = query_text(q, 14);

	if (query_text(q, 1)[0] == '\0' || query_int(q, 9) == 0 ||
	    (rescan->org_id[0] != '\0' &&
		strcmp(rescan->org_id, query_text(q, 3)) != 0))
		return "gone";
	if (query_int(q, 10) != 0)
		return "sealed";
	if (strcmp(query_text(q, 11), "none") != 0)
		return "quarantined";
	if (strcmp(job, "queued") == 0 || strcmp(job, "running") == 0 ||
	    (!rescan->is_trial && query_int(q, 15) >= rescan->id))
		return "live";
	return query_is_null(q, 13) ? "unscanned" : NULL;
}

/* How much of a unit is opened. */
static int64_t
part_of(const struct opening *o, int64_t size)
{
	return o->head != 0 && size > (int64_t)o->head ? (int64_t)o->head
						       : size;
}

/* Whether the unit can travel with what is there already. */
static bool
fits(const struct opening *o, const struct query *q)
{
	int64_t size = part_of(o, query_int(q, 5));

	if (o->count == 0)
		return true;
	return !o->is_large && o->count < PACK_ITEMS_MAX &&
	       size <= (int64_t)PACK_ITEM_BYTES_MAX &&
	       size <= (int64_t)PACK_PLANNED_BYTES - o->bytes &&
	       strcmp(o->org, query_text(q, 3)) == 0;
}

static void
add_item(struct opening *o, const struct query *q, int64_t seq)
{
	struct item *item = &o->items[o->count++];
	size_t len;
	const uint8_t *p = query_bytes(q, 6, &len);

	item->seq = seq;
	item->size = query_int(q, 5);
	item->name = xmemdup(p == NULL ? (const void *)"" : p, len);
	item->name_len = len;
	(void)snprintf(o->org, sizeof(o->org), "%s", query_text(q, 3));
	p = query_bytes(q, 4, &len);
	wire_put_raw(&o->digests, p, len);
	/* What lies between items counts, too. */
	o->bytes += part_of(o, item->size) + (int64_t)PACK_ALIGN;
	o->is_large = part_of(o, item->size) > (int64_t)PACK_ITEM_BYTES_MAX;
}

static int
meet(struct opening *o, const struct rescan *rescan, int64_t seq)
{
	AUTO(query) q = {0};
	const char *why;
	int err = query_one(
	    &q, o->r->store->db, STMT_RESCAN_UNIT, ARGS(val_int(seq)));

	if (err != ERR_OK && err != ERR_NOT_FOUND)
		return err;
	why = err == ERR_NOT_FOUND ? "gone" : refusal(&q, rescan);
	if (why != NULL)
		put_row(o->r, seq, why, "", NULL, 0, 0);
	else if (fits(o, &q))
		add_item(o, &q, seq);
	return ERR_OK;
}

static int
open_items(struct opening *o)
{
	struct vault *vault = o->r->store->vault;
	struct blob_ref blob = {.org = ""};

	if (!o->is_large)
		return vault_pack(vault,
		    &(struct pack_ask){
			.org = o->org,
			.digests = &o->digests,
			.head = o->head,
		    },
		    on_opened, o);
	memcpy(blob.org, o->org, sizeof(blob.org));
	memcpy(blob.sha256, o->digests.buf, SHA256_BYTES);
	return vault_open(vault, &blob, BLOB_AUTO, on_opened, o);
}

int
rescan_pack(struct request *r)
{
	struct rescan rescan;
	struct opening *o;
	struct wire_in in;
	size_t len;
	const uint8_t *p = param_bytes(r, 1, &len);
	int64_t head = param_int(r, 2);
	int err = rescan_load(r->store, param_int(r, 0), &rescan);

	if (err == ERR_NOT_FOUND || (err == ERR_OK && !rescan.is_open))
		return request_why(
		    r, ERR_CONFLICT, "this re-scan does not go on");
	if (err != ERR_OK)
		return err;
	if (head < 0 || head > (int64_t)PACK_HEAD_BYTES_MAX)
		return request_why(r, ERR_FORMAT, "no head has so many bytes");
	o = xcalloc(1, sizeof(*o));
	o->r = r;
	o->head = (uint32_t)head;
	o->items = xcalloc(PACK_ITEMS_MAX, sizeof(*o->items));
	wire_out_init(&o->digests, PACK_ITEMS_MAX * SHA256_BYTES);
	wire_in_init(&in, p, len);
	while (err == ERR_OK && len - in.pos >= 8)
		err = meet(o, &rescan, wire_get_i64(&in));
	if (err != ERR_OK || o->count == 0) {
		opening_free(o);
		return err;
	}
	err = open_items(o);
	if (err == ERR_OK)
		return ERR_AGAIN;
	opening_free(o);
	return err == ERR_UNAVAILABLE ? request_why(r, err, "%s", vault_is_away)
				      : err;
}
