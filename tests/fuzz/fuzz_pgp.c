/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_pgp.c - OpenPGP of others: messages that are inspected and opened with a
 * key of ours, keys that are read, texts with armored blocks in them.  The
 * first byte says which.
 * fuzz-links: pgp
 */
#include "lib/own.h"
#include "lib/sealed.h"
#include "lib/xalloc.h"
#include "pgp/armor.h"
#include "pgp/op.h"

#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made for this, and nobody's: Ed25519 and Curve25519. */
static const char ours[] =
#include "tests/fuzz/pgp_key.h"
    ;

#define OUT_BYTES_MAX ((uint64_t)1 << 20)

static void
try_op(const uint8_t *data, size_t size, enum pgp_what what)
{
	char why[KEYRING_WHY_BYTES];
	auto_close int out = memfd_create("out", MFD_CLOEXEC);
	auto_json json_t *options = json_object();
	struct keyring keyring;
	struct op op = {.keyring = &keyring, .why = "", .options = options};
	int in, err;

	if (out == -1 ||
	    keyring_load(&keyring, ours, sizeof(ours) - 1, "", why) != ERR_OK)
		abort();
	if (sealed_make("in", data, size, &in) != ERR_OK)
		abort();
	op.detail = json_object();
	op.sink = (struct sink){.fd = out, .bytes_max = OUT_BYTES_MAX};
	source_init(&op.source, in, BLOB_MEMFD, size);
	err = op_run(&op, what);
	/* A failure has its word, and what is read of a key its fingerprint. */
	if ((err == ERR_OK) != (op.why[0] == '\0') ||
	    op.sink.bytes > OUT_BYTES_MAX ||
	    (what == PGP_READ_KEY && err == ERR_OK &&
		json_member_text(op.detail, "fpr", NULL) == NULL))
		abort();
	json_decref(op.detail);
	source_release(&op.source);
	keyring_release(&keyring);
}

static void
try_armor(const char *p, size_t len)
{
	const char *block;
	size_t block_len;

	while (armor_next(p, len, &block, &block_len)) {
		size_t used = (size_t)(block - p) + block_len;

		if (used > len || block_len == 0)
			abort();
		p += used;
		len -= used;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	try_armor((const char *)data + 1, size - 1);
	switch (data[0] % 3) {
	case 0:
		try_op(data + 1, size - 1, PGP_INSPECT);
		break;
	case 1:
		try_op(data + 1, size - 1, PGP_DECRYPT);
		break;
	default:
		try_op(data + 1, size - 1, PGP_READ_KEY);
	}
	return 0;
}
