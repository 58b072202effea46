/* SPDX-License-Identifier: Apache-2.0 */
/* test_part.c - unfinished uploads: torn journals, kills, one writer. */
#include "tests/unit/vault/drive.h"

#include "vault/blob_read.h"
#include "vault/part.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define UPLOAD	 "01890a5d-ac96-774b-bcce-b302099a8057"
#define ANY_SIZE UINT64_MAX

struct bench {
	char state[PATH_MAX];
	struct place *place;
	struct keys *keys;
	struct org_key *a;
	struct org_key *b;
	struct kit *kit;
	struct fault fault;
};

static int
make_bench(void **state)
{
	struct bench *b = xcalloc(1, sizeof(*b));
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(b->state, sizeof(b->state), "%s/loep-unit-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(b->state));
	assert_int_equal(place_make(b->state, &b->fault), ERR_OK);
	assert_int_equal(place_open(b->state, &b->fault, &b->place), ERR_OK);
	assert_int_equal(keys_make(b->place, &b->fault), ERR_OK);
	assert_int_equal(keys_open(b->place, &b->fault, &b->keys), ERR_OK);
	assert_int_equal(keys_create(b->keys, DRIVE_ORG_A, &b->fault), ERR_OK);
	assert_int_equal(keys_create(b->keys, DRIVE_ORG_B, &b->fault), ERR_OK);
	assert_int_equal(
	    keys_get(b->keys, DRIVE_ORG_A, &b->fault, &b->a), ERR_OK);
	assert_int_equal(
	    keys_get(b->keys, DRIVE_ORG_B, &b->fault, &b->b), ERR_OK);
	b->kit = kit_new();
	*state = b;
	return 0;
}

static int
remove_bench(void **state)
{
	struct bench *b = *state;

	kit_free(b->kit);
	org_key_unref(b->a);
	org_key_unref(b->b);
	keys_free(b->keys);
	place_free(b->place);
	drive_remove(b->state);
	free(b);
	return 0;
}

/* --- the files, without a process --- */

/* Adds bytes [from, to) of p as ingest would: chunks, then the rest. */
static void
write_part(struct bench *b, const uint8_t *p, size_t from, size_t to)
{
	struct part *part = NULL;
	struct sha256 *sha256 = sha256_new();
	uint8_t state[SHA256_STATE_BYTES];
	const struct progress *now;
	uint64_t chunk;

	assert_int_equal(
	    part_open(b->place, UPLOAD, b->a, from == 0, &b->fault, &part),
	    ERR_OK);
	now = part_progress(part);
	assert_int_equal(now->size, from);
	assert_int_equal(now->rest_len, from % BLOB_CHUNK_BYTES);
	assert_memory_equal(now->rest, p + from - now->rest_len, now->rest_len);
	assert_int_equal(sha256_load(sha256, now->sha256), ERR_OK);
	chunk = now->mark.chunk_count;
	for (; (chunk + 1) * BLOB_CHUNK_BYTES <= to; chunk++) {
		struct blob_piece piece = {
		    .index = chunk,
		    .plain = p + chunk * BLOB_CHUNK_BYTES,
		    .len = BLOB_CHUNK_BYTES,
		};

		assert_int_equal(blob_writer_put(part_writer(part), b->kit,
				     &piece, &b->fault),
		    ERR_OK);
		assert_int_equal(
		    blob_writer_note(part_writer(part), &piece, &b->fault),
		    ERR_OK);
		sha256_update(sha256, piece.plain, piece.len);
	}
	assert_int_equal(sha256_save(sha256, state), ERR_OK);
	assert_int_equal(part_save(part, state, p + chunk * BLOB_CHUNK_BYTES,
			     to - chunk * BLOB_CHUNK_BYTES, &b->fault),
	    ERR_OK);
	sha256_free(sha256);
	part_free(part);
}

static void
check_finish(struct bench *b, const uint8_t *p, size_t len)
{
	char name[PLACE_NAME_BYTES];
	auto_free uint8_t *chunk = xmalloc(BLOB_CHUNK_BYTES);
	struct blob_reader *reader = NULL;
	uint8_t digest[SHA256_BYTES];
	struct part *part = NULL;
	struct whole whole, again;

	sha256_once(p, len, digest);
	assert_int_equal(
	    part_open(b->place, UPLOAD, b->a, false, &b->fault, &part), ERR_OK);
	assert_int_equal(part_finish(part, b->kit, len + 1, &whole, &b->fault),
	    ERR_CONFLICT);
	assert_int_equal(
	    part_finish(part, b->kit, len, &whole, &b->fault), ERR_OK);
	assert_memory_equal(whole.sha256, digest, SHA256_BYTES);
	part_free(part);
	/* A second time, as after a crash, it is not written again. */
	assert_int_equal(
	    part_open(b->place, UPLOAD, b->a, false, &b->fault, &part), ERR_OK);
	assert_null(part_writer(part));
	assert_int_equal(
	    part_finish(part, b->kit, len, &again, &b->fault), ERR_OK);
	assert_memory_equal(&whole, &again, sizeof(whole));
	part_free(part);
	place_part_name(name, UPLOAD, "");
	assert_int_equal(
	    blob_reader_new(openat(b->place->fd, name, O_RDONLY | O_CLOEXEC),
		b->a, digest, &b->fault, &reader),
	    ERR_OK);
	assert_int_equal(
	    blob_reader_verify(reader, b->kit, NULL, &b->fault), ERR_OK);
	for (uint64_t i = 0; i < blob_reader_chunk_count(reader); i++) {
		assert_int_equal(
		    blob_reader_chunk(reader, b->kit, i, chunk, &b->fault),
		    ERR_OK);
		assert_memory_equal(chunk, p + i * BLOB_CHUNK_BYTES,
		    blob_reader_chunk_len(reader, i));
	}
	blob_reader_free(reader);
}

static void
test_in_steps(void **state)
{
	struct bench *b = *state;
	static const size_t steps[] = {0, 1, 1000, MIB - 1, MIB, MIB + 1,
	    3 * MIB, 3 * MIB + 77, 5 * MIB - 5};
	const size_t len = steps[sizeof(steps) / sizeof(*steps) - 1];
	auto_free uint8_t *p = xcalloc(1, len + 1);

	/* Noise, zeros and text: all kinds of chunks. */
	drive_fill(p, MIB, 7);
	memset(p + 3 * MIB, 'x', MIB);
	for (size_t i = 1; i < sizeof(steps) / sizeof(*steps); i++)
		write_part(b, p, steps[i - 1], steps[i]);
	check_finish(b, p, len);
	assert_int_equal(part_drop(b->place, UPLOAD, &b->fault), ERR_OK);
	assert_int_equal(part_drop(b->place, UPLOAD, &b->fault), ERR_OK);
}

static uint64_t
stat_part(struct bench *b)
{
	uint64_t size = 0;
	bool is_open = true;

	assert_int_equal(
	    part_stat(b->place, UPLOAD, b->a, &size, &is_open, &b->fault),
	    ERR_OK);
	assert_false(is_open);
	return size;
}

static uint8_t *
slurp(struct bench *b, const char *suffix, size_t *ret_len)
{
	char name[PLACE_NAME_BYTES];
	struct stat st;
	uint8_t *p;
	int fd;

	place_part_name(name, UPLOAD, suffix);
	fd = openat(b->place->fd, name, O_RDONLY | O_CLOEXEC);
	assert_int_not_equal(fd, -1);
	assert_int_equal(fstat(fd, &st), 0);
	*ret_len = (size_t)st.st_size;
	p = xmalloc(*ret_len + 1);
	assert_int_equal(read(fd, p, *ret_len), (ssize_t)*ret_len);
	(void)close(fd);
	return p;
}

static void
spill(struct bench *b, const char *suffix, const uint8_t *p, size_t len)
{
	char name[PLACE_NAME_BYTES];
	int fd;

	place_part_name(name, UPLOAD, suffix);
	fd = openat(
	    b->place->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, p, len), (ssize_t)len);
	(void)close(fd);
}

