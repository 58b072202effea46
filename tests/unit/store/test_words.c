/* SPDX-License-Identifier: Apache-2.0 */
/* test_words.c - numbers, ids, labels and other words in their one form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/number.h"
#include "store/text.h"
#include "store/uuid.h"

#include <ctype.h>

/* 2026-07-01 */
#define NOW_US ((int64_t)1782864000 * 1000000)

static void
test_numbers_come_back(void **state)
{
	char number[NUMBER_BYTES], read[NUMBER_BYTES], why[256];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		number_new(NOW_US, number);
		assert_int_equal(strlen(number), NUMBER_BYTES - 1);
		assert_memory_equal(number, "BE-2026-", 8);
		assert_true(isalnum((unsigned char)number[18]));
		assert_int_equal(number_parse(number, strlen(number), read, why,
				     sizeof(why)),
		    ERR_OK);
		assert_string_equal(read, number);
	}
}

/* A known one, worked out by hand: 2026 * 2^40 + 0 mod 37. */
static void
test_a_known_number(void **state)
{
	char read[NUMBER_BYTES], why[256];
	unsigned int check = (unsigned int)(((uint64_t)2026 << 40) % 37);
	static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";
	char number[] = "BE-2026-0000-0000-?";

	(void)state;
	number[18] = symbols[check];
	assert_int_equal(
	    number_parse(number, 19, read, why, sizeof(why)), ERR_OK);
	assert_string_equal(read, number);
}

static void
test_numbers_as_people_write_them(void **state)
{
	char number[NUMBER_BYTES], loose[64], read[NUMBER_BYTES], why[256];
	size_t n = 0;

	(void)state;
	number_new(NOW_US, number);
	for (const char *p = number; *p != '\0'; p++) {
		if (*p == '-')
			continue;
		loose[n++] = (char)tolower((unsigned char)*p);
		loose[n++] = ' ';
	}
	assert_int_equal(
	    number_parse(loose, n, read, why, sizeof(why)), ERR_OK);
	assert_string_equal(read, number);
	for (char *p = number + 3; *p != '\0'; p++) {
		if (*p == '0')
			*p = 'o';
		if (*p == '1')
			*p = 'L';
	}
	assert_int_equal(
	    number_parse(number, strlen(number), loose, why, sizeof(why)),
	    ERR_OK);
	assert_string_equal(loose, read);
}

/* Every single wrong character and every swap of neighbours is noticed. */
static void
test_typing_errors(void **state)
{
	static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	char number[NUMBER_BYTES], bad[NUMBER_BYTES], read[NUMBER_BYTES];
	char why[256];

	(void)state;
	number_new(NOW_US, number);
	for (size_t i = 3; i < 17; i++) {
		if (number[i] == '-')
			continue;
		for (const char *s = symbols; *s != '\0'; s++) {
			memcpy(bad, number, sizeof(bad));
			bad[i] = *s;
			if (*s == number[i])
				continue;
			assert_int_equal(
			    number_parse(bad, 19, read, why, sizeof(why)),
			    ERR_FORMAT);
			assert_string_not_equal(why, "");
		}
		memcpy(bad, number, sizeof(bad));
		bad[i] = number[i + 1];
		bad[i + 1] = number[i];
		if (number[i + 1] == '-' || bad[i] == bad[i + 1])
			continue;
		assert_int_equal(
		    number_parse(bad, 19, read, why, sizeof(why)), ERR_FORMAT);
	}
}

