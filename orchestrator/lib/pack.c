/* SPDX-License-Identifier: Apache-2.0 */
/* pack.c - several artefacts in one piece of memory, and the answer to it. */
#include "lib/pack.h"

#include "lib/record.h"

#include <string.h>

#define MAGIC	    "LOEPPACK"
#define MAGIC_BYTES ((size_t)8)
#define VERSION	    1
#define FIXED_BYTES ((size_t)16)
#define ENTRY_BYTES ((size_t)16)

static void
put_le(uint8_t *at, uint64_t v, size_t width)
{
	for (size_t i = 0; i < width; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t
get_le(const uint8_t *at, size_t width)
{
	uint64_t v = 0;

	for (size_t i = 0; i < width; i++)
		v |= (uint64_t)at[i] << (8 * i);
	return v;
}

static uint64_t
align(uint64_t n)
{
	return (n + PACK_ALIGN - 1) / PACK_ALIGN * PACK_ALIGN;
}

uint64_t
pack_head_bytes(size_t count)
{
	return align(FIXED_BYTES + (uint64_t)count * ENTRY_BYTES);
}

uint64_t
pack_plan(
    const uint64_t *sizes, size_t count, uint64_t *ret_offsets, uint8_t *head)
{
	uint64_t at = pack_head_bytes(count);
	uint64_t end = at;

	if (count > PACK_ITEMS_MAX)
		return 0;
	memset(head, 0, (size_t)at);
	memcpy(head, MAGIC, MAGIC_BYTES);
	put_le(head + MAGIC_BYTES, VERSION, 4);
	put_le(head + MAGIC_BYTES + 4, count, 4);
	for (size_t i = 0; i < count; i++) {
		uint8_t *entry = head + FIXED_BYTES + i * ENTRY_BYTES;

		ret_offsets[i] = 0;
		if (sizes[i] == UINT64_MAX)
			continue;
		if (sizes[i] > PACK_BYTES_MAX - end)
			return 0;
		ret_offsets[i] = at;
		put_le(entry, at, 8);
		put_le(entry + 8, sizes[i], 8);
		end = at + sizes[i];
		at = align(end);
		if (at > PACK_BYTES_MAX)
			return 0;
	}
	return end;
}

int
pack_view_init(struct pack_view *view, const void *p, size_t len)
{
	const uint8_t *at = p;
	uint64_t count;

	if (len < FIXED_BYTES || memcmp(at, MAGIC, MAGIC_BYTES) != 0 ||
	    get_le(at + MAGIC_BYTES, 4) != VERSION)
		return ERR_FORMAT;
	count = get_le(at + MAGIC_BYTES + 4, 4);
	if (count > PACK_ITEMS_MAX || pack_head_bytes((size_t)count) > len)
		return ERR_FORMAT;
	*view = (struct pack_view){.p = at, .len = len, .count = (size_t)count};
	return ERR_OK;
}

int
pack_view_item(const struct pack_view *view, size_t index,
    const uint8_t **ret_p, size_t *ret_len)
{
	const uint8_t *entry;
	uint64_t offset, size;

	if (index >= view->count)
		return ERR_NOT_FOUND;
	entry = view->p + FIXED_BYTES + index * ENTRY_BYTES;
	offset = get_le(entry, 8);
	size = get_le(entry + 8, 8);
	if (offset == 0)
		return ERR_NOT_FOUND;
	if (offset > view->len || size > view->len - offset)
		return ERR_FORMAT;
	*ret_p = view->p + offset;
	*ret_len = (size_t)size;
	return ERR_OK;
}

void
pack_list_put(
    struct wire_out *list, uint32_t index, const void *context, size_t len)
{
	wire_put_u32(list, index);
	wire_put_bytes(list, context, len);
}

int
pack_list_get(struct wire_in *list, uint32_t *ret_index,
    const uint8_t **ret_context, size_t *ret_len)
{
	if (!list->is_failed && list->pos == list->len)
		return ERR_EOF;
	*ret_index = wire_get_u32(list);
	*ret_context = wire_get_bytes(list, ret_len);
	return list->is_failed ? ERR_FORMAT : ERR_OK;
}

void
pack_begin_put(uint8_t dst[PACK_BEGIN_BYTES], uint32_t index)
{
	dst[0] = PACK_FRAME_BEGIN;
	put_le(dst + 1, PACK_BEGIN_BYTES - RECORD_HEADER_BYTES, 4);
	put_le(dst + 5, index, 4);
}

void
pack_end_put(uint8_t dst[PACK_END_BYTES], const struct pack_end *end)
{
	dst[0] = PACK_FRAME_END;
	put_le(dst + 1, PACK_END_BYTES - RECORD_HEADER_BYTES, 4);
	put_le(dst + 5, end->status, 4);
	put_le(dst + 9, end->cpu_us, 8);
	put_le(dst + 17, end->peak_kib, 8);
}

void
pack_in_init(struct pack_in *in, const struct pack_ops *ops, void *arg)
{
	*in = (struct pack_in){.ops = ops, .arg = arg};
}

static bool
is_ours(uint8_t type)
{
	return type == PACK_FRAME_BEGIN || type == PACK_FRAME_END;
}

/* A frame of ours lies whole in in->head. */
static int
take_frame(struct pack_in *in)
{
	struct pack_end end;

	in->have = 0;
	if (in->head[0] == PACK_FRAME_BEGIN) {
		if (in->is_in_item)
			return ERR_FORMAT;
		in->is_in_item = true;
		return in->ops->begin(
		    in->arg, (uint32_t)get_le(in->head + 5, 4));
	}
	if (!in->is_in_item)
		return ERR_FORMAT;
	in->is_in_item = false;
	end.status = (uint32_t)get_le(in->head + 5, 4);
	end.cpu_us = get_le(in->head + 9, 8);
	end.peak_kib = get_le(in->head + 17, 8);
	return in->ops->end(in->arg, &end);
}

/* A header lies whole in in->head: *ret_need is what is wanted there now. */
static int
take_header(struct pack_in *in, size_t *ret_need)
{
	size_t len = (size_t)get_le(in->head + 1, 4);

	if (is_ours(in->head[0])) {
		*ret_need = in->head[0] == PACK_FRAME_BEGIN ? PACK_BEGIN_BYTES
							    : PACK_END_BYTES;
		return len == *ret_need - RECORD_HEADER_BYTES ? ERR_OK
							      : ERR_FORMAT;
	}
	if (!in->is_in_item || len > LIMIT_DATA_BYTES)
		return ERR_FORMAT;
	in->left = len;
	in->have = 0;
	*ret_need = 0;
	return in->ops->data(in->arg, in->head, RECORD_HEADER_BYTES);
}

/* Gathers a header, or a frame of ours; *ret_len is what it took of p. */
static int
gather(struct pack_in *in, const uint8_t *p, size_t len, size_t *ret_len)
{
	size_t need = RECORD_HEADER_BYTES;
	size_t done = 0;
	int err = ERR_OK;

	if (in->have >= RECORD_HEADER_BYTES)
		err = take_header(in, &need);
	while (err == ERR_OK && in->have < need && done < len) {
		in->head[in->have++] = p[done++];
		if (in->have == RECORD_HEADER_BYTES)
			err = take_header(in, &need);
	}
	if (err == ERR_OK && need > RECORD_HEADER_BYTES && in->have == need)
		err = take_frame(in);
	*ret_len = done;
	return err;
}

/* Whole records that lie in p pass through at once; 0 where there is none. */
static size_t
whole_records(const uint8_t *p, size_t len)
{
	size_t at = 0;

	while (len - at >= RECORD_HEADER_BYTES && !is_ours(p[at])) {
		uint64_t size = get_le(p + at + 1, 4);

		if (size > LIMIT_DATA_BYTES ||
		    size > len - at - RECORD_HEADER_BYTES)
			break;
		at += RECORD_HEADER_BYTES + (size_t)size;
	}
	return at;
}

static int
step(struct pack_in *in, const uint8_t *p, size_t len, size_t *ret_len)
{
	size_t n;

	if (in->left > 0) {
		n = in->left < len ? in->left : len;
		in->left -= n;
		*ret_len = n;
		return in->ops->data(in->arg, p, n);
	}
	n = in->is_in_item && in->have == 0 ? whole_records(p, len) : 0;
	if (n == 0)
		return gather(in, p, len, ret_len);
	*ret_len = n;
	return in->ops->data(in->arg, p, n);
}

int
pack_feed(struct pack_in *in, const void *p, size_t len)
{
	const uint8_t *at = p;
	int err = in->is_failed ? ERR_FORMAT : ERR_OK;

	while (len > 0 && err == ERR_OK) {
		size_t taken = 0;

		err = step(in, at, len, &taken);
		at += taken;
		len -= taken;
	}
	in->is_failed = err != ERR_OK;
	return err;
}
