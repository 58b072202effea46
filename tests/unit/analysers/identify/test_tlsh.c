/* SPDX-License-Identifier: Apache-2.0 */
/* test_tlsh.c - our TLSH against the library's, digit by digit. */
#include "analysers/identify/tlsh.h"

#include "../harness.h"
#include "lib/digests.h"
#include "lib/tlshdiff.h"
#include "lib/xalloc.h"

void libtlsh(const void *p, size_t len, char *ret_text, size_t size);
int libtlsh_diff(const char *a, const char *b);

#define LEN_MAX ((size_t)1 << 20)

/* Bytes of one kind: noise, few values, text-like, long runs. */
static void
fill(uint8_t *p, size_t len, uint32_t seed)
{
	static const char letters[] = " etaoinshrdlu\nETA(){};=+-*/0123456789";
	const uint32_t kind = seed % 4;

	for (size_t i = 0; i < len; i++) {
		uint32_t n;

		seed = seed * 1664525 + 1013904223;
		n = seed >> 24;
		p[i] = kind == 0   ? (uint8_t)n
		       : kind == 1 ? (uint8_t)(n & 7)
		       : kind == 2 ? (uint8_t)letters[n % (sizeof(letters) - 1)]
		       : n < 8 || i == 0 ? (uint8_t)(seed >> 16)
					 : p[i - 1];
	}
}

/* What comes beside the digest: MD5 as OpenSSL has it, and counts. */
static void
compare_beside(struct tlsh *tlsh, const uint8_t *p, size_t len)
{
	struct digests *digests = digests_new_but(DIGEST_SHA1);
	uint32_t counts[256] = {0};
	struct digests_hex theirs;
	char ours[MD5_HEX_BYTES];

	digests_update(digests, p, len);
	digests_final(digests, &theirs);
	digests_free(digests);
	md5_final(&tlsh->md5, ours);
	assert_string_equal(ours, theirs.hex[DIGEST_MD5]);
	assert_string_equal("", theirs.hex[DIGEST_SHA1]);
	for (size_t i = 0; i < len; i++)
		counts[p[i]]++;
	for (size_t i = 0; i < 256; i++) {
		for (size_t lane = 0; lane < TLSH_LANES; lane++)
			counts[i] -= tlsh->bytes[lane][i];
		assert_int_equal(counts[i], 0);
	}
}

static size_t
compare(const uint8_t *p, size_t len, size_t cut)
{
	char theirs[128], ours[TLSH_TEXT_BYTES];
	struct tlsh tlsh;

	libtlsh(p, len, theirs, sizeof(theirs));
	for (int is_plain = 0; is_plain < 2; is_plain++) {
		tlsh_init(&tlsh);
		tlsh.is_plain = is_plain != 0;
		tlsh_update(&tlsh, p, cut);
		tlsh_update(&tlsh, p + cut, len - cut);
		tlsh_final(&tlsh, ours);
		if (strcmp(theirs, ours) != 0)
			fail_msg("%zu bytes, plain %d: %s, libtlsh %s", len,
			    is_plain, ours, theirs);
		compare_beside(&tlsh, p, len);
	}
	return ours[0] != '\0';
}

/* MD5 and counts alone, in pieces of every length. */
static void
test_beside_alone(void **state)
{
	uint8_t bytes[1000];
	struct tlsh tlsh;

	(void)state;
	fill(bytes, sizeof(bytes), 5);
	for (size_t piece = 1; piece < 200; piece++) {
		tlsh_init(&tlsh);
		for (size_t at = 0, n; at < sizeof(bytes); at += n) {
			n = sizeof(bytes) - at;
			n = n < piece ? n : piece;
			tlsh_update_beside(&tlsh, bytes + at, n);
		}
		compare_beside(&tlsh, bytes, sizeof(bytes));
	}
}

static void
test_every_short_length(void **state)
{
	uint8_t bytes[4096];
	size_t digests = 0;

	(void)state;
	for (uint32_t kind = 0; kind < 4; kind++) {
		fill(bytes, sizeof(bytes), kind);
		for (size_t len = 0; len <= sizeof(bytes);
		     len += len < 1024 ? 1 : 7)
			digests += compare(bytes, len, len / 3);
	}
	assert_true(digests > 2000);
}

static void
test_many(void **state)
{
	uint8_t *bytes = xmalloc(LEN_MAX);
	size_t digests = 0;

	(void)state;
	for (uint32_t seed = 0; seed < 200; seed++) {
		size_t len = (size_t)1 << (8 + seed % 13);

		len = len - len / 3 + seed * 17 % (len / 3);
		fill(bytes, len, seed * 7 + 1);
		digests += compare(bytes, len, len % 5);
	}
	assert_true(digests > 100);
	free(bytes);
}

static void
test_same_bytes(void **state)
{
	uint8_t bytes[8192];

	(void)state;
	memset(bytes, 'a', sizeof(bytes));
	assert_int_equal(compare(bytes, sizeof(bytes), 9), 0);
}

/* Digests of related and of unrelated bytes, and made up ones. */
static void
test_distance(void **state)
{
	char texts[64][TLSH_TEXT_BYTES];
	uint8_t bytes[4096], a[TLSHDIFF_BYTES], b[TLSHDIFF_BYTES];
	struct tlsh *tlsh = xmalloc(sizeof(*tlsh));
	size_t count = 0;

	(void)state;
	for (uint32_t seed = 0; seed < 40; seed++) {
		fill(bytes, sizeof(bytes), seed / 4);
		/* Three of four are changes of the first. */
		for (uint32_t i = 0; i < seed % 4 * 40; i++)
			bytes[i * 97 % sizeof(bytes)] ^= (uint8_t)seed;
		tlsh_init(tlsh);
		tlsh_update(tlsh, bytes, sizeof(bytes) - seed * 60);
		tlsh_final(tlsh, texts[count]);
		count += texts[count][0] != '\0';
	}
	while (count < 64) {
		(void)snprintf(texts[count], 3, "T1");
		for (size_t i = 2; i < TLSH_TEXT_BYTES - 1; i++)
			texts[count][i] = "0123456789ABCDEF"
			    [(count * 2654435761u * (i + 7)) >> 7 & 15];
		texts[count++][TLSH_TEXT_BYTES - 1] = '\0';
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			assert_int_equal(
			    tlshdiff_parse(texts[i], strlen(texts[i]), a),
			    ERR_OK);
			assert_int_equal(tlshdiff_parse(texts[j] + 2,
					     strlen(texts[j]) - 2, b),
			    ERR_OK);
			assert_int_equal(tlshdiff(a, b),
			    libtlsh_diff(texts[i] + 2, texts[j] + 2));
		}
	}
	assert_int_equal(tlshdiff_parse("T1", 2, a), ERR_FORMAT);
	texts[0][9] = 'x';
	assert_int_equal(
	    tlshdiff_parse(texts[0], strlen(texts[0]), a), ERR_FORMAT);
	free(tlsh);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_short_length),
	    cmocka_unit_test(test_beside_alone),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_same_bytes),
	    cmocka_unit_test(test_distance),
	};

	digests_load();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
