/* SPDX-License-Identifier: Apache-2.0 */
/* test_openpgp.c - what is an encrypted message, and what only looks so. */
#include "analysers/identify/openpgp.h"

#include "../harness.h"
#include "lib/digest.h"
#include "lib/xalloc.h"

/* Made by GnuPG 2.2: one byte, for one key (X25519); for a password. */
static const char message[] =
    "845e0366048a506fc061ba1201074083771a763b0e3c9a4a706619d10386ac600de7d25b"
    "b71d36206b0db18260827030745188783a3f06b077950c673fdb9d7b0ae89441516e0055"
    "39c5e34b6e9478a4f31f2ec62d778157e662e07024d0f695d23c0191befc355c84455224"
    "0d971f84e1ae55074a5dfd03f79a62d4d7c99f73cdd93dbdcf5ba99a5cbf1af5087f955c"
    "63eb4fd33c85c663a45b5b6d3b1d";
static const char symmetric[] =
    "8c0d04090302b3fe1bd2484132bfffd236014d03a2dc98d3ff82a1937fef72633dc994eb"
    "815f8e3a912ab9bcc87e94151126e43238438a94ee2c593ab6e6dcc949500a07806df0";
/* Armored, its recipient hidden. */
#define ARMOR                                                         \
 "-----BEGIN PGP MESSAGE-----\n\n"                                    \
 "hF4DAAAAAAAAAAASAQdAco71O9mNzsnrWbsrQxoGINfz80TXpbu7AJPiP8Tr73sw\n" \
 "rF5+FbMDhGiy71qvGTpsyw03+FCjcbiAQLP1DUdzXnfjMsvH3eow4RCbN55S80L7\n" \
 "0jwBI9JH/vqqqhbIzH+9jLTlcokinkvMiVgG2PEhMw9XOnd+PGdsUAMChXInmOvh\n" \
 "Qmszx8+pJ/lip/wBdbM=\n=UWdV\n-----END PGP MESSAGE-----\n"
#define HEAD "From: a@b.example\r\nMIME-Version: 1.0\r\n"

static size_t
bytes_of(const char *hex, uint8_t *dst)
{
	size_t len = strlen(hex) / 2;

	assert_int_equal(hex_decode(hex, dst, len), ERR_OK);
	return len;
}

static bool
is_message(const void *p, size_t len, struct openpgp *ret)
{
	/* Of its own size, so that a sanitizer sees what is read behind it. */
	uint8_t *copy = xmemdup(p, len);
	bool is = openpgp_is_encrypted(copy, len, ret);

	free(copy);
	return is;
}

static bool
is_text(const char *text)
{
	struct openpgp o;

	return is_message(text, strlen(text), &o);
}

static void
test_binary(void **state)
{
	uint8_t p[256];
	struct openpgp o;
	size_t len = bytes_of(message, p);

	(void)state;
	assert_true(is_message(p, len, &o));
	assert_string_equal(o.form, "binary");
	assert_int_equal(o.keys_count, 1);
	assert_true(o.keys[0] == 0x66048a506fc061ba);
	assert_int_equal(o.passwords, 0);
	/* Cut behind the session key: it is one so far. */
	assert_true(is_message(p, 100, &o));
	len = bytes_of(symmetric, p);
	assert_true(is_message(p, len, &o));
	assert_int_equal(o.keys_count, 0);
	assert_int_equal(o.passwords, 1);
}

/* New-format headers, a marker, several recipients, every kind of data. */
static void
test_forms(void **state)
{
	static const uint8_t kinds[] = {9, 18, 20};
	uint8_t p[512], key[256];
	struct openpgp o;
	size_t len, key_len = bytes_of(message, key);

	(void)state;
	assert_int_equal(key[0], 0x84);
	key_len = 2u + key[1];
	for (size_t i = 0; i < sizeof(kinds); i++) {
		len = 0;
		p[len++] = 0xc0 | 10;
		p[len++] = 3;
		memcpy(p + len, "PGP", 3);
		len += 3;
		for (int n = 0; n < 2; n++) {
			p[len++] = 0xc0 | 1;
			p[len++] = key[1];
			memcpy(p + len, key + 2, key_len - 2);
			len += key_len - 2;
		}
		p[len++] = 0xc0 | kinds[i];
		p[len++] = 0xe9; /* 512 bytes, and more behind them */
		p[len++] = 1;
		memset(p + len, 7, 20);
		len += 20;
		assert_true(is_message(p, len, &o));
		assert_int_equal(o.keys_count, 2);
	}
	/* Data without a session key; another version of it. */
	p[5] = 0xc0 | 11;
	assert_false(is_message(p, len, &o));
	p[5] = 0xc0 | 1;
	p[7] = 9;
	assert_false(is_message(p, len, &o));
}

