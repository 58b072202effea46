/* SPDX-License-Identifier: Apache-2.0 */
/* listen.c - the listening sockets that loepd opens for web. */
#include "parent/listen.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BACKLOG 512

int
listen_unix(const char *path, int *ret_fd)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	auto_close int fd = -1;
	size_t len = strlen(path);

	if (len >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return ERR_SYS;
	}
	memcpy(addr.sun_path, path, len);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return ERR_SYS;
	if (unlink(path) == -1 && errno != ENOENT)
		return ERR_SYS;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == -1 ||
	    chmod(path, 0666) == -1 || listen(fd, BACKLOG) == -1)
		return ERR_SYS;
	*ret_fd = take_fd(fd);
	return ERR_OK;
}

/* "HOST:PORT" or "[HOST]:PORT", numbers only: no names are looked up. */
static int
parse_address(const char *text, struct addrinfo **ret_info)
{
	static const struct addrinfo hints = {
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
	    .ai_socktype = SOCK_STREAM,
	};
	auto_free char *copy = xstrdup(text);
	char *host = copy;
	char *colon = strrchr(copy, ':');
	size_t len;

	if (colon == NULL || colon[1] == '\0')
		return ERR_FORMAT;
	*colon = '\0';
	len = strlen(host);
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		host++;
	} else if (strchr(host, ':') != NULL) {
		return ERR_FORMAT;
	}
	return getaddrinfo(host, colon + 1, &hints, ret_info) == 0 ? ERR_OK
								   : ERR_FORMAT;
}

static void
log_address(int fd)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	char host[INET6_ADDRSTRLEN], port[8];

	if (getsockname(fd, (struct sockaddr *)&addr, &len) == 0 &&
	    getnameinfo((struct sockaddr *)&addr, len, host, sizeof(host), port,
		sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		log_line(LOG_INFO, "msg=\"serving HTTPS\" address=%s port=%s",
		    host, port);
}

static int
listen_address(const struct addrinfo *info, int *ret_fd)
{
	auto_close int fd = socket(
	    info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int one = 1;

	if (fd == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == -1)
		return ERR_SYS;
	/* IPv4 has sockets of its own. */
	if (info->ai_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) == -1)
		return ERR_SYS;
	if (bind(fd, info->ai_addr, info->ai_addrlen) == -1 ||
	    listen(fd, BACKLOG) == -1)
		return ERR_SYS;
	log_address(fd);
	*ret_fd = take_fd(fd);
	return ERR_OK;
}

static int
add_address(const char *word, struct listen *l, char why[LISTEN_WHY_BYTES])
{
	struct addrinfo *info = NULL;
	int err = ERR_LIMIT;

	if (l->count < LISTEN_ADDRESSES_MAX)
		err = parse_address(word, &info);
	if (err != ERR_OK) {
		(void)snprintf(why, LISTEN_WHY_BYTES,
		    "\"%.100s\" is no address such as 127.0.0.1:8443 or "
		    "[::1]:8443, or one too many (at most %d)",
		    word, LISTEN_ADDRESSES_MAX);
		return ERR_FORMAT;
	}
	err = listen_address(info, &l->fds[l->count]);
	freeaddrinfo(info);
	if (err == ERR_OK)
		l->count++;
	else
		(void)snprintf(why, LISTEN_WHY_BYTES,
		    "cannot listen on %.100s: %s", word, strerror(errno));
	return err;
}

int
listen_addresses(
    const char *list, struct listen *ret_listen, char why[LISTEN_WHY_BYTES])
{
	auto_free char *copy = xstrdup(list);
	char *rest = copy;
	char *word;
	int err = ERR_OK;

	*ret_listen = (struct listen){0};
	while (err == ERR_OK && (word = strsep(&rest, " \t")) != NULL) {
		if (word[0] != '\0')
			err = add_address(word, ret_listen, why);
	}
	while (err != ERR_OK && ret_listen->count > 0)
		(void)close(ret_listen->fds[--ret_listen->count]);
	return err;
}
