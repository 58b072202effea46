/* SPDX-License-Identifier: Apache-2.0 */
/* compile.h - libyara's compiler, with what every rule may count on. */
#ifndef YARA_COMPILE_H
#define YARA_COMPILE_H

#include "lib/err.h"

#include <stddef.h>
#include <yara.h>

#define COMPILE_ERRORS_MAX 64
#define COMPILE_WHY_BYTES  200

/* External variables of the common rule sets, all of them texts. */
enum external {
	EXTERNAL_FILENAME,
	EXTERNAL_FILEPATH,
	EXTERNAL_EXTENSION,
	EXTERNAL_FILETYPE,
	EXTERNAL_OWNER,
	EXTERNAL_COUNT
};

struct compile_error {
	size_t line;
	char why[COMPILE_WHY_BYTES];
};

struct compile {
	YR_COMPILER *compiler;
	struct compile_error errors[COMPILE_ERRORS_MAX];
	size_t error_count; /* may be larger than the array */
};

const char *external_name(enum external external);
/* Once, before the cage; exits the program where libyara cannot start. */
void compile_load(void);
/* Starts a compiler without includes.  ERR_LIMIT when memory is short. */
int must_check compile_init(struct compile *compile);
void compile_release(struct compile *compile);
/*
 * Adds rules to a namespace.  ERR_FORMAT: compile->errors say why, and the
 * compiler takes nothing more.
 */
int must_check compile_add(
    struct compile *compile, const char *text, const char *name);
/* The rules, which are the caller's to destroy. */
int must_check compile_finish(struct compile *compile, YR_RULES **ret_rules);

#endif
