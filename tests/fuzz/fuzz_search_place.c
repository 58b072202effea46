/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_search_place.c - any text as the cursor of a search.
 *
 * fuzz-links: store
 */
#include "store/search_place.h"

#include "lib/xalloc.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A text of the place ends within it. */
static void
check_text(const struct search_place *place, const char *text)
{
	const char *end = place->text + sizeof(place->text);

	if (text[0] == '\0')
		return;
	if (text < place->text || text >= end ||
	    memchr(text, '\0', (size_t)(end - text)) == NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct search_place *place = xmalloc(sizeof(*place));
	char *cursor = xstrndup((const char *)data, size);

	if (search_place_parse(cursor, place) == ERR_OK) {
		check_text(place, place->org);
		check_text(place, place->artefact);
		check_text(place, place->name);
		check_text(place, place->namespace);
		if (place->number < 0 || place->distance < 0 ||
		    (cursor[0] == '\0') != (place->stage == SEARCH_START) ||
		    strlen(place->name) + strlen(place->namespace) >
			strlen(cursor))
			abort();
	}
	free(cursor);
	free(place);
	return 0;
}
