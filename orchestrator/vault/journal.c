/* SPDX-License-Identifier: Apache-2.0 */
/* journal.c - records of what is durable, appended and read back. */
#include "vault/journal.h"

#include "lib/fileio.h"
#include "lib/own.h"
#include "lib/wire.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>

#define VERSION	      1
#define HEADER_BYTES  ((size_t)88)
#define PREFIX_BYTES  (4 + (size_t)SEAL_NONCE_BYTES)
#define AAD_BYTES     ((size_t)(BLOB_ID_BYTES + 8))
#define KEY_AAD_BYTES ((size_t)(2 + 2 * BLOB_ORG_BYTES + BLOB_ID_BYTES))
/* The index of the largest blob, a rest, and what stands before them. */
#define RECORD_BYTES_MAX \
 ((size_t)BLOB_CHUNKS_MAX * 8 + BLOB_CHUNK_BYTES + 4 * KIB)
/* It is written anew when it is this many bytes longer than twice of what it
 * would be then. */
#define SLACK_BYTES ((uint64_t)4 * MIB)

static const char magic[8] = "LOEPPART";

enum record_kind {
	RECORD_PROGRESS = 1,
	RECORD_WHOLE
};

struct journal {
	const struct place *place;
	const struct org_key *org_key;
	char upload[BLOB_ORG_BYTES];
	int fd;
	uint8_t id[BLOB_ID_BYTES];
	uint8_t key[SEAL_KEY_BYTES];
	uint64_t end;	 /* of the last good record */
	uint64_t number; /* of the next record */
	struct progress now;
	uint64_t *index; /* now.mark's */
	size_t index_size;
	uint8_t *rest; /* now.rest; BLOB_CHUNK_BYTES */
	bool is_whole;
	struct whole whole;
};

static void
key_aad(const struct journal *j, uint8_t aad[KEY_AAD_BYTES])
{
	memset(aad, 0, KEY_AAD_BYTES);
	aad[0] = VERSION;
	memcpy(aad + 2, j->org_key->org, BLOB_ORG_BYTES);
	memcpy(aad + 2 + BLOB_ORG_BYTES, j->upload, BLOB_ORG_BYTES);
	memcpy(aad + 2 + 2 * BLOB_ORG_BYTES, j->id, BLOB_ID_BYTES);
}

static void
record_aad(const struct journal *j, uint64_t number, uint8_t aad[AAD_BYTES])
{
	memcpy(aad, j->id, BLOB_ID_BYTES);
	for (size_t i = 0; i < 8; i++)
		aad[BLOB_ID_BYTES + i] = (uint8_t)(number >> (8 * i));
}

/* --- writing --- */

static int
write_header(struct journal *j, int fd)
{
	uint8_t header[HEADER_BYTES] = {0};
	uint8_t aad[KEY_AAD_BYTES];

	random_bytes(j->id, sizeof(j->id));
	random_bytes(j->key, sizeof(j->key));
	memcpy(header, magic, sizeof(magic));
	header[8] = VERSION;
	memcpy(header + 12, j->id, BLOB_ID_BYTES);
	key_aad(j, aad);
	seal_wrap(j->org_key->key, aad, sizeof(aad), j->key,
	    header + 12 + BLOB_ID_BYTES);
	return file_write_at(fd, 0, header, sizeof(header));
}

/* Seals a record and writes it at that place; not synced. */
static int
write_record(struct journal *j, int fd, uint64_t at, const struct wire_out *out)
{
	const size_t box_len = out->len + SEAL_TAG_BYTES;
	const size_t len = SEAL_NONCE_BYTES + box_len;
	auto_free uint8_t *p = xmalloc(4 + len);
	uint8_t aad[AAD_BYTES];
	const struct seal_in in = {
	    .key = j->key,
	    .nonce = p + 4,
	    .aad = aad,
	    .aad_len = sizeof(aad),
	    .p = out->buf,
	    .len = out->len,
	};
	struct seal *seal = seal_new();
	int err;

	for (size_t i = 0; i < 4; i++)
		p[i] = (uint8_t)(len >> (8 * i));
	random_bytes(p + 4, SEAL_NONCE_BYTES);
	record_aad(j, j->number, aad);
	err = seal_box(seal, &in, p + PREFIX_BYTES);
	seal_free(seal);
	if (err == ERR_OK)
		err = file_write_at(fd, at, p, 4 + len);
	if (err == ERR_OK) {
		j->number++;
		j->end = at + 4 + len;
	}
	return err;
}

