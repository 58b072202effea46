/* SPDX-License-Identifier: Apache-2.0 */
/* tlsh.c - the similarity digest TLSH. */
#include "analysers/identify/tlsh.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS	   128
#define CODE_BYTES 32
#define WINDOW	   5
/* Fewer bytes have no digest. */
#define LEN_MIN 256

/* Pearson: "Fast Hashing of Variable-Length Text Strings", CACM 33/6, 1990. */
static const uint8_t pearson[256] = {1, 87, 49, 12, 176, 178, 102, 166, 121,
    193, 6, 84, 249, 230, 44, 163, 14, 197, 213, 181, 161, 85, 218, 80, 64, 239,
    24, 226, 236, 142, 38, 200, 110, 177, 104, 103, 141, 253, 255, 50, 77, 101,
    81, 18, 45, 96, 31, 222, 25, 107, 190, 70, 86, 237, 240, 34, 72, 242, 20,
    214, 244, 227, 149, 235, 97, 234, 57, 22, 60, 250, 82, 175, 208, 5, 127,
    199, 111, 62, 135, 248, 174, 169, 211, 58, 66, 154, 106, 195, 245, 171, 17,
    187, 182, 179, 0, 243, 132, 56, 148, 75, 128, 133, 158, 100, 130, 126, 91,
    13, 153, 246, 216, 219, 119, 68, 223, 78, 83, 88, 201, 99, 122, 11, 92, 32,
    136, 114, 52, 10, 138, 30, 48, 183, 156, 35, 61, 26, 143, 74, 251, 94, 129,
    162, 63, 152, 170, 7, 115, 167, 241, 206, 3, 150, 55, 59, 151, 220, 90, 53,
    23, 131, 125, 173, 15, 238, 79, 95, 89, 16, 105, 137, 225, 224, 217, 160,
    37, 123, 118, 73, 2, 157, 46, 116, 9, 145, 134, 228, 207, 212, 202, 215, 69,
    229, 27, 188, 67, 124, 168, 252, 42, 4, 29, 108, 21, 247, 19, 205, 39, 203,
    233, 40, 186, 147, 198, 192, 155, 33, 164, 191, 98, 204, 165, 180, 117, 76,
    140, 36, 210, 172, 41, 54, 159, 8, 185, 232, 113, 196, 231, 47, 146, 120,
    51, 65, 28, 144, 254, 221, 93, 189, 194, 139, 112, 43, 71, 109, 184, 209};

void
tlsh_init(struct tlsh *tlsh)
{
	memset(tlsh, 0, sizeof(*tlsh));
	md5_init(&tlsh->md5);
}

/* Of each triple, and last of the checksum. */
static const uint8_t salts[TLSH_TRIPLES + 1] = {2, 3, 5, 7, 11, 13, 0};

/* The first step of all of them for each newest byte, a byte each. */
static void
fill_first(uint64_t first[256])
{
	for (size_t byte = 0; byte < 256; byte++) {
		first[byte] = 0;
		for (size_t i = 0; i < TLSH_TRIPLES + 1; i++)
			first[byte] |=
			    (uint64_t)pearson[pearson[salts[i]] ^ byte]
			    << (8 * i);
	}
}

#define SECOND(word, n) (pearson[(uint8_t)((word) >> (8 * (n)))])
/* One triple's count: its second step, and its third with the byte c. */
#define COUNT(n, c) counts[n][pearson[SECOND(second, n) ^ (c)]]++

void
tlsh_update_beside(struct tlsh *tlsh, const void *p, size_t len)
{
	const uint8_t *at = p;

	md5_update(&tlsh->md5, p, len);
	for (size_t i = 0; i < len; i++)
		tlsh->bytes[i % TLSH_LANES][at[i]]++;
}

/* A byte after another, wherever it lies. */
static void
update_plain(struct tlsh *tlsh, const uint8_t *p, size_t len)
{
	const uint64_t w1_places = 0x0001000100000101; /* with the checksum's */
	const uint64_t w2_places = 0x0000000001010000;
	const uint64_t w3_places = 0x0000010000000000;
	static uint64_t first[256];
	const uint8_t *at = p;
	const uint8_t *end = p + len;
	uint32_t(*counts)[256] = tlsh->counts;
	uint8_t w1 = tlsh->window[0];
	uint8_t w2 = tlsh->window[1];
	uint8_t w3 = tlsh->window[2];
	uint8_t w4 = tlsh->window[3];
	uint8_t checksum = tlsh->checksum;
	uint64_t seen = tlsh->len;

	if (first[0] == 0)
		fill_first(first);
	tlsh_update_beside(tlsh, p, len);
	tlsh->len += len;
	for (; at < end; at++) {
		const uint64_t second = first[*at] ^ w1 * w1_places ^
					w2 * w2_places ^ w3 * w3_places;

		if (seen >= WINDOW - 1) {
			checksum =
			    pearson[SECOND(second, TLSH_TRIPLES) ^ checksum];
			COUNT(0, w2);
			COUNT(1, w3);
			COUNT(2, w3);
			COUNT(3, w4);
			COUNT(4, w4);
			COUNT(5, w4);
		} else {
			seen++;
		}
		w4 = w3;
		w3 = w2;
		w2 = w1;
		w1 = *at;
	}
	tlsh->window[0] = w1;
	tlsh->window[1] = w2;
	tlsh->window[2] = w3;
	tlsh->window[3] = w4;
	tlsh->checksum = checksum;
}

