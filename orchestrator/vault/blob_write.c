/* SPDX-License-Identifier: Apache-2.0 */
/* blob_write.c - header, chunks, footer and trailer of a new file. */
#include "vault/blob_write.h"

#include "lib/fileio.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* The disk is set to work on each window as soon as it is full ... */
#define WINDOW_BYTES ((uint64_t)8 * MIB)
/* ... and this many windows later the writer waits for it. */
#define WINDOWS_DIRTY_MAX 8

struct blob_writer {
	int fd;
	unsigned int version;
	uint8_t header[BLOB_HEADER_BYTES];
	uint8_t id[BLOB_ID_BYTES];
	uint8_t key[SEAL_KEY_BYTES];
	_Atomic uint64_t end; /* where the next box goes */
	uint64_t *index;
	size_t index_count; /* one past the highest that was noted */
	size_t index_size;
};

/* Draws id and key, and writes the header. */
static int
write_header(struct blob_writer *w, const struct org_key *org_key)
{
	struct blob_header header = {.version = w->version};
	uint8_t aad[BLOB_KEY_AAD_BYTES];

	random_bytes(w->id, sizeof(w->id));
	random_bytes(w->key, sizeof(w->key));
	memcpy(header.id, w->id, sizeof(w->id));
	blob_key_aad(aad, w->version, org_key->org, w->id);
	seal_wrap(org_key->key, aad, sizeof(aad), w->key, header.wrapped_key);
	blob_header_put(w->header, &header);
	atomic_init(&w->end, BLOB_HEADER_BYTES);
	return file_write_at(w->fd, 0, w->header, sizeof(w->header));
}

static int
make_file(const struct place *place, const char *name, unsigned int version,
    const struct org_key *org_key, struct blob_writer **ret_writer)
{
	struct blob_writer *w;
	int fd = openat(
	    place->fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd == -1)
		return ERR_SYS;
	w = xcalloc(1, sizeof(*w));
	w->fd = fd;
	w->version = version;
	if (write_header(w, org_key) != ERR_OK) {
		const int saved = errno;

		(void)unlinkat(place->fd, name, 0);
		blob_writer_free(w);
		errno = saved;
		return ERR_SYS;
	}
	*ret_writer = w;
	return ERR_OK;
}

int
blob_writer_new(const struct place *place, uint64_t id,
    const struct org_key *org_key, struct fault *fault,
    struct blob_writer **ret_writer)
{
	char name[PLACE_NAME_BYTES];

	place_tmp_name(name, id);
	if (make_file(place, name, BLOB_VERSION, org_key, ret_writer) != ERR_OK)
		return fault_sys(fault, "making a file");
	return ERR_OK;
}

int
blob_writer_start(const struct place *place, const char *name,
    const struct org_key *org_key, struct fault *fault,
    struct blob_writer **ret_writer)
{
	if ((unlinkat(place->fd, name, 0) == -1 && errno != ENOENT) ||
	    make_file(place, name, BLOB_VERSION_RANDOM, org_key, ret_writer) !=
		ERR_OK)
		return fault_sys(fault, "making a file");
	return ERR_OK;
}

static int
read_header(struct blob_writer *w, const struct org_key *org_key)
{
	uint8_t aad[BLOB_KEY_AAD_BYTES];
	struct blob_header header;

	if (pread(w->fd, w->header, sizeof(w->header), 0) !=
		(ssize_t)sizeof(w->header) ||
	    blob_header_get(w->header, &header) != ERR_OK ||
	    header.version != BLOB_VERSION_RANDOM)
		return ERR_FORMAT;
	w->version = header.version;
	memcpy(w->id, header.id, sizeof(w->id));
	blob_key_aad(aad, header.version, org_key->org, header.id);
	return seal_unwrap(
	    org_key->key, aad, sizeof(aad), header.wrapped_key, w->key);
}

int
blob_writer_resume(const struct place *place, const char *name,
    const struct org_key *org_key, struct fault *fault,
    struct blob_writer **ret_writer)
{
	struct blob_writer *w;
	int fd = openat(place->fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd == -1)
		return fault_sys(fault, "opening an unfinished upload");
	w = xcalloc(1, sizeof(*w));
	w->fd = fd;
	if (read_header(w, org_key) != ERR_OK) {
		blob_writer_free(w);
		return fault_set(fault, ERR_FORMAT,
		    "the file of an unfinished upload is damaged");
	}
	atomic_init(&w->end, BLOB_HEADER_BYTES);
	*ret_writer = w;
	return ERR_OK;
}

int
blob_writer_rewind(struct blob_writer *writer, const struct blob_mark *mark,
    struct fault *fault)
{
	struct stat st;

	if (fstat(writer->fd, &st) == -1)
		return fault_sys(fault, "opening an unfinished upload");
	if (mark->end < BLOB_HEADER_BYTES || (uint64_t)st.st_size < mark->end)
		return fault_set(fault, ERR_FORMAT,
		    "the file of an unfinished upload is cut short");
	if (ftruncate(writer->fd, (off_t)mark->end) == -1)
		return fault_sys(fault, "opening an unfinished upload");
	atomic_store(&writer->end, mark->end);
	writer->index_count = (size_t)mark->chunk_count;
	writer->index_size = writer->index_count + 16;
	writer->index = xreallocarray(
	    writer->index, writer->index_size, sizeof(*writer->index));
	if (mark->chunk_count > 0)
		memcpy(writer->index, mark->index,
		    writer->index_count * sizeof(*writer->index));
	return ERR_OK;
}

