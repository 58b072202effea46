/* SPDX-License-Identifier: Apache-2.0 */
/* test_grams.c - the column of an input, however the vault hands it out. */
#include "../harness.h"

#include "analysers/grams/grams.h"
#include "index/column.h"

struct taken {
	struct wire_out data;
	size_t others;
};

static int
take(void *arg, const struct record *record)
{
	struct taken *taken = arg;

	if (record->type == RECORD_DATA)
		wire_put_raw(&taken->data, record->data, record->len);
	else
		taken->others++;
	return ERR_OK;
}

/* Runs it over the input (fd is taken); what it wrote is in taken. */
static int
run(int fd, enum blob_open how, size_t size, struct taken *taken)
{
	int out = harness_memory("", 0);
	struct analysis analysis = {0};
	struct record_in *in = record_in_new(take, taken);
	static uint8_t buf[MIB];
	ssize_t n;
	int err;

	*taken = (struct taken){0};
	wire_out_init(&taken->data, GIB);
	analysis.input = input_new(fd, how, size);
	analysis.out = record_out_new(out);
	err = grams_analyse(&analysis);
	record_out_free(analysis.out);
	input_free(analysis.input);
	assert_int_equal(lseek(out, 0, SEEK_SET), 0);
	while ((n = read(out, buf, sizeof(buf))) > 0)
		assert_int_equal(record_feed(in, buf, (size_t)n), ERR_OK);
	record_in_free(in);
	(void)close(out);
	return err;
}

static void
check(const struct taken *taken, const uint8_t *p, size_t len)
{
	struct column_maker *maker = column_maker_new();
	struct column want, got;
	size_t at = 0;

	column_begin(maker, len);
	column_feed(maker, p, len);
	column_end(maker, &want);
	assert_int_equal(taken->others, 0);
	assert_int_equal(
	    column_next(taken->data.buf, taken->data.len, &at, &got), ERR_OK);
	assert_int_equal(at, taken->data.len);
	assert_int_equal(got.size, len);
	assert_int_equal(got.class, want.class);
	assert_memory_equal(got.bits, want.bits, column_bits_len(want.class));
	assert_memory_equal(got.head, want.head, COLUMN_HEAD_BYTES);
	column_maker_free(maker);
}

static uint8_t *
some_bytes(size_t len)
{
	uint8_t *p = xmalloc(len + 1);
	uint32_t state = 1;

	for (size_t i = 0; i < len; i++) {
		state = state * 1664525 + 1013904223;
		p[i] = (uint8_t)(state >> 24);
	}
	return p;
}

static void
test_memory(void **state)
{
	static const size_t lens[] = {0, 1, 5, 5000, 3 * MIB + 7};

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		auto_free uint8_t *p = some_bytes(lens[i]);
		struct taken taken;

		assert_int_equal(run(harness_memory(p, lens[i]), BLOB_MEMFD,
				     lens[i], &taken),
		    ERR_OK);
		check(&taken, p, lens[i]);
		wire_out_release(&taken.data);
	}
}

static void
test_range(void **state)
{
	const size_t len = 3 * MIB + 7;
	auto_free uint8_t *p = some_bytes(len);
	int file = harness_memory(p, len);
	struct taken taken;
	pid_t pid;
	int fd = harness_serve(file, &pid);

	(void)state;
	assert_int_equal(run(fd, BLOB_RANGE, len, &taken), ERR_OK);
	check(&taken, p, len);
	wire_out_release(&taken.data);
	(void)close(file);
	(void)waitpid(pid, NULL, 0);
}

/* Less comes than was said: no column, and it is named. */
static void
test_cut_short(void **state)
{
	auto_free uint8_t *p = some_bytes(5000);
	int file = harness_memory(p, 5000);
	struct taken taken;
	pid_t pid;
	int fd = harness_serve(file, &pid);

	(void)state;
	assert_int_not_equal(run(fd, BLOB_RANGE, 3 * MIB, &taken), ERR_OK);
	assert_int_equal(taken.data.len, 0);
	assert_int_equal(taken.others, 1);
	wire_out_release(&taken.data);
	(void)close(file);
	(void)waitpid(pid, NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_memory),
	    cmocka_unit_test(test_range),
	    cmocka_unit_test(test_cut_short),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
