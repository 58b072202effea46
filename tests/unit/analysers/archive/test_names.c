/* SPDX-License-Identifier: Apache-2.0 */
/* test_names.c - member names, budgets and passwords. */
#include "analysers/archive/names.h"

#include "../harness.h"
#include "analysers/archive/budget.h"
#include "analysers/archive/passwords.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
test_tricks(void **state)
{
	static const struct {
		const char *name;
		unsigned int tricks;
	} names[] = {
	    {"a.txt", 0},
	    {"folder/a.txt", 0},
	    {"folder/", 0},
	    {"a..b/c", 0},
	    {"", TRICK_EMPTY},
	    {"/etc/passwd", TRICK_ABSOLUTE},
	    {"\\windows\\x", TRICK_ABSOLUTE},
	    {"../x", TRICK_PARENT},
	    {"a/../../x", TRICK_PARENT},
	    {"a\\..\\x", TRICK_PARENT},
	    {"a/..", TRICK_PARENT},
	    {"C:\\x", TRICK_DRIVE},
	    {"c:x", TRICK_DRIVE},
	    {"\\\\?\\x", TRICK_ABSOLUTE | TRICK_DRIVE},
	    {"a\x1b[2J", TRICK_CONTROL},
	    {"a\nb", TRICK_CONTROL},
	    {"cod\xe2\x80\xae"
	     "cs.exe",
		TRICK_BIDI},
	    {"a\xe2\x80\x94"
	     "b",
		0}, /* a dash */
	    {"invoice.pdf          .exe", TRICK_PADDED | TRICK_EXTENSION},
	    {"invoice.PDF.Exe", TRICK_EXTENSION},
	    {"report.docx.js", TRICK_EXTENSION},
	    {"setup.exe", 0},
	    {"archive.tar.gz", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_equal(
		    name_tricks(names[i].name, strlen(names[i].name)),
		    names[i].tricks);
}

static void
test_long(void **state)
{
	char name[LIMIT_NAME_BYTES + 2];

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_int_equal(name_tricks(name, 255), 0);
	assert_int_equal(name_tricks(name, 256), TRICK_LONG);
	for (size_t i = 0; i < sizeof(name); i += 100)
		name[i + 50 < sizeof(name) ? i + 50 : i] = '/';
	assert_int_equal(name_tricks(name, LIMIT_NAME_BYTES), 0);
	assert_int_equal(name_tricks(name, LIMIT_NAME_BYTES + 1), TRICK_LONG);
}

static void
test_target(void **state)
{
	(void)state;
	assert_int_equal(name_target_tricks("/etc/shadow", 11), TRICK_LINK_OUT);
	assert_int_equal(name_target_tricks("../../x", 7), TRICK_LINK_OUT);
	assert_int_equal(name_target_tricks("x/y", 3), 0);
	assert_int_equal(name_target_tricks("", 0), 0);
}

static void
test_base(void **state)
{
	static const struct {
		const char *name;
		const char *base;
	} names[] = {
	    {"a", "a"},
	    {"a/b", "b"},
	    {"a/b/", "b"},
	    {"a\\b", "b"},
	    {"/", ""},
	    {"", ""},
	    {"..", ""},
	    {"a/..", ""},
	    {"a/.", ""},
	    {"...", "..."},
	    {"a//b///", "b"},
	};
	size_t len;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const char *base =
		    name_base(names[i].name, strlen(names[i].name), &len);

		assert_int_equal(len, strlen(names[i].base));
		assert_memory_equal(base, names[i].base, len);
	}
}

static void
test_unpacked(void **state)
{
	static const struct {
		const char *name;
		const char *unpacked;
	} names[] = {
	    {"a.txt.gz", "a.txt"},
	    {"a.tgz", "a.tar"},
	    {"A.TXT.XZ", "A.TXT"},
	    {"a.svgz", "a.svg"},
	    {"a", "a.unpacked"},
	    {"", "data.unpacked"},
	    {".gz", ".gz.unpacked"},
	    {"x.Z", "x"},
	    {"x.tar.zst", "x.tar"},
	};
	char name[64];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		name_unpacked(names[i].name, name, sizeof(name));
		assert_string_equal(name, names[i].unpacked);
	}
	name_unpacked("abcdefgh.gz", name, 5);
	assert_string_equal(name, "abcd");
}

