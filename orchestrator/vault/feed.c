/* SPDX-License-Identifier: Apache-2.0 */
/* feed.c - sealed memory, filled pipes, streams and range sockets. */
#include "vault/feed.h"

#include "lib/fileio.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/range.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* What a pipe can be made to hold by anybody. */
#define PIPE_BYTES     (1 << 20)
#define PIPE_BYTES_NOW ((uint64_t)64 * KIB)
/* A reader that asks again within this is served without the loop. */
#define LINGER_MS 1
/* Bytes after which other feeds get their turn. */
#define TURN_BYTES (16 * MIB)

struct cached {
	uint64_t index;
	uint64_t used;	/* the higher, the later */
	uint8_t *plain; /* NULL: empty */
};

struct feed {
	struct job job;
	struct blob_reader *reader;
	enum blob_open how;
	int fd;
	struct loop *loop;
	struct pool *pool;
	struct loop_watch *watch;
	uint64_t pos; /* BLOB_STREAM: the next byte */
	struct cached cache[FEED_CHUNKS];
	uint64_t clock;
	bool is_ended;
	bool is_waiting; /* for the other end, not only for its turn */
};

/* The loop's. */
static size_t feeds_open;

/* Decrypts everything into fd, which takes it without waiting. */
static int
pour(const struct blob_reader *reader, struct kit *kit, int fd,
    struct fault *fault)
{
	const uint64_t count = blob_reader_chunk_count(reader);
	auto_free uint8_t *plain = NULL;

	if (count > 0)
		plain = xmalloc(blob_reader_chunk_len(reader, 0));
	for (uint64_t i = 0; i < count; i++) {
		const size_t len = blob_reader_chunk_len(reader, i);

		if (blob_reader_chunk(reader, kit, i, plain, fault) != ERR_OK)
			return fault->err;
		if (file_write(fd, plain, len) != ERR_OK)
			return fault_sys(fault, "handing out a blob");
	}
	return ERR_OK;
}

int
feed_memory(const struct blob_reader *reader, struct kit *kit,
    struct fault *fault, int *ret_fd)
{
	auto_close int fd =
	    memfd_create("loep-blob", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd == -1)
		return fault_sys(fault, "making memory");
	if (pour(reader, kit, fd, fault) != ERR_OK)
		return fault->err;
	if (fcntl(fd, F_ADD_SEALS,
		F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == -1)
		return fault_sys(fault, "sealing memory");
	*ret_fd = take_fd(fd);
	return ERR_OK;
}

int
feed_small_pipe(const struct blob_reader *reader, struct kit *kit,
    struct fault *fault, int *ret_fd)
{
	const uint64_t size = blob_reader_size(reader);
	auto_close int read_fd = -1;
	auto_close int write_fd = -1;
	int fds[2];

	if (size > PIPE_BYTES)
		return ERR_LIMIT;
	if (pipe2(fds, O_CLOEXEC) == -1)
		return fault_sys(fault, "making a pipe");
	read_fd = fds[0];
	write_fd = fds[1];
	/* A user has only so many large pipes, so this may fail. */
	if (size > PIPE_BYTES_NOW &&
	    fcntl(write_fd, F_SETPIPE_SZ, PIPE_BYTES) == -1)
		return ERR_LIMIT;
	if (size > (uint64_t)fcntl(write_fd, F_GETPIPE_SZ))
		return ERR_LIMIT;
	if (pour(reader, kit, write_fd, fault) != ERR_OK)
		return fault->err;
	*ret_fd = take_fd(read_fd);
	return ERR_OK;
}

static int
make_ends(enum blob_open how, int ret_fds[2])
{
	int swap;

	if (how == BLOB_RANGE)
		return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
			   ret_fds) == -1
			   ? ERR_SYS
			   : ERR_OK;
	if (pipe2(ret_fds, O_CLOEXEC) == -1)
		return ERR_SYS;
	(void)fcntl(ret_fds[1], F_SETPIPE_SZ, PIPE_BYTES);
	/* The first is ours. */
	swap = ret_fds[0];
	ret_fds[0] = ret_fds[1];
	ret_fds[1] = swap;
	return ERR_OK;
}

int
feed_new(struct blob_reader *reader, enum blob_open how, struct fault *fault,
    struct feed **ret_feed, int *ret_fd)
{
	struct feed *feed;
	int fds[2];

	if (make_ends(how, fds) != ERR_OK) {
		(void)fault_sys(fault, "making a pipe or socket");
		blob_reader_free(reader);
		return fault->err;
	}
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	feed = xcalloc(1, sizeof(*feed));
	feed->reader = reader;
	feed->how = how;
	feed->fd = fds[0];
	*ret_feed = feed;
	*ret_fd = fds[1];
	return ERR_OK;
}

void
feed_free(struct feed *feed)
{
	if (feed == NULL)
		return;
	(void)close(feed->fd);
	blob_reader_free(feed->reader);
	for (size_t i = 0; i < FEED_CHUNKS; i++)
		free(feed->cache[i].plain);
	free(feed);
}

/* --- in workers --- */

