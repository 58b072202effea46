/* SPDX-License-Identifier: Apache-2.0 */
/* segment_write.c - writing one file of the index. */
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

struct segment_writer {
	int folder; /* borrowed */
	int fd;
	uint64_t id;
	char name[SEGMENT_NAME_BYTES]; /* until it is finished */
	struct index_keys *keys;
	uint64_t lines; /* so far */
	struct wire_out blocks;
	uint32_t blocks_count;
	struct ranges units;
	struct wire_out tags;
	/* What does not fill a page yet. */
	size_t pending;
	uint8_t page[SEGMENT_PAGE_BYTES];
};

static int
write_at(int fd, uint64_t at, const void *p, size_t len)
{
	if (file_write_at(fd, at, p, len) == ERR_OK)
		return ERR_OK;
	return errno == ENOSPC || errno == EDQUOT || errno == EFBIG
		   ? ERR_NO_SPACE
		   : ERR_SYS;
}

int
segment_writer_new(
    int folder, struct index_keys *keys, struct segment_writer **ret_writer)
{
	struct segment_writer *writer = xcalloc(1, sizeof(*writer));

	random_bytes(&writer->id, sizeof(writer->id));
	(void)snprintf(
	    writer->name, sizeof(writer->name), "new-%016" PRIx64, writer->id);
	writer->folder = folder;
	writer->keys = keys;
	writer->fd = openat(folder, writer->name,
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (writer->fd == -1) {
		int err =
		    errno == ENOSPC || errno == EDQUOT ? ERR_NO_SPACE : ERR_SYS;

		free(writer);
		return err;
	}
	wire_out_init(&writer->blocks, GIB / 4);
	wire_out_init(&writer->tags, GIB / 4);
	*ret_writer = writer;
	return ERR_OK;
}

void
segment_writer_free(struct segment_writer *writer)
{
	if (writer == NULL)
		return;
	if (writer->fd != -1) {
		(void)close(writer->fd);
		(void)unlinkat(writer->folder, writer->name, 0);
	}
	wire_out_release(&writer->blocks);
	wire_out_release(&writer->tags);
	ranges_release(&writer->units);
	free(writer);
}

uint64_t
segment_writer_bytes(const struct segment_writer *writer)
{
	return writer->lines * LINE_BYTES;
}

static void
note_tag(struct segment_writer *writer, const uint8_t *page)
{
	uint8_t tag[SEGMENT_TAG_BYTES];

	segment_tag(writer->keys, writer->id,
	    writer->tags.len / SEGMENT_TAG_BYTES, page, tag);
	wire_put_raw(&writer->tags, tag, sizeof(tag));
}

/* Writes encrypted lines; whole pages get their tags. */
static int
put_lines(struct segment_writer *writer, const uint8_t *p, size_t len)
{
	uint64_t at = SEGMENT_PAGE_BYTES + writer->lines * LINE_BYTES;
	int err = write_at(writer->fd, at, p, len);

	writer->lines += len / LINE_BYTES;
	while (err == ERR_OK && len > 0) {
		size_t n = SEGMENT_PAGE_BYTES - writer->pending;

		n = len < n ? len : n;
		memcpy(writer->page + writer->pending, p, n);
		writer->pending += n;
		p += n;
		len -= n;
		if (writer->pending < SEGMENT_PAGE_BYTES)
			break;
		note_tag(writer, writer->page);
		writer->pending = 0;
	}
	return err;
}

static void
note_units(
    struct segment_writer *writer, const struct block *block, uint8_t *bytes)
{
	for (size_t i = 0; i < block->count; i++)
		ranges_add(&writer->units,
		    block_u64(bytes + block_seq_at(block, i)), 1);
}

int
segment_writer_put(
    struct segment_writer *writer, const struct block *block, uint8_t *bytes)
{
	size_t len = block_bytes(block);
	struct wire_out *out = &writer->blocks;

	note_units(writer, block, bytes);
	writer->blocks_count++;
	wire_put_u8(out, block->class);
	wire_put_u16(out, block->width);
	wire_put_u16(out, block->count);
	wire_put_u64(out, writer->lines);
	wire_put_u64(out, block->size_min);
	wire_put_u64(out, block->size_max);
	wire_put_u64(out, block->seq_min);
	wire_put_u64(out, block->seq_max);
	lines_seal(writer->keys->lines, writer->id, writer->lines, bytes,
	    len / LINE_BYTES);
	return put_lines(writer, bytes, len);
}

static int
put_directory(struct segment_writer *writer, size_t pages)
{
	uint8_t header[SEGMENT_PAGE_BYTES] = {0};
	uint8_t nonce[SEAL_NONCE_BYTES];
	struct wire_out plain, head;
	auto_free uint8_t *box = NULL;
	int err = ERR_LIMIT;

	wire_out_init(&plain, GIB);
	wire_put_u32(&plain, writer->blocks_count);
	wire_put_raw(&plain, writer->blocks.buf, writer->blocks.len);
	wire_put_u32(&plain, (uint32_t)writer->units.count);
	for (size_t i = 0; i < writer->units.count; i++) {
		wire_put_u64(&plain, writer->units.list[i].first);
		wire_put_u64(&plain, writer->units.list[i].count);
	}
	wire_put_raw(&plain, writer->tags.buf, writer->tags.len);
	wire_out_init(&head, SEGMENT_HEADER_BYTES);
	wire_put_raw(&head, SEGMENT_MAGIC, sizeof(SEGMENT_MAGIC) - 1);
	wire_put_u32(&head, SEGMENT_VERSION);
	wire_put_u32(&head, 0);
	wire_put_u64(&head, writer->id);
	wire_put_u64(&head, pages);
	wire_put_u64(&head, plain.len + SEAL_TAG_BYTES);
	memcpy(header, head.buf, head.len);
	segment_nonce(writer->id, SEGMENT_DIRECTORY_PAGE, nonce);
	if (!plain.is_failed && !writer->blocks.is_failed &&
	    !writer->tags.is_failed) {
		box = xmalloc(plain.len + SEAL_TAG_BYTES);
		err = seal_box(writer->keys->seal,
		    &(struct seal_in){
			.key = writer->keys->directory_key,
			.nonce = nonce,
			.aad = header,
			.aad_len = SEGMENT_HEADER_BYTES,
			.p = plain.buf,
			.len = plain.len,
		    },
		    box);
	}
	if (err == ERR_OK)
		err = write_at(writer->fd, (pages + 1) * SEGMENT_PAGE_BYTES,
		    box, plain.len + SEAL_TAG_BYTES);
	if (err == ERR_OK)
		err = write_at(writer->fd, 0, header, sizeof(header));
	wire_out_release(&plain);
	wire_out_release(&head);
	return err;
}

int
segment_writer_end(struct segment_writer *writer, uint64_t *ret_id)
{
	static const uint8_t zeros[SEGMENT_PAGE_BYTES];
	char name[SEGMENT_NAME_BYTES];
	int err = ERR_OK;

	if (writer->pending > 0)
		err = put_lines(
		    writer, zeros, SEGMENT_PAGE_BYTES - writer->pending);
	if (err == ERR_OK)
		err =
		    put_directory(writer, writer->tags.len / SEGMENT_TAG_BYTES);
	if (err != ERR_OK)
		return err;
	segment_name(writer->id, name);
	if (fsync(writer->fd) == -1 ||
	    renameat(writer->folder, writer->name, writer->folder, name) == -1)
		return errno == ENOSPC || errno == EDQUOT ? ERR_NO_SPACE
							  : ERR_SYS;
	(void)close(take_fd(writer->fd));
	/* The manifest, which is written next, syncs the folder. */
	*ret_id = writer->id;
	return ERR_OK;
}
