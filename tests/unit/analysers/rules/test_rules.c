/* SPDX-License-Identifier: Apache-2.0 */
/* test_rules.c - bundles in, RULE records out. */
#include "analysers/rules/rules.h"

#include "../harness.h"
#include "analysers/rules/agree.h"
#include "lib/base64.h"
#include "lib/cond.h"
#include "lib/limits.h"
#include "rules/parse.h"

static char *
file_line(const char *space, const char *path, const char *text)
{
	auto_json json_t *file = json_pack("{s:s, s:s, s:s, s:s}", "source",
	    "s", "namespace", space, "path", path, "text", text);

	return json_canonical(file);
}

static struct harness
run(const char *lines)
{
	auto_free char *all = xasprintf("{\"loep_bundle\": 1}\n%s\n", lines);

	return harness_run(rules_analyse, NULL, all, strlen(all), "{}");
}

static struct harness
run_text(const char *text)
{
	auto_free char *line = file_line("n", "a.yar", text);

	return run(line);
}

static const json_t *
rule_of(const struct harness *run, const char *name)
{
	size_t i;
	json_t *record;

	json_array_foreach(run->records, i, record)
	{
		if (strcmp(json_member_text(record, "type", ""), "rule") == 0 &&
		    strcmp(json_member_text(record, "name", ""), name) == 0)
			return record;
	}
	return NULL;
}

static void
is_ok(const struct harness *run, const char *name)
{
	const json_t *rule = rule_of(run, name);

	assert_non_null(rule);
	if (strcmp(json_member_text(rule, "state", ""), "ok") != 0)
		print_message(
		    "# %s: %s\n", name, json_member_text(rule, "reason", "?"));
	assert_string_equal(json_member_text(rule, "state", ""), "ok");
}

static void
is_rejected(const struct harness *run, const char *name, const char *why)
{
	const json_t *rule = rule_of(run, name);

	assert_non_null(rule);
	assert_string_equal(json_member_text(rule, "state", ""), "rejected");
	if (strstr(json_member_text(rule, "reason", ""), why) == NULL)
		print_message("# %s\n", json_member_text(rule, "reason", ""));
	assert_non_null(strstr(json_member_text(rule, "reason", ""), why));
	assert_null(json_object_get(rule, "closure"));
}

static void
test_record(void **state)
{
	struct harness r = run_text(
	    "import \"pe\"\n"
	    "private rule one : x y {\n"
	    "  meta: author = \"me\" score = 70 ref = \"a\" ref = \"b\"\n"
	    "  strings: $a = \"abcdef\"\n"
	    "  condition: $a and pe.is_pe and filename != \"\" }\n");
	const json_t *rule = rule_of(&r, "one");
	uint8_t cond[COND_BYTES_MAX];
	size_t len;
	const char *code;

	(void)state;
	is_ok(&r, "one");
	assert_string_equal(json_member_text(rule, "namespace", ""), "n");
	assert_string_equal(json_member_text(rule, "path", ""), "a.yar");
	assert_int_equal(json_member_int(rule, "line", 0), 2);
	assert_int_equal(json_member_int(rule, "score", 0), 70);
	assert_int_equal(strlen(json_member_text(rule, "closure", "")), 64);
	assert_int_equal(strlen(json_member_text(rule, "text_digest", "")), 64);
	assert_true(json_is_true(json_object_get(rule, "is_private")));
	assert_true(json_is_false(json_object_get(rule, "is_global")));
	assert_true(json_is_true(json_object_get(rule, "uses_externals")));
	assert_true(json_is_false(json_object_get(rule, "is_volatile")));
	assert_int_equal(json_array_size(json_object_get(rule, "tags")), 2);
	assert_int_equal(json_array_size(json_object_get(
			     json_object_get(rule, "meta"), "ref")),
	    2);
	assert_string_equal(json_string_value(json_array_get(
				json_object_get(rule, "modules"), 0)),
	    "pe");
	code = json_member_text(rule, "condition", "");
	assert_int_equal(base64_decode(code, strlen(code), cond, &len), ERR_OK);
	assert_int_equal(cond_check(cond, len), ERR_OK);
	assert_non_null(
	    strstr(json_member_text(rule, "condition_text", ""), "\"abcdef\""));
	harness_release(&r);
}

