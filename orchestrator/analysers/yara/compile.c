/* SPDX-License-Identifier: Apache-2.0 */
/* compile.c - libyara's compiler. */
#include "analysers/yara/compile.h"

#include "analysers/yara/match.h"
#include "lib/log.h"

static const char *const externals[EXTERNAL_COUNT] = {
    [EXTERNAL_FILENAME] = "filename",
    [EXTERNAL_FILEPATH] = "filepath",
    [EXTERNAL_EXTENSION] = "extension",
    [EXTERNAL_FILETYPE] = "filetype",
    [EXTERNAL_OWNER] = "owner",
};

const char *
external_name(enum external external)
{
	return externals[external];
}

void
compile_load(void)
{
	int error = yr_initialize();

	if (error == ERROR_SUCCESS)
		error = yr_set_configuration_uint32(
		    YR_CONFIG_MAX_MATCH_DATA, MATCH_DATA_BYTES_MAX);
	if (error != ERROR_SUCCESS) {
		log_line(LOG_ERROR, "msg=\"libyara does not start\" error=%d",
		    error);
		exit(1);
	}
}

static void
on_message(int level, const char *file, int line, const YR_RULE *rule,
    const char *message, void *arg)
{
	struct compile *compile = arg;
	struct compile_error *error;

	(void)file;
	(void)rule;
	if (level != YARA_ERROR_LEVEL_ERROR)
		return;
	if (compile->error_count < COMPILE_ERRORS_MAX) {
		error = &compile->errors[compile->error_count];
		error->line = line > 0 ? (size_t)line : 1;
		(void)snprintf(error->why, sizeof(error->why), "%s", message);
	}
	compile->error_count++;
}

int
compile_init(struct compile *compile)
{
	*compile = (struct compile){0};
	if (yr_compiler_create(&compile->compiler) != ERROR_SUCCESS)
		return ERR_LIMIT;
	yr_compiler_set_callback(compile->compiler, on_message, compile);
	yr_compiler_set_include_callback(compile->compiler, NULL, NULL, NULL);
	for (size_t i = 0; i < EXTERNAL_COUNT; i++) {
		if (yr_compiler_define_string_variable(
			compile->compiler, externals[i], "") != ERROR_SUCCESS)
			return ERR_LIMIT;
	}
	return ERR_OK;
}

void
compile_release(struct compile *compile)
{
	if (compile->compiler != NULL)
		yr_compiler_destroy(compile->compiler);
	compile->compiler = NULL;
}

int
compile_add(struct compile *compile, const char *text, const char *name)
{
	int errors = yr_compiler_add_string(compile->compiler, text, name);

	if (errors == 0)
		return ERR_OK;
	if (compile->error_count == 0)
		on_message(YARA_ERROR_LEVEL_ERROR, NULL, 1, NULL,
		    "libyara gives no reason", compile);
	return ERR_FORMAT;
}

int
compile_finish(struct compile *compile, YR_RULES **ret_rules)
{
	return yr_compiler_get_rules(compile->compiler, ret_rules) ==
		       ERROR_SUCCESS
		   ? ERR_OK
		   : ERR_LIMIT;
}
