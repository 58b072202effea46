/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_conf.c - the configuration file.
 * fuzz-links:
 */
#include "lib/conf.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf *conf = NULL;
	char why[256] = "";
	size_t count;
	const struct conf_key *keys = conf_keys(&count);

	if (conf_parse(data, size, why, sizeof(why), &conf) != ERR_OK) {
		/* A refusal names the line and leaves nothing behind. */
		if (conf != NULL || strncmp(why, "line ", 5) != 0)
			abort();
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		const char *value = conf_get(conf, keys[i].name);

		for (const char *p = value; *p != '\0'; p++) {
			if ((unsigned char)*p < ' ' && *p != '\t')
				abort();
		}
	}
	conf_free(conf);
	return 0;
}
