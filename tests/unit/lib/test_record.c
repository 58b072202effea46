/* SPDX-License-Identifier: Apache-2.0 */
/* test_record.c - records from one end of a pipe to the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"

#include <sys/mman.h>

/* What a reader saw, as "type:key " ... */
struct seen {
	char text[2048];
	size_t data_bytes;
	uint32_t data_sum;
	int stop_after;
};

static int
see(void *arg, const struct record *record)
{
	struct seen *seen = arg;
	size_t len = strlen(seen->text);
	const char *key = "";

	if (record->type == RECORD_DATA) {
		assert_null(record->body);
		seen->data_bytes += record->len;
		for (size_t i = 0; i < record->len; i++)
			seen->data_sum = seen->data_sum * 31 + record->data[i];
	} else {
		assert_true(json_is_object(record->body));
		key = json_member_text(record->body, "key",
		    json_member_text(record->body, "limit", ""));
	}
	(void)snprintf(seen->text + len, sizeof(seen->text) - len, "%s:%s ",
	    record_type_name(record->type), key);
	return seen->stop_after > 0 && --seen->stop_after == 0 ? ERR_LIMIT
							       : ERR_OK;
}

struct file {
	int fd;
	uint8_t *bytes;
	size_t len;
};

/* Runs write(out) and reads back what it wrote. */
static struct file
written(void (*write_records)(struct record_out *out))
{
	struct file file = {.fd = memfd_create("records", MFD_CLOEXEC)};
	struct record_out *out = record_out_new(file.fd);
	off_t len;

	write_records(out);
	record_out_free(out);
	len = lseek(file.fd, 0, SEEK_END);
	file.len = (size_t)len;
	file.bytes = xmalloc(file.len);
	assert_int_equal(pread(file.fd, file.bytes, file.len, 0), len);
	return file;
}

static void
file_release(struct file *file)
{
	(void)close(file->fd);
	free(file->bytes);
}

static int
feed_in_steps(
    const struct file *file, size_t step, struct seen *seen, bool *ret_complete)
{
	struct record_in *in = record_in_new(see, seen);
	int err = ERR_OK;

	for (size_t at = 0; at < file->len && err == ERR_OK; at += step) {
		size_t len = file->len - at < step ? file->len - at : step;
		/* A copy, so that a sanitizer sees a read past its end. */
		auto_free void *copy = xmemdup(file->bytes + at, len);

		err = record_feed(in, copy, len);
	}
	*ret_complete = record_in_is_complete(in);
	record_in_free(in);
	return err;
}

static void
write_everything(struct record_out *out)
{
	static uint8_t block[200000];

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (uint8_t)(i * 7);
	record_fact(out, "a", json_integer(1));
	record_put(out, RECORD_CHILD,
	    json_pack("{s:s, s:s, s:s}", "name", "n", "relation",
		"archive_member", "kind", "file"));
	record_data(out, "abc", 3);
	record_data(out, block, sizeof(block));
	record_data(out, block, 5000);
	record_put(out, RECORD_CHILD_END, json_pack("{s:i}", "size", 205003));
	record_limit(out, "depth", "level %d", 9);
	record_error(out, "zip", "at \xff");
	record_done(out);
}

static void
test_any_cut_gives_the_same_records(void **state)
{
	static const size_t steps[] = {
	    1, 2, 3, 5, 7, 4096, 65536, 65541, 1 << 20};
	struct file file = written(write_everything);
	bool is_complete;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct seen seen = {.data_sum = 0};
		static uint32_t sum;

		assert_int_equal(
		    feed_in_steps(&file, steps[i], &seen, &is_complete),
		    ERR_OK);
		assert_true(is_complete);
		assert_string_equal(seen.text,
		    "fact:a child: data: data: "
		    "data: data: data: data: child_end: limit:depth error: "
		    "done: ");
		assert_int_equal(seen.data_bytes, 205003);
		if (i == 0)
			sum = seen.data_sum;
		assert_int_equal(seen.data_sum, sum);
	}
	file_release(&file);
}

