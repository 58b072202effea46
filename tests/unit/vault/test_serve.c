/* SPDX-License-Identifier: Apache-2.0 */
/* test_serve.c - a real loep-vault, asked by the messages of the store. */
#include "tests/unit/vault/drive.h"

#include "lib/input.h"

#include <dirent.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>

#include <cmocka.h>

static const size_t sizes[] = {
    0, 1, 63, 64, 20000, MIB - 1, MIB, MIB + 1, 5 * MIB + 12345};

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

/* Half noise, half text, so that both kinds of chunks occur. */
static uint8_t *
make_bytes(size_t len, uint64_t seed)
{
	uint8_t *p = xmalloc(len);

	drive_fill(p, len / 2, seed);
	for (size_t i = len / 2; i < len; i++)
		p[i] = (uint8_t)((size_t) "evidence "[i % 9] + (i >> 12) % 3);
	return p;
}

static size_t
count_files(const char *state, const char *sub)
{
	auto_free char *path = xasprintf("%s/vault/%s", state, sub);
	DIR *dir = opendir(path);
	size_t count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	(void)closedir(dir);
	return count - 2;
}

/* tmp/ is emptied by background work: give it a moment. */
static void
assert_tmp_empty(const char *state)
{
	for (int i = 0; i < 200 && count_files(state, "tmp") > 0; i++)
		(void)usleep(10000);
	assert_int_equal(count_files(state, "tmp"), 0);
}

static void
check_input(int fd, enum blob_open how, const uint8_t *p, size_t len)
{
	struct input *input = input_new(fd, how, len);
	auto_free uint8_t *got = xmalloc(len + 1);
	size_t got_len = 0;

	assert_int_equal(
	    input_read_at(input, 0, got, len + 1, &got_len), ERR_OK);
	assert_int_equal(got_len, len);
	assert_memory_equal(got, p, len);
	if (how != BLOB_STREAM) {
		for (size_t at = 0; at < len; at += len / 7 + 1) {
			size_t want = len - at < 777 ? len - at : 777;

			assert_int_equal(
			    input_read_at(input, at, got, want, &got_len),
			    ERR_OK);
			assert_int_equal(got_len, want);
			assert_memory_equal(got, p + at, want);
		}
	}
	input_free(input);
}

static void
test_store_and_read(void **state)
{
	struct drive *d = *state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		auto_free uint8_t *p = make_bytes(sizes[i], i);
		struct drive_stored stored =
		    drive_store(d, DRIVE_ORG_A, p, sizes[i]);
		uint8_t digest[SHA256_BYTES];
		char why[256];

		assert_int_equal(stored.err, ERR_OK);
		assert_true(stored.is_new);
		assert_int_equal(stored.size, sizes[i]);
		sha256_once(p, sizes[i], digest);
		assert_memory_equal(stored.sha256, digest, SHA256_BYTES);
		for (int how = BLOB_MEMFD; how <= BLOB_AUTO; how++) {
			enum blob_open way = (enum blob_open)how;
			int fd = -1;

			assert_int_equal(
			    drive_open(d, DRIVE_ORG_A, digest, &way, &fd),
			    ERR_OK);
			assert_int_equal(
			    way, how == BLOB_AUTO ? BLOB_MEMFD : how);
			check_input(fd, way, p, sizes[i]);
		}
		assert_int_equal(
		    drive_simple(d, MSG_BLOB_VERIFY, DRIVE_ORG_A, digest, why),
		    ERR_OK);
	}
	assert_tmp_empty(d->state);
}

static void
test_memory_is_sealed(void **state)
{
	struct drive *d = *state;
	struct drive_stored stored = drive_store(d, DRIVE_ORG_A, "seal", 4);
	enum blob_open how = BLOB_MEMFD;
	int fd = -1;

	assert_int_equal(
	    drive_open(d, DRIVE_ORG_A, stored.sha256, &how, &fd), ERR_OK);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 100), -1);
	assert_ptr_equal(
	    mmap(NULL, 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
	    MAP_FAILED);
	(void)close(fd);
}