#ifdef __x86_64__

# include <immintrin.h>

# define WIDE  __attribute__((target("avx512bw,avx512vbmi,avx512vbmi2")))
# define LANES ((size_t)4)

/* pearson[] of 64 bytes at a time. */
struct wide {
	__m512i table[4];
};

WIDE static inline __m512i
look_up(const struct wide *w, __m512i at)
{
	return _mm512_mask_blend_epi8(_mm512_movepi8_mask(at),
	    _mm512_permutex2var_epi8(w->table[0], at, w->table[1]),
	    _mm512_permutex2var_epi8(w->table[2], at, w->table[3]));
}

/* What the triples of 64 bytes, the newest at p, count, if it has a bucket. */
WIDE static inline size_t
find_buckets(const struct wide *w, const uint8_t *p, uint8_t *dst)
{
	static const uint8_t places[TLSH_TRIPLES][2] = {
	    {1, 2}, {1, 3}, {2, 3}, {2, 4}, {1, 4}, {3, 4}};
	size_t n = 0;

	for (size_t i = 0; i < TLSH_TRIPLES; i++) {
		__m512i at = _mm512_loadu_si512(p);
		__mmask64 has_bucket;

		at = _mm512_xor_si512(
		    at, _mm512_set1_epi8((char)pearson[salts[i]]));
		at = _mm512_xor_si512(
		    look_up(w, at), _mm512_loadu_si512(p - places[i][0]));
		at = _mm512_xor_si512(
		    look_up(w, at), _mm512_loadu_si512(p - places[i][1]));
		at = look_up(w, at);
		has_bucket = ~_mm512_movepi8_mask(at);
		_mm512_storeu_si512(
		    dst + n, _mm512_maskz_compress_epi8(has_bucket, at));
		n += (size_t)__builtin_popcountll(has_bucket);
	}
	return n;
}

static inline void
count_buckets(uint32_t counts[][256], const uint8_t *bucket)
{
	counts[0][bucket[0]]++;
	counts[1][bucket[1]]++;
	counts[2][bucket[2]]++;
	counts[3][bucket[3]]++;
}

/* A step of MD5, one of the checksum, the count of a byte, those of buckets. */
# define STEP(f, a, b, c, d, word, shift, constant, i)   \
  MD5_STEP(f, a, b, c, d, words[word], shift, constant); \
  checksum = pearson[steps[i] ^ checksum];               \
  tlsh->bytes[(i) % TLSH_LANES][p[at + (i)]]++;          \
  if (LANES * (i) < n)                                   \
   count_buckets(tlsh->counts, buckets + LANES * (i));

/*
 * 64 bytes at a time, a whole block of MD5, of which each has four before it.
 * Its steps and those of the checksum wait for the last, not for each other.
 */
WIDE static void
update_wide(struct tlsh *tlsh, const uint8_t *p, size_t len)
{
	uint8_t steps[64], buckets[(TLSH_TRIPLES + 1) * 64];
	uint32_t *state = tlsh->md5.state;
	uint32_t words[MD5_BLOCK_BYTES / 4];
	uint32_t checksum = tlsh->checksum;
	struct wide w;

	for (size_t i = 0; i < 4; i++)
		w.table[i] = _mm512_loadu_si512(pearson + 64 * i);
	for (size_t at = 0; at < len; at += MD5_BLOCK_BYTES) {
		const __m512i first =
		    _mm512_xor_si512(_mm512_loadu_si512(p + at),
			_mm512_set1_epi8((char)pearson[salts[TLSH_TRIPLES]]));
		size_t n = find_buckets(&w, p + at, buckets);
		uint32_t a = state[0], b = state[1], c = state[2], d = state[3];

		memcpy(words, p + at, sizeof(words));
		_mm512_storeu_si512(
		    steps, look_up(&w, _mm512_xor_si512(look_up(&w, first),
					   _mm512_loadu_si512(p + at - 1))));
		/* The rest of four: counted where no bucket is. */
		_mm512_storeu_si512(buckets + n, _mm512_set1_epi8(-1));
		MD5_STEPS(STEP)
		for (size_t i = LANES * 64; i < n; i += LANES)
			count_buckets(tlsh->counts, buckets + i);
		state[0] += a;
		state[1] += b;
		state[2] += c;
		state[3] += d;
	}
	tlsh->checksum = (uint8_t)checksum;
	tlsh->len += len;
	tlsh->md5.len += len;
	for (size_t i = 0; i < WINDOW - 1; i++)
		tlsh->window[i] = p[len - 1 - i];
}

