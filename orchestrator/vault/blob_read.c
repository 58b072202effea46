/* SPDX-License-Identifier: Apache-2.0 */
/* blob_read.c - opening a stored file and its chunks. */
#include "vault/blob_read.h"

#include "lib/fileio.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

struct blob_reader {
	int fd;
	struct org_key *org_key;
	uint8_t id[BLOB_ID_BYTES];
	uint8_t key[SEAL_KEY_BYTES];
	unsigned int version;
	struct blob_footer footer;
};

static int
damaged(struct fault *fault, int err, const char *what)
{
	/* A sector that cannot be read is damage; other errors may pass. */
	if (err == ERR_SYS && errno != EIO)
		return fault_sys(fault, what);
	if (err == ERR_SYS)
		return fault_set(
		    fault, ERR_FORMAT, "the disk cannot read the stored file");
	return fault_set(
	    fault, ERR_FORMAT, "the stored file is damaged: %s", what);
}

/* Opens the footer's box; the reader has its key. */
static int
load_footer(struct blob_reader *r, const uint8_t header[BLOB_HEADER_BYTES],
    uint64_t file_size, struct fault *fault)
{
	uint8_t trailer[BLOB_TRAILER_BYTES];
	uint8_t nonce[SEAL_NONCE_BYTES];
	auto_free uint8_t *box = NULL;
	auto_free uint8_t *plain = NULL;
	struct seal_in in = {
	    .key = r->key,
	    .nonce = nonce,
	    .aad = header,
	    .aad_len = BLOB_HEADER_BYTES,
	};
	const size_t nonce_bytes = blob_nonce_bytes(r->version);
	struct seal *seal;
	uint64_t footer_at;
	int err;

	if (file_size < BLOB_HEADER_BYTES + BLOB_TRAILER_BYTES)
		return damaged(fault, ERR_FORMAT, "cut short");
	err = file_read_at(
	    r->fd, file_size - sizeof(trailer), trailer, sizeof(trailer));
	if (err != ERR_OK)
		return damaged(fault, err, "reading the trailer");
	if (blob_trailer_get(trailer, file_size, &footer_at, &in.len) !=
		ERR_OK ||
	    in.len < BLOB_FOOTER_BYTES + nonce_bytes + SEAL_TAG_BYTES)
		return damaged(fault, ERR_FORMAT, "cut short, or its trailer");
	box = xmalloc(in.len);
	plain = xmalloc(in.len);
	err = file_read_at(r->fd, footer_at, box, in.len);
	if (err != ERR_OK)
		return damaged(fault, err, "reading the footer");
	blob_footer_nonce(nonce);
	memcpy(nonce, box, nonce_bytes);
	in.p = box + nonce_bytes;
	in.len -= nonce_bytes;
	seal = seal_new();
	err = seal_unbox(seal, &in, plain);
	seal_free(seal);
	if (err != ERR_OK || blob_footer_get(plain, in.len - SEAL_TAG_BYTES,
				 footer_at, r->version, &r->footer) != ERR_OK)
		return damaged(fault, ERR_FORMAT, "its header or footer");
	return ERR_OK;
}

static int
load(struct blob_reader *r, struct org_key *org_key, const uint8_t *sha256,
    struct fault *fault)
{
	uint8_t header_bytes[BLOB_HEADER_BYTES];
	uint8_t aad[BLOB_KEY_AAD_BYTES];
	struct blob_header header;
	struct stat st;
	int err;

	if (fstat(r->fd, &st) == -1)
		return fault_sys(fault, "reading a file");
	if (!S_ISREG(st.st_mode))
		return damaged(fault, ERR_FORMAT, "not a file");
	err = file_read_at(r->fd, 0, header_bytes, sizeof(header_bytes));
	if (err != ERR_OK)
		return damaged(fault, err, "its header is cut short");
	if (blob_header_get(header_bytes, &header) != ERR_OK)
		return damaged(fault, ERR_FORMAT, "its header");
	r->version = header.version;
	blob_key_aad(aad, header.version, org_key->org, header.id);
	if (seal_unwrap(org_key->key, aad, sizeof(aad), header.wrapped_key,
		r->key) != ERR_OK)
		return damaged(fault, ERR_FORMAT,
		    "its key does not open with the organisation's");
	memcpy(r->id, header.id, sizeof(r->id));
	err = load_footer(r, header_bytes, (uint64_t)st.st_size, fault);
	if (err != ERR_OK)
		return err;
	if (sha256 != NULL &&
	    memcmp(sha256, r->footer.sha256, SHA256_BYTES) != 0)
		return damaged(fault, ERR_FORMAT,
		    "it holds another blob than its name says");
	return ERR_OK;
}

int
blob_reader_new(int fd, struct org_key *org_key, const uint8_t *sha256,
    struct fault *fault, struct blob_reader **ret_reader)
{
	struct blob_reader *r = xcalloc(1, sizeof(*r));
	int err;

	r->fd = fd;
	r->org_key = org_key_ref(org_key);
	err = load(r, org_key, sha256, fault);
	if (err != ERR_OK) {
		blob_reader_free(r);
		return err;
	}
	*ret_reader = r;
	return ERR_OK;
}

