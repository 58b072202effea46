/* SPDX-License-Identifier: Apache-2.0 */
/* test_op.c - messages that are made, opened, altered and cut; keys that are
 * read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/fileio.h"
#include "lib/own.h"
#include "lib/sealed.h"
#include "lib/xalloc.h"
#include "pgp/describe.h"
#include "pgp/op.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

struct bytes {
	uint8_t *p;
	size_t len;
};

/* The service's keys, another's, and its fingerprint. */
static struct bytes ours, theirs, theirs_public;
static char their_fpr[PGP_FPR_BYTES];

static struct bytes
exported(rnp_key_handle_t key, uint32_t flags)
{
	rnp_output_t output = NULL;
	struct bytes bytes = {0};
	uint8_t *p;

	assert_int_equal(rnp_output_to_memory(&output, 0), RNP_SUCCESS);
	assert_int_equal(
	    rnp_key_export(key, output,
		flags | RNP_KEY_EXPORT_ARMORED | RNP_KEY_EXPORT_SUBKEYS),
	    RNP_SUCCESS);
	assert_int_equal(
	    rnp_output_memory_get_buf(output, &p, &bytes.len, false),
	    RNP_SUCCESS);
	bytes.p = xmemdup(p, bytes.len);
	(void)rnp_output_destroy(output);
	return bytes;
}

/* A key of that kind; its secret half, and its public one if asked for. */
static struct bytes
make(const char *json, struct bytes *ret_public, char *ret_fpr)
{
	rnp_ffi_t ffi = NULL;
	rnp_identifier_iterator_t it = NULL;
	rnp_key_handle_t key = NULL;
	const char *fpr = NULL;
	struct bytes secret;

	assert_int_equal(
	    rnp_ffi_create(&ffi, RNP_KEYSTORE_GPG, RNP_KEYSTORE_GPG),
	    RNP_SUCCESS);
	assert_int_equal(rnp_generate_key_json(ffi, json, NULL), RNP_SUCCESS);
	assert_int_equal(
	    rnp_identifier_iterator_create(ffi, &it, "fingerprint"),
	    RNP_SUCCESS);
	assert_int_equal(rnp_identifier_iterator_next(it, &fpr), RNP_SUCCESS);
	assert_int_equal(
	    rnp_locate_key(ffi, "fingerprint", fpr, &key), RNP_SUCCESS);
	if (ret_fpr != NULL)
		(void)snprintf(ret_fpr, PGP_FPR_BYTES, "%s", fpr);
	secret = exported(key, RNP_KEY_EXPORT_SECRET);
	if (ret_public != NULL)
		*ret_public = exported(key, RNP_KEY_EXPORT_PUBLIC);
	(void)rnp_key_handle_destroy(key);
	(void)rnp_identifier_iterator_destroy(it);
	(void)rnp_ffi_destroy(ffi);
	return secret;
}

#define KEY_OF(name, more)                                                            \
 "{\"primary\":{\"type\":\"EDDSA\",\"userid\":\"" name                                \
 "\",\"usage\":[\"sign\"]" more                                                       \
 "},\"sub\":{\"type\":\"ECDH\",\"curve\":\"Curve25519\",\"usage\":[\"encrypt\"]" more \
 "}}"

static int
setup(void **unused)
{
	(void)unused;
	ours = make(KEY_OF("CERT <cert@cert.example>", ""), NULL, NULL);
	theirs = make(
	    KEY_OF("Reader <r@org.example>", ""), &theirs_public, their_fpr);
	return 0;
}

static int
teardown(void **unused)
{
	(void)unused;
	free(ours.p);
	free(theirs.p);
	free(theirs_public.p);
	return 0;
}

/* One question to a service that has those keys. */
struct trial {
	struct bytes keys;
	enum pgp_what what;
	json_t *options; /* taken */
	struct op_to to[2];
	size_t to_count;
	uint64_t bytes_max;
	/* what came of it */
	int err;
	char why[PGP_WHY_BYTES];
	json_t *detail;
	struct bytes out;
};