/* Whatever of the last record is lost, what was there before stays. */
static void
test_torn_tail(void **state)
{
	struct bench *b = *state;
	auto_free uint8_t *p = xmalloc(2 * MIB);
	auto_free uint8_t *log = NULL, *file = NULL;
	size_t lens[4], file_len;

	drive_fill(p, 2 * MIB, 3);
	write_part(b, p, 0, 100);
	free(slurp(b, ".log", &lens[0]));
	write_part(b, p, 100, 300);
	free(slurp(b, ".log", &lens[1]));
	write_part(b, p, 300, MIB + 10);
	log = slurp(b, ".log", &lens[2]);
	file = slurp(b, "", &file_len);
	for (size_t n = lens[0]; n <= lens[2]; n++) {
		spill(b, ".log", log, n);
		/* More of the file than counts, as a killed process leaves. */
		spill(b, "", file, file_len);
		assert_int_equal(stat_part(b), n < lens[1]   ? 100
					       : n < lens[2] ? 300
							     : MIB + 10);
	}
	/* From any of them it goes on, and ends well. */
	spill(b, ".log", log, lens[2] - 1);
	spill(b, "", file, file_len);
	write_part(b, p, 300, 2 * MIB - 1);
	check_finish(b, p, 2 * MIB - 1);
	assert_int_equal(part_drop(b->place, UPLOAD, &b->fault), ERR_OK);
}

