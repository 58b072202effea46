/* SPDX-License-Identifier: Apache-2.0 */
/* test_pack.c - memory of several items, the list, and the answer. */
#include "lib/pack.h"
#include "lib/record.h"
#include "lib/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
test_memory(void **state)
{
	const uint64_t sizes[] = {3, 0, UINT64_MAX, 70};
	uint64_t offsets[4];
	uint8_t memory[1024] = {0};
	struct pack_view view;
	const uint8_t *p;
	uint64_t size;
	size_t len;

	(void)state;
	size = pack_plan(sizes, 4, offsets, memory);
	assert_int_equal(size, offsets[3] + 70);
	assert_int_equal(offsets[0], pack_head_bytes(4));
	assert_int_equal(offsets[0] % PACK_ALIGN, 0);
	assert_int_equal(offsets[3] % PACK_ALIGN, 0);
	memcpy(memory + offsets[0], "abc", 3);
	memory[offsets[3] + 69] = 'z';
	assert_int_equal(pack_view_init(&view, memory, (size_t)size), ERR_OK);
	assert_int_equal(view.count, 4);
	assert_int_equal(pack_view_item(&view, 0, &p, &len), ERR_OK);
	assert_int_equal(len, 3);
	assert_memory_equal(p, "abc", 3);
	assert_int_equal(pack_view_item(&view, 1, &p, &len), ERR_OK);
	assert_int_equal(len, 0);
	assert_int_equal(pack_view_item(&view, 2, &p, &len), ERR_NOT_FOUND);
	assert_int_equal(pack_view_item(&view, 3, &p, &len), ERR_OK);
	assert_int_equal(len, 70);
	assert_int_equal(p[69], 'z');
	assert_int_equal(pack_view_item(&view, 4, &p, &len), ERR_NOT_FOUND);
	/* Cut short, the last one is not whole. */
	assert_int_equal(
	    pack_view_init(&view, memory, (size_t)size - 1), ERR_OK);
	assert_int_equal(pack_view_item(&view, 3, &p, &len), ERR_FORMAT);
}

static void
test_bounds(void **state)
{
	uint64_t sizes[PACK_ITEMS_MAX + 1] = {0};
	uint64_t offsets[PACK_ITEMS_MAX + 1];
	uint8_t *head = xcalloc(1, (size_t)pack_head_bytes(PACK_ITEMS_MAX + 1));
	struct pack_view view;

	(void)state;
	assert_true(pack_plan(sizes, PACK_ITEMS_MAX, offsets, head) > 0);
	assert_int_equal(pack_view_init(&view, head,
			     (size_t)pack_head_bytes(PACK_ITEMS_MAX)),
	    ERR_OK);
	/* The head itself is cut short. */
	assert_int_equal(pack_view_init(&view, head,
			     (size_t)pack_head_bytes(PACK_ITEMS_MAX) - 1),
	    ERR_FORMAT);
	head[12]++; /* the count: 257 */
	assert_int_equal(pack_view_init(&view, head,
			     (size_t)pack_head_bytes(PACK_ITEMS_MAX + 1)),
	    ERR_FORMAT);
	assert_int_equal(
	    pack_plan(sizes, PACK_ITEMS_MAX + 1, offsets, head), 0);
	sizes[0] = PACK_BYTES_MAX - pack_head_bytes(1);
	assert_int_equal(pack_plan(sizes, 1, offsets, head), PACK_BYTES_MAX);
	sizes[0]++;
	assert_int_equal(pack_plan(sizes, 1, offsets, head), 0);
	sizes[0] = UINT64_MAX - 1;
	assert_int_equal(pack_plan(sizes, 1, offsets, head), 0);
	assert_int_equal(pack_view_init(&view, "LOEPPACK", 8), ERR_FORMAT);
	free(head);
}

static void
test_list(void **state)
{
	struct wire_out out;
	struct wire_in in;
	const uint8_t *p;
	uint32_t index;
	size_t len;

	(void)state;
	wire_out_init(&out, 100);
	pack_list_put(&out, 7, "{}", 2);
	pack_list_put(&out, 0, "", 0);
	wire_in_init(&in, out.buf, out.len);
	assert_int_equal(pack_list_get(&in, &index, &p, &len), ERR_OK);
	assert_int_equal(index, 7);
	assert_int_equal(len, 2);
	assert_int_equal(pack_list_get(&in, &index, &p, &len), ERR_OK);
	assert_int_equal(index, 0);
	assert_int_equal(pack_list_get(&in, &index, &p, &len), ERR_EOF);
	wire_in_init(&in, out.buf, out.len - 1);
	assert_int_equal(pack_list_get(&in, &index, &p, &len), ERR_OK);
	assert_int_equal(pack_list_get(&in, &index, &p, &len), ERR_FORMAT);
	wire_out_release(&out);
}