static void
test_bad_rules(void **state)
{
	struct harness r = run_text(
	    "rule good1 { condition: filesize > 1 }\n"
	    "rule bad1 { condition: nothing > 1 }\n"
	    "rule bad2 { strings: $a = \"x\" condition: true }\n"
	    "rule bad3 { strings: $a = /a(/ condition: $a }\n"
	    "rule bad4 { condition: bad1 }\n"
	    "rule good1 { condition: false }\n"
	    "rule good2 { condition: any of (bad*) or any of (good*) }\n"
	    "rule bad5 { condition: pe.is_pe }\n"
	    "rule cut { condition: true\n"
	    "rule good3 { condition: good1 }\n");

	(void)state;
	is_ok(&r, "good1");
	is_rejected(&r, "bad1", "line 2: undefined identifier");
	is_rejected(&r, "bad2", "line 3: unreferenced string");
	is_rejected(&r, "bad3", "line 4:");
	is_rejected(&r, "bad4", "");
	is_rejected(&r, "bad5", "undefined identifier \"pe\"");
	is_rejected(&r, "cut", "syntax error");
	is_ok(&r, "good3");
	/* A set whose one half is gone has nothing to be a set of. */
	is_rejected(&r, "good2", "");
	harness_release(&r);
}

static void
test_globals(void **state)
{
	struct harness r =
	    run_text("rule a { condition: true }\n"
		     "global rule bad { condition: nothing }\n"
		     "global private rule good { condition: filesize < 10 }\n"
		     "global rule worse { condition: bad }\n");
	const json_t *rule;

	(void)state;
	is_rejected(&r, "bad", "undefined identifier");
	is_rejected(&r, "worse", "");
	is_ok(&r, "good");
	is_ok(&r, "a");
	rule = rule_of(&r, "a");
	assert_string_equal(json_member_text(rule, "condition_text", ""),
	    "only first bytes or the size are needed: size 0..9");
	harness_release(&r);
}

static void
test_clash(void **state)
{
	auto_free char *one =
	    file_line("n", "a.yar", "rule a { condition: true }");
	auto_free char *two =
	    file_line("n", "b.yar", "\nrule a { condition: false }");
	auto_free char *lines = xasprintf("%s\n%s", one, two);
	struct harness r = run(lines);
	json_t *record = json_array_get(r.records, 2);

	(void)state;
	is_ok(&r, "a");
	/* The first record and its end come before. */
	assert_string_equal(json_member_text(record, "reason", ""),
	    "the name is taken by a.yar, line 1");
	harness_release(&r);
}

static void
test_samples(void **state)
{
	auto_free char *file = file_line("n:m", "a.yar",
	    "rule a { strings: $a = \"abcd\" condition: $a }"
	    "rule bad { condition: x }");
	auto_free char *lines = xasprintf(
	    "%s\n"
	    "{\"sample\":\"s1\",\"rule\":\"n:m:a\",\"expect\":\"match\","
	    "\"data_base64\":\"YWJjZA==\"}\n"
	    "{\"sample\":\"s2\",\"rule\":\"n:m:a\",\"expect\":\"match\","
	    "\"data_base64\":\"YWJj\"}\n"
	    "{\"sample\":\"s3\",\"rule\":\"n:m:a\",\"expect\":\"miss\","
	    "\"data_base64\":\"\"}\n"
	    "{\"sample\":\"s4\",\"rule\":\"n:m:a\",\"expect\":\"miss\","
	    "\"data_base64\":\"YWJjZA==\"}\n"
	    "{\"sample\":\"s5\",\"rule\":\"n:m:bad\",\"expect\":\"miss\","
	    "\"data_base64\":\"YWJjZA==\"}\n"
	    "{\"sample\":\"s6\",\"rule\":\"n:m:gone\",\"expect\":\"miss\","
	    "\"data_base64\":\"YWJjZA==\"}",
	    file);
	struct harness r = run(lines);
	const json_t *tests = json_object_get(rule_of(&r, "a"), "tests");
	const json_t *failures = json_object_get(tests, "failures");

	(void)state;
	assert_int_equal(json_member_int(tests, "passed", 0), 2);
	assert_int_equal(json_member_int(tests, "failed", 0), 2);
	assert_int_equal(json_array_size(failures), 2);
	assert_string_equal(
	    json_member_text(json_array_get(failures, 0), "sample", ""), "s2");
	assert_string_equal(
	    json_member_text(json_array_get(failures, 0), "why", ""),
	    "no match");
	assert_string_equal(
	    json_member_text(json_array_get(failures, 1), "why", ""),
	    "a match");
	tests = json_object_get(rule_of(&r, "bad"), "tests");
	assert_int_equal(json_member_int(tests, "failed", 0), 1);
	assert_string_equal(
	    json_member_text(json_array_get(r.records, 0), "type", ""),
	    "error");
	harness_release(&r);
}