static void
test_same_bytes_twice(void **state)
{
	struct drive *d = *state;
	auto_free uint8_t *p = make_bytes(3 * MIB, 42);
	struct drive_stored first = drive_store(d, DRIVE_ORG_A, p, 3 * MIB);
	struct drive_stored again = drive_store(d, DRIVE_ORG_A, p, 3 * MIB);
	struct drive_stored other = drive_store(d, DRIVE_ORG_B, p, 3 * MIB);
	auto_free char *path_a = drive_blob_path(d, DRIVE_ORG_A, first.sha256);
	auto_free char *path_b = drive_blob_path(d, DRIVE_ORG_B, first.sha256);
	struct stat a, b;

	assert_true(first.is_new);
	assert_int_equal(again.err, ERR_OK);
	assert_false(again.is_new);
	assert_int_equal(again.size, first.size);
	assert_int_equal(again.disk_bytes, first.disk_bytes);
	assert_memory_equal(again.sha256, first.sha256, SHA256_BYTES);
	/* No oracle: another organisation's upload is new to it. */
	assert_true(other.is_new);
	assert_int_equal(stat(path_a, &a), 0);
	assert_int_equal(stat(path_b, &b), 0);
	assert_int_not_equal(a.st_ino, b.st_ino);
	assert_int_equal(a.st_size, first.disk_bytes);
	assert_tmp_empty(d->state);
}

static void
test_counts_must_match(void **state)
{
	struct drive *d = *state;
	const size_t lens[] = {10, 3 * MIB};

	for (size_t i = 0; i < 2; i++) {
		auto_free uint8_t *p = make_bytes(lens[i], 77);
		struct drive_stored stored;
		uint8_t digest[SHA256_BYTES];
		uint64_t writer = 0;
		char why[256];
		int fd = -1;

		assert_int_equal(
		    drive_create(d, DRIVE_ORG_A, &writer, &fd, why), ERR_OK);
		assert_true(drive_write(fd, p, lens[i]));
		(void)close(fd);
		drive_send_commit(d, writer, lens[i] + 1);
		stored = drive_recv_stored(d);
		assert_int_equal(stored.err, ERR_FORMAT);
		assert_non_null(strstr(stored.why, "announced"));
		sha256_once(p, lens[i], digest);
		assert_int_equal(
		    drive_simple(d, MSG_BLOB_VERIFY, DRIVE_ORG_A, digest, why),
		    ERR_NOT_FOUND);
		/* The writer is gone. */
		drive_send_commit(d, writer, lens[i]);
		assert_int_equal(drive_recv_stored(d).err, ERR_NOT_FOUND);
	}
	assert_tmp_empty(d->state);
}

/* The commit overtakes the bytes, and waits for them. */
static void
test_commit_before_the_bytes(void **state)
{
	struct drive *d = *state;
	auto_free uint8_t *p = make_bytes(4 * MIB, 5);
	struct drive_stored stored;
	uint64_t writer = 0;
	char why[256];
	int fd = -1;

	assert_int_equal(
	    drive_create(d, DRIVE_ORG_A, &writer, &fd, why), ERR_OK);
	drive_send_commit(d, writer, 4 * MIB);
	(void)usleep(20000);
	assert_true(drive_write(fd, p, 4 * MIB));
	(void)usleep(20000);
	(void)close(fd);
	stored = drive_recv_stored(d);
	assert_int_equal(stored.err, ERR_OK);
	assert_int_equal(stored.size, 4 * MIB);
}

static void
test_abort(void **state)
{
	struct drive *d = *state;
	auto_free uint8_t *p = make_bytes(5 * MIB, 6);
	uint64_t writer = 0;
	char why[256];
	int fd = -1;

	assert_int_equal(
	    drive_create(d, DRIVE_ORG_A, &writer, &fd, why), ERR_OK);
	assert_true(drive_write(fd, p, 5 * MIB));
	wire_out_reset(&d->body);
	wire_put_u64(&d->body, writer);
	(void)drive_send(d, MSG_BLOB_ABORT);
	drive_recv(d);
	assert_int_equal(drive_err(d, why, sizeof(why)), ERR_OK);
	assert_tmp_empty(d->state);
	/* The other end of the pipe is closed. */
	for (int i = 0; i < 100 && write(fd, p, 1) == 1; i++)
		(void)usleep(10000);
	assert_int_equal(write(fd, p, 1), -1);
	assert_int_equal(errno, EPIPE);
	(void)close(fd);
}