static void
test_budget(void **state)
{
	auto_json json_t *limits =
	    json_pack("{s:i, s:i}", "children", 5, "ratio", 10);
	const uint64_t floor_bytes = LIMIT_EXPANSION_FLOOR_BYTES;
	struct budget budget;
	const char *limit = NULL;

	(void)state;
	budget_init(&budget, NULL, 100, 0);
	assert_int_equal(budget.member_bytes_max, floor_bytes);
	assert_int_equal(budget.bytes_max, 2 * floor_bytes);
	assert_int_equal(budget.children_max, LIMIT_CHILDREN);
	assert_int_equal(budget_grant(&budget, 0, 1000, &limit), 1000);
	assert_null(limit);
	assert_int_equal(
	    budget_grant(&budget, floor_bytes - 10, 1000, &limit), 10);
	assert_string_equal(limit, "expansion");
	budget.bytes = 2 * floor_bytes - 5;
	assert_int_equal(budget_grant(&budget, 0, 1000, &limit), 5);
	assert_string_equal(limit, "expansion_all");
	assert_false(budget_is_spent(&budget));
	budget.bytes += 5;
	assert_true(budget_is_spent(&budget));
	assert_int_equal(budget_grant(&budget, floor_bytes + 99, 1, &limit), 0);

	/* The context tightens, and never widens. */
	budget_init(&budget, limits, GIB, 0);
	assert_int_equal(budget.children_max, 5);
	assert_int_equal(budget.member_bytes_max, 10 * GIB);
	(void)json_object_set_new(limits, "children", json_integer(1000000000));
	budget_init(&budget, limits, UINT64_MAX, 0);
	assert_int_equal(budget.children_max, LIMIT_CHILDREN);
	assert_true(budget.bytes_max <= LIMIT_SUBMISSION_BYTES);
}

static void
test_passwords(void **state)
{
	auto_json json_t *given =
	    json_pack("[s, s, i, s]", "secret", "", 1, "other");
	auto_json json_t *many = json_array();
	auto_json json_t *name = NULL;
	auto_json json_t *known = NULL;
	struct passwords passwords;

	(void)state;
	passwords_init(&passwords, given);
	assert_int_equal(passwords.given, 2);
	assert_int_equal(passwords.count, 2 + PASSWORDS_KNOWN);
	assert_string_equal(passwords.text[1], "other");
	assert_string_equal(passwords.text[2], "infected");
	assert_string_equal(passwords.text[5], "novirus");
	/* What the submitter keeps secret is not in the record. */
	name = passwords_name(&passwords, 1);
	assert_int_equal(json_member_int(name, "given", -1), 1);
	assert_int_equal(json_object_size(name), 1);
	known = passwords_name(&passwords, 3);
	assert_string_equal(json_member_text(known, "known", ""), "malware");
	passwords_init(&passwords, NULL);
	assert_int_equal(passwords.count, PASSWORDS_KNOWN);
	for (int i = 0; i < 100; i++)
		(void)json_array_append_new(many, json_string("x"));
	passwords_init(&passwords, many);
	assert_int_equal(passwords.given, PASSWORDS_GIVEN_MAX);
	assert_int_equal(passwords.left_out, 100 - PASSWORDS_GIVEN_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tricks),
	    cmocka_unit_test(test_long),
	    cmocka_unit_test(test_target),
	    cmocka_unit_test(test_base),
	    cmocka_unit_test(test_unpacked),
	    cmocka_unit_test(test_budget),
	    cmocka_unit_test(test_passwords),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("archive/names", tests, NULL, NULL);
}