/* The chunk's plain bytes from the cache or the disk; NULL when damaged. */
static const uint8_t *
get_chunk(struct feed *feed, struct kit *kit, uint64_t index)
{
	const size_t slots = feed->how == BLOB_STREAM ? 1 : FEED_CHUNKS;
	struct cached *oldest = &feed->cache[0];
	struct fault fault;

	for (size_t i = 0; i < slots; i++) {
		struct cached *c = &feed->cache[i];

		if (c->plain != NULL && c->index == index) {
			c->used = ++feed->clock;
			return c->plain;
		}
		if (c->used < oldest->used)
			oldest = c;
	}
	if (oldest->plain == NULL)
		oldest->plain = xmalloc(BLOB_CHUNK_BYTES);
	oldest->used = 0;
	oldest->index = UINT64_MAX;
	if (blob_reader_chunk(
		feed->reader, kit, index, oldest->plain, &fault) != ERR_OK)
		return NULL;
	oldest->index = index;
	oldest->used = ++feed->clock;
	return oldest->plain;
}

/* Writes on until the pipe is full, all is written, or the turn is over. */
static void
stream_turn(struct feed *feed, struct kit *kit)
{
	const uint64_t size = blob_reader_size(feed->reader);
	size_t turn = 0;

	feed->is_waiting = false;
	while (feed->pos < size && turn < TURN_BYTES) {
		const uint64_t index = feed->pos / BLOB_CHUNK_BYTES;
		const size_t at = (size_t)(feed->pos % BLOB_CHUNK_BYTES);
		const uint8_t *plain = get_chunk(feed, kit, index);
		ssize_t n;

		if (plain == NULL) {
			/* The reader sees fewer bytes than were promised. */
			feed->is_ended = true;
			return;
		}
		n = write(feed->fd, plain + at,
		    blob_reader_chunk_len(feed->reader, index) - at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			feed->is_waiting = errno == EAGAIN;
			feed->is_ended = errno != EAGAIN;
			return;
		}
		feed->pos += (uint64_t)n;
		turn += (size_t)n;
	}
	feed->is_ended = feed->pos == size;
}

static bool
answer(struct feed *feed, struct kit *kit, uint64_t offset, uint32_t want)
{
	const uint64_t size = blob_reader_size(feed->reader);
	uint8_t head[RANGE_ANSWER_BYTES];
	const uint8_t *plain = NULL;
	enum err status = ERR_OK;
	struct iovec parts[2];
	struct msghdr header = {.msg_iov = parts, .msg_iovlen = 2};
	size_t len = 0;

	if (offset < size && want > 0) {
		const uint64_t index = offset / BLOB_CHUNK_BYTES;
		const size_t at = (size_t)(offset % BLOB_CHUNK_BYTES);

		/* An answer ends with its chunk: the reader asks again. */
		len = blob_reader_chunk_len(feed->reader, index) - at;
		if (len > want)
			len = want;
		plain = get_chunk(feed, kit, index);
		if (plain == NULL) {
			status = ERR_FORMAT;
			len = 0;
		} else {
			plain += at;
		}
	}
	range_put_answer(head, status, (uint32_t)len);
	parts[0] = (struct iovec){.iov_base = head, .iov_len = sizeof(head)};
	parts[1] = (struct iovec){
	    .iov_base = (void *)(uintptr_t)plain,
	    .iov_len = len,
	};
	/* One request at a time: who does not take its answers is cut off. */
	return sendmsg(feed->fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT) ==
	       (ssize_t)(sizeof(head) + len);
}

static void
range_turn(struct feed *feed, struct kit *kit)
{
	struct pollfd wait = {.fd = feed->fd, .events = POLLIN};
	uint8_t request[RANGE_REQUEST_BYTES + 1];
	uint64_t offset;
	uint32_t want;
	size_t turn = 0;

	feed->is_waiting = false;
	while (turn < TURN_BYTES) {
		ssize_t n =
		    recv(feed->fd, request, sizeof(request), MSG_DONTWAIT);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN) {
			if (poll(&wait, 1, LINGER_MS) == 1)
				continue;
			feed->is_waiting = true;
			return;
		}
		if (n <= 0 ||
		    range_get_request(request, (size_t)n, &offset, &want) !=
			ERR_OK ||
		    !answer(feed, kit, offset, want)) {
			feed->is_ended = true;
			return;
		}
		turn += want + sizeof(request);
	}
}

static void
feed_work(struct job *job, struct kit *kit)
{
	struct feed *feed = (struct feed *)job;

	if (feed->how == BLOB_STREAM)
		stream_turn(feed, kit);
	else
		range_turn(feed, kit);
	pool_finish(feed->pool, job);
}

/* --- in the loop --- */

static void
submit(struct feed *feed)
{
	pool_submit(feed->pool,
	    feed->how == BLOB_STREAM ? POOL_BULK : POOL_QUICK, &feed->job);
}

static void
on_ready(void *arg, int fd, unsigned int events)
{
	struct feed *feed = arg;

	(void)fd;
	(void)events;
	loop_unwatch(feed->watch);
	feed->watch = NULL;
	submit(feed);
}

static void
feed_done(struct job *job)
{
	struct feed *feed = (struct feed *)job;

	if (feed->is_ended) {
		feeds_open--;
		feed_free(feed);
	} else if (feed->is_waiting) {
		feed->watch = loop_watch(feed->loop, feed->fd,
		    feed->how == BLOB_STREAM ? LOOP_WRITE : LOOP_READ, on_ready,
		    feed);
	} else {
		submit(feed);
	}
}

bool
feed_start(struct feed *feed, struct loop *loop, struct pool *pool)
{
	if (feeds_open == FEEDS_MAX)
		return false;
	feeds_open++;
	feed->loop = loop;
	feed->pool = pool;
	feed->job.work = feed_work;
	feed->job.done = feed_done;
	submit(feed);
	return true;
}