static void
test_damage(void **state)
{
	struct bench *b = *state;
	auto_free uint8_t *p = xmalloc(2 * MIB);
	auto_free uint8_t *log = NULL, *file = NULL;
	size_t log_len, file_len;
	struct part *part = NULL;
	uint64_t size;
	bool is_open;

	drive_fill(p, 2 * MIB, 4);
	assert_int_equal(
	    part_stat(b->place, UPLOAD, b->a, &size, &is_open, &b->fault),
	    ERR_NOT_FOUND);
	write_part(b, p, 0, MIB + 10);
	log = slurp(b, ".log", &log_len);
	file = slurp(b, "", &file_len);
	for (size_t i = 0; i < 88 + 130; i++) {
		int err;

		log[i] ^= 0x40;
		spill(b, ".log", log, log_len);
		spill(b, "", file, file_len);
		err =
		    part_open(b->place, UPLOAD, b->a, false, &b->fault, &part);
		/* Bytes 10 and 11 are reserved; nothing ever looks at them.
		 * Behind the first record the journal just ends early. */
		if (err == ERR_OK) {
			assert_true(i == 10 || i == 11 || i >= 88 + 109);
			assert_int_equal(
			    part_progress(part)->size, i < 88 ? MIB + 10 : 0);
			part_free(part);
		} else {
			assert_int_equal(err, ERR_FORMAT);
		}
		log[i] ^= 0x40;
	}
	spill(b, ".log", log, log_len);
	spill(b, "", file, file_len - 1);
	assert_int_equal(
	    part_open(b->place, UPLOAD, b->a, false, &b->fault, &part),
	    ERR_FORMAT);
	spill(b, "", file, file_len);
	/* Another organisation's key, another upload's name. */
	assert_int_equal(
	    part_open(b->place, UPLOAD, b->b, false, &b->fault, &part),
	    ERR_FORMAT);
	assert_int_equal(stat_part(b), MIB + 10);
	assert_int_equal(part_drop(b->place, UPLOAD, &b->fault), ERR_OK);
	assert_int_equal(
	    part_open(b->place, UPLOAD, b->a, false, &b->fault, &part),
	    ERR_NOT_FOUND);
}

static void
test_one_opener(void **state)
{
	struct bench *b = *state;
	struct part *part = NULL, *second = NULL;
	uint64_t size = 1;
	bool is_open = false;

	assert_int_equal(
	    part_open(b->place, UPLOAD, b->a, true, &b->fault, &part), ERR_OK);
	assert_int_equal(
	    part_open(b->place, UPLOAD, b->a, true, &b->fault, &second),
	    ERR_CONFLICT);
	assert_int_equal(part_drop(b->place, UPLOAD, &b->fault), ERR_CONFLICT);
	assert_int_equal(
	    part_stat(b->place, UPLOAD, b->a, &size, &is_open, &b->fault),
	    ERR_OK);
	assert_true(is_open);
	assert_int_equal(size, 0);
	part_free(part);
	assert_int_equal(part_drop(b->place, UPLOAD, &b->fault), ERR_OK);
}

