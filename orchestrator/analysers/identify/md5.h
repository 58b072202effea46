/* SPDX-License-Identifier: Apache-2.0 */
/*
 * md5.h - MD5 (RFC 1321), its steps for whoever has other work to do between
 * them: each step waits for the one before, so that a processor is half idle.
 *
 * A name for files, as the field uses it; nothing relies on its security.
 */
#ifndef IDENTIFY_MD5_H
#define IDENTIFY_MD5_H

#include <stddef.h>
#include <stdint.h>

#define MD5_BLOCK_BYTES ((size_t)64)
/* 32 lower-case digits, NUL. */
#define MD5_HEX_BYTES ((size_t)33)

struct md5 {
	uint64_t len;
	uint32_t state[4];
	uint8_t rest[MD5_BLOCK_BYTES]; /* len % 64 bytes */
};

void md5_init(struct md5 *md5);
void md5_update(struct md5 *md5, const void *p, size_t len);
/* Once; nothing may be added afterwards. */
void md5_final(struct md5 *md5, char ret_hex[MD5_HEX_BYTES]);

#define MD5_F(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
/* No bit is in both: a sum lets one part wait for x less. */
#define MD5_G(x, y, z) (((x) & (z)) + ((y) & ~(z)))
#define MD5_H(x, y, z) ((x) ^ (y) ^ (z))
#define MD5_I(x, y, z) ((y) ^ ((x) | ~(z)))
/* a takes the block's word m, in the step's function of the other three. */
#define MD5_STEP(f, a, b, c, d, m, shift, constant)     \
 do {                                                   \
  (a) += f(b, c, d) + (m) + (constant);                 \
  (a) = (b) + ((a) << (shift) | (a) >> (32 - (shift))); \
 } while (0)
/*
 * The 64 steps of a block over variables a, b, c, d: step(function, its four
 * variables, number of the word, shift, constant, number of the step).
 */
