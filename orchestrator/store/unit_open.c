/* SPDX-License-Identifier: Apache-2.0 */
/* unit_open.c - the bytes of units, whoever their owners are. */
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/pack.h"
#include "lib/xalloc.h"
#include "store/handlers.h"
#include "store/vault.h"

/* Leaves room for the pack's head and the gaps between items. */
#define PACK_PLANNED_BYTES ((int64_t)(PACK_BYTES_MAX - MIB))

/* What is being opened; waits for the vault. */
struct opening {
	struct request *r;
	char org[UUID_BYTES]; /* of all of it */
	struct wire_out digests;
	int64_t seqs[PACK_ITEMS_MAX];
	int64_t sizes[PACK_ITEMS_MAX];
	size_t count;
	int64_t bytes;
	bool is_large; /* one that travels alone */
};

static void
opening_free(struct opening *o)
{
	wire_out_release(&o->digests);
	free(o);
}

static void
put_row(struct request *r, int64_t seq, const char *state)
{
	struct values row;

	values_init(&row);
	values_add_int(&row, seq);
	values_add_text(&row, state);
	for (size_t i = 0; i < 4; i++)
		values_add_int(&row, 0);
	request_row(r, &row);
}

static void
put_opened(
    const struct opening *o, size_t at, const struct vault_answer *answer)
{
	struct values row;

	values_init(&row);
	values_add_int(&row, o->seqs[at]);
	values_add_text(&row, o->is_large ? "ok" : "packed");
	values_add_int(
	    &row, o->is_large ? (int64_t)answer->size : o->sizes[at]);
	values_add_int(&row, o->is_large ? answer->how : BLOB_MEMFD);
	values_add_int(&row, (int64_t)at);
	values_add_int(&row, o->is_large ? 0 : (int64_t)answer->size);
	request_row(o->r, &row);
}

/* True where the vault could not read that item of the pack. */
static bool
is_fault(const struct vault_answer *answer, size_t at)
{
	struct wire_in in;
	char why[256];

	wire_in_init(&in, answer->faults, answer->faults_len);
	while (!in.is_failed && in.pos < in.len) {
		uint32_t index = wire_get_u32(&in);

		(void)wire_get_u8(&in);
		wire_get_str(&in, why, sizeof(why));
		if (!in.is_failed && index == at)
			return true;
	}
	return false;
}

/* What may be better later is no verdict about a unit, and a pack as a whole
 * is never damaged. */
static bool
is_trouble(const struct opening *o, enum err err)
{
	return err == ERR_UNAVAILABLE || err == ERR_NO_SPACE ||
	       err == ERR_AGAIN || (err != ERR_OK && !o->is_large);
}

static void
on_opened(void *arg, struct vault_answer *answer)
{
	struct opening *o = arg;
	struct request *r = o->r;
	bool is_open = answer->err == ERR_OK;
	int err;

	if (is_trouble(o, answer->err)) {
		request_end(r, answer->err, answer->why, -1);
		opening_free(o);
		return;
	}
	err = request_begin(r);
	if (err != ERR_OK) {
		request_end(r, (enum err)err, NULL, -1);
		opening_free(o);
		return;
	}
	for (size_t i = 0; i < o->count; i++) {
		if (!is_open || (!o->is_large && is_fault(answer, i)))
			put_row(r, o->seqs[i], "damaged");
		else
			put_opened(o, i, answer);
	}
	opening_free(o);
	request_finish(r, ERR_OK, is_open ? take_fd(answer->fd) : -1);
}

/* Whether it can travel with what is there already. */
static bool
fits(const struct opening *o, const struct query *q)
{
	int64_t size = query_int(q, 3);

	if (o->count == 0)
		return true;
	return !o->is_large && o->count < PACK_ITEMS_MAX &&
	       size <= (int64_t)PACK_ITEM_BYTES_MAX &&
	       size <= PACK_PLANNED_BYTES - o->bytes &&
	       strcmp(o->org, query_text(q, 1)) == 0;
}

static int
meet(struct opening *o, int64_t seq)
{
	AUTO(query) q = {0};
	const uint8_t *sha256;
	const char *state;
	size_t len;
	int err =
	    query_one(&q, o->r->store->db, STMT_UNIT_LOAD, ARGS(val_int(seq)));

	if (err != ERR_OK && err != ERR_NOT_FOUND)
		return err;
	state = err == ERR_NOT_FOUND ? "gone" : query_text(&q, 0);
	if (strcmp(state, "ok") != 0) {
		put_row(o->r, seq, state);
		return ERR_OK;
	}
	if (!fits(o, &q))
		return ERR_OK;
	(void)snprintf(o->org, sizeof(o->org), "%s", query_text(&q, 1));
	sha256 = query_bytes(&q, 2, &len);
	wire_put_raw(&o->digests, sha256, len);
	o->seqs[o->count] = seq;
	o->sizes[o->count] = query_int(&q, 3);
	o->is_large = o->sizes[o->count] > (int64_t)PACK_ITEM_BYTES_MAX;
	/* What lies between items counts, too. */
	o->bytes += o->sizes[o->count] + (int64_t)PACK_ALIGN;
	o->count++;
	return ERR_OK;
}

static int
open_all(struct opening *o)
{
	struct vault *vault = o->r->store->vault;
	struct blob_ref blob = {.org = ""};

	if (!o->is_large)
		return vault_pack(vault,
		    &(struct pack_ask){.org = o->org, .digests = &o->digests},
		    on_opened, o);
	memcpy(blob.org, o->org, sizeof(blob.org));
	memcpy(blob.sha256, o->digests.buf, SHA256_BYTES);
	return vault_open(vault, &blob, BLOB_AUTO, on_opened, o);
}

int
units_open(struct request *r)
{
	struct opening *o = xcalloc(1, sizeof(*o));
	struct wire_in in;
	size_t len;
	const uint8_t *p = param_bytes(r, 0, &len);
	int err = ERR_OK;

	o->r = r;
	wire_out_init(&o->digests, PACK_ITEMS_MAX * SHA256_BYTES);
	wire_in_init(&in, p, len);
	for (size_t i = 0;
	     i < PACK_ITEMS_MAX && err == ERR_OK && len - in.pos >= 8; i++)
		err = meet(o, wire_get_i64(&in));
	if (err != ERR_OK || o->count == 0) {
		opening_free(o);
		return err;
	}
	err = open_all(o);
	if (err == ERR_OK)
		return ERR_AGAIN;
	opening_free(o);
	return err == ERR_UNAVAILABLE ? request_why(r, err, "%s", vault_is_away)
				      : err;
}
