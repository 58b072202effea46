/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_tus - any bytes as the headers of tus: the first byte chooses
 * Upload-Offset, Upload-Checksum or Upload-Metadata.  What is read must be
 * within its bounds, and what is written of it must be read as the same.
 * fuzz-links: web
 */
#include "lib/own.h"
#include "lib/xalloc.h"
#include "web/tus_head.h"

#include <inttypes.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool is_true, const char *what)
{
	if (!is_true) {
		(void)fprintf(stderr, "fuzz_tus: %s\n", what);
		abort();
	}
}

static void
read_number(const char *text)
{
	int64_t number = -1;
	char again[24];
	int err = tus_number(text, &number);

	if (err != ERR_OK)
		return;
	require(number >= 0, "a number below zero");
	(void)snprintf(again, sizeof(again), "%" PRId64, number);
	while (text[0] == '0' && text[1] != '\0')
		text++;
	require(strcmp(text, again) == 0, "another number than was written");
}

static void
read_checksum(const char *text)
{
	struct tus_checksum sum;

	if (tus_checksum(text, &sum) != ERR_OK)
		return;
	require(sum.kind != CHECKSUM_NONE, "a checksum of no kind");
	require(checksum_bytes(sum.kind) <= CHECKSUM_BYTES_MAX,
	    "a checksum that is too long");
}

static void
read_metadata(const char *text)
{
	struct tus_metadata metadata;
	const char *why = NULL;

	if (tus_metadata(text, &metadata, &why) != ERR_OK) {
		require(why != NULL && why[0] != '\0',
		    "a refusal without a reason");
		return;
	}
	require(metadata.filename_len <= sizeof(metadata.filename),
	    "a name that is too long");
	require(strlen(metadata.kind) < sizeof(metadata.kind),
	    "a kind without an end");
	/* It goes back to the client as a header. */
	for (const char *p = text; *p != '\0'; p++)
		require(*p >= ' ' && *p <= '~', "a byte that is no header's");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = NULL;

	if (size < 1 || size > 2 * TUS_METADATA_BYTES)
		return 0;
	text = xstrndup((const char *)data + 1, size - 1);
	switch (data[0] % 3) {
	case 0:
		read_number(text);
		break;
	case 1:
		read_checksum(text);
		break;
	default:
		read_metadata(text);
	}
	return 0;
}
