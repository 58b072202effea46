/* SPDX-License-Identifier: Apache-2.0 */
/* fake_vault.c - a vault that keeps its blobs in memory. */
#include "fake_vault.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/pack.h"
#include "lib/range.h"
#include "lib/xalloc.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>

void
fake_vault_init(struct fake_vault *vault)
{
	memset(vault, 0, sizeof(*vault));
	assert_int_equal(
	    sign_key_new(vault->secret, vault->public_key), ERR_OK);
}

void
fake_vault_release(struct fake_vault *vault)
{
	fake_vault_drop(vault);
	for (size_t i = 0; i < vault->blobs_count; i++)
		free(vault->blobs[i].bytes);
}

void
fake_vault_drop(struct fake_vault *vault)
{
	for (size_t i = 0; i < vault->writers_count; i++) {
		if (vault->writers[i].fd != -1)
			(void)close(vault->writers[i].fd);
		vault->writers[i].fd = -1;
	}
	vault->writers_count = 0;
	for (size_t i = 0; i < vault->parts_count; i++)
		vault->parts[i].is_open = false;
	chan_free(vault->chan);
	vault->chan = NULL;
}

struct fake_blob *
fake_vault_find(struct fake_vault *vault, const char *org,
    const uint8_t sha256[SHA256_BYTES])
{
	for (size_t i = 0; i < vault->blobs_count; i++) {
		struct fake_blob *b = &vault->blobs[i];

		if (strcmp(b->org, org) == 0 &&
		    memcmp(b->sha256, sha256, SHA256_BYTES) == 0)
			return b;
	}
	return NULL;
}

static void
say(struct fake_vault *vault, uint32_t request, enum err err, const char *why)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u8(&body, (uint8_t)err);
	wire_put_str(&body, why);
	(void)chan_send(vault->chan, MSG_VAULT_DONE, request, &body, -1);
	wire_out_release(&body);
}

/* True when the test wants no normal answer. */
static bool
is_disturbed(struct fake_vault *vault, struct msg *msg)
{
	if (vault->silent == msg->type) {
		vault->silenced++;
		return true;
	}
	if (vault->failing == msg->type) {
		say(vault, msg->request, vault->failing_err,
		    "the test wants it so");
		return true;
	}
	return false;
}

static bool
has_key(const struct fake_vault *vault, const char *org)
{
	for (size_t i = 0; i < vault->keys_made; i++) {
		if (strcmp(vault->keys[i], org) == 0)
			return true;
	}
	return false;
}

static int
on_key(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake_vault *vault = arg;
	char org[UUID_BYTES];

	(void)chan;
	if (is_disturbed(vault, msg))
		return ERR_OK;
	wire_get_str(&msg->in, org, sizeof(org));
	if (!has_key(vault, org)) {
		assert_true(vault->keys_made < 256);
		memcpy(vault->keys[vault->keys_made++], org, sizeof(org));
	}
	say(vault, msg->request, ERR_OK, "");
	return ERR_OK;
}

static int
on_sign(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake_vault *vault = arg;
	uint8_t signature[SIGN_BYTES];
	struct wire_out body;
	const uint8_t *p;
	size_t len;

	if (is_disturbed(vault, msg))
		return ERR_OK;
	p = wire_get_bytes(&msg->in, &len);
	assert_int_equal(sign_make(vault->secret, p, len, signature), ERR_OK);
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_bytes(&body, signature, sizeof(signature));
	wire_put_bytes(&body, vault->public_key, SIGN_PUBLIC_BYTES);
	(void)chan_send(chan, MSG_SIGNED, msg->request, &body, -1);
	wire_out_release(&body);
	return ERR_OK;
}

