/* SPDX-License-Identifier: Apache-2.0 */
/* test_lean.c - conditions alone say what libyara says of whole files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysers/yara/compile.h"
#include "analysers/yara/lean.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define HEAD  ((size_t)16384)
#define FILES ((size_t)5)

static const char *const rules[] = {
    "import \"math\" rule a { condition: math.entropy(0, 64) > 3.0 }",
    "rule a { condition: uint32(0) == 0x464c457f and filesize > 5 }",
    "rule a { condition: uint8(filesize - 1) == 0 }",
    "rule a { condition: uint8(16383) >= 0 and uint8(0) == 0x7f }",
    "rule a { condition: uint8(0) == 0x7f and uint8(16384) >= 0 }",
    "rule a { condition: not (uint32(filesize) == 0) }",
    "import \"elf\" rule a { condition: elf.number_of_sections > 3 }",
    "import \"pe\" rule a { condition: not pe.is_pe }",
    "import \"hash\" rule a { condition: hash.md5(0, filesize) < \"8\" }",
    "import \"math\" rule a { condition: math.mean(20000, 9) > 9.0 }",
    "private rule b { condition: uint8(1) == 0x45 } rule a { condition: b }",
};

struct file {
	uint8_t *p;
	size_t len;
};

static int
count(YR_SCAN_CONTEXT *context, int message, void *data, void *arg)
{
	(void)context;
	(void)data;
	*(int *)arg += message == CALLBACK_MSG_RULE_MATCHING;
	return CALLBACK_CONTINUE;
}

/* This program, parts of it, and what is no program. */
static void
make_files(struct file files[FILES])
{
	auto_close int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	off_t size = lseek(fd, 0, SEEK_END);

	assert_true(size > (off_t)(4 * HEAD));
	files[0].p = xcalloc(1, (size_t)size);
	files[0].len = (size_t)size;
	assert_int_equal(pread(fd, files[0].p, (size_t)size, 0), size);
	files[1] = (struct file){xmemdup(files[0].p, HEAD + 1), HEAD + 1};
	files[2] = (struct file){xmemdup(files[0].p + 99, HEAD * 3), HEAD * 3};
	files[3] = (struct file){xcalloc(1, HEAD * 2), HEAD * 2};
	memset(files[3].p, 'M', HEAD * 2);
	files[3].p[1] = 'Z';
	files[4] = (struct file){xmemdup("", 1), 0};
}

static YR_SCANNER *
make_scanner(const char *text, YR_RULES **ret_rules, int *matches)
{
	YR_SCANNER *scanner;
	struct compile compile;

	assert_int_equal(compile_init(&compile), ERR_OK);
	assert_int_equal(compile_add(&compile, text, "n"), ERR_OK);
	assert_int_equal(compile_finish(&compile, ret_rules), ERR_OK);
	compile_release(&compile);
	assert_int_equal(
	    yr_scanner_create(*ret_rules, &scanner), ERROR_SUCCESS);
	yr_scanner_set_callback(scanner, count, matches);
	yr_scanner_set_flags(
	    scanner, SCAN_FLAGS_NO_TRYCATCH | SCAN_FLAGS_REPORT_RULES_MATCHING);
	return scanner;
}

static void
test_same(void **state)
{
	struct file files[FILES];
	size_t known = 0, matched = 0;

	(void)state;
	make_files(files);
	for (size_t r = 0; r < sizeof(rules) / sizeof(rules[0]); r++) {
		int matches = 0;
		YR_RULES *compiled;
		YR_SCANNER *scanner =
		    make_scanner(rules[r], &compiled, &matches);

		assert_true(lean_suits(compiled));
		for (size_t f = 0; f < FILES; f++) {
			const struct file *file = &files[f];
			bool is_known = false;
			int plain;

			matches = 0;
			assert_int_equal(
			    yr_scanner_scan_mem(scanner, file->p, file->len),
			    ERROR_SUCCESS);
			plain = matches;
			matched += (size_t)plain;
			matches = 0;
			assert_int_equal(lean_scan(scanner, file->p, file->len),
			    ERROR_SUCCESS);
			assert_int_equal(matches, plain);
			if (file->len <= HEAD)
				continue;
			matches = 0;
			assert_int_equal(lean_scan_head(&scanner, file->p, HEAD,
					     file->len, &is_known),
			    ERROR_SUCCESS);
			if (is_known)
				assert_int_equal(matches, plain);
			else
				assert_int_equal(matches, 0);
			known += is_known;
			yr_scanner_set_callback(scanner, count, &matches);
			yr_scanner_set_flags(
			    scanner, SCAN_FLAGS_NO_TRYCATCH |
					 SCAN_FLAGS_REPORT_RULES_MATCHING);
		}
		yr_scanner_destroy(scanner);
		(void)yr_rules_destroy(compiled);
	}
	/* Both happen, or nothing was shown. */
	assert_in_range(known, 10, 40);
	assert_in_range(matched, 10, 45);
	for (size_t f = 0; f < FILES; f++)
		free(files[f].p);
}

static bool
is_known_of(const char *text, const struct file *file)
{
	int matches = 0;
	bool is_known = true;
	YR_RULES *compiled;
	YR_SCANNER *scanner = make_scanner(text, &compiled, &matches);

	assert_int_equal(
	    lean_scan_head(&scanner, file->p, HEAD, file->len, &is_known),
	    ERROR_SUCCESS);
	yr_scanner_destroy(scanner);
	(void)yr_rules_destroy(compiled);
	return is_known;
}

/* The last byte that is there, and the first that is not. */
static void
test_edge(void **state)
{
	struct file files[FILES];

	(void)state;
	make_files(files);
	assert_true(is_known_of(rules[3], &files[0]));
	assert_false(is_known_of(rules[4], &files[0]));
	/* The first byte decides: the other is not looked at. */
	assert_true(is_known_of(rules[4], &files[3]));
	/* Behind its end a file has nothing, and that is known. */
	assert_true(is_known_of(rules[5], &files[0]));
	assert_false(is_known_of(rules[8], &files[3]));
	for (size_t f = 0; f < FILES; f++)
		free(files[f].p);
}

static void
test_not_suited(void **state)
{
	int matches = 0;
	YR_RULES *compiled;
	YR_SCANNER *scanner =
	    make_scanner("rule a { strings: $a = \"x\" condition: not $a }",
		&compiled, &matches);

	(void)state;
	assert_false(lean_suits(compiled));
	yr_scanner_destroy(scanner);
	(void)yr_rules_destroy(compiled);
}

static int
setup(void **state)
{
	(void)state;
	compile_load();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same),
	    cmocka_unit_test(test_edge),
	    cmocka_unit_test(test_not_suited),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, NULL);
}