static void
test_slow(void **state)
{
	static const char text[] =
	    "rule fast { strings: $a = \"abcdefgh\" condition: $a }\n"
	    "rule slow { strings: $x = \"abcdefgh\" "
	    "$bad = /([A-Za-z0-9+\\/]{4}){3,}([A-Za-z0-9+\\/]{2}==|x=)?/ "
	    "condition: any of them }\n"
	    "rule fast2 { strings: $a = { 01 02 [4] 03 } condition: $a }\n";
	struct harness r = run_text(text);
	auto_free char *line = file_line("n", "a.yar", text);
	auto_free char *all = xasprintf("{\"loep_bundle\": 1}\n%s\n", line);

	(void)state;
	is_ok(&r, "fast");
	is_ok(&r, "fast2");
	/* It stays, and is named with what makes it slow. */
	is_ok(&r, "slow");
	assert_true(json_number_value(json_object_get(
			rule_of(&r, "slow"), "cost_ms")) > LIMIT_RULE_SLOW_MS);
	assert_string_equal(
	    json_member_text(rule_of(&r, "slow"), "cost_string", ""), "$bad");
	assert_null(json_object_get(rule_of(&r, "fast"), "cost_string"));
	harness_release(&r);
	/* Unless the administrator says what a rule may take. */
	r = harness_run(rules_analyse, NULL, all, strlen(all),
	    "{\"limits\": {\"rule_cost_ms\": 200}}");
	is_ok(&r, "fast");
	is_rejected(&r, "slow", "too slow: ");
	harness_release(&r);
}

/* What libyara sees is not what was read: one of each kind. */
static void
test_agree(void **state)
{
	static const char *const pairs[][2] = {
	    {"$a = \"abc\"", "$a = \"abd\""},
	    {"$a = \"abc\"", "$b = \"abc\""},
	    {"$a = \"abc\"", "$a = \"abc\" wide"},
	    {"$a = \"abc\"", "$a = \"abc\" nocase"},
	    {"$a = \"abc\"", "$a = \"abc\" xor"},
	    {"$a = \"abc\"", "$a = \"abc\" base64"},
	    {"$a = \"abc\"", "$a = /abc/"},
	    {"$a = \"abc\" xor", "$a = \"abc\" xor wide"},
	    {"$a = \"abc\" xor(1-2)", "$a = \"abd\" xor(1-2)"},
	    {"$a = \"abc\" ascii wide xor", "$a = \"abc\" ascii wide"},
	    {"$a = \"abcd\" base64 wide", "$a = \"abcd\" base64wide"},
	    {"$a = /abc/i wide", "$a = /abc/i"},
	    {"$a = { 61 62 [500] 63 64 }", "$a = /ab.{500}cd/"},
	    {"$a = \"abc\"", "$a = { 61 62 63 }"},
	    {"$a = { 61 62 63 }", "$a = { 61 62 64 }"},
	    {"$a = \"abc\"", "$a = \"abc\" $b = \"abc\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		for (int j = 0; j < 2; j++) {
			auto_free char *own = xasprintf(
			    "rule r { strings: %s condition: all of them }",
			    pairs[i][0]);
			auto_free char *other = xasprintf(
			    "rule r { strings: %s condition: all of them }",
			    pairs[i][j]);
			struct compile compile;
			YR_RULES *rules = NULL;
			struct parse parse;
			struct rule rule;

			parse_init(&parse, own, strlen(own));
			assert_int_equal(parse_next(&parse, &rule), PARSE_RULE);
			assert_int_equal(compile_init(&compile), ERR_OK);
			assert_int_equal(
			    compile_add(&compile, other, "n"), ERR_OK);
			assert_int_equal(
			    compile_finish(&compile, &rules), ERR_OK);
			if (agree(&rule, &rules->rules_table[0]) != (j == 0))
				print_message(
				    "# %s, %s\n", pairs[i][0], pairs[i][j]);
			assert_int_equal(
			    agree(&rule, &rules->rules_table[0]), j == 0);
			(void)yr_rules_destroy(rules);
			compile_release(&compile);
			rule_release(&rule);
		}
	}
}

static int
on_scan(YR_SCAN_CONTEXT *context, int message, void *data, void *arg)
{
	(void)context;
	(void)data;
	if (message == CALLBACK_MSG_RULE_MATCHING)
		*(bool *)arg = true;
	return CALLBACK_CONTINUE;
}

/* The rule compiles, and does not match a plain text. */
static void
misses(const char *text)
{
	static const uint8_t none[512] = "this is no program";
	struct compile compile;
	YR_RULES *rules = NULL;
	bool is_found = false;

	assert_int_equal(compile_init(&compile), ERR_OK);
	if (compile_add(&compile, text, "n") != ERR_OK)
		print_message("# %s: %s\n", text, compile.errors[0].why);
	assert_int_equal(compile.error_count, 0);
	assert_int_equal(compile_finish(&compile, &rules), ERR_OK);
	compile_release(&compile);
	assert_int_equal(yr_rules_scan_mem(rules, none, sizeof(none), 0,
			     on_scan, &is_found, 10),
	    ERROR_SUCCESS);
	if (is_found)
		print_message("# matches: %s\n", text);
	assert_false(is_found);
	(void)yr_rules_destroy(rules);
}