/* Many small saves: the journal stays within bounds. */
static void
test_compaction(void **state)
{
	struct bench *b = *state;
	const size_t len = 12 * MIB, step = 100003;
	auto_free uint8_t *p = xmalloc(len);
	size_t at = 0, log_len;

	drive_fill(p, len, 5);
	while (at < len) {
		size_t to = len - at < step ? len : at + step;

		write_part(b, p, at, to);
		free(slurp(b, ".log", &log_len));
		assert_true(log_len < 8 * MIB);
		at = to;
	}
	check_finish(b, p, len);
	assert_int_equal(part_drop(b->place, UPLOAD, &b->fault), ERR_OK);
}

/* --- a real vault --- */

static int
make_vault(void **state)
{
	struct drive *d = drive_new();
	char why[256];

	assert_int_equal(
	    drive_simple(d, MSG_KEY_CREATE, DRIVE_ORG_A, NULL, why), ERR_OK);
	assert_int_equal(
	    drive_simple(d, MSG_KEY_CREATE, DRIVE_ORG_B, NULL, why), ERR_OK);
	*state = d;
	return 0;
}

static int
remove_vault(void **state)
{
	drive_free(*state);
	return 0;
}

static void
put_names(struct drive *d, const char *org, const char *upload)
{
	wire_out_reset(&d->body);
	wire_put_str(&d->body, org);
	wire_put_str(&d->body, upload);
}

static int
open_part(struct drive *d, uint64_t offset, bool is_atomic, uint64_t *writer,
    int *pipe)
{
	char why[256];

	put_names(d, DRIVE_ORG_A, UPLOAD);
	wire_put_u64(&d->body, offset);
	wire_put_u8(&d->body, is_atomic);
	(void)drive_send(d, MSG_PART_OPEN);
	drive_recv(d);
	if (d->msg.type != MSG_BLOB_PIPE)
		return drive_err(d, why, sizeof(why));
	*writer = wire_get_u64(&d->msg.in);
	*pipe = take_fd(d->msg.fd);
	return ERR_OK;
}

static int
recv_size(struct drive *d, uint64_t *ret_size, bool *ret_is_open)
{
	char why[256];

	drive_recv(d);
	if (d->msg.type != MSG_PART_SIZE)
		return drive_err(d, why, sizeof(why));
	*ret_size = wire_get_u64(&d->msg.in);
	*ret_is_open = wire_get_u8(&d->msg.in) != 0;
	return ERR_OK;
}

static int
save_part(struct drive *d, uint64_t writer, uint64_t bytes, uint64_t *ret_size)
{
	bool is_open;

	wire_out_reset(&d->body);
	wire_put_u64(&d->body, writer);
	wire_put_u64(&d->body, bytes);
	(void)drive_send(d, MSG_PART_SAVE);
	return recv_size(d, ret_size, &is_open);
}

static int
ask_size(struct drive *d, const char *org, uint64_t *ret_size, bool *is_open)
{
	put_names(d, org, UPLOAD);
	(void)drive_send(d, MSG_PART_STAT);
	return recv_size(d, ret_size, is_open);
}

static struct drive_stored
commit_part(struct drive *d, uint64_t size)
{
	put_names(d, DRIVE_ORG_A, UPLOAD);
	wire_put_u64(&d->body, size);
	(void)drive_send(d, MSG_PART_COMMIT);
	return drive_recv_stored(d);
}

static int
drop_part(struct drive *d)
{
	char why[256];

	put_names(d, DRIVE_ORG_A, UPLOAD);
	(void)drive_send(d, MSG_PART_DROP);
	drive_recv(d);
	return drive_err(d, why, sizeof(why));
}

/* One request with bytes [from, to). */
static uint64_t
append(struct drive *d, const uint8_t *p, uint64_t from, uint64_t to)
{
	uint64_t writer = 0, size = 0;
	int fd = -1;

	assert_int_equal(open_part(d, from, false, &writer, &fd), ERR_OK);
	assert_true(drive_write(fd, p + from, (size_t)(to - from)));
	(void)close(fd);
	assert_int_equal(save_part(d, writer, to - from, &size), ERR_OK);
	return size;
}

static void
check_stored(struct drive *d, const uint8_t *p, size_t len)
{
	struct drive_stored stored = commit_part(d, len);
	uint8_t digest[SHA256_BYTES];

	assert_int_equal(stored.err, ERR_OK);
	assert_int_equal(stored.size, len);
	sha256_once(p, len, digest);
	assert_memory_equal(stored.sha256, digest, SHA256_BYTES);
	assert_int_equal(drive_simple(d, MSG_BLOB_VERIFY, DRIVE_ORG_A,
			     stored.sha256, stored.why),
	    ERR_OK);
}