static int
on_create(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake_vault *vault = arg;
	struct fake_writer *w;
	struct wire_out body;
	int fds[2];

	if (is_disturbed(vault, msg))
		return ERR_OK;
	assert_true(vault->writers_count < FAKE_WRITERS);
	w = &vault->writers[vault->writers_count++];
	w->part = NULL;
	wire_get_str(&msg->in, w->org, sizeof(w->org));
	/* As the real one: nothing without the organisation's key. */
	if (!has_key(vault, w->org)) {
		vault->writers_count--;
		say(vault, msg->request, ERR_NOT_FOUND, "no such key");
		return ERR_OK;
	}
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	w->fd = fds[0];
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, vault->writers_count);
	(void)chan_send(chan, MSG_BLOB_PIPE, msg->request, &body, fds[1]);
	wire_out_release(&body);
	return ERR_OK;
}

static struct fake_writer *
find_writer(struct fake_vault *vault, uint64_t id)
{
	if (id == 0 || id > vault->writers_count ||
	    vault->writers[id - 1].fd == -1)
		return NULL;
	return &vault->writers[id - 1];
}

static void
store_blob(struct fake_vault *vault, struct msg *msg, const char *org,
    char *bytes, size_t len)
{
	uint8_t sha256[SHA256_BYTES];
	struct fake_blob *b;
	struct wire_out body;
	bool is_new;

	sha256_once(bytes, len, sha256);
	b = fake_vault_find(vault, org, sha256);
	is_new = b == NULL;
	if (is_new) {
		assert_true(vault->blobs_count < FAKE_BLOBS);
		b = &vault->blobs[vault->blobs_count++];
		*b = (struct fake_blob){.bytes = (uint8_t *)bytes, .len = len};
		(void)snprintf(b->org, sizeof(b->org), "%s", org);
		memcpy(b->sha256, sha256, SHA256_BYTES);
	} else {
		free(bytes);
	}
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_bytes(&body, sha256, SHA256_BYTES);
	wire_put_u64(&body, len);
	wire_put_u64(&body, len / 2 + 64);
	wire_put_u8(&body, is_new);
	(void)chan_send(vault->chan, MSG_BLOB_STORED, msg->request, &body, -1);
	wire_out_release(&body);
}

static int
on_commit(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake_vault *vault = arg;
	struct fake_writer *w = find_writer(vault, wire_get_u64(&msg->in));
	uint64_t size = wire_get_u64(&msg->in);
	char *bytes;
	size_t len;

	(void)chan;
	if (is_disturbed(vault, msg))
		return ERR_OK;
	if (w == NULL) {
		say(vault, msg->request, ERR_NOT_FOUND, "no such upload");
		return ERR_OK;
	}
	bytes = read_all(take_fd(w->fd), &len);
	if (len != size) {
		free(bytes);
		say(vault, msg->request, ERR_FORMAT,
		    "another number of bytes "
		    "came than was said");
		return ERR_OK;
	}
	store_blob(vault, msg, w->org, bytes, len);
	return ERR_OK;
}

static int
on_abort(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake_vault *vault = arg;
	struct fake_writer *w = find_writer(vault, wire_get_u64(&msg->in));

	(void)chan;
	if (w != NULL) {
		(void)close(w->fd);
		w->fd = -1;
		if (w->part != NULL)
			w->part->is_open = false;
		vault->aborts++;
	}
	say(vault, msg->request, w == NULL ? ERR_NOT_FOUND : ERR_OK, "");
	return ERR_OK;
}

/* --- unfinished uploads --- */

static struct fake_part *
find_part(struct fake_vault *vault, const char *org, const char *upload)
{
	for (size_t i = 0; i < vault->parts_count; i++) {
		struct fake_part *p = &vault->parts[i];

		if (strcmp(p->org, org) == 0 && strcmp(p->upload, upload) == 0)
			return p;
	}
	return NULL;
}

static void
say_size(struct fake_vault *vault, uint32_t request, const struct fake_part *p)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, p->len);
	wire_put_u8(&body, p->is_open);
	(void)chan_send(vault->chan, MSG_PART_SIZE, request, &body, -1);
	wire_out_release(&body);
}

