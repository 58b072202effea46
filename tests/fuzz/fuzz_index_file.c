/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_index_file.c - files of the index.
 *
 * The first byte says what the rest is: 0 a whole segment, 1 a whole manifest
 * (both fail at their seal, or before), 2 the plain directory of a segment of
 * two pages, 3 the plain text of a manifest, both then sealed with the right
 * key: what only a bug of ours could write.  fuzz-links: index
 */
#include "index/manifest.h"
#include "index/segment_form.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/wire.h"
#include "lib/xalloc.h"

#include <assert.h>
#include <fcntl.h>
#include <unistd.h>

#define PAGES ((size_t)2)
#define ID    ((uint64_t)0x1122334455667788)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct index_keys keys;
static int folder = -1;

static void
write_file(const char *name, const struct wire_out *out)
{
	auto_close int fd =
	    openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd == -1 || write(fd, out->buf, out->len) != (ssize_t)out->len)
		abort();
}

/* The same key and nonce for many texts: never outside of a test. */
static void
put_box(struct wire_out *out, const uint8_t *nonce, size_t aad_len,
    const uint8_t *p, size_t len)
{
	auto_free uint8_t *box = xmalloc(len + SEAL_TAG_BYTES);
	const struct seal_in in = {
	    .key = keys.directory_key,
	    .nonce = nonce,
	    .aad = out->buf,
	    .aad_len = aad_len,
	    .p = p,
	    .len = len,
	};

	if (seal_box(keys.seal, &in, box) != ERR_OK)
		abort();
	wire_put_raw(out, box, len + SEAL_TAG_BYTES);
}

static void
put_segment(struct wire_out *out, const uint8_t *p, size_t len)
{
	static const uint8_t zeros[SEGMENT_PAGE_BYTES];
	uint8_t nonce[SEAL_NONCE_BYTES];
	struct wire_out box;

	wire_put_raw(out, SEGMENT_MAGIC, sizeof(SEGMENT_MAGIC) - 1);
	wire_put_u32(out, SEGMENT_VERSION);
	wire_put_u32(out, 0);
	wire_put_u64(out, ID);
	wire_put_u64(out, PAGES);
	wire_put_u64(out, len + SEAL_TAG_BYTES);
	wire_out_init(&box, GIB);
	wire_put_raw(&box, out->buf, out->len);
	segment_nonce(ID, SEGMENT_DIRECTORY_PAGE, nonce);
	put_box(&box, nonce, SEGMENT_HEADER_BYTES, p, len);
	wire_put_raw(out, zeros, SEGMENT_PAGE_BYTES - out->len);
	for (size_t i = 0; i < PAGES; i++)
		wire_put_raw(out, zeros, sizeof(zeros));
	wire_put_raw(out, box.buf + SEGMENT_HEADER_BYTES,
	    box.len - SEGMENT_HEADER_BYTES);
	wire_out_release(&box);
}

static void
put_manifest(struct wire_out *out, const uint8_t *p, size_t len)
{
	static const uint8_t nonce[SEAL_NONCE_BYTES];

	wire_put_raw(out, "LOEPIDXM", 8);
	wire_put_u32(out, 1);
	wire_put_raw(out, nonce, sizeof(nonce));
	put_box(out, nonce, out->len, p, len);
}

static void
open_segment(void)
{
	struct segment *segment;

	if (segment_open(folder, &keys, ID, &segment) != ERR_OK)
		return;
	for (size_t i = 0; i < segment->blocks_count; i++) {
		const struct block *block = &segment->blocks[i];
		auto_free uint8_t *plain = xmalloc(block_bytes(block));

		/* Its pages have no right tags, but perhaps by chance. */
		if (segment_read_block(segment, block, plain) != ERR_OK)
			assert(segment->is_bad);
	}
	segment_free(segment);
}

static void
open_manifest(void)
{
	AUTO(manifest) manifest = {0};

	if (manifest_read(folder, &keys, &manifest) == ERR_OK) {
		for (size_t i = 1; i < manifest.gone.count; i++)
			assert(manifest.gone.list[i].first >
			       manifest.gone.list[i - 1].first);
	}
}

static char path[] = "/tmp/loep-fuzz-file-XXXXXX";

static void
tear_down(void)
{
	(void)rmdir(path);
}

static void
set_up(void)
{
	static const uint8_t secret[SEAL_KEY_BYTES] = "fuzz";

	if (folder != -1)
		return;
	index_keys_init(&keys, secret);
	if (mkdtemp(path) == NULL)
		abort();
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder == -1 || atexit(tear_down) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[SEGMENT_NAME_BYTES];
	struct wire_out out;
	uint8_t what;

	if (size == 0)
		return 0;
	set_up();
	what = data[0] % 4;
	segment_name(ID, name);
	wire_out_init(&out, GIB);
	if (what < 2)
		wire_put_raw(&out, data + 1, size - 1);
	else if (what == 2)
		put_segment(&out, data + 1, size - 1);
	else
		put_manifest(&out, data + 1, size - 1);
	write_file(what % 2 == 0 ? name : MANIFEST_NAME, &out);
	if (what % 2 == 0)
		open_segment();
	else
		open_manifest();
	(void)unlinkat(folder, what % 2 == 0 ? name : MANIFEST_NAME, 0);
	wire_out_release(&out);
	return 0;
}
