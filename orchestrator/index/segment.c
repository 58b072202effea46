/* SPDX-License-Identifier: Apache-2.0 */
/* segment.c - reading one file of the index. */
#include "index/segment.h"

#include "index/segment_form.h"
#include "lib/digest.h"
#include "lib/fileio.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/wire.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Bytes that one block, range and tag take in the directory. */
#define BLOCK_ENTRY_BYTES ((size_t)45)
#define RANGE_ENTRY_BYTES ((size_t)16)

static void
derive(const char *label, const uint8_t secret[SEAL_KEY_BYTES],
    uint8_t ret_key[SHA256_BYTES])
{
	struct sha256 *ctx = sha256_new();

	sha256_update(ctx, label, strlen(label));
	sha256_update(ctx, secret, SEAL_KEY_BYTES);
	sha256_final(ctx, ret_key);
	sha256_free(ctx);
}

void
index_keys_init(struct index_keys *keys, const uint8_t secret[SEAL_KEY_BYTES])
{
	uint8_t lines[LINES_KEY_BYTES];

	derive("loep-index-lines-1 ", secret, lines);
	derive("loep-index-tweaks-1 ", secret, lines + SHA256_BYTES);
	derive("loep-index-pages-1 ", secret, keys->page_key);
	derive("loep-index-directory-1 ", secret, keys->directory_key);
	keys->lines = lines_new(lines);
	keys->seal = seal_new();
	seal_forget(lines, sizeof(lines));
}

void
index_keys_release(struct index_keys *keys)
{
	lines_free(keys->lines);
	seal_free(keys->seal);
	seal_forget(keys, sizeof(*keys));
}

void
segment_name(uint64_t id, char ret_name[SEGMENT_NAME_BYTES])
{
	(void)snprintf(ret_name, SEGMENT_NAME_BYTES, "segment-%016" PRIx64, id);
}

void
segment_nonce(uint64_t id, uint32_t page, uint8_t ret_nonce[SEAL_NONCE_BYTES])
{
	for (size_t i = 0; i < 8; i++)
		ret_nonce[i] = (uint8_t)(id >> (8 * i));
	for (size_t i = 0; i < 4; i++)
		ret_nonce[8 + i] = (uint8_t)(page >> (8 * i));
}

void
segment_tag(struct index_keys *keys, uint64_t id, size_t page,
    const uint8_t *bytes, uint8_t ret_tag[SEGMENT_TAG_BYTES])
{
	uint8_t nonce[SEAL_NONCE_BYTES];
	uint8_t tag[SEAL_TAG_BYTES];
	struct seal_in in = {
	    .key = keys->page_key,
	    .nonce = nonce,
	    .aad = bytes,
	    .aad_len = SEGMENT_PAGE_BYTES,
	};

	segment_nonce(id, (uint32_t)page, nonce);
	/* Only its length could be wrong, and that is constant. */
	if (seal_box(keys->seal, &in, tag) != ERR_OK)
		abort();
	memcpy(ret_tag, tag, SEGMENT_TAG_BYTES);
}

/* A file that ends before that was cut. */
static int
read_at(const struct segment *segment, uint64_t at, void *p, size_t len)
{
	int err = file_read_at(segment->fd, at, p, len);

	return err == ERR_EOF ? ERR_FORMAT : err;
}

/* --- the directory --- */

static int
check_block(const struct segment *segment, const struct block *block)
{
	uint64_t line_count = segment->pages * SEGMENT_LINES;

	if (block->class > COLUMN_CLASS_MAX ||
	    (block->class != 0 && block->class < COLUMN_CLASS_MIN) ||
	    block->width < BLOCK_WIDTH_MIN || block->width > BLOCK_WIDTH_MAX ||
	    (block->width & (block->width - 1)) != 0 || block->count == 0 ||
	    block->count > block->width || block->size_min > block->size_max ||
	    block->seq_min > block->seq_max || block->line > line_count ||
	    block_bytes(block) / LINE_BYTES > line_count - block->line)
		return ERR_FORMAT;
	return ERR_OK;
}