void
blob_writer_mark(const struct blob_writer *writer, struct blob_mark *ret_mark)
{
	*ret_mark = (struct blob_mark){
	    .end = atomic_load(&writer->end),
	    .chunk_count = writer->index_count,
	    .index = writer->index,
	};
}

void
blob_writer_free(struct blob_writer *writer)
{
	if (writer == NULL)
		return;
	(void)close(writer->fd);
	free(writer->index);
	seal_forget(writer, sizeof(*writer));
	free(writer);
}

/* Keeps the disk busy and the dirty pages few, once a window is full. */
static int
push(struct blob_writer *w, uint64_t from, uint64_t to)
{
	uint64_t window = from / WINDOW_BYTES;

	if (to / WINDOW_BYTES == window)
		return ERR_OK;
	(void)sync_file_range(w->fd, (off_t)(window * WINDOW_BYTES),
	    (off_t)WINDOW_BYTES, SYNC_FILE_RANGE_WRITE);
	if (window < WINDOWS_DIRTY_MAX)
		return ERR_OK;
	window -= WINDOWS_DIRTY_MAX;
	if (sync_file_range(w->fd, (off_t)(window * WINDOW_BYTES),
		(off_t)WINDOW_BYTES,
		SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
		    SYNC_FILE_RANGE_WAIT_AFTER) == -1 &&
	    errno != ENOSYS && errno != EINVAL && errno != ESPIPE)
		return ERR_SYS;
	return ERR_OK;
}

int
blob_writer_put(struct blob_writer *writer, struct kit *kit,
    struct blob_piece *piece, struct fault *fault)
{
	const struct chunk chunk = {
	    .key = writer->key,
	    .id = writer->id,
	    .version = writer->version,
	    .index = piece->index,
	    .len = piece->len,
	    .is_hurried = piece->is_hurried,
	};
	const size_t nonce_bytes = blob_nonce_bytes(writer->version);
	struct blob_entry entry;

	chunk_seal(kit, &chunk, piece->plain, &entry);
	if (entry.kind != BLOB_ZERO) {
		const size_t len = nonce_bytes + entry.len;
		const uint64_t at = atomic_fetch_add(&writer->end, len);

		if (file_write_at(writer->fd, at, kit->box, len) != ERR_OK ||
		    push(writer, at, at + len) != ERR_OK)
			return fault_sys(fault, "writing a file");
		entry.offset = at + nonce_bytes;
	}
	piece->packed = blob_entry_pack(&entry);
	return ERR_OK;
}

int
blob_writer_note(struct blob_writer *writer, const struct blob_piece *piece,
    struct fault *fault)
{
	if (piece->index >= BLOB_CHUNKS_MAX)
		return fault_set(
		    fault, ERR_LIMIT, "larger than 1 TiB: split it");
	while (piece->index >= writer->index_size) {
		size_t size = writer->index_size ? writer->index_size * 2 : 16;

		writer->index =
		    xreallocarray(writer->index, size, sizeof(*writer->index));
		writer->index_size = size;
	}
	writer->index[piece->index] = piece->packed;
	if (piece->index >= writer->index_count)
		writer->index_count = (size_t)piece->index + 1;
	return ERR_OK;
}

int
blob_writer_end(struct blob_writer *writer, uint64_t size,
    const uint8_t sha256[SHA256_BYTES], struct fault *fault)
{
	struct blob_footer footer = {
	    .size = size,
	    .chunk_count = blob_chunk_count(size),
	    .index = writer->index,
	};
	uint8_t nonce[SEAL_NONCE_BYTES];
	auto_free uint8_t *plain = NULL;
	auto_free uint8_t *tail = NULL;
	struct seal_in in = {
	    .key = writer->key,
	    .nonce = nonce,
	    .aad = writer->header,
	    .aad_len = sizeof(writer->header),
	};
	const size_t nonce_bytes = blob_nonce_bytes(writer->version);
	struct seal *seal;
	size_t box_len;
	int err;

	if (footer.chunk_count != writer->index_count)
		return fault_set(
		    fault, ERR_CONFLICT, "the chunks do not add up");
	memcpy(footer.sha256, sha256, SHA256_BYTES);
	plain = blob_footer_put(&footer, &in.len);
	in.p = plain;
	box_len = nonce_bytes + in.len + SEAL_TAG_BYTES;
	tail = xmalloc(box_len + BLOB_TRAILER_BYTES);
	blob_footer_nonce(nonce);
	random_bytes(nonce, nonce_bytes);
	memcpy(tail, nonce, nonce_bytes);
	seal = seal_new();
	err = seal_box(seal, &in, tail + nonce_bytes);
	seal_free(seal);
	if (err != ERR_OK)
		return fault_set(fault, err, "the index is too large");
	blob_trailer_put(tail + box_len, box_len);
	box_len += BLOB_TRAILER_BYTES;
	if (file_write_at(writer->fd, atomic_fetch_add(&writer->end, box_len),
		tail, box_len) != ERR_OK)
		return fault_sys(fault, "writing a file");
	return ERR_OK;
}

int
blob_writer_fd(const struct blob_writer *writer)
{
	return writer->fd;
}

uint64_t
blob_writer_file_size(const struct blob_writer *writer)
{
	return atomic_load(&writer->end);
}