static void
ask(struct trial *t, const void *p, size_t len)
{
	char why[KEYRING_WHY_BYTES];
	auto_close int out = memfd_create("out", MFD_CLOEXEC);
	struct keyring keyring;
	struct op op = {.keyring = &keyring, .why = ""};
	int in;

	assert_int_equal(
	    keyring_load(&keyring, t->keys.p, t->keys.len, "", why), ERR_OK);
	assert_int_equal(sealed_make("in", p, len, &in), ERR_OK);
	if (t->options == NULL)
		t->options = json_object();
	op.options = t->options;
	op.to = t->to;
	op.to_count = t->to_count;
	op.detail = t->detail = json_object();
	op.sink = (struct sink){
	    .fd = out,
	    .bytes_max = t->bytes_max == 0 ? UINT64_MAX : t->bytes_max,
	};
	source_init(&op.source, in, BLOB_MEMFD, len);
	t->err = op_run(&op, t->what);
	(void)snprintf(t->why, sizeof(t->why), "%s", op.why);
	/* What needs no secret key has none from then on. */
	assert_int_equal(
	    keyring.secret != NULL, op_needs_secret(t->what, t->options));
	t->out.len = (size_t)lseek(out, 0, SEEK_END);
	t->out.p = xmalloc(t->out.len + 1);
	assert_int_equal(
	    pread(out, t->out.p, t->out.len, 0), (ssize_t)t->out.len);
	source_release(&op.source);
	keyring_release(&keyring);
}

static void
done(struct trial *t)
{
	json_decref(t->options);
	json_decref(t->detail);
	free(t->out.p);
	for (size_t i = 0; i < t->to_count; i++)
		(void)close(t->to[i].fd);
	*t = (struct trial){0};
}

static const char plain[] = "what was found on the machine";

/* An encrypted message; the caller frees out.p with done(). */
static struct trial
encrypted(json_t *options)
{
	struct trial t = {
	    .keys = ours, .what = PGP_ENCRYPT, .options = options};

	ask(&t, plain, sizeof(plain));
	assert_int_equal(t.err, ERR_OK);
	assert_true(t.out.len > sizeof(plain));
	assert_null(memmem(t.out.p, t.out.len, plain, 8));
	return t;
}

static void
expect(struct trial *t, enum err err, const char *why)
{
	if (t->err != (int)err || strcmp(t->why, why) != 0)
		fail_msg("%s, \"%s\"; wanted %s, \"%s\"",
		    err_name((enum err)t->err), t->why, err_name(err), why);
}

static void
test_there_and_back(void **unused)
{
	struct trial made = encrypted(json_pack(
	    "{s:b,s:b,s:s}", "armor", 1, "sign", 1, "name", "sample.bin"));
	struct trial t = {.keys = ours, .what = PGP_DECRYPT};
	const json_t *key =
	    json_array_get(json_object_get(made.detail, "keys"), 0);

	(void)unused;
	assert_memory_equal(made.out.p, "-----BEGIN PGP MESSAGE-----", 27);
	ask(&t, made.out.p, made.out.len);
	expect(&t, ERR_OK, "");
	assert_int_equal(t.out.len, sizeof(plain));
	assert_memory_equal(t.out.p, plain, sizeof(plain));
	assert_string_equal(
	    json_member_text(t.detail, "key", ""), json_string_value(key));
	assert_string_equal(
	    json_member_text(t.detail, "name", ""), "sample.bin");
	assert_string_equal(json_member_text(t.detail, "integrity", ""), "mdc");
	assert_int_equal(json_member_int(t.detail, "bytes", 0), sizeof(plain));
	done(&t);
	done(&made);
}

