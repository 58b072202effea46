/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.c - the process that works on one question.
 *
 * It has the input, a place for the result and one for its report, and nothing
 * else: what takes it over can say something wrong, or spoil the result, and
 * with a question that needs the secret key, put that into the result.
 */
#include "pgp/worker.h"

#include "lib/analyser_exit.h"
#include "lib/fileio.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Above what was open at the start: Botan's generator reads a descriptor. */
#define IN_FD	     64
#define OUT_FD	     65
#define REPORT_FD    66
#define KEYS_FD	     67
#define FIRST_FREE   (KEYS_FD + (int)PGP_TO_MAX)
#define REPORT_BYTES ((size_t)48 * KIB)
#define MEMORY_BYTES (512 * MIB)

const struct cage worker_cage = {
    .name = "pgp",
    .groups = CAGE_FORK | CAGE_MEMFD,
    .memory_bytes_max = MEMORY_BYTES,
    .cpu_seconds_max = 0,
};

/* librnp writes to standard error what foreign bytes make it write. */
static int nowhere = -1;
/* Where Botan's generator reads from; opened with its first use. */
static int generator = -1;

/* The descriptor of /dev/urandom, or -1. */
static int
find_generator(void)
{
	char path[32], target[32];

	for (int fd = 3; fd < IN_FD; fd++) {
		ssize_t n;

		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		if (strcmp(target, "/dev/urandom") == 0)
			return fd;
	}
	return -1;
}

void
worker_prepare(void)
{
	rnp_ffi_t ffi = NULL;

	/* Botan also locks memory with its first use: not in the cage. */
	if (rnp_ffi_create(&ffi, RNP_KEYSTORE_GPG, RNP_KEYSTORE_GPG) ==
	    RNP_SUCCESS)
		(void)rnp_ffi_destroy(ffi);
	generator = find_generator();
	nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
}

void
worker_order_init(struct worker_order *order)
{
	*order = (struct worker_order){
	    .input_fd = -1,
	    .out_fd = -1,
	    .report_fd = -1,
	};
}

void
worker_order_release(struct worker_order *order)
{
	if (order->input_fd != -1)
		(void)close(order->input_fd);
	if (order->out_fd != -1)
		(void)close(order->out_fd);
	if (order->report_fd != -1)
		(void)close(order->report_fd);
	for (size_t i = 0; i < order->to_count; i++)
		(void)close(order->to[i].fd);
	json_decref(order->options);
	worker_order_init(order);
}

/* --- in the process --- */

static int
lift(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE);
}

static void
place(int fd, int at)
{
	if (fd == -1 || dup2(fd, at) == -1)
		_exit(ANALYSER_EXIT_START);
}

static void
close_from_to(int first, int last)
{
	if (first <= last && syscall(SYS_close_range, (unsigned int)first,
				 (unsigned int)last, 0) == -1)
		_exit(ANALYSER_EXIT_START);
}

/* Leaves nothing open but what the question is about. */
static void
keep_descriptors(struct worker_order *order)
{
	int in = lift(order->input_fd);
	int out = lift(order->out_fd);
	int report = lift(order->report_fd);
	int keys[PGP_TO_MAX];

	for (size_t i = 0; i < order->to_count; i++)
		keys[i] = lift(order->to[i].fd);
#ifndef CAGE_DEVELOPER
	place(nowhere, STDERR_FILENO);
#endif
	place(in, IN_FD);
	place(out, OUT_FD);
	place(report, REPORT_FD);
	for (size_t i = 0; i < order->to_count; i++) {
		order->to[i].fd = KEYS_FD + (int)i;
		place(keys[i], order->to[i].fd);
	}
	close_from_to(3, generator == -1 ? IN_FD - 1 : generator - 1);
	close_from_to(generator == -1 ? IN_FD : generator + 1, IN_FD - 1);
	if (syscall(SYS_close_range, KEYS_FD + (unsigned int)order->to_count,
		~0u, 0) == -1)
		_exit(ANALYSER_EXIT_START);
	/* The other side's end may be non-blocking: it is shared. */
	(void)fcntl(OUT_FD, F_SETFL, 0);
	(void)fcntl(IN_FD, F_SETFL, 0);
}

