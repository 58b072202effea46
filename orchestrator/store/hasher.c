/* SPDX-License-Identifier: Apache-2.0 */
/* hasher.c - the process that hashes passwords, and its queue. */
#include "store/hasher.h"

#include "lib/cage.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/seal.h"
#include "lib/trial.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

/* One question; both ends are the same program. */
struct question {
	uint64_t id;
	struct password_hash hash;
	uint32_t len;
	char password[HASHER_PASSWORD_MAX];
};

struct reply {
	uint64_t id;
	uint32_t is_failed;
	uint8_t key[PASSWORD_KEY_BYTES];
};

struct job {
	TAILQ_ENTRY(job) entry;
	struct question question;
	char source[HASHER_SOURCE_BYTES];
	hasher_fn *fn;
	void *arg;
};

TAILQ_HEAD(job_list, job);

struct hasher {
	struct loop *loop;
	int fd; /* -1 = the process is gone */
	struct loop_watch *watch;
	struct job_list jobs; /* the first is being worked on */
	size_t count;
	uint64_t last;
};

/* --- the process --- */

static void
answer(int fd, struct question *q)
{
	struct reply reply = {.id = q->id};
	int err = q->len <= sizeof(q->password)
		      ? password_derive(&q->hash, q->password, q->len)
		      : ERR_FORMAT;

	seal_forget(q->password, sizeof(q->password));
	reply.is_failed = err != ERR_OK;
	memcpy(reply.key, q->hash.key, sizeof(reply.key));
	if (write(fd, &reply, sizeof(reply)) != (ssize_t)sizeof(reply))
		_exit(1);
	seal_forget(&reply, sizeof(reply));
}

void
hasher_work(int fd, const char *trial)
{
	static const struct cage cage = {
	    .name = "hasher",
	    .memory_bytes_max = 4 * GIB,
	    .files_max = 16,
	};
	static struct question q;
	static struct cage_report report;
	struct password_hash warm = {.cost = {10, 8, 1}};
	ssize_t n;

	/* OpenSSL looks for its configuration at first use. */
	if (password_derive(&warm, "", 0) != ERR_OK)
		_exit(1);
	if (cage_enter(&cage, &report) != ERR_OK) {
		log_line(LOG_ERROR, "msg=\"cannot enter the cage\" detail='%s'",
		    report.json);
		_exit(1);
	}
	if (trial != NULL)
		trial_run(trial);
	for (;;) {
		n = read(fd, &q, sizeof(q));
		if (n == -1 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(q))
			_exit(n == 0 ? 0 : 1);
		answer(fd, &q);
	}
}

int
hasher_fork(int *ret_fd)
{
	int fds[2];
	pid_t parent = getpid();
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == -1)
		return ERR_SYS;
	pid = fork();
	if (pid == -1) {
		(void)close(fds[0]);
		(void)close(fds[1]);
		return ERR_SYS;
	}
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent || dup2(fds[1], 3) == -1)
			_exit(1);
		/* Nothing of the store's: not its channel, not its files. */
		(void)close_range(4, ~0U, 0);
		(void)prctl(PR_SET_NAME, "loep-hasher");
		hasher_work(3, NULL);
	}
	(void)close(fds[1]);
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*ret_fd = fds[0];
	return ERR_OK;
}

/* --- the queue --- */

static void
job_free(struct hasher *h, struct job *job)
{
	TAILQ_REMOVE(&h->jobs, job, entry);
	h->count--;
	seal_forget(&job->question, sizeof(job->question));
	free(job);
}

/* The process is gone: nobody gets in by password until the store restarts. */
static void
give_up(struct hasher *h)
{
	struct job *job;

	if (h->fd == -1)
		return;
	log_line(LOG_ERROR, "msg=\"the password hasher is gone\"");
	loop_unwatch(h->watch);
	h->watch = NULL;
	(void)close(h->fd);
	h->fd = -1;
	while ((job = TAILQ_FIRST(&h->jobs)) != NULL) {
		hasher_fn *fn = job->fn;
		void *arg = job->arg;

		job_free(h, job);
		fn(arg, ERR_UNAVAILABLE, NULL);
	}
}

/* One question is out at a time: it always fits the socket. */
static void
send_first(struct hasher *h)
{
	struct job *job = TAILQ_FIRST(&h->jobs);

	if (job != NULL && send(h->fd, &job->question, sizeof(job->question),
			       MSG_NOSIGNAL) != (ssize_t)sizeof(job->question))
		give_up(h);
}

static void
on_reply(void *arg, int fd, unsigned int events)
{
	struct hasher *h = arg;
	struct job *job = TAILQ_FIRST(&h->jobs);
	struct reply reply;
	ssize_t n = read(fd, &reply, sizeof(reply));
	hasher_fn *fn;
	void *fn_arg;

	(void)events;
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != (ssize_t)sizeof(reply) || job == NULL ||
	    reply.id != job->question.id) {
		give_up(h);
		return;
	}
	fn = job->fn;
	fn_arg = job->arg;
	job_free(h, job);
	send_first(h);
	fn(fn_arg, reply.is_failed ? ERR_UNAVAILABLE : ERR_OK, reply.key);
	seal_forget(&reply, sizeof(reply));
}

struct hasher *
hasher_new(struct loop *loop, int fd)
{
	struct hasher *h = xcalloc(1, sizeof(*h));

	h->loop = loop;
	h->fd = fd;
	TAILQ_INIT(&h->jobs);
	h->watch = loop_watch(loop, fd, LOOP_READ, on_reply, h);
	return h;
}

void
hasher_free(struct hasher *h)
{
	struct job *job;

	if (h == NULL)
		return;
	while ((job = TAILQ_FIRST(&h->jobs)) != NULL)
		job_free(h, job);
	loop_unwatch(h->watch);
	if (h->fd != -1)
		(void)close(h->fd);
	free(h);
}

static size_t
count_of(const struct hasher *h, const char *source)
{
	const struct job *job;
	size_t count = 0;

	TAILQ_FOREACH (job, &h->jobs, entry)
		count += strcmp(job->source, source) == 0;
	return count;
}

int
hasher_start(
    struct hasher *h, const struct hasher_job *job, hasher_fn *fn, void *arg)
{
	struct job *j;

	if (h == NULL || h->fd == -1)
		return ERR_UNAVAILABLE;
	if (h->count >= HASHER_QUEUE_MAX || job->len > HASHER_PASSWORD_MAX ||
	    count_of(h, job->source) >= HASHER_SOURCE_MAX)
		return ERR_LIMIT;
	j = xcalloc(1, sizeof(*j));
	j->question.id = ++h->last;
	j->question.hash = *job->hash;
	j->question.len = (uint32_t)job->len;
	if (job->len > 0)
		memcpy(j->question.password, job->password, job->len);
	(void)snprintf(j->source, sizeof(j->source), "%s", job->source);
	j->fn = fn;
	j->arg = arg;
	TAILQ_INSERT_TAIL(&h->jobs, j, entry);
	h->count++;
	if (h->count == 1)
		send_first(h);
	return ERR_OK;
}