static void
test_inspect(void **unused)
{
	struct trial made = encrypted(NULL);
	struct trial t = {.keys = ours, .what = PGP_INSPECT};

	(void)unused;
	ask(&t, made.out.p, made.out.len);
	expect(&t, ERR_OK, "");
	assert_int_equal(t.out.len, 0);
	assert_true(json_is_true(json_object_get(t.detail, "is_ours")));
	assert_int_equal(
	    json_array_size(json_object_get(t.detail, "recipients")), 1);
	done(&t);
	t = (struct trial){.keys = theirs, .what = PGP_INSPECT};
	ask(&t, made.out.p, made.out.len);
	expect(&t, ERR_OK, "");
	assert_false(json_is_true(json_object_get(t.detail, "is_ours")));
	done(&t);
	t = (struct trial){.keys = ours, .what = PGP_INSPECT};
	ask(&t, plain, sizeof(plain));
	expect(&t, ERR_FORMAT, "no_message");
	done(&t);
	/* A key is none either. */
	t = (struct trial){.keys = ours, .what = PGP_INSPECT};
	ask(&t, theirs_public.p, theirs_public.len);
	expect(&t, ERR_FORMAT, "no_message");
	done(&t);
	done(&made);
}

static void
test_of_others(void **unused)
{
	struct trial made = encrypted(NULL);
	struct trial t = {.keys = theirs, .what = PGP_DECRYPT};

	(void)unused;
	ask(&t, made.out.p, made.out.len);
	expect(&t, ERR_NOT_FOUND, "no_key");
	assert_int_equal(t.out.len, 0);
	done(&t);
	t = (struct trial){.keys = ours, .what = PGP_DECRYPT};
	ask(&t, plain, sizeof(plain));
	expect(&t, ERR_FORMAT, "no_message");
	done(&t);
	done(&made);
}

/* Each bit behind the session key, each length: never ERR_OK. */
static void
test_altered(void **unused)
{
	struct trial made = encrypted(NULL);

	(void)unused;
	for (size_t i = made.out.len - sizeof(plain) - 30; i < made.out.len;
	     i += 3) {
		struct trial t = {.keys = ours, .what = PGP_DECRYPT};

		made.out.p[i] ^= 0x10;
		ask(&t, made.out.p, made.out.len);
		made.out.p[i] ^= 0x10;
		if (t.err == ERR_OK)
			fail_msg("byte %zu was altered unseen", i);
		if (i > made.out.len - 20)
			expect(&t, ERR_FORMAT, "integrity");
		done(&t);
	}
	for (size_t len = 1; len < made.out.len; len += 7) {
		struct trial t = {.keys = ours, .what = PGP_DECRYPT};

		ask(&t, made.out.p, len);
		if (t.err == ERR_OK)
			fail_msg(
			    "%zu of %zu bytes were enough", len, made.out.len);
		done(&t);
	}
	done(&made);
}

static void
test_bound(void **unused)
{
	struct trial made = encrypted(NULL);
	struct trial t = {.keys = ours,
	    .what = PGP_DECRYPT,
	    .options = json_pack("{s:i}", "bytes_max", 8)};

	(void)unused;
	ask(&t, made.out.p, made.out.len);
	expect(&t, ERR_LIMIT, "limit");
	assert_true(t.out.len <= 8);
	done(&t);
	done(&made);
}

static struct op_to
to(const struct bytes *key, const char *fpr)
{
	struct op_to dst = {.fd = -1};

	(void)snprintf(dst.fpr, sizeof(dst.fpr), "%s", fpr);
	assert_int_equal(sealed_make("key", key->p, key->len, &dst.fd), ERR_OK);
	return dst;
}

