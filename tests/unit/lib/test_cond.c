/* SPDX-License-Identifier: Apache-2.0 */
/* test_cond.c - conditions, well-formed and not. */
#include "lib/cond.h"
#include "mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* "abcd" wide, or at least 2 of (TRUE, 1..2^32 bytes, "MZ"), and not false. */
static const uint8_t whole[] = {COND_VERSION, COND_RUN, COND_WIDE, 4, 'a', 'b',
    'c', 'd', COND_TRUE, COND_SIZE, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0,
    0, COND_HEAD, 0, 2, 'M', 'Z', 0xff, 0xff, COND_MIN, 3, 0, 2, 0, COND_OR, 2,
    0, COND_FALSE, COND_AND, 2, 0};

static void
test_steps(void **state)
{
	struct cond_step step;
	size_t at = 0;

	(void)state;
	assert_int_equal(cond_check(whole, sizeof(whole)), ERR_OK);
	assert_int_equal(cond_next(whole, sizeof(whole), &at, &step), ERR_OK);
	assert_int_equal(step.op, COND_RUN);
	assert_int_equal(step.flags, COND_WIDE);
	assert_int_equal(step.len, 4);
	assert_memory_equal(step.p, "abcd", 4);
	assert_int_equal(cond_next(whole, sizeof(whole), &at, &step), ERR_OK);
	assert_int_equal(step.op, COND_TRUE);
	assert_int_equal(cond_next(whole, sizeof(whole), &at, &step), ERR_OK);
	assert_int_equal(step.op, COND_SIZE);
	assert_int_equal(step.min, 1);
	assert_int_equal(step.max, (uint64_t)1 << 32);
	assert_int_equal(cond_next(whole, sizeof(whole), &at, &step), ERR_OK);
	assert_int_equal(step.op, COND_HEAD);
	assert_int_equal(step.offset, 0);
	assert_int_equal(step.len, 2);
	assert_memory_equal(step.p, "MZ\xff\xff", 4);
	assert_int_equal(cond_next(whole, sizeof(whole), &at, &step), ERR_OK);
	assert_int_equal(step.op, COND_MIN);
	assert_int_equal(step.count, 3);
	assert_int_equal(step.least, 2);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    cond_next(whole, sizeof(whole), &at, &step), ERR_OK);
	assert_int_equal(step.op, COND_AND);
	assert_int_equal(
	    cond_next(whole, sizeof(whole), &at, &step), ERR_NOT_FOUND);
	assert_int_equal(at, sizeof(whole));
}

static void
refused(const char *bytes, size_t len)
{
	assert_int_equal(cond_check((const uint8_t *)bytes, len), ERR_FORMAT);
}
#define REFUSED(s) refused("" s, sizeof(s) - 1)

static void
test_refused(void **state)
{
	(void)state;
	REFUSED("");
	REFUSED("\x01");			 /* nothing is left */
	REFUSED("\x02\x01");			 /* another version */
	REFUSED("\x01\x01\x01");		 /* two are left */
	REFUSED("\x01\x7f");			 /* no such operation */
	REFUSED("\x01\x30\x00\x00");		 /* AND of none */
	REFUSED("\x01\x01\x30\x02\x00");	 /* AND of more than is */
	REFUSED("\x01\x01\x32\x01\x00\x00\x00"); /* MIN 0 */
	REFUSED("\x01\x01\x32\x01\x00\x02\x00"); /* MIN 2 of 1 */
	REFUSED("\x01\x10\x00\x03"
		"abc"); /* a run too short */
	REFUSED("\x01\x10\x02\x04"
		"abcd"); /* no such flag */
	REFUSED("\x01\x10\x00\x04"
		"abCd");	     /* not in lower case */
	REFUSED("\x01\x21\x00\x00"); /* a head of nothing */
	REFUSED("\x01\x21\x3f\x02"
		"ab\xff\xff"); /* beyond the head */
	REFUSED("\x01\x21\x00\x01"
		"\x01\xf0"); /* outside of the mask */
	REFUSED("\x01\x20\x02\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0");
}

static void
test_bounds(void **state)
{
	static uint8_t many[COND_BYTES_MAX + 2];
	size_t n = 0;

	(void)state;
	/* TRUE, then as many "AND 1" as there may be operations. */
	many[n++] = COND_VERSION;
	many[n++] = COND_TRUE;
	for (size_t i = 1; i < COND_OPS_MAX; i++) {
		many[n++] = COND_AND;
		many[n++] = 1;
		many[n++] = 0;
	}
	assert_int_equal(cond_check(many, n), ERR_OK);
	many[n++] = COND_AND;
	many[n++] = 1;
	many[n++] = 0;
	assert_int_equal(cond_check(many, n), ERR_FORMAT);
	/* As deep as it may be, and one more. */
	memset(many + 1, COND_TRUE, sizeof(many) - 1);
	n = 1 + COND_STACK_MAX;
	many[n] = COND_OR;
	many[n + 1] = (uint8_t)(COND_STACK_MAX & 0xff);
	many[n + 2] = (uint8_t)(COND_STACK_MAX >> 8);
	assert_int_equal(cond_check(many, n + 3), ERR_OK);
	many[n] = COND_TRUE;
	many[n + 1] = COND_OR;
	many[n + 2] = (uint8_t)((COND_STACK_MAX + 1) & 0xff);
	many[n + 3] = (uint8_t)((COND_STACK_MAX + 1) >> 8);
	assert_int_equal(cond_check(many, n + 4), ERR_FORMAT);
}

static bool
take(void *arg, const uint8_t *p, size_t len)
{
	(void)arg;
	return cond_check(p, len) == ERR_OK;
}

static void
test_mutations(void **state)
{
	struct mutate_result result;

	(void)state;
	result = mutate_truncate(whole, sizeof(whole), take, NULL);
	assert_int_equal(result.tried, sizeof(whole));
	/* No prefix of it leaves one value but the first run alone. */
	assert_true(result.taken <= 3);
	result = mutate_flip(whole, sizeof(whole), take, NULL);
	assert_int_equal(result.tried, 8 * sizeof(whole));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_steps),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
