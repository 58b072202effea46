/* SPDX-License-Identifier: Apache-2.0 */
/* md5.c - MD5. */
#include "analysers/identify/md5.h"

#include <endian.h>
#include <string.h>

static void
take_block(struct md5 *md5, const uint8_t *p)
{
	uint32_t words[MD5_BLOCK_BYTES / 4];
	uint32_t a = md5->state[0];
	uint32_t b = md5->state[1];
	uint32_t c = md5->state[2];
	uint32_t d = md5->state[3];

	memcpy(words, p, sizeof(words));
	for (size_t i = 0; i < MD5_BLOCK_BYTES / 4; i++)
		words[i] = le32toh(words[i]);
#define STEP(f, a, b, c, d, word, shift, constant, i) \
 MD5_STEP(f, a, b, c, d, words[word], shift, constant);
	MD5_STEPS(STEP)
#undef STEP
	md5->state[0] += a;
	md5->state[1] += b;
	md5->state[2] += c;
	md5->state[3] += d;
}

void
md5_init(struct md5 *md5)
{
	*md5 = (struct md5){
	    .state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476},
	};
}

void
md5_update(struct md5 *md5, const void *p, size_t len)
{
	const uint8_t *at = p;
	size_t have = (size_t)(md5->len % MD5_BLOCK_BYTES);

	md5->len += len;
	if (have > 0) {
		size_t n = MD5_BLOCK_BYTES - have;

		n = len < n ? len : n;
		memcpy(md5->rest + have, at, n);
		at += n;
		len -= n;
		if (have + n < MD5_BLOCK_BYTES)
			return;
		take_block(md5, md5->rest);
	}
	for (; len >= MD5_BLOCK_BYTES; len -= MD5_BLOCK_BYTES) {
		take_block(md5, at);
		at += MD5_BLOCK_BYTES;
	}
	if (len > 0)
		memcpy(md5->rest, at, len);
}

void
md5_final(struct md5 *md5, char ret_hex[MD5_HEX_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	static const uint8_t end[MD5_BLOCK_BYTES] = {0x80};
	const uint64_t bits = htole64(md5->len * 8);
	const size_t room = MD5_BLOCK_BYTES - sizeof(bits);
	size_t have = (size_t)(md5->len % MD5_BLOCK_BYTES);

	md5_update(
	    md5, end, (have < room ? room : room + MD5_BLOCK_BYTES) - have);
	md5_update(md5, &bits, sizeof(bits));
	for (size_t i = 0; i < 16; i++) {
		unsigned int byte = md5->state[i / 4] >> (8 * (i % 4)) & 0xff;

		*ret_hex++ = digits[byte >> 4];
		*ret_hex++ = digits[byte & 15];
	}
	*ret_hex = '\0';
}
