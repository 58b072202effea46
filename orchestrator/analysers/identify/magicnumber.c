/* SPDX-License-Identifier: Apache-2.0 */
/* magicnumber.c - numbers of libmagic's database, and of files. */
#include "analysers/identify/magicnumber.h"

#include "analysers/identify/magicdb.h"

#include <endian.h>
#include <string.h>

uint64_t
magicnumber_load(const uint8_t *p, size_t len)
{
	uint64_t v = 0;

	if (len >= sizeof(v)) {
		memcpy(&v, p, sizeof(v));
		return le64toh(v);
	}
	for (size_t i = 0; i < len; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

size_t
magicnumber_width(uint8_t type, bool *ret_is_big)
{
	const bool is_big_here = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

	*ret_is_big = false;
	switch (type) {
	case MAGICDB_BYTE:
		return 1;
	case MAGICDB_SHORT:
		*ret_is_big = is_big_here;
		return 2;
	case MAGICDB_BESHORT:
		*ret_is_big = true;
		return 2;
	case MAGICDB_LESHORT:
		return 2;
	case MAGICDB_LONG:
		*ret_is_big = is_big_here;
		return 4;
	case MAGICDB_BELONG:
		*ret_is_big = true;
		return 4;
	case MAGICDB_LELONG:
		return 4;
	case MAGICDB_QUAD:
		*ret_is_big = is_big_here;
		return 8;
	case MAGICDB_BEQUAD:
		*ret_is_big = true;
		return 8;
	case MAGICDB_LEQUAD:
		return 8;
	default:
		return 0;
	}
}

uint64_t
magicnumber_word(uint64_t v, size_t width, bool is_big)
{
	uint64_t word = 0;

	for (size_t i = 0; i < width; i++) {
		size_t from = is_big ? width - 1 - i : i;

		word |= (v >> (8 * from) & 0xff) << (8 * i);
	}
	return word;
}