static void
report(const struct op *op, int err)
{
	auto_json json_t *said = json_object();
	auto_free char *text = NULL;

	json_object_set_new(said, "err", json_integer(err));
	json_object_set_new(
	    said, "why", json_string(op->why == NULL ? "" : op->why));
	json_object_set(said, "detail", op->detail);
	text = json_canonical(said);
	if (strlen(text) > REPORT_BYTES ||
	    file_write(REPORT_FD, text, strlen(text)) != ERR_OK)
		_exit(ANALYSER_EXIT_OUTPUT);
}

__attribute__((noreturn)) static void
live(const struct worker_order *given, struct keyring *keyring, pid_t parent)
{
	struct worker_order order = *given;
	struct rlimit files = {PGP_MEMORY_BYTES_MAX, PGP_MEMORY_BYTES_MAX};
	struct op op = {.keyring = keyring, .options = order.options};
	struct cage cage = worker_cage;
	int err;

	if (!op_needs_secret(order.what, order.options))
		keyring_drop_secret(keyring);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
		_exit(ANALYSER_EXIT_START);
	keep_descriptors(&order);
	cage.groups = 0;
	cage.cpu_seconds_max = PGP_SECONDS_MAX;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &files) == -1 ||
	    cage_narrow(&cage) != ERR_OK)
		_exit(ANALYSER_EXIT_START);
	op.detail = json_object();
	op.to = order.to;
	op.to_count = order.to_count;
	op.sink = (struct sink){
	    .fd = OUT_FD,
	    .bytes_max = order.has_memory ? PGP_MEMORY_BYTES_MAX : UINT64_MAX,
	};
	source_init(&op.source, IN_FD, order.how, order.size);
	err = op_run(&op, order.what);
	report(&op, err);
	_exit(ANALYSER_EXIT_DONE);
}

/* --- in the long-lived one --- */

int
worker_start(const struct worker_order *order, struct keyring *keyring,
    pid_t *ret_pid, int *ret_pidfd)
{
	pid_t parent = getpid();
	pid_t pid = fork();
	int pidfd;

	if (pid == -1)
		return ERR_SYS;
	if (pid == 0)
		live(order, keyring, parent);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd == -1) {
		/* Without it there is no deadline: better no process. */
		(void)kill(pid, SIGKILL);
		(void)wait4(pid, NULL, 0, NULL);
		return ERR_SYS;
	}
	*ret_pid = pid;
	*ret_pidfd = pidfd;
	return ERR_OK;
}

static void
end_with(struct worker_end *end, enum err err, const char *why)
{
	end->err = err;
	(void)snprintf(end->why, sizeof(end->why), "%s", why);
	free(end->detail);
	end->detail = xstrdup("{}");
}

/* What it reported; false where that is nothing that can be believed. */
static bool
read_report(int fd, struct worker_end *end)
{
	auto_json json_t *said = NULL;
	auto_free char *text = NULL;
	json_int_t err;
	size_t len;

	if (lseek(fd, 0, SEEK_SET) == -1)
		return false;
	text = file_read_text(fd, REPORT_BYTES, &len);
	if (text == NULL ||
	    json_parse(text, len, REPORT_BYTES, 6, &said) != ERR_OK)
		return false;
	err = json_member_int(said, "err", -1);
	if (err < 0 || err >= ERR_COUNT ||
	    !json_is_object(json_object_get(said, "detail")))
		return false;
	end_with(end, (enum err)err, json_member_text(said, "why", ""));
	free(end->detail);
	end->detail = json_canonical(json_object_get(said, "detail"));
	return true;
}

void
worker_reap(pid_t pid, const struct worker_order *order, const char *killed_as,
    struct worker_end *ret_end)
{
	int status = 0;
	pid_t reaped;

	do {
		reaped = wait4(pid, &status, 0, NULL);
	} while (reaped == -1 && errno == EINTR);
	*ret_end = (struct worker_end){0};
	if (reaped == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) == ANALYSER_EXIT_DONE &&
	    read_report(order->report_fd, ret_end))
		return;
	if (killed_as != NULL)
		end_with(ret_end,
		    strcmp(killed_as, "time") == 0 ? ERR_LIMIT : ERR_EOF,
		    killed_as);
	else if (reaped == pid && WIFEXITED(status) &&
		 WEXITSTATUS(status) == ANALYSER_EXIT_MEMORY)
		end_with(ret_end, ERR_LIMIT, "memory");
	else
		end_with(ret_end, ERR_SYS, "crashed");
}