static int
get_blocks(struct segment *segment, struct wire_in *in)
{
	uint32_t count = wire_get_u32(in);

	if (in->is_failed || count > (in->len - in->pos) / BLOCK_ENTRY_BYTES)
		return ERR_FORMAT;
	segment->blocks = xcalloc(count, sizeof(*segment->blocks));
	segment->blocks_count = count;
	for (size_t i = 0; i < count; i++) {
		struct block *block = &segment->blocks[i];

		block->class = wire_get_u8(in);
		block->width = wire_get_u16(in);
		block->count = wire_get_u16(in);
		block->line = wire_get_u64(in);
		block->size_min = wire_get_u64(in);
		block->size_max = wire_get_u64(in);
		block->seq_min = wire_get_u64(in);
		block->seq_max = wire_get_u64(in);
		if (check_block(segment, block) != ERR_OK)
			return ERR_FORMAT;
	}
	return ERR_OK;
}

static int
get_ranges(struct segment *segment, struct wire_in *in)
{
	uint32_t count = wire_get_u32(in);

	if (in->is_failed || count > (in->len - in->pos) / RANGE_ENTRY_BYTES)
		return ERR_FORMAT;
	for (size_t i = 0; i < count; i++) {
		uint64_t first = wire_get_u64(in);
		uint64_t n = wire_get_u64(in);

		if (first > INT64_MAX || n > INT64_MAX)
			return ERR_FORMAT;
		ranges_add(&segment->units, first, n);
	}
	return ERR_OK;
}

static int
read_directory(struct segment *segment, const uint8_t *header, size_t len)
{
	auto_free uint8_t *box = xmalloc(len);
	auto_free uint8_t *plain = NULL;
	uint8_t nonce[SEAL_NONCE_BYTES];
	struct seal_in seal_in = {
	    .key = segment->keys->directory_key,
	    .nonce = nonce,
	    .aad = header,
	    .aad_len = SEGMENT_HEADER_BYTES,
	    .p = box,
	    .len = len,
	};
	struct wire_in in;
	const uint8_t *tags;
	int err = read_at(
	    segment, (segment->pages + 1) * SEGMENT_PAGE_BYTES, box, len);

	if (err != ERR_OK)
		return err;
	plain = xmalloc(len);
	segment_nonce(segment->id, SEGMENT_DIRECTORY_PAGE, nonce);
	if (seal_unbox(segment->keys->seal, &seal_in, plain) != ERR_OK)
		return ERR_FORMAT;
	wire_in_init(&in, plain, len - SEAL_TAG_BYTES);
	if (get_blocks(segment, &in) != ERR_OK ||
	    get_ranges(segment, &in) != ERR_OK)
		return ERR_FORMAT;
	tags = wire_get_raw(&in, segment->pages * SEGMENT_TAG_BYTES);
	if (tags == NULL || !wire_in_is_done(&in))
		return ERR_FORMAT;
	segment->tags = xmemdup(tags, segment->pages * SEGMENT_TAG_BYTES);
	return ERR_OK;
}

static int
read_header(struct segment *segment)
{
	uint8_t header[SEGMENT_HEADER_BYTES];
	struct wire_in in;
	struct stat st;
	uint64_t pages, len;
	const uint8_t *magic;
	int err = read_at(segment, 0, header, sizeof(header));

	if (err != ERR_OK)
		return err;
	if (fstat(segment->fd, &st) == -1)
		return ERR_SYS;
	segment->bytes = (uint64_t)st.st_size;
	wire_in_init(&in, header, sizeof(header));
	magic = wire_get_raw(&in, sizeof(SEGMENT_MAGIC) - 1);
	if (memcmp(magic, SEGMENT_MAGIC, sizeof(SEGMENT_MAGIC) - 1) != 0 ||
	    wire_get_u32(&in) != SEGMENT_VERSION || wire_get_u32(&in) != 0 ||
	    wire_get_u64(&in) != segment->id)
		return ERR_FORMAT;
	pages = wire_get_u64(&in);
	len = wire_get_u64(&in);
	/* The file ends where it says, or it was cut or grew. */
	if (pages > segment->bytes / SEGMENT_PAGE_BYTES ||
	    pages >= SEGMENT_DIRECTORY_PAGE || len > GIB ||
	    len < SEAL_TAG_BYTES ||
	    segment->bytes != (pages + 1) * SEGMENT_PAGE_BYTES + len)
		return ERR_FORMAT;
	segment->pages = (size_t)pages;
	return read_directory(segment, header, (size_t)len);
}

static int
map(struct segment *segment)
{
	void *p;

	if (segment->pages == 0)
		return ERR_OK;
	p = mmap(NULL, segment->pages * SEGMENT_PAGE_BYTES, PROT_READ,
	    MAP_SHARED, segment->fd, SEGMENT_PAGE_BYTES);
	if (p == MAP_FAILED)
		return ERR_SYS;
	segment->map = p;
	(void)madvise(p, segment->pages * SEGMENT_PAGE_BYTES, MADV_RANDOM);
	segment->seen = xcalloc(segment->pages / 64 + 1, sizeof(uint64_t));
	return ERR_OK;
}

