/* SPDX-License-Identifier: Apache-2.0 */
/* module.c - libyara's modules. */
#include "rules/module.h"

#include <string.h>

static const char *const names[MODULE_COUNT] = {"pe", "elf", "dotnet", "macho",
    "dex", "math", "hash", "time", "cuckoo", "console", "magic"};

const char *
module_name(enum rule_module module)
{
	return names[module];
}

enum rule_module
module_of(const char *name, size_t len)
{
	for (unsigned int i = 0; i < MODULE_COUNT; i++) {
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return i;
	}
	return MODULE_COUNT;
}
