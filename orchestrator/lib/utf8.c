/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.c - UTF-8 as foreign bytes write it. */
#include "lib/utf8.h"

#include <string.h>

size_t
utf8_sequence(const uint8_t *p, size_t len, uint32_t *ret_code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = 1;
	uint32_t code;

	if (len == 0)
		return 0;
	code = p[0];
	if (p[0] >= 0x80) {
		n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
		if (p[0] < 0xc2 || p[0] > 0xf4 || n > len)
			return 0;
		code = p[0] & (0x7fu >> n);
		for (size_t i = 1; i < n; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (p[i] & 0x3fu);
		}
		if (code < least[n] || code > 0x10ffff ||
		    (code >= 0xd800 && code <= 0xdfff))
			return 0;
	}
	if (ret_code != NULL)
		*ret_code = code;
	return n;
}

bool
utf8_is_valid(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint64_t eight;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		/* Most text is ASCII. */
		n = sizeof(eight);
		if (len - i >= n) {
			memcpy(&eight, p + i, n);
			if ((eight & UINT64_C(0x8080808080808080)) == 0)
				continue;
		}
		n = utf8_sequence(p + i, len - i, NULL);
		if (n == 0)
			return false;
	}
	return true;
}

void
utf8_to_ascii(char *dst, size_t dst_size, const char *text)
{
	size_t n = 0;

	for (; *text != '\0' && n + 1 < dst_size; text++)
		dst[n++] = (char)(*text >= ' ' && *text < 0x7f ? *text : '?');
	dst[n] = '\0';
}
