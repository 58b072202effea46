/* SPDX-License-Identifier: Apache-2.0 */
/* candidates.c - questions to loep-index, and its answers. */
#include "lib/candidates.h"

#include "lib/cond.h"
#include "lib/own.h"
#include "lib/sealed.h"
#include "lib/xalloc.h"

#include <string.h>

#define MAGIC_BYTES ((size_t)8)
#define COUNT_AT    MAGIC_BYTES

static const char ask_magic[] = "LOEPASKS";
static const char find_magic[] = "LOEPFIND";

/* --- the question --- */

void
candidates_ask_init(struct candidates_ask *ask)
{
	ask->count = 0;
	wire_out_init(&ask->wire, CANDIDATES_BYTES_MAX);
	wire_put_raw(&ask->wire, ask_magic, MAGIC_BYTES);
	wire_put_u32(&ask->wire, 0);
}

void
candidates_ask_release(struct candidates_ask *ask)
{
	wire_out_release(&ask->wire);
}

int
candidates_ask_add(struct candidates_ask *ask, const uint8_t *cond, size_t len)
{
	if (ask->count == CANDIDATES_CONDS_MAX || len > COND_BYTES_MAX ||
	    ask->wire.len > CANDIDATES_BYTES_MAX - 4 - len)
		return ERR_LIMIT;
	wire_put_bytes(&ask->wire, cond, len);
	ask->count++;
	return ERR_OK;
}

int
candidates_ask_seal(struct candidates_ask *ask, int *ret_fd)
{
	for (size_t i = 0; i < 4; i++)
		ask->wire.buf[COUNT_AT + i] = (uint8_t)(ask->count >> (8 * i));
	return sealed_make("conditions", ask->wire.buf, ask->wire.len, ret_fd);
}

static int
open_head(
    struct wire_in *in, const char *magic, size_t count_max, uint32_t *ret)
{
	const uint8_t *found = wire_get_raw(in, MAGIC_BYTES);
	uint32_t count = wire_get_u32(in);

	if (in->is_failed || memcmp(found, magic, MAGIC_BYTES) != 0 ||
	    count > count_max)
		return ERR_FORMAT;
	*ret = count;
	return ERR_OK;
}

int
candidates_ask_open(
    struct wire_in *in, const uint8_t *p, size_t len, uint32_t *ret_count)
{
	wire_in_init(in, p, len);
	return open_head(in, ask_magic, CANDIDATES_CONDS_MAX, ret_count);
}

int
candidates_ask_next(
    struct wire_in *in, const uint8_t **ret_cond, size_t *ret_len)
{
	*ret_cond = wire_get_bytes(in, ret_len);
	return in->is_failed ? ERR_FORMAT : ERR_OK;
}

/* --- writing an answer --- */

void
candidates_list_init(struct candidates_list *list)
{
	*list = (struct candidates_list){.next = 1};
	wire_out_init(&list->wire, CANDIDATES_BYTES_MAX);
}

void
candidates_list_release(struct candidates_list *list)
{
	wire_out_release(&list->wire);
}

static void
put_number(struct wire_out *out, uint64_t v)
{
	for (; v >= 128; v >>= 7)
		wire_put_u8(out, (uint8_t)(v | 128));
	wire_put_u8(out, (uint8_t)v);
}

static void
put_range(struct candidates_list *list)
{
	if (list->count == 0)
		return;
	put_number(&list->wire, list->first - list->next);
	put_number(&list->wire, list->count);
	list->next = list->first + list->count;
	list->count = 0;
}

void
candidates_list_add(
    struct candidates_list *list, uint64_t first, uint64_t count)
{
	if (list->count > 0 && list->first + list->count == first) {
		list->count += count;
		return;
	}
	put_range(list);
	list->first = first;
	list->count = count;
}

int
candidates_seal(struct candidates_list *lists, size_t count, int *ret_fd)
{
	struct wire_out out;
	int err = ERR_LIMIT;

	wire_out_init(&out, CANDIDATES_BYTES_MAX);
	wire_put_raw(&out, find_magic, MAGIC_BYTES);
	wire_put_u32(&out, (uint32_t)(count - 1));
	for (size_t i = 0; i < count; i++) {
		put_range(&lists[i]);
		wire_put_bytes(&out, lists[i].wire.buf, lists[i].wire.len);
		out.is_failed |= lists[i].wire.is_failed;
	}
	if (!out.is_failed)
		err = sealed_make("candidates", out.buf, out.len, ret_fd);
	wire_out_release(&out);
	return err;
}

/* --- reading an answer --- */