static int
on_part_open(struct fake_vault *vault, struct msg *msg, struct fake_part *p)
{
	struct fake_writer *w = &vault->writers[vault->writers_count];
	struct wire_out body;
	int fds[2];

	if (p->is_open || wire_get_u64(&msg->in) != p->len) {
		say(vault, msg->request, ERR_CONFLICT, "not there");
		return ERR_OK;
	}
	vault->writers_count++;
	p->is_open = true;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	*w = (struct fake_writer){.fd = fds[0], .part = p};
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, vault->writers_count);
	(void)chan_send(
	    vault->chan, MSG_BLOB_PIPE, msg->request, &body, fds[1]);
	wire_out_release(&body);
	return ERR_OK;
}

/* All questions that name organisation and upload. */
static int
on_part(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake_vault *vault = arg;
	char org[UUID_BYTES], upload[UUID_BYTES];
	struct fake_part *p;

	(void)chan;
	if (is_disturbed(vault, msg))
		return ERR_OK;
	wire_get_str(&msg->in, org, sizeof(org));
	wire_get_str(&msg->in, upload, sizeof(upload));
	p = find_part(vault, org, upload);
	if (p == NULL && msg->type == MSG_PART_OPEN) {
		p = &vault->parts[vault->parts_count++];
		*p = (struct fake_part){.len = 0};
		(void)snprintf(p->org, sizeof(p->org), "%s", org);
		(void)snprintf(p->upload, sizeof(p->upload), "%s", upload);
	}
	if (msg->type == MSG_PART_DROP) {
		vault->drops += p != NULL;
		if (p != NULL)
			p->org[0] = '\0';
		say(vault, msg->request, ERR_OK, "");
	} else if (p == NULL) {
		say(vault, msg->request, ERR_NOT_FOUND, "no such part");
	} else if (msg->type == MSG_PART_OPEN) {
		return on_part_open(vault, msg, p);
	} else if (msg->type == MSG_PART_STAT) {
		say_size(vault, msg->request, p);
	} else {
		assert_int_equal(wire_get_u64(&msg->in), p->len);
		store_blob(
		    vault, msg, org, xmemdup(p->bytes, p->len + 1), p->len);
	}
	return ERR_OK;
}

static int
on_part_save(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake_vault *vault = arg;
	struct fake_writer *w = find_writer(vault, wire_get_u64(&msg->in));
	char *bytes;
	size_t len;

	(void)chan;
	if (is_disturbed(vault, msg))
		return ERR_OK;
	assert_non_null(w);
	bytes = read_all(take_fd(w->fd), &len);
	assert_true(len <= sizeof(w->part->bytes) - w->part->len);
	memcpy(w->part->bytes + w->part->len, bytes, len);
	w->part->len += len;
	w->part->is_open = false;
	free(bytes);
	say_size(vault, msg->request, w->part);
	return ERR_OK;
}

static struct fake_blob *
find_asked(struct fake_vault *vault, struct msg *msg)
{
	char org[UUID_BYTES];
	const uint8_t *sha256;
	size_t len;

	wire_get_str(&msg->in, org, sizeof(org));
	sha256 = wire_get_bytes(&msg->in, &len);
	assert_int_equal(len, SHA256_BYTES);
	return fake_vault_find(vault, org, sha256);
}

/* Serves ranges of a blob until the other end is closed. */
struct ranges {
	int fd;
	uint8_t *bytes;
	size_t len;
};

static void *
serve_ranges(void *arg)
{
	struct ranges *s = arg;
	uint8_t request[RANGE_REQUEST_BYTES + 1];
	static _Thread_local uint8_t answer[LIMIT_MSG_BYTES];
	uint64_t offset;
	uint32_t len;
	ssize_t n;

	while ((n = recv(s->fd, request, sizeof(request), 0)) > 0 &&
	       range_get_request(request, (size_t)n, &offset, &len) == ERR_OK) {
		if (offset > s->len)
			offset = s->len;
		if (len > s->len - offset)
			len = (uint32_t)(s->len - offset);
		range_put_answer(answer, ERR_OK, len);
		memcpy(answer + RANGE_ANSWER_BYTES, s->bytes + offset, len);
		if (send(s->fd, answer, RANGE_ANSWER_BYTES + len,
			MSG_NOSIGNAL) == -1)
			break;
	}
	(void)close(s->fd);
	free(s->bytes);
	free(s);
	return NULL;
}

