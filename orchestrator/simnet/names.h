/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.h - every name that a guest asked for, and the address it was given.
 *
 * Each name gets an address of its own out of 198.18.0.0/15 (RFC 2544: never
 * routed on the Internet), in the order of asking, so that a later connection
 * to that address names the host that was meant.
 */
#ifndef SIMNET_NAMES_H
#define SIMNET_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* Dotted text, other bytes as \DDD; RFC 1035 2.3.4 allows 255 bytes. */
#define NAME_BYTES ((size_t)1024)
#define NAMES_MAX  ((size_t)4096)
#define NAMES_BASE 0xc6120000u /* 198.18.0.0 */

struct name {
	char *text;	  /* lower case */
	uint32_t address; /* host order */
	uint32_t queries;
	uint32_t types; /* bits of enum name_type */
};

enum name_type {
	NAME_A = 1,
	NAME_AAAA = 2,
	NAME_PTR = 4,
	NAME_MX = 8,
	NAME_TXT = 16,
	NAME_NS = 32,
	NAME_SRV = 64,
	NAME_OTHER = 128
};

struct names {
	struct name *all; /* NAMES_MAX of them, in order of asking */
	size_t count;
	uint64_t
	    overflow;	  /* names that found no place; all share one address */
	uint16_t *bucket; /* index + 1 */
	uint16_t *next;
};

void names_init(struct names *names);
void names_release(struct names *names);
/*
 * Counts a query for text (it is lower-cased) of type and returns its address.
 */
uint32_t names_ask(struct names *names, const char *text, enum name_type type);
/* The name behind an address, or NULL. */
const char *names_of(const struct names *names, uint32_t address);

#endif