static void
test_store_goes_away(void **state)
{
	struct drive *d = *state;
	auto_free uint8_t *p = make_bytes(5 * MIB, 7);
	uint64_t writer = 0;
	char why[256];
	int fd = -1;

	assert_int_equal(
	    drive_create(d, DRIVE_ORG_A, &writer, &fd, why), ERR_OK);
	assert_true(drive_write(fd, p, 5 * MIB));
	chan_free(take_ptr(d->store));
	assert_tmp_empty(d->state);
	drive_connect(d);
	/* The writer of the old channel is not the new one's. */
	drive_send_commit(d, writer, 5 * MIB);
	assert_int_equal(drive_recv_stored(d).err, ERR_NOT_FOUND);
	(void)close(fd);
	assert_int_equal(drive_store(d, DRIVE_ORG_A, p, 100).err, ERR_OK);
}

static void
test_bad_requests(void **state)
{
	static const char *const orgs[] = {"", "x", "../../../../etc/passwd",
	    "0F8FAD5B-D9CB-469F-A165-70867728950E",
	    "0f8fad5b-d9cb-469f-a165-70867728950",
	    "0f8fad5b-d9cb-469f-a165-70867728950e0",
	    "0f8fad5b/d9cb-469f-a165-70867728950e"};
	struct drive *d = *state;
	uint8_t digest[SHA256_BYTES] = {1};
	enum blob_open how = BLOB_MEMFD;
	char why[256];
	int fd = -1;

	for (size_t i = 0; i < sizeof(orgs) / sizeof(*orgs); i++) {
		uint64_t writer;

		assert_int_equal(
		    drive_simple(d, MSG_KEY_CREATE, orgs[i], NULL, why),
		    ERR_FORMAT);
		assert_int_equal(
		    drive_create(d, orgs[i], &writer, &fd, why), ERR_FORMAT);
		assert_int_equal(
		    drive_open(d, orgs[i], digest, &how, &fd), ERR_FORMAT);
		assert_int_equal(
		    drive_simple(d, MSG_BLOB_DELETE, orgs[i], digest, why),
		    ERR_FORMAT);
	}
	assert_int_equal(
	    drive_open(d, DRIVE_ORG_A, digest, &how, &fd), ERR_NOT_FOUND);
	assert_int_equal(
	    drive_simple(d, MSG_BLOB_DELETE, DRIVE_ORG_A, digest, why),
	    ERR_NOT_FOUND);
	how = (enum blob_open)9;
	assert_int_equal(
	    drive_open(d, DRIVE_ORG_A, digest, &how, &fd), ERR_FORMAT);
	/* A digest of the wrong length. */
	wire_out_reset(&d->body);
	wire_put_str(&d->body, DRIVE_ORG_A);
	wire_put_bytes(&d->body, digest, 31);
	(void)drive_send(d, MSG_BLOB_VERIFY);
	drive_recv(d);
	assert_int_equal(drive_err(d, why, sizeof(why)), ERR_FORMAT);
}

static void
test_sign(void **state)
{
	struct drive *d = *state;
	uint8_t signature[SIGN_BYTES], public[SIGN_PUBLIC_BYTES];
	const uint8_t *p;
	size_t len;

	wire_out_reset(&d->body);
	wire_put_bytes(&d->body, "receipt", 7);
	(void)drive_send(d, MSG_SIGN);
	drive_recv(d);
	assert_int_equal(d->msg.type, MSG_SIGNED);
	p = wire_get_bytes(&d->msg.in, &len);
	assert_int_equal(len, SIGN_BYTES);
	memcpy(signature, p, len);
	p = wire_get_bytes(&d->msg.in, &len);
	assert_int_equal(len, SIGN_PUBLIC_BYTES);
	memcpy(public, p, len);
	assert_true(sign_is_valid(public, "receipt", 7, signature));
	assert_false(sign_is_valid(public, "receipT", 7, signature));
}

static void
test_delete(void **state)
{
	struct drive *d = *state;
	struct drive_stored stored =
	    drive_store(d, DRIVE_ORG_A, "to be deleted", 13);
	auto_free char *path = drive_blob_path(d, DRIVE_ORG_A, stored.sha256);
	char why[256];

	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(
	    drive_simple(d, MSG_BLOB_DELETE, DRIVE_ORG_A, stored.sha256, why),
	    ERR_OK);
	assert_int_equal(access(path, F_OK), -1);
	assert_true(drive_store(d, DRIVE_ORG_A, "to be deleted", 13).is_new);
}