static void
test_text(void **state)
{
	(void)state;
	assert_true(is_text(ARMOR));
	assert_true(is_text("\xef\xbb\xbf\r\n  \r\n" ARMOR));
	assert_true(is_text("-----BEGIN PGP MESSAGE, PART 1/2-----\n"
			    "Version: X\nComment: y\n\nhF4DAAAAAAAAAAASAQdA"));
	/* It is quoted in a text; it is signed, or plain. */
	assert_false(is_text("Look at this:\n" ARMOR));
	assert_false(
	    is_text("-----BEGIN PGP MESSAGE-----\n\nowGbwMvMwCH2Pa9v\n"));
	assert_false(
	    is_text("-----BEGIN PGP SIGNATURE-----\n\nhF4DAAAAAAAA\n"));
	assert_false(is_text("-----BEGIN PGP MESSAGE-----\n"));
	assert_false(is_text(""));
	assert_false(is_text("\n\n"));
	assert_false(is_text("\xef\xbb\xbf"));
}

static void
test_mail(void **state)
{
	struct openpgp o;
	static const char mime[] =
	    HEAD "Content-Type: multipart/encrypted;\r\n boundary=x;\r\n"
		 " protocol=\"application/pgp-encrypted\"\r\n\r\n--x\r\n"
		 "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
		 "--x\r\nContent-Type: application/octet-stream\r\n\r\n" ARMOR;

	(void)state;
	assert_true(is_message(mime, sizeof(mime) - 1, &o));
	assert_string_equal(o.form, "mail");
	assert_int_equal(o.keys_count, 1);
	assert_true(o.keys[0] == 0);
	assert_true(
	    is_text(HEAD "content-type: MULTIPART/ENCRYPTED; a=b\n\n--"));
	assert_true(is_text("From a@b Mon\nFrom: a@b\n\nDear,\n\n" ARMOR));
	assert_false(is_text(HEAD "\nDear,\n\nno message.\n"));
	assert_false(is_text(HEAD "Subject: multipart/encrypted\n\nno.\n"));
	/* No mail: no field that only mails have. */
	assert_false(is_text("key: value\n\n" ARMOR));
}

/* Cut anywhere, any bit flipped: an answer, and nothing else. */
static void
test_broken(void **state)
{
	uint8_t p[256];
	struct openpgp o;
	size_t len = bytes_of(message, p);

	(void)state;
	for (size_t i = 0; i <= len; i++)
		(void)is_message(p, i, &o);
	for (size_t i = 0; i < len * 8; i++) {
		p[i / 8] ^= (uint8_t)(1 << i % 8);
		(void)is_message(p, len, &o);
		p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t i = 0; i < sizeof(ARMOR); i++)
		(void)is_message(ARMOR, i, &o);
	assert_true(is_message(p, len, &o));
}

/* Bytes without a meaning, which begin as packets do. */
static void
test_noise(void **state)
{
	uint8_t p[4096];
	uint32_t seed = 1;
	size_t found = 0;
	struct openpgp o;

	(void)state;
	for (int n = 0; n < 20000; n++) {
		for (size_t i = 0; i < 64; i++) {
			seed = seed * 1664525 + 1013904223;
			p[i] = (uint8_t)(seed >> 24);
		}
		p[0] |= 0x80;
		found += is_message(p, 64, &o);
	}
	assert_true(found < 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_binary),
	    cmocka_unit_test(test_forms),
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_mail),
	    cmocka_unit_test(test_broken),
	    cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
