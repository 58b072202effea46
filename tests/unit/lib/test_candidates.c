/* SPDX-License-Identifier: Apache-2.0 */
/* test_candidates.c - questions to the index and its answers. */
#include "lib/candidates.h"
#include "lib/own.h"
#include "lib/sealed.h"
#include "lib/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "mutate.h"

/* The ranges of a condition as text: "1-3 7-7 ". */
static void
to_text(const struct candidates *c, size_t cond, char *text, size_t size)
{
	struct candidates_iter iter;
	uint64_t first, count;

	text[0] = '\0';
	candidates_begin(c, cond, &iter);
	while (candidates_next(&iter, &first, &count))
		(void)snprintf(text + strlen(text), size - strlen(text),
		    "%llu-%llu ", (unsigned long long)first,
		    (unsigned long long)(first + count - 1));
}

/* An answer to two conditions; missing: 5-6, 100. */
static int
make_answer(void)
{
	struct candidates_list lists[3];
	int fd;

	for (size_t i = 0; i < 3; i++)
		candidates_list_init(&lists[i]);
	candidates_list_add(&lists[0], 5, 2);
	candidates_list_add(&lists[0], 100, 1);
	candidates_list_add(&lists[1], 1, 1);
	candidates_list_add(&lists[1], 2, 1);
	candidates_list_add(&lists[1], 4, 1);
	candidates_list_add(&lists[1], 7, 1);
	candidates_list_add(&lists[1], 1000000, 5);
	assert_int_equal(candidates_seal(lists, 3, &fd), ERR_OK);
	for (size_t i = 0; i < 3; i++)
		candidates_list_release(&lists[i]);
	return fd;
}

static void
test_answer(void **state)
{
	struct candidates c;
	char text[256];

	(void)state;
	assert_int_equal(candidates_open(make_answer(), 2, &c), ERR_OK);
	to_text(&c, 0, text, sizeof(text));
	assert_string_equal(text, "1-2 4-7 100-100 1000000-1000004 ");
	to_text(&c, 1, text, sizeof(text));
	assert_string_equal(text, "5-6 100-100 ");
	assert_int_equal(candidates_total(&c, 0), 9);
	assert_int_equal(candidates_total(&c, 1), 0);
	assert_int_equal(candidates_unindexed(&c), 3);
	candidates_release(&c);
	assert_int_equal(candidates_open(make_answer(), 1, &c), ERR_FORMAT);
}

/* Not sealed: whoever made it could still change it. */
static void
test_not_sealed(void **state)
{
	struct candidates c;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(candidates_open(fds[0], 2, &c), ERR_FORMAT);
	(void)close(fds[1]);
}

static bool
is_taken(void *arg, const uint8_t *p, size_t len)
{
	struct candidates c;
	char text[4096];
	int fd;

	(void)arg;
	if (len == 0 || sealed_make("x", p, len, &fd) != ERR_OK ||
	    candidates_open(fd, 2, &c) != ERR_OK)
		return false;
	/* What was taken can be read to its end. */
	to_text(&c, 0, text, sizeof(text));
	to_text(&c, 1, text, sizeof(text));
	candidates_release(&c);
	return true;
}

static void
test_mutations(void **state)
{
	int fd = make_answer();
	const uint8_t *p;
	size_t len;

	(void)state;
	assert_int_equal(sealed_map(fd, MIB, &p, &len), ERR_OK);
	assert_int_equal(mutate_truncate(p, len, is_taken, NULL).taken, 0);
	assert_int_equal(mutate_extend(p, len, is_taken, NULL).taken, 0);
	(void)mutate_flip(p, len, is_taken, NULL);
	sealed_unmap(p, len);
	(void)close(fd);
}

static void
test_question(void **state)
{
	struct candidates_ask ask;
	struct wire_in in;
	const uint8_t *map, *cond;
	uint32_t count;
	size_t map_len, len;
	int fd;

	(void)state;
	candidates_ask_init(&ask);
	assert_int_equal(
	    candidates_ask_add(&ask, (const uint8_t *)"one", 3), ERR_OK);
	assert_int_equal(
	    candidates_ask_add(&ask, (const uint8_t *)"", 0), ERR_OK);
	assert_int_equal(candidates_ask_seal(&ask, &fd), ERR_OK);
	candidates_ask_release(&ask);
	assert_int_equal(sealed_map(fd, MIB, &map, &map_len), ERR_OK);
	assert_int_equal(
	    candidates_ask_open(&in, map, map_len, &count), ERR_OK);
	assert_int_equal(count, 2);
	assert_int_equal(candidates_ask_next(&in, &cond, &len), ERR_OK);
	assert_int_equal(len, 3);
	assert_memory_equal(cond, "one", 3);
	assert_int_equal(candidates_ask_next(&in, &cond, &len), ERR_OK);
	assert_int_equal(len, 0);
	assert_true(wire_in_is_done(&in));
	assert_int_equal(candidates_ask_next(&in, &cond, &len), ERR_FORMAT);
	sealed_unmap(map, map_len);
	(void)close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_answer),
	    cmocka_unit_test(test_not_sealed),
	    cmocka_unit_test(test_mutations),
	    cmocka_unit_test(test_question),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
