/* SPDX-License-Identifier: Apache-2.0 */
/* test_rulefile.c - rule files taken apart, and what conditions prove. */
#include "analysers/yara/rulefile.h"

#include "../harness.h"
#include "analysers/yara/match.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct rule_file *
parse(const char *text)
{
	return rulefile_new("test.yar", xstrdup(text), strlen(text));
}

static const char three[] =
    "import \"pe\"\n"
    "include \"other.yar\"\n"
    "/* rule no { condition: true } */\n"
    "rule one : a b { strings: $a = \"} rule x {\" $h = { 4D ?? [2-3] 5A }\n"
    "  $r = /a\\/}{\"/i condition: any of them }\n"
    "private rule two { condition: pe.is_dll() }\n"
    "global private rule three\n"
    "{\n"
    "  condition: // rule y {\n"
    "    two and filesize > 3\n"
    "}\n";

static void
test_units(void **state)
{
	struct rule_file *file = parse(three);

	(void)state;
	assert_int_equal(file->unit_count, 3);
	assert_int_equal(file->includes, 1);
	assert_string_equal(file->units[0].name, "one");
	assert_int_equal(file->units[0].line_first, 4);
	assert_int_equal(file->units[0].line_last, 5);
	assert_int_equal(file->units[0].modules, 0);
	assert_string_equal(file->units[1].name, "two");
	assert_int_equal(file->units[1].modules, 1u << MODULE_PE);
	assert_true(file->units[1].is_referenced);
	assert_memory_equal(file->text + file->units[1].start, "private", 7);
	assert_true(file->units[2].is_global);
	assert_int_equal(file->units[2].line_first, 7);
	assert_int_equal(file->units[2].line_last, 11);
	assert_int_equal(rulefile_unit_at(file, 1), -1);
	assert_int_equal(rulefile_unit_at(file, 5), 0);
	assert_int_equal(rulefile_unit_at(file, 9), 2);
	rulefile_free(file);
}

/* What is left out leaves blanks: lines stay, imports go where unneeded. */
static void
test_text(void **state)
{
	struct rule_file *file = parse(three);
	const bool keep[] = {true, false, false};
	auto_free char *text = rulefile_text(file, keep);

	(void)state;
	assert_int_equal(strlen(text), strlen(three));
	assert_null(strstr(text, "import"));
	assert_null(strstr(text, "include"));
	assert_null(strstr(text, "private"));
	assert_non_null(strstr(text, "rule one"));
	for (size_t i = 0; three[i] != '\0'; i++)
		assert_int_equal(text[i] == '\n', three[i] == '\n');
	rulefile_free(file);
}

/* A brace is missing: the next rule is still a rule. */
static void
test_broken(void **state)
{
	static const char *const texts[] = {
	    "rule a { condition: true \nrule b { condition: true }",
	    ("rule a { strings: $a = \"open \n condition: $a }\n"
	     "rule b { condition: true }"),
	    "rule a \nrule b { condition: true }",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct rule_file *file = parse(texts[i]);

		assert_int_equal(file->unit_count, 2);
		assert_string_equal(file->units[1].name, "b");
		rulefile_free(file);
	}
}