static int
open_ranges(const struct fake_blob *b)
{
	struct ranges *s = xcalloc(1, sizeof(*s));
	pthread_t thread;
	int pair[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	s->fd = pair[0];
	s->bytes = xmemdup(b->bytes, b->len);
	s->len = b->len;
	assert_int_equal(pthread_create(&thread, NULL, serve_ranges, s), 0);
	(void)pthread_detach(thread);
	return pair[1];
}

static int
on_open(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake_vault *vault = arg;
	struct fake_blob *b;
	struct wire_out body;
	uint8_t how;
	int fd;

	if (is_disturbed(vault, msg))
		return ERR_OK;
	b = find_asked(vault, msg);
	how = wire_get_u8(&msg->in);
	if (b == NULL) {
		say(vault, msg->request, ERR_NOT_FOUND, "no such blob");
		return ERR_OK;
	}
	if (how == BLOB_RANGE) {
		fd = open_ranges(b);
	} else {
		fd = memfd_create("blob", MFD_CLOEXEC);
		assert_int_equal(write(fd, b->bytes, b->len), b->len);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	}
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, b->len);
	wire_put_u8(&body, how == BLOB_AUTO ? BLOB_MEMFD : how);
	(void)chan_send(chan, MSG_BLOB_OPENED, msg->request, &body, fd);
	wire_out_release(&body);
	return ERR_OK;
}

/* What cannot be read is left out and named. */
static int
on_pack(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake_vault *vault = arg;
	struct fake_blob *blobs[PACK_ITEMS_MAX];
	uint64_t sizes[PACK_ITEMS_MAX], offsets[PACK_ITEMS_MAX], size;
	uint8_t head[8192];
	struct wire_out body, faults;
	char org[UUID_BYTES];
	const uint8_t *p;
	size_t len, count;
	int fd;

	if (is_disturbed(vault, msg))
		return ERR_OK;
	wire_get_str(&msg->in, org, sizeof(org));
	p = wire_get_bytes(&msg->in, &len);
	count = len / SHA256_BYTES;
	wire_out_init(&faults, LIMIT_MSG_BYTES);
	for (size_t i = 0; i < count; i++) {
		blobs[i] = fake_vault_find(vault, org, p + i * SHA256_BYTES);
		sizes[i] = blobs[i] == NULL ? UINT64_MAX : blobs[i]->len;
		if (blobs[i] != NULL)
			continue;
		wire_put_u32(&faults, (uint32_t)i);
		wire_put_u8(&faults, ERR_NOT_FOUND);
		wire_put_str(&faults, "no such blob");
	}
	size = pack_plan(sizes, count, offsets, head);
	assert_true(size > 0);
	fd = memfd_create("pack", MFD_CLOEXEC);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	assert_int_equal(pwrite(fd, head, pack_head_bytes(count), 0),
	    pack_head_bytes(count));
	for (size_t i = 0; i < count; i++) {
		if (blobs[i] != NULL)
			assert_int_equal(pwrite(fd, blobs[i]->bytes,
					     blobs[i]->len, (off_t)offsets[i]),
			    blobs[i]->len);
	}
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, size);
	wire_put_bytes(&body, faults.buf, faults.len);
	(void)chan_send(chan, MSG_BLOB_PACKED, msg->request, &body, fd);
	wire_out_release(&body);
	wire_out_release(&faults);
	return ERR_OK;
}