static void
test_to_others(void **unused)
{
	struct trial t = {.keys = ours,
	    .what = PGP_ENCRYPT,
	    .options = json_pack("{s:b,s:b}", "to_self", 0, "sign", 1),
	    .to = {to(&theirs_public, their_fpr)},
	    .to_count = 1};
	struct trial back = {.keys = theirs, .what = PGP_DECRYPT};

	(void)unused;
	ask(&t, plain, sizeof(plain));
	expect(&t, ERR_OK, "");
	ask(&back, t.out.p, t.out.len);
	expect(&back, ERR_OK, "");
	assert_memory_equal(back.out.p, plain, sizeof(plain));
	done(&back);
	/* We are not among its readers. */
	back = (struct trial){.keys = ours, .what = PGP_DECRYPT};
	ask(&back, t.out.p, t.out.len);
	expect(&back, ERR_NOT_FOUND, "no_key");
	done(&back);
	done(&t);
	/* The fingerprint is what counts. */
	t = (struct trial){.keys = ours,
	    .what = PGP_ENCRYPT,
	    .to = {to(
		&theirs_public, "0123456789ABCDEF0123456789ABCDEF01234567")},
	    .to_count = 1};
	ask(&t, plain, sizeof(plain));
	expect(&t, ERR_CONFLICT, "recipient");
	assert_string_equal(
	    json_member_text(t.detail, "problem", ""), "other_key");
	done(&t);
}

static bool
has_problem(const struct trial *t, const char *word)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(t->detail, "problems"), i, item)
	{
		if (strcmp(json_string_value(item), word) == 0)
			return true;
	}
	return false;
}

static void
test_read_key(void **unused)
{
	struct trial t = {.keys = ours, .what = PGP_READ_KEY};
	struct bytes half = theirs_public;
	auto_free char *pasted = NULL, *twice = NULL;

	(void)unused;
	ask(&t, theirs_public.p, theirs_public.len);
	expect(&t, ERR_OK, "");
	assert_string_equal(json_member_text(t.detail, "fpr", ""), their_fpr);
	assert_int_equal(
	    json_array_size(json_object_get(t.detail, "problems")), 0);
	assert_memory_equal(
	    t.out.p, "-----BEGIN PGP PUBLIC KEY BLOCK-----\n", 37);
	assert_null(memchr(t.out.p, '\r', t.out.len));
	done(&t);
	/* As people paste it. */
	pasted = xasprintf("Hello,\r\n\r\n%.*s\n\n\n-- \nme\n",
	    (int)theirs_public.len, (const char *)theirs_public.p);
	t = (struct trial){.keys = ours, .what = PGP_READ_KEY};
	ask(&t, pasted, strlen(pasted));
	expect(&t, ERR_OK, "");
	done(&t);
	twice = xasprintf("%s%s", pasted, pasted);
	t = (struct trial){.keys = ours, .what = PGP_READ_KEY};
	ask(&t, twice, strlen(twice));
	expect(&t, ERR_FORMAT, "several_keys");
	done(&t);
	t = (struct trial){.keys = ours, .what = PGP_READ_KEY};
	ask(&t, theirs.p, theirs.len);
	expect(&t, ERR_FORMAT, "secret_key");
	assert_int_equal(t.out.len, 0);
	done(&t);
	t = (struct trial){.keys = ours, .what = PGP_READ_KEY};
	ask(&t, half.p, half.len / 2);
	expect(&t, ERR_FORMAT, "no_key_block");
	done(&t);
}

static void
expect_problem(const char *json, const char *word)
{
	struct bytes public;
	struct bytes secret = make(json, &public, NULL);
	struct trial t = {.keys = ours, .what = PGP_READ_KEY};

	ask(&t, public.p, public.len);
	expect(&t, ERR_OK, "");
	if (!has_problem(&t, word))
		fail_msg("%s is not seen", word);
	done(&t);
	free(secret.p);
	free(public.p);
}

static void
test_problems(void **unused)
{
	(void)unused;
	expect_problem("{\"primary\":{\"type\":\"RSA\",\"length\":1024,"
		       "\"userid\":\"a\",\"usage\":[\"sign\"]},"
		       "\"sub\":{\"type\":\"RSA\",\"length\":1024,"
		       "\"usage\":[\"encrypt\"]}}",
	    "weak_algorithm");
	expect_problem("{\"primary\":{\"type\":\"EDDSA\",\"userid\":\"a\","
		       "\"usage\":[\"sign\"]}}",
	    "no_encryption");
	expect_problem(KEY_OF("b", ",\"hash\":\"SHA1\""), "weak_hash");
}

