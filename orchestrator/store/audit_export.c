/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_export.c - the whole chain as text, with a signed head.
 *
 * The head is fixed when the export is asked for; rows are never changed, so
 * they can be read while later ones come.
 */
#include "lib/limits.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/feed.h"
#include "store/handlers.h"

#define ROWS_PER_PIECE 1000

struct export
{
	struct request *r;
	struct store *store;
	int64_t head_seq;
	int64_t at; /* the last row that was written */
	uint8_t head_hash[SHA256_BYTES];
	struct wire_out head;
	struct wire_out first; /* the head's line */
};

static void
export_free(void *arg)
{
	struct export *e = arg;

	wire_out_release(&e->head);
	wire_out_release(&e->first);
	free(e);
}

static int
put_rows(struct export *e, struct wire_out *out)
{
	AUTO(query) q = {0};
	struct wire_out text;
	struct audit_row row;
	const uint8_t *hash;
	size_t len;
	int err;

	e->store->db->role = ROLE_STORE;
	err = query_start(&q, e->store->db, STMT_AUDIT_FEED,
	    ARGS(
		val_int(e->at), val_int(e->head_seq), val_int(ROWS_PER_PIECE)));
	wire_out_init(&text, AUDIT_ROW_BYTES_MAX);
	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK) {
		audit_row_of(&q, &row);
		hash = query_bytes(&q, 11, &len);
		wire_out_reset(&text);
		audit_row_put(&row, &text);
		/* What does not fit any more is read again next time. */
		if (text.is_failed || len != SHA256_BYTES ||
		    out->len > out->size_max / 2)
			break;
		audit_event_line_put(text.buf, text.len, hash, out);
		e->at = row.seq;
	}
	wire_out_release(&text);
	if (err != ERR_OK && err != ERR_EOF)
		return err;
	return e->at >= e->head_seq ? ERR_EOF : ERR_OK;
}

static int
fill(void *arg, struct wire_out *out)
{
	struct export *e = arg;
	int64_t before = e->at;
	int err;

	if (e->first.len > 0) {
		wire_put_raw(out, e->first.buf, e->first.len);
		wire_out_reset(&e->first);
	}
	err = put_rows(e, out);
	/* A gap in the chain: end here, the check names the place. */
	if (err == ERR_OK && e->at == before)
		return ERR_EOF;
	return err;
}

static const struct feed_ops feed_ops = {
    .fill = fill,
    .done = export_free,
};

static void
on_signed(void *arg, struct vault_answer *answer)
{
	struct export *e = arg;
	struct request *r = e->r;
	struct audit_object object = {"audit", "", ""};
	struct values row;
	int fd = -1;
	int err = (int)answer->err;

	if (err == ERR_OK)
		err = request_begin(r);
	if (err != ERR_OK) {
		export_free(e);
		request_end(r, (enum err)err,
		    answer->err != ERR_OK ? answer->why : NULL, -1);
		return;
	}
	audit_head_line_put(e->head.buf, e->head.len, answer->signature,
	    answer->public_key, &e->first);
	values_init(&row);
	values_add_int(&row, e->head_seq);
	values_add_bytes(&row, e->head_hash, SHA256_BYTES);
	/* The row borrows from what the feed will own. */
	request_row(r, &row);
	err = audit_by(r, "audit.exported", &object,
	    json_pack("{s:I}", "head_seq", (json_int_t)e->head_seq));
	if (err == ERR_OK)
		err = feed_start(r->store->loop, &feed_ops, e, &fd);
	if (err != ERR_OK)
		export_free(e);
	request_finish(r, err, fd);
}

int
audit_export(struct request *r)
{
	struct export *e;
	int err;

	if (!r->principal.sees_all)
		return request_why(r, ERR_DENIED,
		    "the whole chain tells of "
		    "all organisations; AUDIT_LIST shows your own part");
	e = xcalloc(1, sizeof(*e));
	e->r = r;
	e->store = r->store;
	wire_out_init(&e->head, LIMIT_MSG_BYTES);
	wire_out_init(&e->first, LIMIT_MSG_BYTES);
	err = audit_head(r->store, &e->head_seq, e->head_hash);
	if (err == ERR_OK) {
		audit_head_put(
		    loop_wall_us(), e->head_seq, e->head_hash, &e->head);
		err = vault_sign(
		    r->store->vault, e->head.buf, e->head.len, on_signed, e);
		if (err == ERR_UNAVAILABLE)
			(void)request_why(r, err, "%s", vault_is_away);
	}
	if (err != ERR_OK) {
		export_free(e);
		return err;
	}
	return ERR_AGAIN;
}