static void
test_served(void **state)
{
	struct drive *d = *state;
	static const size_t sizes[] = {0, 1, MIB - 1, MIB, 3 * MIB + 1};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		const size_t len = sizes[i];
		auto_free uint8_t *p = xmalloc(len + 1);
		struct drive_stored again;

		drive_fill(p, len, 100 + i);
		assert_int_equal(append(d, p, 0, len / 3), len / 3);
		if (len > 0)
			assert_int_equal(append(d, p, len / 3, len), len);
		check_stored(d, p, len);
		/* Again, as a store that did not hear of it would. */
		again = commit_part(d, len);
		assert_int_equal(again.err, ERR_OK);
		assert_false(again.is_new);
		assert_int_equal(drop_part(d), ERR_OK);
		assert_int_equal(commit_part(d, len).err, ERR_NOT_FOUND);
	}
}

static void
test_refusals(void **state)
{
	struct drive *d = *state;
	uint64_t writer = 0, second = 0, size = 0;
	uint8_t p[1000];
	bool is_open;
	int fd = -1, other = -1;

	drive_fill(p, sizeof(p), 9);
	assert_int_equal(open_part(d, 5, false, &writer, &fd), ERR_NOT_FOUND);
	assert_int_equal(append(d, p, 0, 500), 500);
	assert_int_equal(open_part(d, 0, false, &writer, &fd), ERR_CONFLICT);
	assert_int_equal(open_part(d, 501, false, &writer, &fd), ERR_CONFLICT);
	/* Two at once: one wins. */
	assert_int_equal(open_part(d, 500, false, &writer, &fd), ERR_OK);
	assert_int_equal(
	    open_part(d, 500, false, &second, &other), ERR_CONFLICT);
	assert_int_equal(ask_size(d, DRIVE_ORG_A, &size, &is_open), ERR_OK);
	assert_int_equal(size, 500);
	assert_true(is_open);
	assert_int_equal(drop_part(d), ERR_CONFLICT);
	assert_true(drive_write(fd, p + 500, 100));
	(void)close(fd);
	assert_int_equal(save_part(d, writer, ANY_SIZE, &size), ERR_OK);
	assert_int_equal(size, 600);
	/* The writer is gone; another organisation never had it. */
	assert_int_equal(save_part(d, writer, ANY_SIZE, &size), ERR_NOT_FOUND);
	assert_int_equal(ask_size(d, DRIVE_ORG_B, &size, &is_open), ERR_FORMAT);
	assert_int_equal(commit_part(d, 599).err, ERR_CONFLICT);
	assert_int_equal(commit_part(d, 601).err, ERR_CONFLICT);
	assert_int_equal(drop_part(d), ERR_OK);
}

/* With a checksum: all of a request or nothing. */
static void
test_atomic(void **state)
{
	struct drive *d = *state;
	auto_free uint8_t *p = xmalloc(4 * MIB);
	uint64_t writer = 0, size = 0;
	char why[256];
	bool is_open;
	int fd = -1;

	drive_fill(p, 4 * MIB, 10);
	assert_int_equal(append(d, p, 0, MIB + 5), MIB + 5);
	assert_int_equal(open_part(d, MIB + 5, true, &writer, &fd), ERR_OK);
	assert_true(drive_write(fd, p + MIB + 5, 2 * MIB));
	(void)close(fd);
	assert_int_equal(save_part(d, writer, 2 * MIB + 1, &size), ERR_FORMAT);
	assert_int_equal(open_part(d, MIB + 5, true, &writer, &fd), ERR_OK);
	assert_true(drive_write(fd, p, 2 * MIB));
	(void)close(fd);
	wire_out_reset(&d->body);
	wire_put_u64(&d->body, writer);
	(void)drive_send(d, MSG_BLOB_ABORT);
	drive_recv(d);
	assert_int_equal(drive_err(d, why, sizeof(why)), ERR_OK);
	/* It takes a moment to let go. */
	do {
		assert_int_equal(
		    ask_size(d, DRIVE_ORG_A, &size, &is_open), ERR_OK);
	} while (is_open);
	assert_int_equal(size, MIB + 5);
	assert_int_equal(open_part(d, MIB + 5, true, &writer, &fd), ERR_OK);
	assert_true(drive_write(fd, p + MIB + 5, 3 * MIB - 5));
	(void)close(fd);
	assert_int_equal(save_part(d, writer, 3 * MIB - 5, &size), ERR_OK);
	assert_int_equal(size, 4 * MIB);
	check_stored(d, p, 4 * MIB);
	assert_int_equal(drop_part(d), ERR_OK);
}