static void
test_every_cut_short_is_incomplete(void **state)
{
	struct file file = written(write_everything);
	size_t whole = file.len;
	bool is_complete;

	(void)state;
	for (size_t cut = 1; cut < 400; cut++) {
		struct seen seen = {.data_sum = 0};

		file.len = whole - cut;
		assert_int_equal(
		    feed_in_steps(&file, 65536, &seen, &is_complete), ERR_OK);
		assert_false(is_complete);
	}
	file_release(&file);
}

static void
test_a_reader_may_stop(void **state)
{
	struct file file = written(write_everything);
	struct seen seen = {.stop_after = 2};
	bool is_complete;

	(void)state;
	assert_int_equal(
	    feed_in_steps(&file, 65536, &seen, &is_complete), ERR_LIMIT);
	assert_string_equal(seen.text, "fact:a child: ");
	assert_false(is_complete);
	file_release(&file);
}

static void
check_forged(const char *bytes, size_t len)
{
	struct seen seen = {.data_sum = 0};
	struct record_in *in = record_in_new(see, &seen);

	assert_int_equal(record_feed(in, bytes, len), ERR_FORMAT);
	assert_string_equal(seen.text, "");
	/* It stays refused, and byte by byte it is as well. */
	assert_int_equal(record_feed(in, "", 0), ERR_FORMAT);
	record_in_free(in);
	in = record_in_new(see, &seen);
	for (size_t i = 0; i < len; i++) {
		if (record_feed(in, bytes + i, 1) != ERR_OK) {
			record_in_free(in);
			return;
		}
	}
	fail();
}

static void
check_body(enum record_type type, const char *body)
{
	auto_free char *frame = xmalloc(5 + strlen(body));

	frame[0] = (char)type;
	frame[1] = (char)strlen(body);
	frame[2] = frame[3] = frame[4] = 0;
	memcpy(frame + 5, body, strlen(body));
	check_forged(frame, 5 + strlen(body));
}

static void
test_forged_frames_are_refused(void **state)
{
	(void)state;
	check_forged("\x00\x00\x00\x00\x00", 5);
	check_forged("\x0b\x02\x00\x00\x00{}", 7);
	check_forged("\x04\x01\x00\x01\x00", 5); /* DATA of 65537 bytes */
	check_forged("\x01\x01\xc0\x00\x00", 5); /* 49153 bytes */
	check_forged("\x01\xff\xff\xff\xff", 5);
	check_forged("\x01\x00\x00\x00\x00", 5);
	check_body(RECORD_FACT, "{}");
	check_body(RECORD_FACT, "[]");
	check_body(RECORD_FACT, "{\"key\":1,\"value\":1}");
	check_body(RECORD_FACT, "{\"key\":\"a\"}");
	check_body(RECORD_MATCH, "{\"rule\":\"a\"}");
	check_body(
	    RECORD_MATCH, "{\"rule\":\"a\",\"namespace\":\"n\",\"score\":-1}");
	check_body(RECORD_MATCH,
	    "{\"rule\":\"a\",\"namespace\":\"n\",\"score\":\"9\"}");
	check_body(RECORD_CHILD, "{\"name\":\"a\",\"kind\":\"file\"}");
	check_body(RECORD_CHILD_END, "{\"size\":-1}");
	check_body(RECORD_EVENT, "{\"time_us\":\"x\",\"class\":\"c\"}");
	check_body(RECORD_FINDING, "{\"name\":\"a\",\"title\":\"t\"}");
	check_body(RECORD_LIMIT, "{\"limit\":\"a\"}");
	check_body(RECORD_ERROR, "{\"what\":\"a\"}");
	check_body(RECORD_DONE, "{\"counts\":[]}");
	check_body(
	    RECORD_FACT, "{\"key\":\"a\",\"value\":[[[[[[[[[1]]]]]]]]]}");
}

static void
write_done_twice(struct record_out *out)
{
	record_done(out);
	record_done(out);
}

static void
test_nothing_comes_after_done(void **state)
{
	struct file file = written(write_done_twice);
	struct seen seen = {.data_sum = 0};
	bool is_complete;

	(void)state;
	assert_int_equal(
	    feed_in_steps(&file, 65536, &seen, &is_complete), ERR_FORMAT);
	assert_string_equal(seen.text, "done: ");
	assert_false(is_complete);
	file_release(&file);
}

