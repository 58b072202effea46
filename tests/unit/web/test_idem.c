/* SPDX-License-Identifier: Apache-2.0 */
/* test_idem.c - answers to requests that carried an Idempotency-Key. */
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "web/idem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct idem *idem;
static uint64_t slot;
static struct idem_answer answer;

static int
begin(
    const char *account, const char *key, const char *target, const char *body)
{
	const struct idem_request request = {
	    .account = account,
	    .key = key,
	    .target = target,
	    .body = body,
	    .len = strlen(body),
	};

	slot = 0;
	return idem_begin(idem, &request, &slot, &answer);
}

static void
finish(uint64_t at, unsigned int status, const char *body)
{
	const struct idem_answer a = {
	    .status = status,
	    .type = "application/json",
	    .location = "/x",
	    .body = body,
	    .len = strlen(body),
	};

	idem_finish(idem, at, &a);
}

static int
setup(void **state)
{
	(void)state;
	idem = idem_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	idem_free(idem);
	return 0;
}

static void
test_replay(void **state)
{
	uint64_t first;

	(void)state;
	assert_int_equal(begin("a", "k", "/t", "body"), ERR_OK);
	first = slot;
	assert_true(first != 0);
	/* While it is being worked on, and when it is done. */
	assert_int_equal(begin("a", "k", "/t", "body"), ERR_CONFLICT);
	finish(first, 201, "{\"id\":1}");
	assert_int_equal(begin("a", "k", "/t", "body"), ERR_EOF);
	assert_int_equal(answer.status, 201);
	assert_string_equal(answer.location, "/x");
	assert_int_equal(answer.len, 8);
	assert_memory_equal(answer.body, "{\"id\":1}", 8);
}

static void
test_other_requests(void **state)
{
	(void)state;
	assert_int_equal(begin("a", "k", "/t", "body"), ERR_OK);
	finish(slot, 201, "x");
	assert_int_equal(begin("a", "k", "/t", "Body"), ERR_FORMAT);
	assert_int_equal(begin("a", "k", "/u", "body"), ERR_FORMAT);
	/* Another account's key is another key; borders do not blur. */
	assert_int_equal(begin("b", "k", "/t", "body"), ERR_OK);
	assert_int_equal(begin("ak", "", "/t", "body"), ERR_OK);
	assert_int_equal(begin("", "ak", "/t", "body"), ERR_OK);
}

static void
test_failures_are_not_kept(void **state)
{
	(void)state;
	assert_int_equal(begin("a", "k", "/t", "b"), ERR_OK);
	finish(slot, 503, "x");
	assert_int_equal(begin("a", "k", "/t", "b"), ERR_OK);
	idem_forget(idem, slot);
	assert_int_equal(begin("a", "k", "/t", "b"), ERR_OK);
	finish(slot, 404, "x");
	assert_int_equal(begin("a", "k", "/t", "b"), ERR_EOF);
	assert_int_equal(answer.status, 404);
	idem_finish(idem, 0, &answer);
	idem_forget(idem, 0);
	idem_forget(idem, 12345);
}

/* Many keys push out the oldest, and only those. */
static void
test_bounds(void **state)
{
	char key[32];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		(void)snprintf(key, sizeof(key), "%d", i);
		assert_int_equal(begin("a", key, "/t", "b"), ERR_OK);
		finish(slot, 200, "x");
	}
	assert_int_equal(begin("a", "4999", "/t", "b"), ERR_EOF);
	assert_int_equal(begin("a", "2000", "/t", "b"), ERR_EOF);
	assert_int_equal(begin("a", "0", "/t", "b"), ERR_OK);
}

static void
test_bytes(void **state)
{
	auto_free char *body = xcalloc(1, MIB);
	char key[32];

	(void)state;
	memset(body, 'x', MIB - 1);
	for (int i = 0; i < 40; i++) {
		(void)snprintf(key, sizeof(key), "%d", i);
		assert_int_equal(begin("a", key, "/t", "b"), ERR_OK);
		finish(slot, 200, body);
	}
	assert_int_equal(begin("a", "39", "/t", "b"), ERR_EOF);
	assert_int_equal(begin("a", "30", "/t", "b"), ERR_EOF);
	assert_int_equal(begin("a", "10", "/t", "b"), ERR_OK);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_replay),
	    TEST(test_other_requests),
	    TEST(test_failures_are_not_kept),
	    TEST(test_bounds),
	    TEST(test_bytes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