static void
test_needs(void **state)
{
	static const struct {
		const char *condition;
		enum rule_need need;
	} rules[] = {
	    {"uint16(0) == 0x5A4D", NEED_MZ},
	    {"uint16(0)==0x5a4d and any of them", NEED_MZ},
	    {"0x5A4D == uint16(0) and $a", NEED_MZ},
	    {"$a and (uint16(0) == 23117)", NEED_MZ},
	    {"uint16be(0) == 0x4D5A and $a", NEED_MZ},
	    {"((uint16(0) == 0x5A4D) and $a)", NEED_MZ},
	    {"uint32(0) == 0x464C457F and $a", NEED_ELF},
	    {"(uint16(0) == 0x5A4D and $a) or (uint16(0) == 0x5A4D and $b)",
		NEED_MZ},
	    {"pe.is_pe and $a", NEED_MZ},
	    {"$a at pe.entry_point", NEED_MZ},
	    {"pe.number_of_sections > 3 and $a", NEED_MZ},
	    {"pe.imports(\"a.dll\", \"b\") and $a", NEED_MZ},
	    {"for any of them : (uint16(0) == 0x5A4D)", NEED_MZ},
	    {"elf.type == 2 or $a at 0 and uint32be(0) == 0x7F454C46",
		NEED_ELF},
	    {"uint16(0) == 0x5A4D and for any i in (0..3) : (uint8(i) == 1)",
		NEED_MZ},
	    /* Nothing of these is proven. */
	    {"not uint16(0) == 0x5A4D and $a", NEED_ANY},
	    {"not (uint16(0) == 0x5A4D)", NEED_ANY},
	    {"not pe.is_pe", NEED_ANY},
	    {"uint16(0) == 0x5A4D or $a", NEED_ANY},
	    {"uint16(0) == 0x5A4D and $a or $b", NEED_ANY},
	    {"uint16(0) == 0x5A4D or uint32(0) == 0x464C457F", NEED_ANY},
	    {"uint16(0) != 0x5A4D and $a", NEED_ANY},
	    {"uint16(1) == 0x5A4D", NEED_ANY},
	    {"uint16(0) == 0x5A4E", NEED_ANY},
	    {"uint16(0) == 0x5A4D + 1", NEED_ANY},
	    {"defined uint16(0) and $a", NEED_ANY},
	    {"pe.is_pe == 0", NEED_ANY},
	    {"$a", NEED_ANY},
	    {"true", NEED_ANY},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rules); i++) {
		auto_free char *text = xasprintf(
		    "rule r { strings: $a = \"a\" $b = \"b\" condition: %s }",
		    rules[i].condition);
		struct rule_file *file = parse(text);

		if (file->units[0].need != rules[i].need)
			print_message("# %s\n", rules[i].condition);
		assert_int_equal(file->units[0].need, rules[i].need);
		rulefile_free(file);
	}
}

static void
test_needs_of_others(void **state)
{
	static const char *const texts[] = {
	    "rule a { condition: uint16(0) == 0x5A4D } "
	    "rule b { condition: not a }",
	    "rule a { condition: uint16(0) == 0x5A4D } "
	    "rule b { condition: any of (a*) }",
	    "rule a { condition: uint16(0) == 0x5A4D } "
	    "global rule b { condition: true }",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct rule_file *file = parse(texts[i]);

		assert_int_equal(file->units[0].need, NEED_ANY);
		rulefile_free(file);
	}
}

static void
collect(void *arg, const char *p, size_t len)
{
	char **text = arg;
	char *joined = xasprintf("%s%.*s", *text, (int)len, p);

	free(*text);
	*text = joined;
}

static void
test_normalise(void **state)
{
	struct rule_file *a = parse("rule r { condition: 1 == 1 }");
	struct rule_file *b =
	    parse("rule  r\n{ // why\ncondition :/* x */1==1\n}");
	auto_free char *x = xstrdup("");
	auto_free char *y = xstrdup("");

	(void)state;
	rulefile_normalise(a, 0, collect, &x);
	rulefile_normalise(b, 0, collect, &y);
	assert_string_equal(x, "rule r { condition : 1 == 1 } ");
	assert_string_equal(x, y);
	rulefile_free(a);
	rulefile_free(b);
}

static void
test_techniques(void **state)
{
	auto_json json_t *list = json_array();
	auto_json json_t *want =
	    json_pack("[s, s, s]", "T1059.001", "T1027", "T1486");

	(void)state;
	match_add_techniques(list, "T1059.001, t1027; T1059.001 (T1486)");
	match_add_techniques(list, "T12 XT1111 T11111 T1A23 BAT1234");
	assert_true(json_equal(list, want));
}

/* Any text at all: no crash, and every unit lies inside. */
static void
test_noise(void **state)
{
	static const char *const pieces[] = {"rule ", "r", "{", "}", "(", ")",
	    "\"", "/", "\n", "condition", ":", "import ", "\"pe\"", "and ",
	    "or ", "\\", "/*", "*/", "//", "uint16", "0", "==", "$", "global "};
	uint32_t seed = 3;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		char text[512] = "";
		size_t len = 0;
		struct rule_file *file;

		while (len < sizeof(text) - 16) {
			const char *piece;

			seed = seed * 1664525 + 1013904223;
			piece = pieces[(seed >> 16) % COUNT(pieces)];
			memcpy(text + len, piece, strlen(piece) + 1);
			len += strlen(piece);
		}
		file = parse(text);
		for (size_t j = 0; j < file->unit_count; j++) {
			assert_true(file->units[j].start <= file->units[j].end);
			assert_true(file->units[j].end <= len);
		}
		rulefile_free(file);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_units),
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_broken),
	    cmocka_unit_test(test_needs),
	    cmocka_unit_test(test_needs_of_others),
	    cmocka_unit_test(test_normalise),
	    cmocka_unit_test(test_techniques),
	    cmocka_unit_test(test_noise),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("yara/rulefile", tests, NULL, NULL);
}