static uint64_t
get_number(struct wire_in *in)
{
	uint64_t v = 0;

	for (unsigned int shift = 0; shift < 63; shift += 7) {
		uint8_t byte = wire_get_u8(in);

		v |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return v;
	}
	in->is_failed = true;
	return 0;
}

/* Reads the next range; false at the end, or where there is none. */
static bool
get_range(struct wire_in *in, uint64_t *next, uint64_t *ret_first,
    uint64_t *ret_count)
{
	uint64_t skip, count;

	if (in->pos == in->len)
		return false;
	skip = get_number(in);
	count = get_number(in);
	if (in->is_failed || count == 0 || skip > INT64_MAX - *next ||
	    count > INT64_MAX - *next - skip) {
		in->is_failed = true;
		return false;
	}
	*ret_first = *next + skip;
	*ret_count = count;
	*next = *ret_first + count;
	return true;
}

static int
check_list(const struct wire_in *list)
{
	struct wire_in in = *list;
	uint64_t next = 1, first, count;

	while (get_range(&in, &next, &first, &count))
		;
	return in.is_failed ? ERR_FORMAT : ERR_OK;
}

static int
open_lists(struct candidates *c)
{
	struct wire_in in;
	uint32_t count;

	wire_in_init(&in, c->map, c->map_len);
	if (open_head(&in, find_magic, CANDIDATES_CONDS_MAX, &count) !=
		ERR_OK ||
	    count != c->count)
		return ERR_FORMAT;
	c->lists = xcalloc((size_t)count + 1, sizeof(*c->lists));
	for (size_t i = 0; i <= count; i++) {
		size_t len;
		const uint8_t *p = wire_get_bytes(&in, &len);

		if (in.is_failed)
			return ERR_FORMAT;
		wire_in_init(&c->lists[i], p, len);
		if (check_list(&c->lists[i]) != ERR_OK)
			return ERR_FORMAT;
	}
	return wire_in_is_done(&in) ? ERR_OK : ERR_FORMAT;
}

int
candidates_open(int fd, size_t count, struct candidates *ret_candidates)
{
	auto_close int owned = fd;
	struct candidates c = {.count = count};
	int err = sealed_map(owned, CANDIDATES_BYTES_MAX, &c.map, &c.map_len);

	if (err == ERR_OK)
		err = open_lists(&c);
	if (err == ERR_OK)
		*ret_candidates = c;
	else
		candidates_release(&c);
	return err;
}

void
candidates_release(struct candidates *candidates)
{
	sealed_unmap(candidates->map, candidates->map_len);
	free(candidates->lists);
	*candidates = (struct candidates){0};
}

static void
step(struct candidates_iter *iter, size_t i)
{
	if (!get_range(
		&iter->in[i], &iter->next[i], &iter->first[i], &iter->count[i]))
		iter->count[i] = 0;
}

void
candidates_begin(const struct candidates *candidates, size_t cond,
    struct candidates_iter *ret_iter)
{
	*ret_iter = (struct candidates_iter){
	    .in = {candidates->lists[0], candidates->lists[cond + 1]},
	    .next = {1, 1},
	};
	step(ret_iter, 0);
	step(ret_iter, 1);
}

/* Which list has the lower range; 2 = both are over. */
static size_t
lower(const struct candidates_iter *iter)
{
	if (iter->count[0] == 0)
		return iter->count[1] == 0 ? 2 : 1;
	return iter->count[1] == 0 || iter->first[0] <= iter->first[1] ? 0 : 1;
}

bool
candidates_next(
    struct candidates_iter *iter, uint64_t *ret_first, uint64_t *ret_count)
{
	size_t i = lower(iter);
	uint64_t first, end;

	if (i == 2)
		return false;
	first = iter->first[i];
	end = first;
	/* Ranges of both lists that touch are one. */
	for (; i != 2 && iter->first[i] <= end; i = lower(iter)) {
		if (iter->first[i] + iter->count[i] > end)
			end = iter->first[i] + iter->count[i];
		step(iter, i);
	}
	*ret_first = first;
	*ret_count = end - first;
	return true;
}

static uint64_t
total(const struct wire_in *list)
{
	struct wire_in in = *list;
	uint64_t next = 1, first, count, sum = 0;

	while (get_range(&in, &next, &first, &count))
		sum += count;
	return sum;
}

uint64_t
candidates_total(const struct candidates *candidates, size_t cond)
{
	return total(&candidates->lists[cond + 1]);
}

uint64_t
candidates_unindexed(const struct candidates *candidates)
{
	return total(&candidates->lists[0]);
}