static void
test_what_is_no_number(void **state)
{
	static const char *const bad[] = {"", "BE", "BE-2026-7K3M-Q9TX",
	    "DE-2026-7K3M-Q9TX-4", "BE-20x6-7K3M-Q9TX-4",
	    "BE-2026-7K3M-Q9TX-44", "BE-2026-7K3M-Q9\xc3\xa9-4", "../../etc",
	    "BE-2026-7UUM-Q9TX-4"};
	char read[NUMBER_BYTES], why[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(number_parse(bad[i], strlen(bad[i]), read, why,
				     sizeof(why)),
		    ERR_FORMAT);
	assert_int_equal(
	    number_parse("BE-2026\0-7K3M-Q9TX4", 19, read, why, sizeof(why)),
	    ERR_FORMAT);
}

static void
test_uuids_grow(void **state)
{
	char before[UUID_BYTES] = "", id[UUID_BYTES];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uuid7(id);
		assert_true(uuid_is_valid(id, strlen(id)));
		assert_int_equal(id[14], '7');
		assert_non_null(strchr("89ab", id[19]));
		assert_true(strcmp(id, before) > 0);
		memcpy(before, id, sizeof(before));
	}
}

static void
test_what_is_no_uuid(void **state)
{
	static const char *const bad[] = {"", "0190",
	    "01900000-0000-7000-8000-00000000000",
	    "01900000-0000-7000-8000-0000000000000",
	    "01900000x0000-7000-8000-000000000000",
	    "01900000-0000-7000-8000-00000000000G"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(uuid_is_valid(bad[i], strlen(bad[i])));
}

static void
test_labels(void **state)
{
	(void)state;
	assert_string_equal(text_tlp("amber+strict", NULL), "TLP:AMBER+STRICT");
	assert_string_equal(text_tlp("TLP:red", NULL), "TLP:RED");
	assert_string_equal(text_tlp("tlp:white", NULL), "TLP:CLEAR");
	assert_string_equal(text_tlp("", "TLP:GREEN"), "TLP:GREEN");
	assert_null(text_tlp("TLP: AMBER", "TLP:GREEN"));
	assert_null(text_tlp("PAP:RED", NULL));
	assert_string_equal(text_pap("Green", NULL), "PAP:GREEN");
	assert_null(text_pap("amber+strict", NULL));
	assert_string_equal(
	    text_tlp_max("TLP:AMBER", "TLP:AMBER+STRICT"), "TLP:AMBER+STRICT");
	assert_string_equal(text_pap_max("PAP:RED", "PAP:CLEAR"), "PAP:RED");
	assert_string_equal(text_severity(""), "unknown");
	assert_string_equal(text_severity("HIGH"), "high");
	assert_null(text_severity("very"));
	assert_string_equal(text_class("c1B"), "C1b");
	assert_null(text_class(""));
	assert_int_equal(text_class_rank("C1"), 1);
	assert_int_equal(text_class_rank("C2"), 1);
	assert_int_equal(text_class_rank("C3"), 2);
	assert_int_equal(text_class_rank("C5"), 4);
}

static void
test_word_lists(void **state)
{
	(void)state;
	assert_true(text_has_word("submit analyse", "submit"));
	assert_true(text_has_word("submit analyse", "analyse"));
	assert_false(text_has_word("submit analyse", "sub"));
	assert_false(text_has_word("submit analyse", "mit"));
	assert_false(text_has_word("submit analyse", "mit analyse"));
	assert_true(text_has_word("run_vm_x run_vm", "run_vm"));
	assert_false(text_has_word("", "submit"));
	assert_false(text_has_word("submit", ""));
}

static void
test_utf8(void **state)
{
	static const char *const bad[] = {"\xff", "\xc0\x80", "\xc3",
	    "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80",
	    "\xf5\x80\x80\x80", "\xe2\x82"};

	(void)state;
	assert_true(text_is_utf8("", 0));
	assert_true(text_is_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10));
	assert_false(text_is_utf8("a\0b", 3));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(text_is_utf8(bad[i], strlen(bad[i])));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_numbers_come_back),
	    cmocka_unit_test(test_a_known_number),
	    cmocka_unit_test(test_numbers_as_people_write_them),
	    cmocka_unit_test(test_typing_errors),
	    cmocka_unit_test(test_what_is_no_number),
	    cmocka_unit_test(test_uuids_grow),
	    cmocka_unit_test(test_what_is_no_uuid),
	    cmocka_unit_test(test_labels),
	    cmocka_unit_test(test_word_lists),
	    cmocka_unit_test(test_utf8),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