int
segment_open(int folder, struct index_keys *keys, uint64_t id,
    struct segment **ret_segment)
{
	struct segment *segment = xcalloc(1, sizeof(*segment));
	char name[SEGMENT_NAME_BYTES];
	int err;

	segment_name(id, name);
	segment->id = id;
	segment->keys = keys;
	segment->fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (segment->fd == -1)
		err = errno == ENOENT ? ERR_NOT_FOUND : ERR_SYS;
	else
		err = read_header(segment);
	if (err == ERR_OK)
		err = map(segment);
	if (err != ERR_OK) {
		segment_free(segment);
		return err;
	}
	*ret_segment = segment;
	return ERR_OK;
}

void
segment_free(struct segment *segment)
{
	if (segment == NULL)
		return;
	if (segment->map != NULL)
		(void)munmap((void *)(uintptr_t)segment->map,
		    segment->pages * SEGMENT_PAGE_BYTES);
	if (segment->fd != -1)
		(void)close(segment->fd);
	ranges_release(&segment->units);
	free(segment->blocks);
	free(segment->tags);
	free(segment->seen);
	free(segment);
}

/* --- pages --- */

/*
 * Read by pread(), not through the map: a disk that fails, and a file that
 * was cut under us, are then errors and no signal.
 */
static int
check_page(struct segment *segment, size_t page)
{
	uint8_t bytes[SEGMENT_PAGE_BYTES];
	uint8_t tag[SEGMENT_TAG_BYTES];
	int err;

	if (segment->is_bad)
		return ERR_FORMAT;
	if ((segment->seen[page / 64] >> (page % 64) & 1) != 0)
		return ERR_OK;
	err = read_at(
	    segment, (page + 1) * SEGMENT_PAGE_BYTES, bytes, sizeof(bytes));
	if (err == ERR_OK) {
		segment_tag(segment->keys, segment->id, page, bytes, tag);
		if (memcmp(tag, segment->tags + page * SEGMENT_TAG_BYTES,
			sizeof(tag)) != 0)
			err = ERR_FORMAT;
	}
	if (err != ERR_OK) {
		segment->is_bad = true;
		return err;
	}
	segment->seen[page / 64] |= (uint64_t)1 << (page % 64);
	return ERR_OK;
}

int
segment_read_many(struct segment *segment, const struct block *block,
    const size_t *at, size_t count, size_t len, void *dst)
{
	uint8_t plain[LINES_MAX * LINE_BYTES];
	const uint8_t *lines[LINES_MAX];
	uint64_t numbers[LINES_MAX];
	uint8_t *out = dst;
	size_t n = 0;

	if (count == 0 || count > LINES_MAX)
		return ERR_LIMIT;
	do {
		uint64_t line = block->line + at[n] / LINE_BYTES;
		int err = check_page(segment, line / SEGMENT_LINES);

		if (err != ERR_OK) {
			memset(dst, 0, count * len);
			return err;
		}
		numbers[n] = line;
		lines[n] = segment->map + line * LINE_BYTES;
		__builtin_prefetch(lines[n]);
	} while (++n < count);
	lines_open(segment->keys->lines, segment->id, numbers, lines, count,
	    len == LINE_BYTES ? out : plain);
	for (size_t i = 0; i < count && len != LINE_BYTES; i++)
		memcpy(out + i * len,
		    plain + i * LINE_BYTES + at[i] % LINE_BYTES, len);
	return ERR_OK;
}

int
segment_read(struct segment *segment, const struct block *block, size_t at,
    size_t len, void *dst)
{
	return segment_read_many(segment, block, &at, 1, len, dst);
}

int
segment_read_block(
    struct segment *segment, const struct block *block, uint8_t *dst)
{
	size_t len = block_bytes(block);
	int err = ERR_OK;

	for (size_t at = 0; err == ERR_OK && at < len;) {
		size_t places[LINES_MAX];
		size_t n = 0;

		for (; n < LINES_MAX && at + n * LINE_BYTES < len; n++)
			places[n] = at + n * LINE_BYTES;
		err = segment_read_many(
		    segment, block, places, n, LINE_BYTES, dst + at);
		at += n * LINE_BYTES;
	}
	return err;
}
