/* SPDX-License-Identifier: Apache-2.0 */
/* tlsh_shim.cc - the only file that includes the TLSH library. */
#include "analysers/identify/tlsh_shim.h"

#include <cstdio>
#include <cstring>
#include <new>
#include <tlsh.h>

struct tlsh {
	Tlsh digest;
};

struct tlsh *
tlsh_new(void)
{
	return new (std::nothrow) struct tlsh;
}

void
tlsh_free(struct tlsh *tlsh)
{
	delete tlsh;
}

void
tlsh_update(struct tlsh *tlsh, const void *p, size_t len)
{
	/* The library counts in unsigned int. */
	const size_t piece_max = 1 << 30;
	const unsigned char *at = static_cast<const unsigned char *>(p);

	while (len > 0) {
		size_t n = len < piece_max ? len : piece_max;

		tlsh->digest.update(at, static_cast<unsigned int>(n));
		at += n;
		len -= n;
	}
}

void
tlsh_final(struct tlsh *tlsh, char ret_text[TLSH_TEXT_BYTES])
{
	char hex[TLSH_STRING_BUFFER_LEN] = "";

	tlsh->digest.final();
	(void)tlsh->digest.getHash(hex, sizeof(hex));
	ret_text[0] = '\0';
	if (std::strlen(hex) + 3 == TLSH_TEXT_BYTES)
		(void)std::snprintf(ret_text, TLSH_TEXT_BYTES, "T1%s", hex);
}
