/* SPDX-License-Identifier: Apache-2.0 */
/* test_unitrules.c - compile units: who matches, who only serves. */
#include "../harness.h"

#include "analysers/yara/compile.h"
#include "analysers/yara/scan.h"
#include "lib/unitset.h"

struct text {
	const char *namespace_name;
	const char *name;
	const char *text;
	unsigned int flags;
};

static int
make_set(const struct text *texts, size_t count)
{
	struct unitset_out out;
	int fd = -1;

	unitset_out_init(&out);
	for (size_t i = 0; i < count; i++) {
		uint8_t digest[SHA256_BYTES];
		struct unit unit = {
		    .closure = digest,
		    .text_digest = digest,
		    .namespace_name = texts[i].namespace_name,
		    .name = texts[i].name,
		    .text = texts[i].text,
		    .text_len = strlen(texts[i].text),
		    .flags = texts[i].flags,
		};

		sha256_once(texts[i].text, strlen(texts[i].text), digest);
		assert_int_equal(unitset_add(&out, &unit), ERR_OK);
	}
	assert_int_equal(unitset_seal(&out, &fd), ERR_OK);
	unitset_out_release(&out);
	return fd;
}

static struct ruleset *
load(const struct text *texts, size_t count, bool has_facts)
{
	auto_close int fd = make_set(texts, count);
	struct ruleset *ruleset = NULL;
	char why[512] = "";

	assert_int_equal(
	    ruleset_units(fd, has_facts, why, sizeof(why), &ruleset), ERR_OK);
	return ruleset;
}

/* "ns:name" of all matches, in order, with a space behind each. */
static void
matches(struct ruleset *ruleset, const char *bytes, char *dst, size_t size)
{
	struct harness run =
	    harness_run(scan_analyse, ruleset, bytes, strlen(bytes), "{}");
	const json_t *record;
	size_t i, len = 0;

	dst[0] = '\0';
	json_array_foreach(run.records, i, record)
	{
		if (strcmp(json_member_text(record, "type", ""), "match") != 0)
			continue;
		len += (size_t)snprintf(dst + len, size - len, "%s:%s ",
		    json_member_text(record, "namespace", ""),
		    json_member_text(record, "rule", ""));
	}
	harness_release(&run);
}

static const struct text texts[] = {
    {"one", "same", "rule same { strings: $a = \"first\" condition: $a }", 0},
    {"two", "same", "rule same { strings: $a = \"second\" condition: $a }", 0},
    {"one", "served",
	"private rule helper { strings: $h = \"help\" condition: $h }\n"
	"rule served { condition: helper }",
	0},
    {"three", "silenced",
	"global rule gate { condition: filesize < 4 }\n"
	"rule silenced { strings: $a = \"first\" condition: $a }",
	0},
    {"three", "gate", "global rule gate { condition: filesize < 4 }", 0},
    {"one", "helper", "rule helper { strings: $x = \"other\" condition: $x }",
	UNIT_NOISY},
};

#define COUNT (sizeof(texts) / sizeof(texts[0]))

/* A name twice, a helper, a global rule: each acts on its own unit alone. */
static void
test_apart(void **state)
{
	struct ruleset *ruleset = load(texts, COUNT, true);
	char found[512];

	(void)state;
	assert_int_equal(ruleset->rule_count, COUNT);
	matches(ruleset, "first", found, sizeof(found));
	assert_string_equal(found, "one:same ");
	matches(ruleset, "second", found, sizeof(found));
	assert_string_equal(found, "two:same ");
	matches(ruleset, "help me", found, sizeof(found));
	assert_string_equal(found, "one:served ");
	matches(ruleset, "abc", found, sizeof(found));
	assert_string_equal(found, "three:gate ");
	ruleset_free(ruleset);
}