/* Flips one byte of a stored file. */
static void
damage(const char *path, off_t at)
{
	int fd = open(path, O_RDWR);
	uint8_t byte;

	assert_int_not_equal(fd, -1);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x40;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	(void)close(fd);
}

static void
test_damage_is_reported(void **state)
{
	struct drive *d = *state;
	auto_free uint8_t *p = make_bytes(3 * MIB, 11);
	struct drive_stored stored = drive_store(d, DRIVE_ORG_A, p, 3 * MIB);
	auto_free char *path = drive_blob_path(d, DRIVE_ORG_A, stored.sha256);
	enum blob_open how = BLOB_MEMFD;
	uint8_t byte;
	size_t len = 0;
	struct input *input;
	char why[256];
	int fd = -1;

	damage(path, 2000);
	assert_int_equal(
	    drive_simple(d, MSG_BLOB_VERIFY, DRIVE_ORG_A, stored.sha256, why),
	    ERR_FORMAT);
	assert_non_null(strstr(why, "damaged"));
	assert_int_equal(
	    drive_open(d, DRIVE_ORG_A, stored.sha256, &how, &fd), ERR_FORMAT);
	/* A range reader hears of it when it comes to that chunk. */
	how = BLOB_RANGE;
	assert_int_equal(
	    drive_open(d, DRIVE_ORG_A, stored.sha256, &how, &fd), ERR_OK);
	input = input_new(fd, how, 3 * MIB);
	assert_int_equal(input_read_at(input, 2 * MIB, &byte, 1, &len), ERR_OK);
	assert_int_equal(byte, p[2 * MIB]);
	assert_int_equal(input_read_at(input, 0, &byte, 1, &len), ERR_SYS);
	input_free(input);
	/* A stream ends early. */
	how = BLOB_STREAM;
	assert_int_equal(
	    drive_open(d, DRIVE_ORG_A, stored.sha256, &how, &fd), ERR_OK);
	input = input_new(fd, how, 3 * MIB);
	assert_int_equal(input_read_at(input, 0, &byte, 1, &len), ERR_SYS);
	input_free(input);
	/* The same bytes come again while the index is damaged: repaired. */
	damage(path, (off_t)stored.disk_bytes - 40);
	assert_int_equal(drive_store(d, DRIVE_ORG_A, p, 3 * MIB).err, ERR_OK);
	assert_int_equal(
	    drive_simple(d, MSG_BLOB_VERIFY, DRIVE_ORG_A, stored.sha256, why),
	    ERR_OK);
}

static void
test_check_names_damage(void **state)
{
	struct drive *d = *state;
	struct drive_stored good = drive_store(d, DRIVE_ORG_A, "good", 4);
	struct drive_stored bad = drive_store(d, DRIVE_ORG_B, "wrong", 5);
	auto_free char *path = drive_blob_path(d, DRIVE_ORG_B, bad.sha256);
	auto_free char *log = xasprintf("%s/check.log", d->state);
	char text[4096] = "";
	char hex[SHA256_HEX_BYTES];
	int fd;

	assert_int_equal(drive_run("--check", d->state, NULL), 0);
	damage(path, 95);
	assert_int_equal(drive_run("--check", d->state, log), 1);
	fd = open(log, O_RDONLY);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	(void)close(fd);
	hex_encode(hex, bad.sha256, SHA256_BYTES);
	assert_non_null(strstr(text, hex));
	hex_encode(hex, good.sha256, SHA256_BYTES);
	assert_null(strstr(text, hex));
	assert_non_null(strstr(text, "1 damaged"));
}