/* What came, as text: (index data status) ... */
struct seen {
	char text[4096];
	size_t len;
};

static int
on_begin(void *arg, uint32_t index)
{
	struct seen *seen = arg;

	seen->len += (size_t)snprintf(seen->text + seen->len,
	    sizeof(seen->text) - seen->len, "(%u ", index);
	return ERR_OK;
}

static int
on_data(void *arg, const uint8_t *p, size_t len)
{
	struct seen *seen = arg;

	assert_true(len < sizeof(seen->text) - seen->len);
	for (size_t i = 0; i < len; i++)
		seen->text[seen->len++] = p[i] < 0x20 ? '.' : (char)p[i];
	return ERR_OK;
}

static int
on_end(void *arg, const struct pack_end *end)
{
	struct seen *seen = arg;

	seen->len += (size_t)snprintf(seen->text + seen->len,
	    sizeof(seen->text) - seen->len, " %u %llu %llu)", end->status,
	    (unsigned long long)end->cpu_us, (unsigned long long)end->peak_kib);
	return ERR_OK;
}

static const struct pack_ops ops = {
    .begin = on_begin,
    .data = on_data,
    .end = on_end,
};

static void
put_record(struct wire_out *out, const char *text)
{
	wire_put_u8(out, RECORD_FACT);
	wire_put_str(out, text);
}

static void
put_begin(struct wire_out *out, uint32_t index)
{
	uint8_t frame[PACK_BEGIN_BYTES];

	pack_begin_put(frame, index);
	wire_put_raw(out, frame, sizeof(frame));
}

static void
put_end(struct wire_out *out, uint32_t status)
{
	const struct pack_end end = {status, 12, 34};
	uint8_t frame[PACK_END_BYTES];

	pack_end_put(frame, &end);
	wire_put_raw(out, frame, sizeof(frame));
}

static int
feed(const struct wire_out *out, size_t step, struct seen *seen)
{
	struct pack_in in;
	int err = ERR_OK;

	*seen = (struct seen){.len = 0};
	pack_in_init(&in, &ops, seen);
	for (size_t at = 0; at < out->len && err == ERR_OK; at += step)
		err = pack_feed(&in, out->buf + at,
		    out->len - at < step ? out->len - at : step);
	seen->text[seen->len] = '\0';
	return err;
}

static void
test_answer(void **state)
{
	struct wire_out out;
	struct seen whole, pieces;

	(void)state;
	wire_out_init(&out, 4096);
	put_begin(&out, 3);
	put_record(&out, "one");
	put_record(&out, "");
	put_record(&out, "three");
	put_end(&out, 65);
	put_begin(&out, 5);
	put_end(&out, 0);
	assert_int_equal(feed(&out, out.len, &whole), ERR_OK);
	assert_string_equal(
	    whole.text, "(3 .....one..........three 65 12 34)(5  0 12 34)");
	for (size_t step = 1; step < out.len; step++) {
		assert_int_equal(feed(&out, step, &pieces), ERR_OK);
		assert_string_equal(pieces.text, whole.text);
	}
	wire_out_release(&out);
}

static void
assert_refused(struct wire_out *out)
{
	struct seen seen;

	for (size_t step = 1; step <= out->len; step++)
		assert_int_equal(feed(out, step, &seen), ERR_FORMAT);
	wire_out_reset(out);
}

static void
test_lies(void **state)
{
	struct wire_out out;

	(void)state;
	wire_out_init(&out, 4096);
	put_record(&out, "outside of an item");
	assert_refused(&out);
	put_end(&out, 0);
	assert_refused(&out);
	put_begin(&out, 1);
	put_begin(&out, 2);
	assert_refused(&out);
	put_begin(&out, 1);
	wire_put_u8(&out, RECORD_DATA);
	wire_put_u32(&out, LIMIT_DATA_BYTES + 1);
	assert_refused(&out);
	wire_put_u8(&out, PACK_FRAME_BEGIN);
	wire_put_str(&out, "too long");
	assert_refused(&out);
	wire_out_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_memory),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_list),
	    cmocka_unit_test(test_answer),
	    cmocka_unit_test(test_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