/* What is new since the record before; from 0 on: everything. */
static void
put_progress(struct wire_out *out, const struct progress *now,
    uint64_t first_chunk, size_t rest_from)
{
	wire_put_u8(out, RECORD_PROGRESS);
	wire_put_u64(out, now->size);
	wire_put_u64(out, now->mark.end);
	wire_put_raw(out, now->sha256, SHA256_STATE_BYTES);
	wire_put_u64(out, first_chunk);
	wire_put_u64(out, now->mark.chunk_count - first_chunk);
	for (uint64_t i = first_chunk; i < now->mark.chunk_count; i++)
		wire_put_u64(out, now->mark.index[i]);
	wire_put_bytes(out,
	    now->rest == NULL ? "" : (const char *)now->rest + rest_from,
	    now->rest_len - rest_from);
}

/* Keeps what a record says. */
static void
take_progress(struct journal *j, const struct progress *now)
{
	const size_t count = (size_t)now->mark.chunk_count;

	if (count > j->index_size) {
		j->index_size = 2 * count + 16;
		j->index =
		    xreallocarray(j->index, j->index_size, sizeof(*j->index));
	}
	/* Entries never change once they are noted. */
	for (size_t i = (size_t)j->now.mark.chunk_count; i < count; i++)
		j->index[i] = now->mark.index[i];
	if (now->rest_len > 0 && now->rest != j->rest)
		memcpy(j->rest, now->rest, now->rest_len);
	j->now = *now;
	j->now.mark.index = j->index;
	j->now.rest = j->rest;
}