static void
test_key_destroy(void **state)
{
	struct drive *d = *state;
	struct drive_stored a = drive_store(d, DRIVE_ORG_A, "mine", 4);
	struct drive_stored b = drive_store(d, DRIVE_ORG_B, "theirs", 6);
	auto_free char *key =
	    xasprintf("%s/vault/keys/org-%s.key", d->state, DRIVE_ORG_A);
	auto_free char *folder =
	    xasprintf("%s/vault/blobs/%s", d->state, DRIVE_ORG_A);
	enum blob_open how = BLOB_AUTO;
	uint64_t writer = 0, open_writer = 0;
	int fd = -1, open_fd = -1;
	char why[256];

	assert_int_equal(
	    drive_create(d, DRIVE_ORG_A, &open_writer, &open_fd, why), ERR_OK);
	assert_int_equal(access(key, F_OK), 0);
	assert_int_equal(
	    drive_simple(d, MSG_KEY_DESTROY, DRIVE_ORG_A, NULL, why), ERR_OK);
	assert_int_equal(access(key, F_OK), -1);
	assert_int_equal(access(folder, F_OK), -1);
	assert_int_equal(
	    drive_open(d, DRIVE_ORG_A, a.sha256, &how, &fd), ERR_NOT_FOUND);
	assert_int_equal(
	    drive_create(d, DRIVE_ORG_A, &writer, &fd, why), ERR_NOT_FOUND);
	/* An upload that was open cannot be stored any more. */
	(void)close(open_fd);
	drive_send_commit(d, open_writer, 0);
	assert_int_equal(drive_recv_stored(d).err, ERR_NOT_FOUND);
	assert_int_equal(
	    drive_open(d, DRIVE_ORG_B, b.sha256, &how, &fd), ERR_OK);
	(void)close(fd);
	assert_tmp_empty(d->state);
	/* A second time is fine; a new key is another key. */
	assert_int_equal(
	    drive_simple(d, MSG_KEY_DESTROY, DRIVE_ORG_A, NULL, why), ERR_OK);
	assert_int_equal(
	    drive_simple(d, MSG_KEY_CREATE, DRIVE_ORG_A, NULL, why), ERR_OK);
	assert_int_equal(
	    drive_simple(d, MSG_KEY_CREATE, DRIVE_ORG_A, NULL, why), ERR_OK);
	assert_true(drive_store(d, DRIVE_ORG_A, "mine", 4).is_new);
}