static int
on_verify(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake_vault *vault = arg;
	struct fake_blob *b;

	(void)chan;
	if (is_disturbed(vault, msg))
		return ERR_OK;
	b = find_asked(vault, msg);
	if (b == NULL)
		say(vault, msg->request, ERR_NOT_FOUND, "the file is missing");
	else if (b->is_damaged)
		say(vault, msg->request, ERR_FORMAT, "chunk 0 is damaged");
	else
		say(vault, msg->request, ERR_OK, "");
	return ERR_OK;
}

static int
on_delete(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake_vault *vault = arg;
	struct fake_blob *b;

	(void)chan;
	if (is_disturbed(vault, msg))
		return ERR_OK;
	b = find_asked(vault, msg);
	if (b != NULL) {
		free(b->bytes);
		*b = vault->blobs[--vault->blobs_count];
		vault->deletes++;
	}
	say(vault, msg->request, b == NULL ? ERR_NOT_FOUND : ERR_OK, "");
	return ERR_OK;
}

/* Pages of two, so that there are some. */
static int
on_list(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake_vault *vault = arg;
	uint8_t behind[SHA256_BYTES], page[2 * SHA256_BYTES];
	size_t count = 0, len;
	struct wire_out body;
	char org[UUID_BYTES];

	(void)chan;
	if (is_disturbed(vault, msg))
		return ERR_OK;
	wire_get_str(&msg->in, org, sizeof(org));
	memcpy(behind, wire_get_bytes(&msg->in, &len), sizeof(behind));
	vault->lists++;
	for (bool is_end = false; !is_end && count < 2;) {
		const struct fake_blob *next = NULL;

		for (size_t i = 0; i < vault->blobs_count; i++) {
			const struct fake_blob *b = &vault->blobs[i];

			if (strcmp(b->org, org) == 0 &&
			    memcmp(b->sha256, behind, SHA256_BYTES) > 0 &&
			    (next == NULL || memcmp(b->sha256, next->sha256,
						 SHA256_BYTES) < 0))
				next = b;
		}
		is_end = next == NULL;
		if (is_end)
			break;
		memcpy(behind, next->sha256, SHA256_BYTES);
		memcpy(page + count++ * SHA256_BYTES, behind, SHA256_BYTES);
	}
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_bytes(&body, page, count * SHA256_BYTES);
	wire_put_bytes(&body, behind, SHA256_BYTES);
	wire_put_u8(&body, count < 2);
	(void)chan_send(vault->chan, MSG_BLOB_LISTED, msg->request, &body, -1);
	wire_out_release(&body);
	return ERR_OK;
}

static void
on_gone(void *arg, struct chan *chan, int err)
{
	struct fake_vault *vault = arg;

	(void)err;
	assert_ptr_equal(chan, vault->chan);
	fake_vault_drop(vault);
}

void
fake_vault_connect(struct fake_vault *vault, struct loop *loop, int fd)
{
	static const struct chan_handler handlers[] = {
	    {MSG_KEY_CREATE, on_key},
	    {MSG_SIGN, on_sign},
	    {MSG_BLOB_CREATE, on_create},
	    {MSG_BLOB_COMMIT, on_commit},
	    {MSG_BLOB_ABORT, on_abort},
	    {MSG_PART_OPEN, on_part},
	    {MSG_PART_STAT, on_part},
	    {MSG_PART_COMMIT, on_part},
	    {MSG_PART_DROP, on_part},
	    {MSG_PART_SAVE, on_part_save},
	    {MSG_BLOB_OPEN, on_open},
	    {MSG_BLOB_PACK, on_pack},
	    {MSG_BLOB_VERIFY, on_verify},
	    {MSG_BLOB_DELETE, on_delete},
	    {MSG_BLOB_LIST, on_list},
	    {MSG_NONE_, NULL},
	};
	static const struct chan_ops ops = {handlers, on_gone};

	vault->chan = chan_new(loop, fd, ROLE_VAULT, ROLE_STORE, "");
	chan_set_ops(vault->chan, &ops, vault);
}