/* What derive_module() counts on: nothing is known of what is no such file. */
static void
test_modules(void **state)
{
	static const char *const members[] = {"pe.machine", "pe.checksum",
	    "pe.number_of_sections", "pe.entry_point", "pe.imphash()",
	    "pe.is_dll()", "pe.is_32bit()", "pe.is_64bit()",
	    "pe.calculate_checksum()", "pe.imports(\"a\")",
	    "pe.imports(\"a\", \"b\")", "pe.exports(\"a\")",
	    "pe.exports_index(\"a\")", "pe.section_index(\"a\")",
	    "pe.section_index(1)", "pe.locale(1)", "pe.language(1)",
	    "pe.sections[0].name", "pe.version_info[\"a\"]",
	    "pe.number_of_signatures", "pe.signatures[0].subject",
	    "pe.rich_signature.version(1)", "pe.rich_signature.toolid(1)",
	    "pe.rich_signature.offset", "pe.overlay.size", "pe.pdb_path",
	    "pe.dll_name", "pe.opthdr_magic", "pe.timestamp",
	    "pe.number_of_resources", "pe.resource_timestamp",
	    "pe.number_of_imports", "pe.number_of_exports",
	    "pe.export_timestamp", "pe.characteristics",
	    "pe.number_of_rva_and_sizes", "pe.image_base", "elf.type",
	    "elf.machine", "elf.entry_point", "elf.number_of_sections",
	    "elf.number_of_segments", "elf.sections[0].name",
	    "elf.dynamic_section_entries", "elf.symtab_entries",
	    "elf.dynsym_entries", "elf.segments[0].type", "dotnet.version",
	    "dotnet.module_name", "dotnet.number_of_streams",
	    "dotnet.number_of_guids", "dotnet.number_of_resources",
	    "dotnet.assembly.name", "dotnet.number_of_user_strings",
	    "dotnet.typelib", "dotnet.number_of_constants",
	    "dotnet.number_of_modulerefs", "dotnet.number_of_assembly_refs",
	    "dotnet.number_of_field_offsets"};

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		auto_free char *text =
		    xasprintf("import \"pe\" import \"elf\" import \"dotnet\" "
			      "rule r { condition: defined %s }",
			members[i]);

		misses(text);
	}
}

/* What derive.c counts on: without $a and $b, none of these is true. */
static void
test_semantics(void **state)
{
	static const char *const conditions[] = {
	    "for all i in (3..1) : (true)",
	    "for any i in (3..1) : (true)",
	    "for all i in (1..#a) : (true)",
	    "for any i in (1..#a) : (true)",
	    "for 1 i in (1..#a) : (true)",
	    "for all i in (0..pe.number_of_sections) : (true)",
	    "for all i in (0..@a) : (true)",
	    "for any i in (@a..3) : (true)",
	    "for any s in pe.sections : (true)",
	    "for all s in pe.sections : (true)",
	    "@a < 100",
	    "@a != 5",
	    "not (@a[1] == 5)",
	    "@a[1] + 5 > 0",
	    "@a * 0 == 0",
	    "(@a & 0) == 0",
	    "!a[1] == 0",
	    "1% of them",
	    "uint32(1000000) == 0",
	    "not (uint32(1000000) == 0)",
	    "entrypoint >= 0",
	    "$a at entrypoint",
	    "#a + #b > 0",
	    "#a > #b",
	    "#a in (0..100) > 0",
	    "any of ($a*) in (0..10)",
	    "for any of them : (# >= 1)",
	    "for all of them : (@ < 9)",
	    "defined @a",
	    "defined !a[1]",
	    "pe.is_pe",
	    "pe.is_pe and filesize > 0 or $b",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]);
	     i++) {
		auto_free char *text = xasprintf(
		    "import \"pe\" rule r { strings: $a = \"aaaa\" "
		    "$b = \"bbbb\" condition: (%s) and (true or $a or $b) }",
		    conditions[i]);

		misses(text);
	}
}

static int
load(void **state)
{
	(void)state;
	compile_load();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_record),
	    cmocka_unit_test(test_bad_rules),
	    cmocka_unit_test(test_globals),
	    cmocka_unit_test(test_clash),
	    cmocka_unit_test(test_samples),
	    cmocka_unit_test(test_slow),
	    cmocka_unit_test(test_agree),
	    cmocka_unit_test(test_modules),
	    cmocka_unit_test(test_semantics),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