int
blob_reader_open(const struct place *place, struct org_key *org_key,
    const uint8_t sha256[SHA256_BYTES], struct fault *fault,
    struct blob_reader **ret_reader)
{
	char name[PLACE_NAME_BYTES];
	int fd;

	place_blob_name(name, org_key->org, sha256);
	fd = openat(place->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1 && errno == ENOENT &&
	    faccessat(place->fd, "blobs", X_OK, AT_EACCESS) == 0)
		return fault_set(fault, ERR_NOT_FOUND, "there is no such blob");
	if (fd == -1)
		return fault_sys(fault, "opening a blob");
	return blob_reader_new(fd, org_key, sha256, fault, ret_reader);
}

void
blob_reader_free(struct blob_reader *reader)
{
	if (reader == NULL)
		return;
	(void)close(reader->fd);
	org_key_unref(reader->org_key);
	free(reader->footer.index);
	seal_forget(reader, sizeof(*reader));
	free(reader);
}

uint64_t
blob_reader_size(const struct blob_reader *reader)
{
	return reader->footer.size;
}

uint64_t
blob_reader_chunk_count(const struct blob_reader *reader)
{
	return reader->footer.chunk_count;
}

const uint8_t *
blob_reader_sha256(const struct blob_reader *reader)
{
	return reader->footer.sha256;
}

size_t
blob_reader_chunk_len(const struct blob_reader *reader, uint64_t index)
{
	return blob_chunk_len(reader->footer.size, index);
}

static int
open_chunk(const struct blob_reader *reader, struct kit *kit,
    const struct chunk *chunk, uint8_t *dst, struct fault *fault)
{
	const size_t nonce_bytes = blob_nonce_bytes(reader->version);
	const uint64_t index = chunk->index;
	struct blob_entry entry = {0};
	int err;

	if (atomic_load(&reader->org_key->is_destroyed))
		return fault_set(fault, ERR_NOT_FOUND,
		    "the organisation's key was destroyed meanwhile");
	/* The index was checked as a whole when the file was opened. */
	err =
	    blob_entry_unpack(reader->footer.index[index], chunk->len, &entry);
	if (err == ERR_OK && entry.kind != BLOB_ZERO)
		err = file_read_at(reader->fd, entry.offset - nonce_bytes,
		    kit->box, nonce_bytes + entry.len);
	if (err == ERR_SYS)
		return damaged(fault, err, "reading a blob");
	if (err == ERR_OK)
		err = chunk_open(kit, chunk, &entry, dst);
	if (err != ERR_OK)
		return fault_set(fault, ERR_FORMAT,
		    "the stored file is damaged: chunk %llu of %llu",
		    (unsigned long long)index,
		    (unsigned long long)reader->footer.chunk_count);
	return ERR_OK;
}

static struct chunk
chunk_of(const struct blob_reader *reader, uint64_t index)
{
	return (struct chunk){
	    .key = reader->key,
	    .id = reader->id,
	    .version = reader->version,
	    .index = index,
	    .len = blob_reader_chunk_len(reader, index),
	};
}

int
blob_reader_chunk(const struct blob_reader *reader, struct kit *kit,
    uint64_t index, uint8_t *dst, struct fault *fault)
{
	const struct chunk chunk = chunk_of(reader, index);

	return open_chunk(reader, kit, &chunk, dst, fault);
}

int
blob_reader_head(const struct blob_reader *reader, struct kit *kit, size_t len,
    uint8_t *dst, struct fault *fault)
{
	struct chunk chunk = chunk_of(reader, 0);

	chunk.head = len;
	return open_chunk(reader, kit, &chunk, dst, fault);
}

int
blob_reader_verify(const struct blob_reader *reader, struct kit *kit,
    const atomic_bool *is_stopped, struct fault *fault)
{
	auto_free uint8_t *plain = xmalloc(BLOB_CHUNK_BYTES);
	uint8_t digest[SHA256_BYTES];
	struct sha256 *sha256;
	int err = ERR_OK;

	/* The disk is what is asked about, not its cache. */
	(void)posix_fadvise(reader->fd, 0, 0, POSIX_FADV_DONTNEED);
	sha256 = sha256_new();
	for (uint64_t i = 0; err == ERR_OK && i < reader->footer.chunk_count;
	     i++) {
		if (is_stopped != NULL && atomic_load(is_stopped)) {
			err = fault_set(fault, ERR_AGAIN, "interrupted");
			break;
		}
		err = blob_reader_chunk(reader, kit, i, plain, fault);
		if (err == ERR_OK)
			sha256_update(
			    sha256, plain, blob_reader_chunk_len(reader, i));
	}
	sha256_final(sha256, digest);
	sha256_free(sha256);
	if (err == ERR_OK &&
	    memcmp(digest, reader->footer.sha256, sizeof(digest)) != 0)
		err = damaged(
		    fault, ERR_FORMAT, "its bytes do not have its digest");
	return err;
}
