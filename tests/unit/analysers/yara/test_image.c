/* SPDX-License-Identifier: Apache-2.0 */
/* test_image.c - compiled rules as bytes: the same matches, or refused. */
#include "../harness.h"

#include "analysers/yara/compile.h"
#include "analysers/yara/image.h"
#include "analysers/yara/scan.h"
#include "lib/unitset.h"

#include <sys/mman.h>

struct text {
	const char *namespace_name;
	const char *name;
	const char *text;
	unsigned int flags;
};

static const struct text texts[] = {
    {"one", "same", "rule same { strings: $a = \"first\" condition: $a }", 0},
    {"two", "same", "rule same { strings: $a = \"second\" condition: $a }", 0},
    {"one", "served",
	"private rule helper { strings: $h = \"help\" condition: $h }\n"
	"rule served { condition: helper }",
	0},
    {"one", "broken", "rule broken { condition: nothing }", 0},
    {"one", "elf", "rule elf { condition: uint32(0) == 0x464C457F }", 0},
    {"one", "slow", "rule slow { strings: $a = /fi.*st/ condition: $a }",
	UNIT_SLOW},
    {"one", "named",
	"rule named { condition: filename == \"n\" and filesize > 0 }", 0},
};

#define COUNT (sizeof(texts) / sizeof(texts[0]))

static int
make_set(size_t count)
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
compile(int units_fd)
{
	struct ruleset *ruleset = NULL;
	char why[512] = "";

	assert_int_equal(
	    ruleset_units(units_fd, true, why, sizeof(why), &ruleset), ERR_OK);
	return ruleset;
}

static int
make_image(int units_fd)
{
	struct ruleset *ruleset = compile(units_fd);
	int fd = memfd_create("image", MFD_CLOEXEC);

	assert_int_not_equal(fd, -1);
	assert_int_equal(image_write(ruleset, units_fd, fd), ERR_OK);
	ruleset_free(ruleset);
	return fd;
}

/* "ns:name" of all matches, in order, with a space behind each. */
static void
matches(struct ruleset *ruleset, const char *bytes, char *dst, size_t size)
{
	struct harness run = harness_run(
	    scan_analyse, ruleset, bytes, strlen(bytes), "{\"name\": \"n\"}");
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

/* What was compiled in another process finds what was compiled here. */
static void
test_same(void **state)
{
	static const char *const files[] = {"first", "second", "help me",
	    "\x7f"
	    "ELF",
	    "MZ first", "fi.st"};
	auto_close int units = make_set(COUNT);
	auto_close int fd = make_image(units);
	struct ruleset *here = compile(units);
	struct ruleset *ruleset = NULL;
	char wanted[512], found[512];

	(void)state;
	assert_int_equal(image_read(fd, units, &ruleset), ERR_OK);
	assert_int_equal(ruleset->rule_count, here->rule_count);
	assert_int_equal(ruleset->set_aside_rules, 1);
	assert_int_equal(json_array_size(ruleset->set_aside), 1);
	assert_non_null(ruleset->slow);
	for (size_t i = 0; i < CLASS_COUNT; i++) {
		assert_int_equal(ruleset->rule_counts[i], here->rule_counts[i]);
		assert_int_equal(ruleset->is_lean[i], here->is_lean[i]);
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		matches(here, files[i], wanted, sizeof(wanted));
		matches(ruleset, files[i], found, sizeof(found));
		assert_string_equal(found, wanted);
	}
	matches(ruleset, "first", found, sizeof(found));
	assert_string_equal(found, "one:same one:named one:slow ");
	ruleset_free(ruleset);
	ruleset_free(here);
}

/* Of other units, or changed anywhere, it is none. */
static void
test_refused(void **state)
{
	auto_close int units = make_set(COUNT);
	auto_close int others = make_set(COUNT - 1);
	auto_close int fd = make_image(units);
	struct ruleset *ruleset = NULL;
	off_t size = lseek(fd, 0, SEEK_END);

	(void)state;
	assert_true(size > 1000);
	assert_int_equal(image_read(fd, others, &ruleset), ERR_FORMAT);
	for (off_t at = 0; at < size; at += at < 400 ? 1 : 997) {
		uint8_t was, is;

		assert_int_equal(pread(fd, &was, 1, at), 1);
		is = was ^ 0x10;
		assert_int_equal(pwrite(fd, &is, 1, at), 1);
		assert_int_equal(image_read(fd, units, &ruleset), ERR_FORMAT);
		assert_int_equal(pwrite(fd, &was, 1, at), 1);
	}
	assert_int_equal(image_read(fd, units, &ruleset), ERR_OK);
	ruleset_free(ruleset);
	for (off_t at = size - 1; at >= 0; at -= at < 200 ? 1 : 1009) {
		assert_int_equal(ftruncate(fd, at), 0);
		assert_int_equal(image_read(fd, units, &ruleset), ERR_FORMAT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same),
	    cmocka_unit_test(test_refused),
	};

	compile_load();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