static const char *const fact_texts[] = {"", "plain text, 100%", "\"q\"",
    "back\\slash", "tab\t", "\x7f", "\xc3\xb6", "bad \xff", "/x"};

static void
write_quick_facts(struct record_out *out)
{
	for (size_t i = 0; i < 9; i++)
		record_fact_text(out, "k", fact_texts[i]);
	record_fact_int(out, "n", INT64_MIN);
	record_done(out);
}

static void
write_slow_facts(struct record_out *out)
{
	for (size_t i = 0; i < 9; i++)
		record_fact(out, "k",
		    record_text(fact_texts[i], strlen(fact_texts[i])));
	record_fact(out, "n", json_integer(INT64_MIN));
	record_done(out);
}

/* Without a tree, a fact is the same to the byte. */
static void
test_quick_facts(void **state)
{
	struct file quick = written(write_quick_facts);
	struct file slow = written(write_slow_facts);

	(void)state;
	assert_int_equal(quick.len, slow.len);
	assert_memory_equal(quick.bytes, slow.bytes, quick.len);
	file_release(&quick);
	file_release(&slow);
}

static void
write_too_large(struct record_out *out)
{
	auto_free char *text = xcalloc(1, LIMIT_RECORD_BYTES + 1);

	memset(text, 'x', LIMIT_RECORD_BYTES);
	record_fact(out, "large", json_string(text));
	record_fact(out, "deep", json_pack("[[[[[[[[i]]]]]]]]", 1));
	record_put(out, RECORD_CHILD,
	    json_pack("{s:s, s:s, s:s}", "name", text, "relation", "r", "kind",
		"file"));
	record_data(out, "lost", 4);
	record_put(out, RECORD_CHILD_END, json_pack("{s:i}", "size", 4));
	record_fact(out, "small", json_integer(1));
	record_done(out);
}

static void
test_too_large_records_become_limits(void **state)
{
	struct file file = written(write_too_large);
	struct seen seen = {.data_sum = 0};
	bool is_complete;

	(void)state;
	assert_int_equal(
	    feed_in_steps(&file, 65536, &seen, &is_complete), ERR_OK);
	assert_string_equal(seen.text,
	    "limit:record_bytes "
	    "limit:record_bytes limit:record_bytes fact:small done: ");
	assert_true(is_complete);
	file_release(&file);
}

static void
check_text(const char *bytes, size_t len, const char *expected)
{
	auto_json json_t *text = record_text(bytes, len);

	assert_non_null(text);
	assert_string_equal(json_string_value(text), expected);
}

static void
test_foreign_texts_become_utf8(void **state)
{
	char large[3 * LIMIT_TEXT_BYTES];
	auto_json json_t *hex = record_hex("\x00\xff\x1b", 3);
	auto_json json_t *cut = NULL;

	(void)state;
	check_text("", 0, "");
	check_text("a\x1b[0m\n", 6, "a\x1b[0m\n");
	check_text("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9,
	    "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	check_text("a\0b", 3,
	    "a\xef\xbf\xbd"
	    "b");
	check_text("\xff\xc3", 2, "\xef\xbf\xbd\xef\xbf\xbd");
	check_text("\xc0\x80", 2, "\xef\xbf\xbd\xef\xbf\xbd"); /* overlong */
	check_text("\xed\xa0\x80", 3,			       /* a surrogate */
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	check_text("\xf4\x90\x80\x80", 4, /* beyond Unicode */
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	check_text("\xe2\x82", 2, "\xef\xbf\xbd\xef\xbf\xbd");
	assert_string_equal(json_string_value(hex), "00ff1b");
	memset(large, 'a', sizeof(large));
	cut = record_text(large, sizeof(large));
	assert_int_equal(json_string_length(cut), LIMIT_TEXT_BYTES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_any_cut_gives_the_same_records),
	    cmocka_unit_test(test_every_cut_short_is_incomplete),
	    cmocka_unit_test(test_quick_facts),
	    cmocka_unit_test(test_a_reader_may_stop),
	    cmocka_unit_test(test_forged_frames_are_refused),
	    cmocka_unit_test(test_nothing_comes_after_done),
	    cmocka_unit_test(test_too_large_records_become_limits),
	    cmocka_unit_test(test_foreign_texts_become_utf8),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
