/* SPDX-License-Identifier: Apache-2.0 */
/* dial.c - connections to a few known places, by a process of its own. */
#include "lib/dial.h"

#include "lib/cage.h"
#include "lib/dial_own.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/program.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ADDRESSES_MAX 8

struct address {
	socklen_t len;
	struct sockaddr_storage addr;
};

struct target {
	size_t count;
	struct address addresses[ADDRESSES_MAX];
};

struct targets {
	size_t count;
	struct target places[DIAL_PLACES_MAX];
};

/* --- the process --- */

int
dial_socket(const struct sockaddr *address, socklen_t len, long seconds)
{
	const struct timeval limit = {.tv_sec = seconds};
	/* A socket of this machine is one of syslog: datagrams. */
	int type = address->sa_family == AF_UNIX ? SOCK_DGRAM : SOCK_STREAM;
	auto_close int fd = socket(address->sa_family, type | SOCK_CLOEXEC, 0);
	int flags;

	/* SO_SNDTIMEO also bounds connect(2); see socket(7). */
	if (fd == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ==
		-1 ||
	    connect(fd, address, len) == -1)
		return -1;
	flags = fcntl(fd, F_GETFL);
	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return -1;
	return take_fd(fd);
}

bool
dial_answer(int fd, int error, int connection)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.bytes = {0}};
	struct iovec iov = {.iov_base = &error, .iov_len = sizeof(error)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *cmsg;

	if (connection != -1) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &connection, sizeof(int));
	}
	if (sendmsg(fd, &msg, MSG_NOSIGNAL) != -1)
		return true;
	/* Too many descriptors of this user are on their way (unix(7)). */
	if (errno != ETOOMANYREFS)
		_exit(1);
	return false;
}

static void
serve(int fd, const struct target *target)
{
	int error = ENOENT;

	for (size_t i = 0; i < target->count && error != 0; i++) {
		const struct address *a = &target->addresses[i];
		auto_close int connection = dial_socket(
		    (const struct sockaddr *)&a->addr, a->len, DIAL_SECONDS);

		error = connection == -1 ? errno : 0;
		if (error == 0 && !dial_answer(fd, 0, connection))
			error = ETOOMANYREFS;
	}
	if (error != 0)
		(void)dial_answer(fd, error, -1);
}

__attribute__((noreturn)) static void
work(int fd, const void *arg)
{
	const struct targets *targets = arg;
	static const struct cage cage = {
	    .name = "dialer",
	    .groups = CAGE_SOCKET,
	    /* It bounds what is on its way, too, whoever of this user sent it. */
	    .files_max = 1024,
	};
	static struct cage_report report;
	uint8_t place;

	if (cage_enter(&cage, &report) != ERR_OK) {
		log_line(LOG_ERROR, "msg=\"cannot enter the cage\" detail='%s'",
		    report.json);
		_exit(1);
	}
	for (;;) {
		ssize_t n = read(fd, &place, 1);

		if (n == -1 && errno == EINTR)
			continue;
		if (n != 1 || place >= targets->count)
			_exit(n == 0 ? 0 : 1);
		serve(fd, &targets->places[place]);
	}
}

/* --- the program's side --- */

static int
look_at(const char *path, char *why, size_t why_size, struct target *ret_target)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(un.sun_path)) {
		(void)snprintf(why, why_size, "that path is too long");
		return ERR_LIMIT;
	}
	memcpy(un.sun_path, path, strlen(path) + 1);
	ret_target->count = 1;
	ret_target->addresses[0].len = sizeof(un);
	memcpy(&ret_target->addresses[0].addr, &un, sizeof(un));
	return ERR_OK;
}

static int
look_up(const struct dial_place *place, char *why, size_t why_size,
    struct target *ret_target)
{
	const struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV,
	};
	struct addrinfo *list;
	int error;

	if (place->host[0] == '/')
		return look_at(place->host, why, why_size, ret_target);
	error = getaddrinfo(place->host, place->port, &hints, &list);

	if (error != 0) {
		(void)snprintf(why, why_size, "cannot look %s up: %s",
		    place->host, gai_strerror(error));
		return ERR_UNAVAILABLE;
	}
	ret_target->count = 0;
	for (struct addrinfo *a = list;
	     a != NULL && ret_target->count < ADDRESSES_MAX; a = a->ai_next) {
		struct address *to =
		    &ret_target->addresses[ret_target->count++];

		to->len = a->ai_addrlen;
		memcpy(&to->addr, a->ai_addr, a->ai_addrlen);
	}
	freeaddrinfo(list);
	return ERR_OK;
}

int
dial_process(dial_work_fn *fn, const void *arg, int *ret_fd)
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
		/* Nothing of the parent's but the pair and the log. */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 ||
		    getppid() != parent ||
		    dup2(fds[1], PROGRAM_PARENT_FD) == -1)
			_exit(1);
		(void)close_range(PROGRAM_PARENT_FD + 1, ~0U, 0);
		fn(PROGRAM_PARENT_FD, arg);
		_exit(1);
	}
	(void)close(fds[1]);
	*ret_fd = fds[0];
	return ERR_OK;
}

int
dial_fork(const struct dial_place *places, size_t count, char *why,
    size_t why_size, int *ret_fd)
{
	struct targets targets = {.count = count};

	if (count > DIAL_PLACES_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < count; i++) {
		int err =
		    look_up(&places[i], why, why_size, &targets.places[i]);

		if (err != ERR_OK)
			return err;
	}
	return dial_process(work, &targets, ret_fd);
}

int
dial_receive(int fd, int *ret_error, int *ret_socket)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	int error = 0;
	struct iovec iov = {.iov_base = &error, .iov_len = sizeof(error)};
	struct msghdr msg = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof(control.bytes),
	};
	const struct cmsghdr *cmsg;
	ssize_t n;

	do {
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	} while (n == -1 && errno == EINTR);
	if (n != (ssize_t)sizeof(error))
		return ERR_EOF;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (error != 0 || cmsg == NULL || cmsg->cmsg_type != SCM_RIGHTS) {
		*ret_error = error;
		return ERR_UNAVAILABLE;
	}
	memcpy(ret_socket, CMSG_DATA(cmsg), sizeof(int));
	return ERR_OK;
}

int
dial_connect(int fd, size_t place, char *why, size_t why_size, int *ret_socket)
{
	const uint8_t byte = (uint8_t)place;
	int error = 0;
	int err;

	(void)snprintf(why, why_size, "the dialer is gone");
	if (fd == -1 || write(fd, &byte, 1) != 1)
		return ERR_EOF;
	err = dial_receive(fd, &error, ret_socket);
	if (err == ERR_UNAVAILABLE)
		(void)snprintf(
		    why, why_size, "cannot connect: %s", strerror(error));
	if (err == ERR_OK)
		why[0] = '\0';
	return err;
}