/* The store goes away: what came in is there for the next one. */
static void
test_store_leaves(void **state)
{
	struct drive *d = *state;
	auto_free uint8_t *p = xmalloc(3 * MIB);
	uint64_t writer = 0, size = 0;
	bool is_open = true;
	int fd = -1;

	drive_fill(p, 3 * MIB, 11);
	assert_int_equal(open_part(d, 0, false, &writer, &fd), ERR_OK);
	assert_true(drive_write(fd, p, 2 * MIB + 9));
	(void)usleep(200000);
	chan_free(take_ptr(d->store));
	drive_connect(d);
	while (is_open)
		assert_int_equal(
		    ask_size(d, DRIVE_ORG_A, &size, &is_open), ERR_OK);
	assert_int_equal(size, 2 * MIB + 9);
	(void)close(fd);
	assert_int_equal(append(d, p, size, 3 * MIB), 3 * MIB);
	check_stored(d, p, 3 * MIB);
	assert_int_equal(drop_part(d), ERR_OK);
}

/* SIGKILL at any time: what was reported is there, and the end is right. */
static void
test_killed(void **state)
{
	struct drive *d = *state;
	const size_t len = 200 * MIB;
	auto_free uint8_t *p = xmalloc(len);
	uint64_t at = 0, reported = 0, size = 0;
	unsigned int kills = 0;
	bool is_open;

	drive_fill(p, len, 12);
	memset(p + 20 * MIB, 0, 10 * MIB);
	memset(p + 50 * MIB, 'z', 10 * MIB);
	while (at < len) {
		const size_t want = (size_t)1
				    << (10 + (kills * 2654435761U >> 7) % 17);
		const size_t n = len - at < want ? (size_t)(len - at) : want;
		uint64_t writer = 0;
		int fd = -1;

		assert_int_equal(open_part(d, at, false, &writer, &fd), ERR_OK);
		(void)drive_write(fd, p + at, n);
		if (kills % 3 != 0) {
			(void)close(fd);
			assert_int_equal(
			    save_part(d, writer, n, &size), ERR_OK);
			assert_int_equal(size, at + n);
			reported = size;
		}
		if (kills < 90) {
			drive_kill(d);
			assert_true(drive_try_start(d));
		}
		if (kills % 3 == 0)
			(void)close(fd);
		kills++;
		do {
			int err = ask_size(d, DRIVE_ORG_A, &size, &is_open);

			assert_true(err == ERR_OK ||
				    (err == ERR_NOT_FOUND && reported == 0));
		} while (is_open && size < len && kills > 90);
		assert_true(size >= reported);
		assert_true(size <= at + n);
		at = size;
	}
	drive_kill(d);
	assert_true(drive_try_start(d));
	check_stored(d, p, len);
	drive_kill(d);
	assert_true(drive_try_start(d));
	check_stored(d, p, len);
	assert_int_equal(drop_part(d), ERR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_in_steps, make_bench, remove_bench),
	    cmocka_unit_test_setup_teardown(
		test_torn_tail, make_bench, remove_bench),
	    cmocka_unit_test_setup_teardown(
		test_damage, make_bench, remove_bench),
	    cmocka_unit_test_setup_teardown(
		test_one_opener, make_bench, remove_bench),
	    cmocka_unit_test_setup_teardown(
		test_compaction, make_bench, remove_bench),
	    cmocka_unit_test_setup_teardown(
		test_served, make_vault, remove_vault),
	    cmocka_unit_test_setup_teardown(
		test_refusals, make_vault, remove_vault),
	    cmocka_unit_test_setup_teardown(
		test_atomic, make_vault, remove_vault),
	    cmocka_unit_test_setup_teardown(
		test_store_leaves, make_vault, remove_vault),
	    cmocka_unit_test_setup_teardown(
		test_killed, make_vault, remove_vault),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
