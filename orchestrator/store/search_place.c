/* SPDX-License-Identifier: Apache-2.0 */
/* search_place.c - where a page of answers goes on. */
#include "store/search_place.h"

#include <errno.h>

/* Takes a number and what must stand behind it: a full stop, or the end. */
static int
take_number(char **at, char behind, int64_t *ret_number)
{
	char *end;

	if (**at < '0' || **at > '9')
		return ERR_FORMAT;
	errno = 0;
	*ret_number = strtoll(*at, &end, 10);
	if (errno != 0 || *end != behind)
		return ERR_FORMAT;
	*at = behind == '\0' ? end : end + 1;
	return ERR_OK;
}

static int
parse_hash(struct search_place *p, char *at)
{
	char *stop = strchr(at, '.');

	if (stop == NULL || stop == at || stop[1] == '\0')
		return ERR_FORMAT;
	*stop = '\0';
	p->stage = SEARCH_HASH;
	p->org = at;
	p->artefact = stop + 1;
	return ERR_OK;
}

/* The name's end is not marked, for its bytes may be any: it gets room. */
static int
parse_rule(struct search_place *p, char *at)
{
	int64_t len;

	if (take_number(&at, '.', &p->number) != ERR_OK ||
	    take_number(&at, '.', &len) != ERR_OK || (size_t)len > strlen(at))
		return ERR_FORMAT;
	p->stage = SEARCH_RULES;
	memmove(at - 1, at, (size_t)len);
	p->name = at - 1;
	at[len - 1] = '\0';
	p->namespace = at + len;
	return ERR_OK;
}

static int
parse_row(struct search_place *p, char *at, enum search_stage stage)
{
	p->stage = stage;
	return take_number(&at, '\0', &p->number);
}

static int
parse_near(struct search_place *p, char *at)
{
	if (take_number(&at, '.', &p->distance) != ERR_OK)
		return ERR_FORMAT;
	return parse_row(p, at, SEARCH_NEAR);
}

int
search_place_parse(const char *cursor, struct search_place *ret_place)
{
	struct search_place *p = ret_place;
	size_t len = strlen(cursor);

	p->stage = SEARCH_START;
	p->org = p->artefact = p->name = p->namespace = "";
	p->number = p->distance = 0;
	if (len == 0)
		return ERR_OK;
	if (len >= sizeof(p->text) || len < 3 || cursor[1] != '.')
		return ERR_FORMAT;
	memcpy(p->text, cursor, len + 1);
	switch (cursor[0]) {
	case 'h':
		return parse_hash(p, p->text + 2);
	case 'r':
		return parse_rule(p, p->text + 2);
	case 'c':
		return parse_row(p, p->text + 2, SEARCH_CASES);
	case 'w':
		return parse_row(p, p->text + 2, SEARCH_WORDS);
	case 't':
		return parse_near(p, p->text + 2);
	default:
		return ERR_FORMAT;
	}
}

int64_t
search_place_before(const struct search_place *place, enum search_stage stage)
{
	return place->stage == stage ? place->number : INT64_MAX;
}