/* A new journal of one record, renamed into place. */
static int
write_anew(struct journal *j, const struct progress *now)
{
	char fresh[PLACE_NAME_BYTES], name[PLACE_NAME_BYTES];
	struct wire_out out;
	auto_close int fd = -1;
	int err;

	place_part_name(fresh, j->upload, ".new");
	place_part_name(name, j->upload, ".log");
	fd = openat(j->place->fd, fresh,
	    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return ERR_SYS;
	wire_out_init(&out, RECORD_BYTES_MAX);
	put_progress(&out, now, 0, 0);
	j->number = 0;
	err = out.is_failed ? (int)ERR_LIMIT : write_header(j, fd);
	if (err == ERR_OK)
		err = write_record(j, fd, HEADER_BYTES, &out);
	wire_out_release(&out);
	if (err != ERR_OK)
		return err;
	if (fdatasync(fd) == -1 ||
	    renameat(j->place->fd, fresh, j->place->fd, name) == -1 ||
	    place_sync_tmp(j->place) != ERR_OK)
		return ERR_SYS;
	if (j->fd != -1)
		(void)close(j->fd);
	j->fd = take_fd(fd);
	return ERR_OK;
}

static bool
is_too_long(const struct journal *j, const struct progress *now)
{
	const uint64_t needed =
	    HEADER_BYTES + now->mark.chunk_count * 8 + now->rest_len;

	return j->end > 2 * needed + SLACK_BYTES;
}

static int
append(struct journal *j, const struct wire_out *out)
{
	const uint64_t end = j->end;
	const uint64_t number = j->number;

	if (out->is_failed)
		return ERR_LIMIT;
	if (write_record(j, j->fd, end, out) == ERR_OK && fdatasync(j->fd) == 0)
		return ERR_OK;
	/* It may be there or not: the next one goes over it. */
	j->end = end;
	j->number = number;
	return ERR_SYS;
}

int
journal_save(
    struct journal *journal, const struct progress *now, struct fault *fault)
{
	const struct progress *old = &journal->now;
	const bool has_chunks = now->mark.chunk_count > old->mark.chunk_count;
	struct wire_out out;
	int err;

	if (now->size == old->size)
		return ERR_OK;
	if (is_too_long(journal, now)) {
		err = write_anew(journal, now);
	} else {
		wire_out_init(&out, RECORD_BYTES_MAX);
		put_progress(&out, now, old->mark.chunk_count,
		    has_chunks ? 0 : old->rest_len);
		err = append(journal, &out);
		wire_out_release(&out);
	}
	if (err == ERR_LIMIT)
		return fault_set(fault, err, "larger than 1 TiB: split it");
	if (err != ERR_OK)
		return fault_sys(fault, "noting how far an upload is");
	take_progress(journal, now);
	return ERR_OK;
}

int
journal_close(
    struct journal *journal, const struct whole *whole, struct fault *fault)
{
	struct wire_out out;
	int err;

	wire_out_init(&out, RECORD_BYTES_MAX);
	wire_put_u8(&out, RECORD_WHOLE);
	wire_put_u64(&out, whole->size);
	wire_put_u64(&out, whole->file_size);
	wire_put_raw(&out, whole->sha256, SHA256_BYTES);
	err = append(journal, &out);
	wire_out_release(&out);
	if (err != ERR_OK)
		return fault_sys(fault, "noting that an upload is whole");
	journal->is_whole = true;
	journal->whole = *whole;
	return ERR_OK;
}

/* --- reading --- */

static int
read_progress(struct journal *j, struct wire_in *in)
{
	struct progress now = {0};
	auto_free uint64_t *index = NULL;
	const uint8_t *sha256, *rest;
	uint64_t first, count;
	size_t len;

	now.size = wire_get_u64(in);
	now.mark.end = wire_get_u64(in);
	sha256 = wire_get_raw(in, SHA256_STATE_BYTES);
	first = wire_get_u64(in);
	count = wire_get_u64(in);
	if (in->is_failed || first != j->now.mark.chunk_count ||
	    count > BLOB_CHUNKS_MAX - first)
		return ERR_FORMAT;
	memcpy(now.sha256, sha256, SHA256_STATE_BYTES);
	now.mark.chunk_count = first + count;
	index = xcalloc((size_t)now.mark.chunk_count + 1, sizeof(*index));
	for (uint64_t i = first; i < now.mark.chunk_count; i++)
		index[i] = wire_get_u64(in);
	now.mark.index = index;
	rest = wire_get_bytes(in, &len);
	now.rest_len = count > 0 ? 0 : j->now.rest_len;
	if (in->is_failed || len > BLOB_CHUNK_BYTES - now.rest_len)
		return ERR_FORMAT;
	memcpy(j->rest + now.rest_len, rest, len);
	now.rest_len += len;
	now.rest = j->rest;
	/* Everything before the rest is full chunks. */
	if (now.size != now.mark.chunk_count * BLOB_CHUNK_BYTES + now.rest_len)
		return ERR_FORMAT;
	take_progress(j, &now);
	return ERR_OK;
}

static int
read_whole(struct journal *j, struct wire_in *in)
{
	const uint8_t *sha256;

	j->whole.size = wire_get_u64(in);
	j->whole.file_size = wire_get_u64(in);
	sha256 = wire_get_raw(in, SHA256_BYTES);
	if (in->is_failed || j->whole.size != j->now.size)
		return ERR_FORMAT;
	memcpy(j->whole.sha256, sha256, SHA256_BYTES);
	j->is_whole = true;
	return ERR_OK;
}

/* ERR_EOF where there is no further good record. */
static int
read_record(struct journal *j)
{
	uint8_t prefix[PREFIX_BYTES];
	uint8_t aad[AAD_BYTES];
	auto_free uint8_t *box = NULL, *plain = NULL;
	struct seal_in in = {
	    .key = j->key,
	    .nonce = prefix + 4,
	    .aad = aad,
	    .aad_len = sizeof(aad),
	};
	struct wire_in record;
	struct seal *seal;
	size_t len;
	int err = file_read_at(j->fd, j->end, prefix, sizeof(prefix));

	if (err != ERR_OK)
		return err;
	len = (size_t)prefix[0] | (size_t)prefix[1] << 8 |
	      (size_t)prefix[2] << 16 | (size_t)prefix[3] << 24;
	if (len < SEAL_NONCE_BYTES + SEAL_TAG_BYTES + 1 ||
	    len > RECORD_BYTES_MAX + SEAL_NONCE_BYTES + SEAL_TAG_BYTES)
		return ERR_EOF;
	in.len = len - SEAL_NONCE_BYTES;
	box = xmalloc(in.len);
	plain = xmalloc(in.len);
	err = file_read_at(j->fd, j->end + PREFIX_BYTES, box, in.len);
	if (err != ERR_OK)
		return err;
	in.p = box;
	record_aad(j, j->number, aad);
	seal = seal_new();
	err = seal_unbox(seal, &in, plain);
	seal_free(seal);
	if (err != ERR_OK || j->is_whole)
		return ERR_EOF;
	wire_in_init(&record, plain, in.len - SEAL_TAG_BYTES);
	err = wire_get_u8(&record) == RECORD_WHOLE ? read_whole(j, &record)
						   : read_progress(j, &record);
	if (err == ERR_OK && !wire_in_is_done(&record))
		err = ERR_FORMAT;
	j->number++;
	j->end += 4 + len;
	return err;
}

static int
read_all(struct journal *j)
{
	uint8_t header[HEADER_BYTES];
	uint8_t aad[KEY_AAD_BYTES];
	int err = file_read_at(j->fd, 0, header, sizeof(header));

	if (err == ERR_SYS)
		return err;
	if (err != ERR_OK || memcmp(header, magic, sizeof(magic)) != 0 ||
	    header[8] != VERSION || header[9] != 0)
		return ERR_FORMAT;
	memcpy(j->id, header + 12, BLOB_ID_BYTES);
	key_aad(j, aad);
	if (seal_unwrap(j->org_key->key, aad, sizeof(aad),
		header + 12 + BLOB_ID_BYTES, j->key) != ERR_OK)
		return ERR_FORMAT;
	j->end = HEADER_BYTES;
	do {
		err = read_record(j);
	} while (err == ERR_OK);
	if (err != ERR_EOF)
		return err;
	/* The first record was durable before anybody heard of the upload. */
	if (j->number == 0)
		return ERR_FORMAT;
	return ftruncate(j->fd, (off_t)j->end) == -1 ? ERR_SYS : ERR_OK;
}

/* --- both --- */

static struct journal *
make(const struct place *place, const char *id, const struct org_key *org_key)
{
	struct journal *j = xcalloc(1, sizeof(*j));

	j->place = place;
	j->org_key = org_key;
	(void)snprintf(j->upload, sizeof(j->upload), "%s", id);
	j->fd = -1;
	j->rest = xmalloc(BLOB_CHUNK_BYTES);
	j->now.rest = j->rest;
	return j;
}

int
journal_new(const struct place *place, const char *id,
    const struct org_key *org_key, struct fault *fault,
    struct journal **ret_journal)
{
	struct journal *j = make(place, id, org_key);
	struct progress now = {.mark.end = BLOB_HEADER_BYTES};
	struct sha256 *sha256 = sha256_new();
	int err = sha256_save(sha256, now.sha256);

	sha256_free(sha256);
	if (err == ERR_OK)
		err = write_anew(j, &now);
	if (err != ERR_OK) {
		(void)fault_sys(fault, "beginning an upload");
		journal_free(j);
		return fault->err;
	}
	take_progress(j, &now);
	*ret_journal = j;
	return ERR_OK;
}

int
journal_open(const struct place *place, const char *id,
    const struct org_key *org_key, struct fault *fault,
    struct journal **ret_journal)
{
	struct journal *j = make(place, id, org_key);
	char name[PLACE_NAME_BYTES];
	int err;

	place_part_name(name, id, ".log");
	j->fd = openat(place->fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (j->fd == -1) {
		err = errno == ENOENT &&
			      faccessat(place->fd, "tmp", X_OK, AT_EACCESS) == 0
			  ? fault_set(fault, ERR_NOT_FOUND,
				"nothing is left of the upload")
			  : fault_sys(fault, "opening an unfinished upload");
	} else {
		err = read_all(j);
		if (err == ERR_SYS)
			err = fault_sys(fault, "reading an unfinished upload");
		else if (err != ERR_OK)
			err = fault_set(fault, ERR_FORMAT,
			    "the journal of an unfinished upload is damaged");
	}
	if (err != ERR_OK) {
		journal_free(j);
		return err;
	}
	*ret_journal = j;
	return ERR_OK;
}

void
journal_free(struct journal *journal)
{
	if (journal == NULL)
		return;
	if (journal->fd != -1)
		(void)close(journal->fd);
	free(journal->index);
	free(journal->rest);
	seal_forget(journal, sizeof(*journal));
	free(journal);
}

const struct progress *
journal_progress(const struct journal *journal)
{
	return &journal->now;
}

const struct whole *
journal_whole(const struct journal *journal)
{
	return journal->is_whole ? &journal->whole : NULL;
}
