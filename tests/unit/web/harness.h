/* SPDX-License-Identifier: Apache-2.0 */
/*
 * harness.h - starts the real loep-web as the parent would, with a store of
 * the test's own behind it, and is its client.  Included by the two tests
 * that do so.
 */
#ifndef TESTS_WEB_HARNESS_H
#define TESTS_WEB_HARNESS_H

#include "tests/unit/web/fake_store.h"

#include <libgen.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cmocka.h>

static char binary[4096];
static char dir[] = "/tmp/loep-test-web-XXXXXX";
static char sock_path[64];
static struct chan *parent;
static pid_t web_pid, store_pid;

/* The program is two folders above the test. */
static inline void
harness_find(const char *test)
{
	auto_free char *self = xstrdup(test);

	(void)snprintf(
	    binary, sizeof(binary), "%s/../../../loep-web", dirname(self));
	if (getenv("LOEP_WEB") != NULL)
		(void)snprintf(
		    binary, sizeof(binary), "%s", getenv("LOEP_WEB"));
}

/* --- the program --- */

static inline void
send_conf(const char *key, const char *value)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, key);
	wire_put_str(&body, value);
	assert_int_equal(chan_send(parent, MSG_CONF, 0, &body, -1), ERR_OK);
	wire_out_release(&body);
}

static inline int
listen_here(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", sock_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 64), 0);
	return fd;
}

/* A new store, wired as the parent does it. */
static inline void
start_store(void)
{
	struct wire_out body;
	int fds[2];

	assert_int_equal(chan_pair(fds), ERR_OK);
	store_pid = fork();
	if (store_pid == 0) {
		int fd = dup2(fds[1], 3);

		(void)close_range(4, ~0U, 0);
		fake_run(fd);
	}
	(void)close(fds[1]);
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u16(&body, ROLE_STORE);
	wire_put_str(&body, "");
	assert_int_equal(chan_send(parent, MSG_PEER, 0, &body, fds[0]), ERR_OK);
	(void)close(fds[0]);
	wire_out_release(&body);
}

static inline void
wait_ready(void)
{
	static uint8_t buf[LIMIT_MSG_BYTES];
	struct msg msg;

	assert_int_equal(chan_recv(parent, buf, &msg), ERR_OK);
	assert_int_equal(msg.type, MSG_READY);
}

static inline int
harness_start(void **state)
{
	struct wire_out body;
	int fds[2], fd;

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(dir) == NULL || chan_pair(fds) != ERR_OK)
		return -1;
	(void)snprintf(sock_path, sizeof(sock_path), "%s/sock", dir);
	web_pid = fork();
	if (web_pid == 0) {
		(void)dup2(fds[1], 3);
		(void)close_range(4, ~0U, 0);
		/* The search for leaks needs ptrace, which no cage has. */
		(void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
		(void)execl(binary, binary, (char *)NULL);
		_exit(127);
	}
	(void)close(fds[1]);
	parent = chan_new(NULL, fds[0], ROLE_PARENT, ROLE_WEB, "");
	send_conf("call_seconds", "2");
	send_conf("security_contact", "mailto:cert@example.org");
	send_conf("head_seconds", "1");
	send_conf("idle_seconds", "2");
	send_conf("connections", "60");
	fd = listen_here();
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, "listen");
	assert_int_equal(chan_send(parent, MSG_CONF_FD, 0, &body, fd), ERR_OK);
	(void)close(fd);
	wire_out_release(&body);
	assert_int_equal(chan_send(parent, MSG_CONF_END, 0, NULL, -1), ERR_OK);
	wait_ready();
	start_store();
	return 0;
}

static inline int
harness_stop(void **state)
{
	int status = -1;

	(void)state;
	(void)chan_send(parent, MSG_STOP, 0, NULL, -1);
	(void)waitpid(web_pid, &status, 0);
	(void)waitpid(store_pid, NULL, 0);
	(void)unlink(sock_path);
	(void)rmdir(dir);
	/* It ended by itself, of its own will. */
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* Bytes that the program keeps in memory, not counting what is shared. */
static inline long
web_memory_kib(void)
{
	char path[64], line[256];
	long kib = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)web_pid);
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "RssAnon:", 8) == 0)
			kib = strtol(line + 8, NULL, 10);
	}
	(void)fclose(f);
	return kib;
}

/* --- a client --- */

struct answer {
	int status;
	char *text; /* head and body */
	size_t len;
	const char *body;
	size_t body_len;
};

static inline int
dial(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", sock_path);
	assert_int_equal(
	    connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

/* Reads to the end, waiting at most ten seconds for each piece. */
static inline void
read_answer(int fd, struct answer *a)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	size_t size = 1 << 16;
	const char *gap;

	*a = (struct answer){.text = xmalloc(size)};
	for (;;) {
		ssize_t n;

		if (size - a->len < 4096)
			a->text = xrealloc(a->text, size *= 2);
		if (poll(&wait, 1, 10000) != 1)
			fail_msg("no answer in ten seconds");
		n = read(fd, a->text + a->len, size - a->len - 1);
		if (n <= 0)
			break;
		a->len += (size_t)n;
	}
	a->text[a->len] = '\0';
	if (strncmp(a->text, "HTTP/1.1 ", 9) == 0)
		a->status = (int)strtol(a->text + 9, NULL, 10);
	gap = strstr(a->text, "\r\n\r\n");
	a->body = gap == NULL ? a->text + a->len : gap + 4;
	a->body_len = a->len - (size_t)(a->body - a->text);
}

static inline void
send_all(int fd, const void *p, size_t len)
{
	const char *at = p;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n <= 0)
			return;
		at += n;
		len -= (size_t)n;
	}
}

static inline struct answer
talk(const void *request, size_t len)
{
	auto_close int fd = dial();
	struct answer a;

	send_all(fd, request, len);
	read_answer(fd, &a);
	return a;
}

/* headers: complete lines. */
static inline struct answer
ask(const char *method, const char *target, const char *headers,
    const char *body)
{
	auto_free char *request =
	    body == NULL
		? xasprintf("%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
			    "%s\r\n",
		      method, target, headers)
		: xasprintf("%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
			    "%sContent-Length: %zu\r\n\r\n%s",
		      method, target, headers, strlen(body), body);

	return talk(request, strlen(request));
}

#define JSON	  "Content-Type: application/json\r\n"
#define FILE_TYPE "Content-Type: application/octet-stream\r\n"

/* Checks status and that the text is somewhere in the answer. */
static inline void
expect(struct answer a, int status, const char *text)
{
	if (a.status != status || strstr(a.text, text) == NULL)
		fail_msg(
		    "wanted %d and \"%s\", got:\n%s", status, text, a.text);
	if (status >= 400)
		assert_non_null(
		    strstr(a.text, "Content-Type: application/problem+json"));
	free(a.text);
}

static inline int64_t
counter(const char *name)
{
	struct answer a = ask("GET", "/api/v1/status", "", NULL);
	auto_free char *key = xasprintf("\"%s\":", name);
	const char *at = strstr(a.body, key);
	int64_t n;

	assert_non_null(at);
	n = strtoll(at + strlen(key), NULL, 10);
	free(a.text);
	return n;
}

#endif
