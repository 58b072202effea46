/* SPDX-License-Identifier: Apache-2.0 */
/* names.c - the table of names and the addresses they were given. */
#include "simnet/names.h"

#include "lib/xalloc.h"

#include <ctype.h>

#define BUCKETS 4096u
/* The first address given away; below are those of "the network". */
#define FIRST		 10u
#define OVERFLOW_ADDRESS (NAMES_BASE + 1)

void
names_init(struct names *names)
{
	*names = (struct names){0};
	names->all = xcalloc(NAMES_MAX, sizeof(*names->all));
	names->bucket = xcalloc(BUCKETS, sizeof(*names->bucket));
	names->next = xcalloc(NAMES_MAX, sizeof(*names->next));
}

void
names_release(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->all[i].text);
	free(names->all);
	free(names->bucket);
	free(names->next);
	*names = (struct names){0};
}

/* FNV-1a; a guest that makes chains long slows only itself, 4096 at most. */
static uint32_t
hash(const char *text)
{
	uint32_t h = 2166136261u;

	for (; *text != '\0'; text++)
		h = (h ^ (uint8_t)*text) * 16777619u;
	return h % BUCKETS;
}

static void
lower(char *dst, const char *text)
{
	size_t i;

	for (i = 0; i < NAME_BYTES - 1 && text[i] != '\0'; i++)
		dst[i] = (char)tolower((unsigned char)text[i]);
	dst[i] = '\0';
}

uint32_t
names_ask(struct names *names, const char *text, enum name_type type)
{
	char key[NAME_BYTES];
	struct name *name = NULL;
	uint32_t h;

	lower(key, text);
	h = hash(key);
	for (uint16_t i = names->bucket[h]; i != 0; i = names->next[i - 1]) {
		if (strcmp(names->all[i - 1].text, key) == 0)
			name = &names->all[i - 1];
	}
	if (name == NULL && names->count == NAMES_MAX) {
		names->overflow++;
		return OVERFLOW_ADDRESS;
	}
	if (name == NULL) {
		name = &names->all[names->count];
		name->text = xstrdup(key);
		name->address = NAMES_BASE + FIRST + (uint32_t)names->count;
		names->next[names->count] = names->bucket[h];
		names->bucket[h] = (uint16_t)++names->count;
	}
	name->queries++;
	name->types |= (uint32_t)type;
	return name->address;
}

const char *
names_of(const struct names *names, uint32_t address)
{
	uint32_t at = address - NAMES_BASE - FIRST;

	return at < names->count ? names->all[at].text : NULL;
}
