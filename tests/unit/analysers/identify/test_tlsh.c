/* SPDX-License-Identifier: Apache-2.0 */
/* test_tlsh.c - our TLSH against the library's, digit by digit. */
#include "analysers/identify/tlsh.h"

#include "../harness.h"
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
	}
	return ours[0] != '\0';
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
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_same_bytes),
	    cmocka_unit_test(test_distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
