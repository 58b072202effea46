/* SPDX-License-Identifier: Apache-2.0 */
/* dial_any.c - connections to places that others name. */
#include "lib/dial_any.h"

#include "lib/cage.h"
#include "lib/dial_own.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/own.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <nss.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ASK_BYTES     512
#define ADDRESSES_MAX 16
/* What a name server gets, and how often it is asked. */
#define NAME_SECONDS 3
#define NAME_TRIES   2

/* Answers that are no errno. */
enum {
	ANY_NO_NAME = -1,
	ANY_DENIED = -2
};

/* --- the process --- */

static int
dial_list(int fd, const struct inet_ranges *allowed, const struct addrinfo *a)
{
	const uint64_t end_ms =
	    loop_now_ms() + (uint64_t)DIAL_ANY_SECONDS * 1000;
	int error = ANY_DENIED;

	for (size_t i = 0; a != NULL && i < ADDRESSES_MAX;
	     a = a->ai_next, i++) {
		uint8_t address[INET_BYTES];
		uint64_t now_ms = loop_now_ms();
		auto_close int connection = -1;

		if (inet_of(a->ai_addr, address) != ERR_OK ||
		    (!inet_is_public(address) &&
			!inet_ranges_have(allowed, address)))
			continue;
		if (now_ms >= end_ms)
			return ETIMEDOUT;
		connection = dial_socket(a->ai_addr, a->ai_addrlen,
		    (long)((end_ms - now_ms + 999) / 1000));
		error = connection == -1 ? errno : 0;
		if (error == 0)
			return dial_answer(fd, 0, connection) ? 0
							      : ETOOMANYREFS;
	}
	return error;
}

static void
serve(int fd, const struct inet_ranges *allowed, const char *host,
    const char *port)
{
	const struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICSERV,
	};
	struct addrinfo *list = NULL;
	int error = ANY_NO_NAME;

	if (getaddrinfo(host, port, &hints, &list) == 0) {
		error = dial_list(fd, allowed, list);
		freeaddrinfo(list);
	}
	if (error != 0)
		(void)dial_answer(fd, error, -1);
}

__attribute__((noreturn)) static void
work(int fd, const void *arg)
{
	const struct inet_ranges *allowed = arg;
	/* Names of hosts and servers: /etc, and what is linked from there. */
	struct cage_path paths[] = {
	    {"/etc", CAGE_READ}, {NULL, CAGE_READ}, {NULL, CAGE_READ}};
	const struct cage cage = {
	    .name = "dialer",
	    .groups = CAGE_SOCKET | CAGE_FILES,
	    .paths = paths,
	    .files_max = 1024,
	};
	static struct cage_report report;
	auto_free char *linked = realpath("/etc/resolv.conf", NULL);
	char *slash = linked == NULL ? NULL : strrchr(linked, '/');
	char ask[ASK_BYTES];

	if (slash != NULL && slash != linked) {
		*slash = '\0';
		paths[1].path = linked;
	}
	/* No modules: they would be code, which the cage does not load. */
	(void)__nss_configure_lookup("hosts", "files dns");
	(void)res_init();
	_res.retrans = NAME_SECONDS;
	_res.retry = NAME_TRIES;
	if (cage_enter(&cage, &report) != ERR_OK) {
		log_line(LOG_ERROR, "msg=\"cannot enter the cage\" detail='%s'",
		    report.json);
		_exit(1);
	}
	for (;;) {
		ssize_t n = read(fd, ask, sizeof(ask));
		const char *port;

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(n == 0 ? 0 : 1);
		port = memchr(ask, '\0', (size_t)n);
		if (ask[n - 1] != '\0' || port == ask + n - 1)
			_exit(1);
		serve(fd, allowed, ask, port + 1);
	}
}

/* --- the program's side --- */

int
dial_any_fork(const struct inet_ranges *allowed, int *ret_fd)
{
	return dial_process(work, allowed, ret_fd);
}

int
dial_any_ask(int fd, const char *host, const char *port)
{
	char ask[ASK_BYTES];
	size_t host_len = strlen(host) + 1, port_len = strlen(port) + 1;

	if (host_len + port_len > sizeof(ask))
		return ERR_LIMIT;
	memcpy(ask, host, host_len);
	memcpy(ask + host_len, port, port_len);
	if (fd == -1 || send(fd, ask, host_len + port_len, MSG_NOSIGNAL) !=
			    (ssize_t)(host_len + port_len))
		return ERR_EOF;
	return ERR_OK;
}

int
dial_any_take(int fd, char *why, size_t why_size, int *ret_socket)
{
	int error = 0;
	int err = dial_receive(fd, &error, ret_socket);

	if (err == ERR_OK) {
		why[0] = '\0';
		return ERR_OK;
	}
	(void)snprintf(why, why_size, "%s",
	    err == ERR_EOF	   ? "the dialer is gone"
	    : error == ANY_NO_NAME ? "the name cannot be looked up"
	    : error == ANY_DENIED  ? "the address is not one on the open "
				     "internet, nor allowed"
				   : "");
	if (err == ERR_UNAVAILABLE && error > 0)
		(void)snprintf(
		    why, why_size, "cannot connect: %s", strerror(error));
	return error == ANY_DENIED ? (int)ERR_DENIED : err;
}
