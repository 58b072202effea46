/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_misp.c - MISP exports that are added as rules.
 * fuzz-links: cli
 */
#include "cli/bundle.h"
#include "cli/misp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
on_rule(void *arg, const char *path, const char *text, size_t len)
{
	size_t *count = arg;
	char *clean = bundle_path(path);

	/* Whatever an export says, its paths are ours. */
	if (clean == NULL || strchr(path, '/') != NULL || strlen(text) != len)
		abort();
	free(clean);
	return ++*count > 1000 ? ERR_LIMIT : ERR_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t count = 0;

	(void)!misp_read(data, size, on_rule, &count);
	return 0;
}
