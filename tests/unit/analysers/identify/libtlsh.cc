/* SPDX-License-Identifier: Apache-2.0 */
/* libtlsh.cc - the digest as the TLSH library computes it, to compare with. */
#include <cstddef>
#include <cstdio>
/* The library's header, not ours. */
#include <tlsh.h>

extern "C" void libtlsh(const void *p, size_t len, char *ret_text, size_t size);

/* "T1" and the digits, or "" where there is no digest. */
void
libtlsh(const void *p, size_t len, char *ret_text, size_t size)
{
	char hex[TLSH_STRING_BUFFER_LEN] = "";
	Tlsh tlsh;

	tlsh.update(
	    static_cast<const unsigned char *>(p), static_cast<unsigned int>(len));
	tlsh.final();
	(void)tlsh.getHash(hex, sizeof(hex));
	(void)std::snprintf(
	    ret_text, size, "%s%s", hex[0] == '\0' ? "" : "T1", hex);
}

extern "C" int libtlsh_diff(const char *a, const char *b);

/* The distance of two digests as text, the length taken into account. */
int
libtlsh_diff(const char *a, const char *b)
{
	Tlsh x, y;

	if (x.fromTlshStr(a) != 0 || y.fromTlshStr(b) != 0)
		return -1;
	return x.totalDiff(&y, true);
}
