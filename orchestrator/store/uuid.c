/* SPDX-License-Identifier: Apache-2.0 */
/* uuid.c - identifiers: UUID version 7. */
#include "store/uuid.h"

#include "lib/digest.h"
#include "lib/loop.h"

/* The 12 bits of rand_a count within a millisecond (RFC 9562 section 6.2). */
#define COUNT_MAX 0xfff

/* Random bytes are drawn many at a time: a system call each would show. */
static uint64_t
random_u64(void)
{
	static uint64_t pool[128];
	static size_t left;

	if (left == 0) {
		random_bytes(pool, sizeof(pool));
		left = sizeof(pool) / sizeof(pool[0]);
	}
	return pool[--left];
}

void
uuid7(char ret_id[UUID_BYTES])
{
	static uint64_t ms_last;
	static unsigned int count;
	uint64_t ms = (uint64_t)loop_wall_us() / 1000;
	uint64_t random = random_u64();

	if (ms > ms_last) {
		ms_last = ms;
		count = 0;
	} else if (++count > COUNT_MAX) {
		ms_last++;
		count = 0;
	}
	(void)snprintf(ret_id, UUID_BYTES, "%08x-%04x-7%03x-%04x-%012llx",
	    (unsigned int)(ms_last >> 16 & 0xffffffff),
	    (unsigned int)(ms_last & 0xffff), count,
	    (unsigned int)(0x8000 | (random >> 48 & 0x3fff)),
	    (unsigned long long)(random & 0xffffffffffff));
}

bool
uuid_is_valid(const char *id, size_t len)
{
	if (len != UUID_BYTES - 1)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_dash ? id[i] != '-'
			    : strchr("0123456789abcdef", id[i]) == NULL)
			return false;
	}
	return true;
}
