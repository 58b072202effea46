/* SPDX-License-Identifier: Apache-2.0 */
/* module.h - libyara's modules, by number. */
#ifndef RULES_MODULE_H
#define RULES_MODULE_H

#include <stddef.h>

enum rule_module {
	MODULE_PE,
	MODULE_ELF,
	MODULE_DOTNET,
	MODULE_MACHO,
	MODULE_DEX,
	MODULE_MATH,
	MODULE_HASH,
	MODULE_TIME,
	MODULE_CUCKOO,
	MODULE_CONSOLE,
	MODULE_MAGIC,
	MODULE_COUNT
};

/*
 * What they say may differ from one scan of the same bytes to the next; magic
 * with libmagic's data, whose version libyara does not tell.
 */
#define MODULES_VOLATILE \
 (1u << MODULE_TIME | 1u << MODULE_CUCKOO | 1u << MODULE_MAGIC)

const char *module_name(enum rule_module module);
/* MODULE_COUNT where there is none of this name. */
enum rule_module module_of(const char *name, size_t len);

#endif
