/* SPDX-License-Identifier: Apache-2.0 */
/* fake_index.c - an index that remembers, and a store's units. */
#include "fake.h"

#include "lib/columns.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/sealed.h"

#include <string.h>

struct chan *fake_peer(struct fake *f, enum role role, const char *instance);

/* --- the store --- */

static void
list_units(struct fake *f, uint32_t request, int64_t from)
{
	struct values row;

	f->units.lists++;
	for (int64_t i = from; i <= FAKE_UNITS; i++) {
		if (f->units.kind[i] == NULL)
			continue;
		values_init(&row);
		values_add_int(&row, i);
		values_add_text(&row, f->units.kind[i]);
		values_add_text(&row, "org");
		values_add_int(&row, 100);
		fake_answer_row(f, request, &row);
	}
	fake_answer(f, request, ERR_OK, -1);
}

/* One at a time, as if all were large. */
static void
open_units(struct fake *f, uint32_t request, const struct values *params)
{
	const char *bytes;
	struct values row;
	struct wire_in in;
	uint64_t seq;
	int fd = -1;

	f->units.opens++;
	wire_in_init(&in, params->v[0].p, params->v[0].len);
	seq = wire_get_u64(&in);
	assert_in_range(seq, 1, FAKE_UNITS);
	bytes = f->units.bytes[seq];
	values_init(&row);
	values_add_int(&row, (int64_t)seq);
	values_add_text(&row, bytes == NULL ? "damaged" : "ok");
	values_add_int(&row, bytes == NULL ? 0 : (int64_t)strlen(bytes));
	values_add_int(&row, BLOB_MEMFD);
	values_add_int(&row, 0);
	values_add_int(&row, 0);
	fake_answer_row(f, request, &row);
	if (bytes != NULL)
		assert_int_equal(
		    sealed_make("unit", bytes, strlen(bytes), &fd), ERR_OK);
	fake_answer(f, request, ERR_OK, fd);
}

bool
fake_units_call(struct fake *f, uint32_t request, unsigned int op,
    const struct values *params)
{
	switch (op) {
	case CALL_INDEX_WORK:
		list_units(f, request, values_int(params, 0));
		return true;
	case CALL_UNITS_OPEN:
		open_units(f, request, params);
		return true;
	case CALL_UNIT_FORGOTTEN:
		f->units.is_forgotten[values_int(params, 0)] = true;
		break;
	case CALL_UNITS_GONE:
	case CALL_INDEX_REPORT:
		break;
	default:
		return false;
	}
	fake_answer(f, request, ERR_OK, -1);
	return true;
}

/* --- the index --- */

static void
say(struct fake *f, enum msg_type type, uint32_t request, enum err err)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u8(&body, (uint8_t)err);
	wire_put_str(&body, err == ERR_OK ? "" : "because");
	(void)chan_send(f->units.chan, type, request, &body, -1);
	wire_out_release(&body);
}

static int
on_missing(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake *f = arg;
	uint64_t from = wire_get_u64(&msg->in);
	struct wire_out list, body;

	wire_out_init(&list, LIMIT_MSG_BYTES);
	for (uint64_t i = from; i <= FAKE_UNITS; i++) {
		if (f->units.is_held[i] || f->units.is_deleted[i])
			continue;
		wire_put_u64(&list, i);
		wire_put_u64(&list, 1);
	}
	wire_put_u64(&list, from > FAKE_UNITS ? from : FAKE_UNITS + 1);
	wire_put_u64(&list, 500);
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u8(&body, ERR_OK);
	wire_put_str(&body, "");
	wire_put_bytes(&body, list.buf, list.len);
	(void)chan_send(chan, MSG_INDEX_GAPS, msg->request, &body, -1);
	wire_out_release(&list);
	wire_out_release(&body);
	return ERR_OK;
}

static int
on_add(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake *f = arg;
	struct column column;
	size_t len, count, at;
	const uint8_t *p;

	(void)chan;
	f->units.batches++;
	if (f->units.refusals > 0) {
		f->units.refusals--;
		say(f, MSG_INDEX_ADDED, msg->request, ERR_NO_SPACE);
		return ERR_OK;
	}
	assert_int_equal(sealed_map(msg->fd, GIB, &p, &len), ERR_OK);
	assert_int_equal(columns_check(p, len, &count, &at), ERR_OK);
	for (size_t i = 0; i < count; i++) {
		uint64_t seq = columns_seq(p, i);

		assert_in_range(seq, 1, FAKE_UNITS);
		assert_int_equal(column_next(p, len, &at, &column), ERR_OK);
		assert_false(f->units.is_held[seq]);
		f->units.is_held[seq] = true;
		f->units.is_always[seq] = column.class == 0;
	}
	sealed_unmap(p, len);
	say(f, MSG_INDEX_ADDED, msg->request, ERR_OK);
	return ERR_OK;
}

static int
on_delete(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake *f = arg;
	uint64_t seq = wire_get_u64(&msg->in);

	(void)chan;
	assert_in_range(seq, 1, FAKE_UNITS);
	f->units.is_deleted[seq] = true;
	say(f, MSG_INDEX_DELETED, msg->request, ERR_OK);
	return ERR_OK;
}

static void
on_gone(void *arg, struct chan *chan, int err)
{
	struct fake *f = arg;

	(void)err;
	chan_free(chan);
	f->units.chan = NULL;
}

void
fake_index_attach(struct fake *f)
{
	static const struct chan_handler handlers[] = {
	    {MSG_INDEX_MISSING, on_missing},
	    {MSG_INDEX_ADD, on_add},
	    {MSG_INDEX_DELETE, on_delete},
	    {MSG_NONE_, NULL},
	};
	static const struct chan_ops ops = {
	    .handlers = handlers,
	    .gone = on_gone,
	};

	f->units.chan = fake_peer(f, ROLE_INDEX, "");
	chan_set_ops(f->units.chan, &ops, f);
}

void
fake_index_detach(struct fake *f)
{
	chan_free(f->units.chan);
	f->units.chan = NULL;
}