/* A noisy rule is told of and counts nothing. */
static void
test_noisy(void **state)
{
	struct ruleset *ruleset = load(texts, COUNT, true);
	struct harness run =
	    harness_run(scan_analyse, ruleset, "other", 5, "{}");
	const json_t *match = harness_find(&run, "match", "rule", "helper");

	(void)state;
	assert_non_null(match);
	assert_int_equal(json_member_int(match, "score", -1), 0);
	assert_int_equal(strlen(json_member_text(match, "closure", "")), 64);
	harness_release(&run);
	ruleset_free(ruleset);
}

/* One that does not compile is set aside by name; the others stay. */
static void
test_aside(void **state)
{
	static const struct text bad[] = {
	    {"n", "good", "rule good { condition: true }", 0},
	    {"n", "bad", "rule bad { condition: nothing }", 0},
	    {"n", "worse", "rule worse {", 0},
	};
	struct ruleset *ruleset = load(bad, 3, false);
	char found[128], why[512];

	(void)state;
	assert_int_equal(ruleset->rule_count, 1);
	assert_int_equal(ruleset->set_aside_rules, 2);
	ruleset_explain(ruleset, why, sizeof(why));
	assert_non_null(strstr(why, "bad: "));
	assert_non_null(strstr(why, "worse: "));
	matches(ruleset, "x", found, sizeof(found));
	assert_string_equal(found, "n:good ");
	ruleset_free(ruleset);
}

/* Without facts there are no sets that nothing could match. */
static void
test_classes(void **state)
{
	static const struct text pe[] = {
	    {"n", "windows",
		"rule windows { strings: $a = \"x\" condition: "
		"uint16(0) == 0x5A4D and $a }",
		0},
	};
	struct ruleset *ruleset = load(pe, 1, false);

	(void)state;
	assert_null(ruleset->scanners[CLASS_ANY]);
	assert_non_null(ruleset->scanners[CLASS_MZ]);
	assert_null(ruleset->scanners[CLASS_ELF]);
	ruleset_free(ruleset);
}

/* A slow rule has a time of its own: what the others find stays. */
static void
test_slow(void **state)
{
	static const struct text some[] = {
	    {"n", "fast", "rule fast { strings: $a = \"aaaa\" condition: $a }",
		0},
	    {"n", "late",
		"rule late { strings: $a = /([A-Za-z0-9+\\/]{4}){3,}"
		"([A-Za-z0-9+\\/]{2}==|x=)?/ condition: $a }",
		UNIT_SLOW},
	};
	struct ruleset *ruleset = load(some, 2, true);
	auto_free char *bytes = xcalloc(1, MIB);
	struct harness run;

	(void)state;
	assert_int_equal(ruleset->rule_count, 2);
	assert_non_null(ruleset->slow);
	run = harness_run(scan_analyse, ruleset, "aaaabbbbcccc", 12, "{}");
	assert_non_null(harness_find(&run, "match", "rule", "fast"));
	assert_non_null(harness_find(&run, "match", "rule", "late"));
	harness_release(&run);
	memset(bytes, 'a', MIB);
	run = harness_run(scan_analyse, ruleset, bytes, MIB,
	    "{\"limits\": {\"seconds\": 4}}");
	assert_non_null(harness_find(&run, "match", "rule", "fast"));
	assert_null(harness_find(&run, "match", "rule", "late"));
	assert_non_null(harness_find(&run, "error", "what", "slow_rules"));
	assert_int_equal(run.err, ERR_LIMIT);
	harness_release(&run);
	ruleset_free(ruleset);
}

static void
test_no_set(void **state)
{
	auto_close int fd = memfd_create("x", MFD_CLOEXEC);
	struct ruleset *ruleset = NULL;
	char why[128] = "";

	(void)state;
	assert_int_equal(write(fd, "LOEPUNIT", 8), 8);
	assert_int_equal(
	    ruleset_units(fd, false, why, sizeof(why), &ruleset), ERR_FORMAT);
	assert_true(why[0] != '\0');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_apart),
	    cmocka_unit_test(test_noisy),
	    cmocka_unit_test(test_aside),
	    cmocka_unit_test(test_classes),
	    cmocka_unit_test(test_slow),
	    cmocka_unit_test(test_no_set),
	};

	compile_load();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