static void
test_init_does_not_overwrite(void **state)
{
	struct drive *d = *state;
	auto_free char *key = xasprintf("%s/vault/keys/site.key", d->state);
	struct stat before, after;

	assert_int_equal(stat(key, &before), 0);
	assert_int_equal(before.st_mode & 0777, 0600);
	assert_int_equal(drive_run("--init", d->state, NULL), 1);
	assert_int_equal(stat(key, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

static void
test_second_vault_is_refused(void **state)
{
	struct drive *d = *state;
	struct drive second = {0};

	memcpy(second.state, d->state, sizeof(second.state));
	assert_false(drive_try_start(&second));
	drive_kill(&second);
	assert_int_equal(drive_store(d, DRIVE_ORG_A, "x", 1).err, ERR_OK);
}

/* Killed in the middle: nothing half-stored, what was stored is there. */
static void
test_crash(void **state)
{
	struct drive *d = *state;
	auto_free uint8_t *p = make_bytes(5 * MIB, 21);
	struct drive_stored stored = drive_store(d, DRIVE_ORG_A, p, MIB);
	uint8_t digest[SHA256_BYTES];
	uint64_t writer = 0;
	char why[256];
	int fd = -1;

	assert_int_equal(
	    drive_create(d, DRIVE_ORG_A, &writer, &fd, why), ERR_OK);
	assert_true(drive_write(fd, p, 5 * MIB));
	for (int i = 0; i < 200 && count_files(d->state, "tmp") == 0; i++)
		(void)usleep(10000);
	assert_int_equal(count_files(d->state, "tmp"), 1);
	drive_kill(d);
	assert_false(drive_write(fd, p, 1));
	(void)close(fd);
	assert_int_equal(count_files(d->state, "tmp"), 1);
	assert_true(drive_try_start(d));
	assert_tmp_empty(d->state);
	assert_int_equal(
	    drive_simple(d, MSG_BLOB_VERIFY, DRIVE_ORG_A, stored.sha256, why),
	    ERR_OK);
	sha256_once(p, 5 * MIB, digest);
	assert_int_equal(
	    drive_simple(d, MSG_BLOB_VERIFY, DRIVE_ORG_A, digest, why),
	    ERR_NOT_FOUND);
}

static void
test_folder_goes_and_comes_back(void **state)
{
	struct drive *d = *state;
	auto_free char *here = xasprintf("%s/vault", d->state);
	auto_free char *away = xasprintf("%s/away", d->state);
	auto_free char *blobs = xasprintf("%s/vault/blobs", d->state);
	struct drive_stored stored = drive_store(d, DRIVE_ORG_A, "before", 6);
	enum blob_open how = BLOB_AUTO;
	uint64_t writer = 0;
	char why[256];
	int fd = -1;

	assert_int_equal(stored.err, ERR_OK);
	assert_int_equal(rename(here, away), 0);
	assert_int_equal(
	    drive_create(d, DRIVE_ORG_A, &writer, &fd, why), ERR_UNAVAILABLE);
	assert_non_null(strstr(why, "vault"));
	assert_int_equal(drive_open(d, DRIVE_ORG_A, stored.sha256, &how, &fd),
	    ERR_UNAVAILABLE);
	assert_int_equal(rename(away, here), 0);
	assert_int_equal(drive_store(d, DRIVE_ORG_A, "after", 5).err, ERR_OK);
	/* Only one of the inner folders: it is not made anew silently. */
	assert_int_equal(rename(blobs, away), 0);
	assert_int_equal(
	    drive_store(d, DRIVE_ORG_A, "during", 6).err, ERR_UNAVAILABLE);
	assert_int_equal(drive_open(d, DRIVE_ORG_A, stored.sha256, &how, &fd),
	    ERR_UNAVAILABLE);
	assert_int_equal(rename(away, blobs), 0);
	assert_int_equal(drive_store(d, DRIVE_ORG_A, "during", 6).err, ERR_OK);
}

/* 100 uploads at once, 300 KiB each, their bytes mixed. */
static void
test_many_at_once(void **state)
{
	enum {
		COUNT = 100
	};
	static const size_t piece = 100 * KIB;
	struct drive *d = *state;
	uint64_t writers[COUNT];
	int fds[COUNT];
	auto_free uint8_t *p = make_bytes(COUNT + 3 * piece, 31);
	char why[256];

	for (int i = 0; i < COUNT; i++)
		assert_int_equal(
		    drive_create(d, DRIVE_ORG_A, &writers[i], &fds[i], why),
		    ERR_OK);
	for (size_t part = 0; part < 3; part++) {
		for (size_t i = 0; i < COUNT; i++)
			assert_true(
			    drive_write(fds[i], p + i + part * piece, piece));
	}
	for (int i = 0; i < COUNT; i++) {
		(void)close(fds[i]);
		drive_send_commit(d, writers[i], 3 * piece);
	}
	for (int i = 0; i < COUNT; i++) {
		struct drive_stored stored = drive_recv_stored(d);

		assert_int_equal(stored.err, ERR_OK);
		assert_true(stored.is_new);
	}
	for (size_t i = 0; i < COUNT; i++) {
		uint8_t digest[SHA256_BYTES];
		enum blob_open how = BLOB_MEMFD;
		int fd = -1;

		sha256_once(p + i, 3 * piece, digest);
		assert_int_equal(
		    drive_open(d, DRIVE_ORG_A, digest, &how, &fd), ERR_OK);
		check_input(fd, how, p + i, 3 * piece);
	}
	assert_tmp_empty(d->state);
}

/* More large uploads than there are buffers for all to be fast. */
static void
test_many_large(void **state)
{
	enum {
		COUNT = 60
	};
	static const size_t piece = 512 * KIB;
	struct drive *d = *state;
	uint64_t writers[COUNT];
	int fds[COUNT];
	auto_free uint8_t *p = make_bytes(COUNT + 5 * piece, 32);
	char why[256];

	for (int i = 0; i < COUNT; i++)
		assert_int_equal(
		    drive_create(d, DRIVE_ORG_A, &writers[i], &fds[i], why),
		    ERR_OK);
	for (size_t part = 0; part < 5; part++) {
		for (size_t i = 0; i < COUNT; i++)
			assert_true(
			    drive_write(fds[i], p + i + part * piece, piece));
	}
	for (int i = 0; i < COUNT; i++) {
		(void)close(fds[i]);
		drive_send_commit(d, writers[i], 5 * piece);
	}
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(drive_recv_stored(d).err, ERR_OK);
	for (size_t i = 0; i < COUNT; i += 7) {
		uint8_t digest[SHA256_BYTES];

		sha256_once(p + i, 5 * piece, digest);
		assert_int_equal(
		    drive_simple(d, MSG_BLOB_VERIFY, DRIVE_ORG_A, digest, why),
		    ERR_OK);
	}
	assert_tmp_empty(d->state);
}

static void
test_too_many_uploads(void **state)
{
	struct drive *d = *state;
	int fds[500];
	uint64_t writer;
	size_t count = 0;
	char why[256];
	int err = ERR_OK;

	while (err == ERR_OK && count < 500) {
		err = drive_create(d, DRIVE_ORG_A, &writer, &fds[count], why);
		count += err == ERR_OK;
	}
	assert_int_equal(err, ERR_UNAVAILABLE);
	assert_int_equal(count, 384);
	for (size_t i = 0; i < count; i++)
		(void)close(fds[i]);
	/* An end without a commit keeps the writer until somebody decides. */
	chan_free(take_ptr(d->store));
	drive_connect(d);
	assert_int_equal(drive_store(d, DRIVE_ORG_A, "room", 4).err, ERR_OK);
}

/* A slow reader of a large blob holds nobody up. */
static void
test_slow_stream(void **state)
{
	struct drive *d = *state;
	const size_t len = 20 * MIB;
	auto_free uint8_t *p = make_bytes(len, 51);
	struct drive_stored stored = drive_store(d, DRIVE_ORG_A, p, len);
	struct input *inputs[20];

	for (size_t i = 0; i < 20; i++) {
		enum blob_open how = BLOB_STREAM;
		int fd = -1;

		assert_int_equal(
		    drive_open(d, DRIVE_ORG_A, stored.sha256, &how, &fd),
		    ERR_OK);
		inputs[i] = input_new(fd, how, len);
	}
	assert_int_equal(drive_store(d, DRIVE_ORG_A, "quick", 5).err, ERR_OK);
	for (size_t i = 0; i < 20; i++) {
		uint8_t bytes[3];
		size_t got = 0;

		if (i % 4 == 0) {
			assert_int_equal(
			    input_read_at(inputs[i], len - 3, bytes, 3, &got),
			    ERR_OK);
			assert_memory_equal(bytes, p + len - 3, 3);
		}
		input_free(inputs[i]);
	}
}

static void
test_zeros(void **state)
{
	struct drive *d = *state;
	const size_t len = 64 * MIB;
	auto_free uint8_t *p = xcalloc(1, len);
	struct drive_stored stored = drive_store(d, DRIVE_ORG_A, p, len);
	enum blob_open how = BLOB_MEMFD;
	int fd = -1;

	assert_int_equal(stored.err, ERR_OK);
	assert_true(stored.disk_bytes < 1024);
	assert_int_equal(
	    drive_open(d, DRIVE_ORG_A, stored.sha256, &how, &fd), ERR_OK);
	check_input(fd, how, p, len);
}

/* A malformed range request ends that socket and nothing else. */
static void
test_bad_range_request(void **state)
{
	struct drive *d = *state;
	struct drive_stored stored = drive_store(d, DRIVE_ORG_A, "range", 5);
	static const uint8_t huge[12] = {
	    0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};
	struct pollfd wait = {.events = POLLIN};
	enum blob_open how;
	uint8_t byte;
	int fd = -1;

	for (size_t len = 1; len <= sizeof(huge); len += 11) {
		how = BLOB_RANGE;
		assert_int_equal(
		    drive_open(d, DRIVE_ORG_A, stored.sha256, &how, &fd),
		    ERR_OK);
		assert_int_equal(send(fd, huge, len, 0), len);
		wait.fd = fd;
		assert_int_equal(poll(&wait, 1, 5000), 1);
		assert_int_equal(recv(fd, &byte, 1, 0), 0);
		(void)close(fd);
	}
	assert_int_equal(drive_store(d, DRIVE_ORG_A, "on", 2).err, ERR_OK);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_vault, remove_vault)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_store_and_read),
	    TEST(test_memory_is_sealed),
	    TEST(test_same_bytes_twice),
	    TEST(test_counts_must_match),
	    TEST(test_commit_before_the_bytes),
	    TEST(test_abort),
	    TEST(test_store_goes_away),
	    TEST(test_bad_requests),
	    TEST(test_sign),
	    TEST(test_delete),
	    TEST(test_damage_is_reported),
	    TEST(test_check_names_damage),
	    TEST(test_key_destroy),
	    TEST(test_init_does_not_overwrite),
	    TEST(test_second_vault_is_refused),
	    TEST(test_crash),
	    TEST(test_folder_goes_and_comes_back),
	    TEST(test_many_at_once),
	    TEST(test_many_large),
	    TEST(test_too_many_uploads),
	    TEST(test_slow_stream),
	    TEST(test_zeros),
	    TEST(test_bad_range_request),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
