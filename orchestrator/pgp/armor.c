/* SPDX-License-Identifier: Apache-2.0 */
/* armor.c - armored blocks in a text. */
#include "pgp/armor.h"

#include <string.h>

static const char begin[] = "-----BEGIN PGP ";
static const char end[] = "\n-----END PGP ";
static const char dashes[] = "-----";

bool
armor_next(const char *p, size_t len, const char **ret_block, size_t *ret_len)
{
	const char *first = memmem(p, len, begin, sizeof(begin) - 1);
	const char *last, *rest;
	size_t left;

	if (first == NULL)
		return false;
	left = len - (size_t)(first - p);
	last = memmem(first, left, end, sizeof(end) - 1);
	if (last == NULL)
		return false;
	last += sizeof(end) - 1;
	left = len - (size_t)(last - p);
	rest = memmem(last, left, dashes, sizeof(dashes) - 1);
	if (rest == NULL)
		return false;
	*ret_block = first;
	*ret_len = (size_t)(rest - first) + sizeof(dashes) - 1;
	return true;
}