/* clang-format off */
#define MD5_STEPS(step) \
	step(MD5_F, a, b, c, d, 0, 7, 0xd76aa478, 0) \
	step(MD5_F, d, a, b, c, 1, 12, 0xe8c7b756, 1) \
	step(MD5_F, c, d, a, b, 2, 17, 0x242070db, 2) \
	step(MD5_F, b, c, d, a, 3, 22, 0xc1bdceee, 3) \
	step(MD5_F, a, b, c, d, 4, 7, 0xf57c0faf, 4) \
	step(MD5_F, d, a, b, c, 5, 12, 0x4787c62a, 5) \
	step(MD5_F, c, d, a, b, 6, 17, 0xa8304613, 6) \
	step(MD5_F, b, c, d, a, 7, 22, 0xfd469501, 7) \
	step(MD5_F, a, b, c, d, 8, 7, 0x698098d8, 8) \
	step(MD5_F, d, a, b, c, 9, 12, 0x8b44f7af, 9) \
	step(MD5_F, c, d, a, b, 10, 17, 0xffff5bb1, 10) \
	step(MD5_F, b, c, d, a, 11, 22, 0x895cd7be, 11) \
	step(MD5_F, a, b, c, d, 12, 7, 0x6b901122, 12) \
	step(MD5_F, d, a, b, c, 13, 12, 0xfd987193, 13) \
	step(MD5_F, c, d, a, b, 14, 17, 0xa679438e, 14) \
	step(MD5_F, b, c, d, a, 15, 22, 0x49b40821, 15) \
	step(MD5_G, a, b, c, d, 1, 5, 0xf61e2562, 16) \
	step(MD5_G, d, a, b, c, 6, 9, 0xc040b340, 17) \
	step(MD5_G, c, d, a, b, 11, 14, 0x265e5a51, 18) \
	step(MD5_G, b, c, d, a, 0, 20, 0xe9b6c7aa, 19) \
	step(MD5_G, a, b, c, d, 5, 5, 0xd62f105d, 20) \
	step(MD5_G, d, a, b, c, 10, 9, 0x02441453, 21) \
	step(MD5_G, c, d, a, b, 15, 14, 0xd8a1e681, 22) \
	step(MD5_G, b, c, d, a, 4, 20, 0xe7d3fbc8, 23) \
	step(MD5_G, a, b, c, d, 9, 5, 0x21e1cde6, 24) \
	step(MD5_G, d, a, b, c, 14, 9, 0xc33707d6, 25) \
	step(MD5_G, c, d, a, b, 3, 14, 0xf4d50d87, 26) \
	step(MD5_G, b, c, d, a, 8, 20, 0x455a14ed, 27) \
	step(MD5_G, a, b, c, d, 13, 5, 0xa9e3e905, 28) \
	step(MD5_G, d, a, b, c, 2, 9, 0xfcefa3f8, 29) \
	step(MD5_G, c, d, a, b, 7, 14, 0x676f02d9, 30) \
	step(MD5_G, b, c, d, a, 12, 20, 0x8d2a4c8a, 31) \
	step(MD5_H, a, b, c, d, 5, 4, 0xfffa3942, 32) \
	step(MD5_H, d, a, b, c, 8, 11, 0x8771f681, 33) \
	step(MD5_H, c, d, a, b, 11, 16, 0x6d9d6122, 34) \
	step(MD5_H, b, c, d, a, 14, 23, 0xfde5380c, 35) \
	step(MD5_H, a, b, c, d, 1, 4, 0xa4beea44, 36) \
	step(MD5_H, d, a, b, c, 4, 11, 0x4bdecfa9, 37) \
	step(MD5_H, c, d, a, b, 7, 16, 0xf6bb4b60, 38) \
	step(MD5_H, b, c, d, a, 10, 23, 0xbebfbc70, 39) \
	step(MD5_H, a, b, c, d, 13, 4, 0x289b7ec6, 40) \
	step(MD5_H, d, a, b, c, 0, 11, 0xeaa127fa, 41) \
	step(MD5_H, c, d, a, b, 3, 16, 0xd4ef3085, 42) \
	step(MD5_H, b, c, d, a, 6, 23, 0x04881d05, 43) \
	step(MD5_H, a, b, c, d, 9, 4, 0xd9d4d039, 44) \
	step(MD5_H, d, a, b, c, 12, 11, 0xe6db99e5, 45) \
	step(MD5_H, c, d, a, b, 15, 16, 0x1fa27cf8, 46) \
	step(MD5_H, b, c, d, a, 2, 23, 0xc4ac5665, 47) \
	step(MD5_I, a, b, c, d, 0, 6, 0xf4292244, 48) \
	step(MD5_I, d, a, b, c, 7, 10, 0x432aff97, 49) \
	step(MD5_I, c, d, a, b, 14, 15, 0xab9423a7, 50) \
	step(MD5_I, b, c, d, a, 5, 21, 0xfc93a039, 51) \
	step(MD5_I, a, b, c, d, 12, 6, 0x655b59c3, 52) \
	step(MD5_I, d, a, b, c, 3, 10, 0x8f0ccc92, 53) \
	step(MD5_I, c, d, a, b, 10, 15, 0xffeff47d, 54) \
	step(MD5_I, b, c, d, a, 1, 21, 0x85845dd1, 55) \
	step(MD5_I, a, b, c, d, 8, 6, 0x6fa87e4f, 56) \
	step(MD5_I, d, a, b, c, 15, 10, 0xfe2ce6e0, 57) \
	step(MD5_I, c, d, a, b, 6, 15, 0xa3014314, 58) \
	step(MD5_I, b, c, d, a, 13, 21, 0x4e0811a1, 59) \
	step(MD5_I, a, b, c, d, 4, 6, 0xf7537e82, 60) \
	step(MD5_I, d, a, b, c, 11, 10, 0xbd3af235, 61) \
	step(MD5_I, c, d, a, b, 2, 15, 0x2ad7d2bb, 62) \
	step(MD5_I, b, c, d, a, 9, 21, 0xeb86d391, 63)
/* clang-format on */

#endif
