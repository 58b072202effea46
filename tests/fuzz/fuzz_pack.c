/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_pack.c - a pack's memory and list, and what a hostile child answers.
 *
 * The first byte says in which steps the answer arrives: what is seen of it
 * must not depend on that.  fuzz-links:
 */
#include "lib/pack.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	bool is_in_item;
	size_t items;
	uint64_t sum;
};

static void
mix(struct seen *seen, const void *p, size_t len)
{
	const uint8_t *at = p;

	for (size_t i = 0; i < len; i++)
		seen->sum = (seen->sum ^ at[i]) * 1099511628211u;
}

static int
on_begin(void *arg, uint32_t index)
{
	struct seen *seen = arg;

	assert(!seen->is_in_item);
	seen->is_in_item = true;
	seen->items++;
	mix(seen, &index, sizeof(index));
	return ERR_OK;
}

static int
on_data(void *arg, const uint8_t *p, size_t len)
{
	struct seen *seen = arg;

	assert(seen->is_in_item && len > 0);
	mix(seen, p, len);
	return ERR_OK;
}

static int
on_end(void *arg, const struct pack_end *end)
{
	struct seen *seen = arg;

	assert(seen->is_in_item);
	seen->is_in_item = false;
	mix(seen, &end->status, sizeof(end->status));
	mix(seen, &end->cpu_us, sizeof(end->cpu_us));
	return ERR_OK;
}

static int
feed(const uint8_t *data, size_t size, size_t step, struct seen *seen)
{
	static const struct pack_ops ops = {on_begin, on_data, on_end};
	struct pack_in in;
	int err = ERR_OK;

	pack_in_init(&in, &ops, seen);
	for (size_t at = 0; at < size && err == ERR_OK; at += step)
		err = pack_feed(
		    &in, data + at, size - at < step ? size - at : step);
	return err;
}

static void
look(const uint8_t *data, size_t size)
{
	struct pack_view view;
	struct wire_in list;
	const uint8_t *p;
	uint32_t index;
	size_t len;

	if (pack_view_init(&view, data, size) == ERR_OK) {
		for (size_t i = 0; i <= view.count; i++) {
			if (pack_view_item(&view, i, &p, &len) == ERR_OK)
				assert(p >= data && len <= size &&
				       (size_t)(p - data) <= size - len);
		}
	}
	wire_in_init(&list, data, size);
	while (pack_list_get(&list, &index, &p, &len) == ERR_OK)
		assert(p >= data && len <= size - (size_t)(p - data));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole = {.sum = 1};
	struct seen pieces = {.sum = 1};
	int err;

	look(data, size);
	if (size < 1)
		return 0;
	err = feed(data + 1, size - 1, size, &whole);
	assert(
	    feed(data + 1, size - 1, (size_t)data[0] % 64 + 1, &pieces) == err);
	assert(err != ERR_OK ||
	       (whole.sum == pieces.sum && whole.items == pieces.items));
	return 0;
}