# undef STEP

static bool
can_be_wide(void)
{
	return __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vbmi") &&
	       __builtin_cpu_supports("avx512vbmi2");
}

#else

static void
update_wide(struct tlsh *tlsh, const uint8_t *p, size_t len)
{
	update_plain(tlsh, p, len);
}

static bool
can_be_wide(void)
{
	return false;
}

#endif

void
tlsh_update(struct tlsh *tlsh, const void *p, size_t len)
{
	const uint8_t *at = p;
	/* To where a block of MD5 begins, with a window before it. */
	size_t head = MD5_BLOCK_BYTES - tlsh->len % MD5_BLOCK_BYTES;
	size_t wide;

	if (head < WINDOW - 1)
		head += MD5_BLOCK_BYTES;
	if (head > len)
		head = len;
	wide = tlsh->is_plain || !can_be_wide()
		   ? 0
		   : (len - head) / MD5_BLOCK_BYTES * MD5_BLOCK_BYTES;
	update_plain(tlsh, at, head);
	if (wide > 0)
		update_wide(tlsh, at + head, wide);
	update_plain(tlsh, at + head + wide, len - head - wide);
}

static int
compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a;
	const uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The length on a logarithmic scale, in steps that grow with it. */
static uint8_t
length_code(uint64_t len)
{
	const float log_len = logf((float)len);

	if (len <= 656)
		return (uint8_t)(int)floor(log_len / 0.4054651);
	if (len <= 3199)
		return (uint8_t)(int)floor(log_len / 0.26236426 - 8.72777);
	return (uint8_t)(int)floor(log_len / 0.095310180 - 62.5472);
}

static unsigned int
ratio(uint32_t quartile, uint32_t third)
{
	/* libtlsh counts in 32 bits, and so overflows with it. */
	return (unsigned int)((float)(quartile * 100) / (float)third) % 16;
}

static uint8_t
swap(unsigned int byte)
{
	return (uint8_t)((byte >> 4 & 15) | (byte & 15) << 4);
}

static void
put_hex(char *dst, const uint8_t *p, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		dst[2 * i] = digits[p[i] >> 4];
		dst[2 * i + 1] = digits[p[i] & 15];
	}
	dst[2 * len] = '\0';
}

/* Two bits a bucket: in which quarter of all buckets it lies. */
static void
put_code(uint8_t code[CODE_BYTES], const uint32_t buckets[BUCKETS],
    const uint32_t quartiles[3])
{
	for (size_t i = 0; i < CODE_BYTES; i++) {
		unsigned int byte = 0;

		for (size_t j = 0; j < 4; j++) {
			const uint32_t n = buckets[4 * i + j];
			unsigned int quarter = n > quartiles[2]	  ? 3
					       : n > quartiles[1] ? 2
					       : n > quartiles[0] ? 1
								  : 0;

			byte |= quarter << (2 * j);
		}
		/* The last bucket comes first. */
		code[CODE_BYTES - 1 - i] = (uint8_t)byte;
	}
}

void
tlsh_final(const struct tlsh *tlsh, char ret_text[TLSH_TEXT_BYTES])
{
	uint32_t buckets[BUCKETS], sorted[BUCKETS], quartiles[3];
	uint8_t digest[3 + CODE_BYTES];
	size_t used = 0;

	ret_text[0] = '\0';
	for (size_t i = 0; i < BUCKETS; i++) {
		buckets[i] = 0;
		for (size_t t = 0; t < TLSH_TRIPLES; t++)
			buckets[i] += tlsh->counts[t][i];
		used += buckets[i] > 0;
	}
	if (tlsh->len < LEN_MIN || used <= BUCKETS / 2)
		return;
	memcpy(sorted, buckets, sizeof(sorted));
	qsort(sorted, BUCKETS, sizeof(sorted[0]), compare);
	for (size_t i = 0; i < 3; i++)
		quartiles[i] = sorted[(i + 1) * BUCKETS / 4 - 1];
	digest[0] = swap(tlsh->checksum);
	digest[1] = swap(length_code(tlsh->len));
	digest[2] = (uint8_t)(ratio(quartiles[0], quartiles[2]) << 4 |
			      ratio(quartiles[1], quartiles[2]));
	put_code(digest + 3, buckets, quartiles);
	memcpy(ret_text, "T1", 2);
	put_hex(ret_text + 2, digest, sizeof(digest));
}