/* One that was good when it was stored. */
static void
test_expired(void **unused)
{
	struct bytes public;
	char fpr[PGP_FPR_BYTES];
	struct bytes secret =
	    make(KEY_OF("c", ",\"expiration\":1"), &public, fpr);
	struct trial t = {.keys = ours, .what = PGP_READ_KEY};

	(void)unused;
	(void)sleep(2);
	ask(&t, public.p, public.len);
	expect(&t, ERR_OK, "");
	assert_true(has_problem(&t, "expired"));
	done(&t);
	t = (struct trial){.keys = ours,
	    .what = PGP_ENCRYPT,
	    .to = {to(&public, fpr)},
	    .to_count = 1};
	ask(&t, plain, sizeof(plain));
	expect(&t, ERR_CONFLICT, "recipient");
	assert_string_equal(
	    json_member_text(t.detail, "problem", ""), "expired");
	done(&t);
	/* Ours: nothing is encrypted to it any more. */
	t = (struct trial){.keys = secret, .what = PGP_ENCRYPT};
	ask(&t, plain, sizeof(plain));
	expect(&t, ERR_CONFLICT, "own_key");
	done(&t);
	free(secret.p);
	free(public.p);
}

/* With an older key of ours, what was encrypted to it still opens. */
static void
test_rotation(void **unused)
{
	struct trial made = encrypted(NULL);
	struct bytes both;
	struct trial t = {.what = PGP_DECRYPT};

	(void)unused;
	both.len = ours.len + theirs.len;
	both.p = xmalloc(both.len);
	memcpy(both.p, theirs.p, theirs.len);
	memcpy(both.p + theirs.len, ours.p, ours.len);
	t.keys = both;
	ask(&t, made.out.p, made.out.len);
	expect(&t, ERR_OK, "");
	done(&t);
	done(&made);
	free(both.p);
}

/* Messages that gpg made, to the key of the fuzz target. */
static void
expect_seed(const char *name, enum err err, const char *why)
{
	static const char key[] =
#include "tests/fuzz/pgp_key.h"
	    ;
	auto_free char *path = xasprintf("tests/fuzz/corpus/pgp/%s", name);
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	auto_free char *bytes = NULL;
	auto_free uint8_t *copy = xmemdup(key, sizeof(key) - 1);
	struct trial t = {.keys = {copy, sizeof(key) - 1}, .what = PGP_DECRYPT};
	size_t len;

	assert_int_not_equal(fd, -1);
	bytes = file_read_text(fd, 65536, &len);
	ask(&t, bytes + 1, len - 1);
	expect(&t, err, why);
	if (err == ERR_OK) {
		assert_int_equal(t.out.len, 16);
		assert_memory_equal(t.out.p, "some plain text\n", 16);
	}
	done(&t);
}

static void
test_of_gpg(void **unused)
{
	(void)unused;
	expect_seed("decrypt", ERR_OK, "");
	/* Compressed. */
	expect_seed("armored", ERR_OK, "");
	/* It does not say whom it is for: librnp 0.16 tries no key then. */
	expect_seed("hidden", ERR_NOT_FOUND, "no_key");
	expect_seed("unprotected", ERR_FORMAT, "unprotected");
	expect_seed("password", ERR_NOT_FOUND, "password");
	expect_seed("text", ERR_FORMAT, "no_message");
	expect_seed("key", ERR_FORMAT, "no_message");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_there_and_back),
	    cmocka_unit_test(test_inspect),
	    cmocka_unit_test(test_of_others),
	    cmocka_unit_test(test_altered),
	    cmocka_unit_test(test_bound),
	    cmocka_unit_test(test_to_others),
	    cmocka_unit_test(test_read_key),
	    cmocka_unit_test(test_problems),
	    cmocka_unit_test(test_expired),
	    cmocka_unit_test(test_rotation),
	    cmocka_unit_test(test_of_gpg),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
