/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_serve.c - the real loep-web, started as the parent would start it, with
 * a store of the test's own behind it and clients before it.
 */
#include "tests/unit/web/fake_store.h"
#include "web/openapi.h"
#include "web/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <libgen.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cmocka.h>

static char binary[4096];
static char dir[] = "/tmp/loep-test-web-XXXXXX";
static char sock_path[64];
static struct chan *parent;
static pid_t web_pid, store_pid;

/* --- the program --- */

static void
send_conf(const char *key, const char *value)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, key);
	wire_put_str(&body, value);
	assert_int_equal(chan_send(parent, MSG_CONF, 0, &body, -1), ERR_OK);
	wire_out_release(&body);
}

static int
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
static void
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
	wire_put_u8(&body, ROLE_STORE);
	wire_put_str(&body, "");
	assert_int_equal(chan_send(parent, MSG_PEER, 0, &body, fds[0]), ERR_OK);
	(void)close(fds[0]);
	wire_out_release(&body);
}

static void
wait_ready(void)
{
	static uint8_t buf[LIMIT_MSG_BYTES];
	struct msg msg;

	assert_int_equal(chan_recv(parent, buf, &msg), ERR_OK);
	assert_int_equal(msg.type, MSG_READY);
}

static int
start(void **state)
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
		(void)execl(binary, binary, (char *)NULL);
		_exit(127);
	}
	(void)close(fds[1]);
	parent = chan_new(NULL, fds[0], ROLE_PARENT, ROLE_WEB, "");
	send_conf("call_seconds", "2");
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

static int
stop(void **state)
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
static long
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

static int
dial(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", sock_path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)),
	    0);
	return fd;
}

/* Reads to the end, waiting at most ten seconds for each piece. */
static void
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

static void
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

static struct answer
talk(const void *request, size_t len)
{
	auto_close int fd = dial();
	struct answer a;

	send_all(fd, request, len);
	read_answer(fd, &a);
	return a;
}

/* headers: complete lines. */
static struct answer
ask(const char *method, const char *target, const char *headers,
    const char *body)
{
	auto_free char *request = body == NULL
	    ? xasprintf("%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
			"%s\r\n",
		  method, target, headers)
	    : xasprintf("%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
			"%sContent-Length: %zu\r\n\r\n%s",
		  method, target, headers, strlen(body), body);

	return talk(request, strlen(request));
}

#define JSON "Content-Type: application/json\r\n"
#define FILE_TYPE "Content-Type: application/octet-stream\r\n"

/* Checks status and that the text is somewhere in the answer. */
static void
expect(struct answer a, int status, const char *text)
{
	if (a.status != status || strstr(a.text, text) == NULL)
		fail_msg("wanted %d and \"%s\", got:\n%s", status, text,
		    a.text);
	if (status >= 400)
		assert_non_null(
		    strstr(a.text, "Content-Type: application/problem+json"));
	free(a.text);
}

static int64_t
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

/* --- tests --- */

static void
test_headers(void **state)
{
	struct answer a = ask("GET", "/api/v1/cases/1", "", NULL);
	static const char *const wanted[] = {"X-Request-Id: ",
	    "X-Content-Type-Options: nosniff", "Cache-Control: no-store",
	    "Content-Security-Policy: default-src 'none'",
	    "Content-Type: application/json", "ETag: \""};

	(void)state;
	assert_int_equal(a.status, 200);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_non_null(strstr(a.text, wanted[i]));
	/* All 64 bits: a double would end in ...992. */
	assert_non_null(strstr(a.body, "\"score\":9007199254740993"));
	free(a.text);
	expect(ask("GET", "/api/v1/whoami", "", NULL), 200,
	    "{\"account\":\"account-1\",\"name\":\"tester\"");
	assert_int_equal(counter("bad_principal"), 0);
}

static void
test_every_route(void **state)
{
	size_t count;
	const struct route *routes = route_all(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct route *r = &routes[i];
		bool is_post = r->method == ROUTE_METHOD_POST;
		const char *body = !is_post ? NULL
		    : r->op == CALL_ORG_CREATE
		    ? "{\"name\":\"a\",\"class\":\"C1\"}"
		    : r->op == CALL_ACCOUNT_CREATE
		    ? "{\"name\":\"a\",\"uid\":-1}"
		    : r->op == CALL_POOL_ORDER ? "{\"order\":\"check\"}"
					       : "{}";
		char target[256] = "";
		struct answer a;

		for (const char *p = r->path; *p != '\0';) {
			size_t len = strcspn(p, "{");

			(void)snprintf(target + strlen(target),
			    sizeof(target) - strlen(target), "%.*s%s",
			    (int)len, p, p[len] == '{' ? "7" : "");
			p += len;
			p += p[0] == '{' ? strcspn(p, "}") + 1 : 0;
		}
		if (r->kind == ROUTE_DOWNLOAD)
			(void)snprintf(target + strlen(target), 32,
			    "?purpose=test");
		if (r->kind == ROUTE_UPLOAD)
			(void)snprintf(target + strlen(target), 32,
			    "?filename=a");
		a = ask(is_post ? "POST" : "GET", target,
		    r->kind == ROUTE_UPLOAD ? FILE_TYPE
			: is_post	    ? JSON
					    : "",
		    body);
		if (a.status < 200 || a.status > 299)
			fail_msg("%s: %s", target, a.text);
		assert_non_null(strstr(a.text, "X-Request-Id: "));
		free(a.text);
	}
}

static void
test_paging(void **state)
{
	(void)state;
	expect(ask("GET", "/api/v1/cases?limit=2", "", NULL), 200,
	    "\"next\":\"cursor-1\"}");
	expect(ask("GET", "/api/v1/cases?limit=100&cursor=cursor-50", "", NULL),
	    200, "\"next\":null}");
	expect(ask("GET", "/api/v1/cases", "", NULL), 200,
	    "\"next\":\"cursor-49\"}");
	expect(ask("GET", "/api/v1/cases?limit=0", "", NULL), 400, "1 to 500");
	expect(ask("GET", "/api/v1/cases?limit=501", "", NULL), 400,
	    "1 to 500");
	expect(ask("GET", "/api/v1/cases?limit=x", "", NULL), 400,
	    "must be an integer");
	expect(ask("GET", "/api/v1/vm/slots?limit=5", "", NULL), 200, "items");
	expect(ask("GET", "/api/v1/cases?limt=1", "", NULL), 400,
	    "is not a query parameter");
}

static void
test_refusals(void **state)
{
	(void)state;
	expect(ask("GET", "/api/v1/nothing", "", NULL), 404, "no such path");
	expect(ask("GET", "/", "", NULL), 404, "no such path");
	expect(ask("GET", "/api/v1/cases/%2e%2e", "", NULL), 404, "no such");
	expect(ask("GET", "/api/v1/cases/a%2Fb", "", NULL), 404, "no such");
	expect(ask("GET", "/api/v1/cases/a%00b", "", NULL), 404, "no such");
	expect(ask("GET", "/api/v1/../../etc/passwd", "", NULL), 404, "no su");
	expect(ask("GET", "/api/v1/cases/%zz", "", NULL), 400, "escape");
	expect(ask("GET", "/api/v1/cases?state=%ff", "", NULL), 400, "UTF-8");
	expect(ask("GET", "/api/v1/cases?state=a%00", "", NULL), 400, "NUL");
	expect(ask("DELETE", "/api/v1/cases", "", NULL), 405,
	    "Allow: GET, HEAD, POST, OPTIONS");
	expect(ask("FROBNICATE", "/api/v1/verify", "", NULL), 405,
	    "Allow: POST, OPTIONS");
	expect(ask("HEAD", "/api/v1/artefacts/1/raw", "", NULL), 405,
	    "Allow: GET, OPTIONS");
	expect(ask("GET", "/api/v1/cases/missing", "", NULL), 404,
	    "no such case");
	expect(ask("GET", "/api/v1/cases/denied", "", NULL), 403,
	    "not for you");
	expect(ask("GET", "/api/v1/artefacts/1/raw", "", NULL), 400,
	    "\\\"purpose\\\" is missing");
	expect(ask("GET", "/api/v1/cases/slow", "", NULL), 503,
	    "did not answer in time");
}

static void
test_methods(void **state)
{
	struct answer a;

	(void)state;
	a = ask("OPTIONS", "/api/v1/cases/1", "", NULL);
	assert_int_equal(a.status, 204);
	assert_non_null(strstr(a.text, "Allow: GET, HEAD, OPTIONS"));
	assert_int_equal(a.body_len, 0);
	free(a.text);
	a = ask("OPTIONS", "*", "", NULL);
	assert_int_equal(a.status, 204);
	free(a.text);
	a = ask("HEAD", "/api/v1/cases/1", "", NULL);
	assert_int_equal(a.status, 200);
	assert_int_equal(a.body_len, 0);
	assert_null(strstr(a.text, "Content-Length: 0"));
	free(a.text);
	expect(ask("GET", "http://elsewhere/api/v1/cases/1", "", NULL), 200,
	    "jobs_open");
}

static void
test_json_bodies(void **state)
{
	auto_free char *deep = xcalloc(1, 200001);
	auto_free char *long_body = xcalloc(1, 400001);
	const char *target = "/api/v1/cases";

	(void)state;
	memset(deep, '[', 200000);
	memset(long_body, ' ', 400000);
	expect(ask("POST", target, JSON, "{\"title\":\"a\"}"), 201,
	    "Location: /api/v1/cases/number-");
	expect(ask("POST", target, JSON, "{\"title\":\n  nul}"), 400,
	    "line 2, column");
	expect(ask("POST", target, JSON, "[]"), 400, "must be a JSON object");
	expect(ask("POST", target, JSON, "{\"titel\":\"a\"}"), 400,
	    "is not a member");
	expect(ask("POST", target, JSON, "{\"title\":7}"), 400,
	    "must be a text");
	expect(ask("POST", target, JSON, "{\"title\":\"a\\u0000b\"}"), 400,
	    "not JSON");
	expect(ask("POST", target, JSON, "{\"title\":1,\"title\":2}"), 400,
	    "not JSON");
	expect(ask("POST", target, JSON, deep), 413, "nested deeper");
	expect(ask("POST", target, JSON, long_body), 413, "256 KiB");
	expect(ask("POST", target, "Content-Type: text/plain\r\n", "{}"), 415,
	    "application/json");
	expect(ask("POST", target, "", "{}"), 415, "application/json");
	expect(ask("GET", target, JSON, "{}"), 400, "takes no body");
	expect(ask("POST", "/api/v1/cases/1/submissions", JSON,
		   "{\"passwords\":[\"a\"],\"collected\":"
		   "\"2026-02-28T23:00:00+01:00\"}"),
	    201, "\"id\":");
	expect(ask("POST", "/api/v1/cases/1/submissions", JSON,
		   "{\"collected\":\"yesterday\"}"),
	    400, "must be a time");
}

/* A million levels, in chunks, so that no length warns. */
static void
test_nested_json(void **state)
{
	static const char head[] =
	    "POST /api/v1/cases HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	    "Content-Type: application/json\r\n"
	    "Transfer-Encoding: chunked\r\n\r\nF4240\r\n";
	auto_free char *request = xmalloc(sizeof(head) + 1000000);

	(void)state;
	memcpy(request, head, sizeof(head) - 1);
	memset(request + sizeof(head) - 1, '[', 1000000);
	expect(talk(request, sizeof(head) - 1 + 1000000), 413, "256 KiB");
}

static void
test_etag(void **state)
{
	struct answer a = ask("GET", "/api/v1/cases/1", "", NULL);
	const char *at = strstr(a.text, "ETag: ");
	auto_free char *header = NULL;

	(void)state;
	assert_non_null(at);
	header = xasprintf("If-None-Match: %.*s\r\n", 34, at + 6);
	free(a.text);
	a = ask("GET", "/api/v1/cases/1", header, NULL);
	assert_int_equal(a.status, 304);
	assert_int_equal(a.body_len, 0);
	free(a.text);
	a = ask("GET", "/api/v1/cases/2", header, NULL);
	assert_int_equal(a.status, 200);
	free(a.text);
}

static void
test_idempotency(void **state)
{
	const char *key = JSON "Idempotency-Key: k1\r\n";
	struct answer a, b;
	int64_t made = counter("made");

	(void)state;
	a = ask("POST", "/api/v1/cases", key, "{\"title\":\"x\"}");
	b = ask("POST", "/api/v1/cases", key, "{\"title\":\"x\"}");
	assert_int_equal(a.status, 201);
	assert_int_equal(b.status, 201);
	assert_string_equal(a.body, b.body);
	assert_null(strstr(a.text, "Idempotent-Replayed"));
	assert_non_null(strstr(b.text, "Idempotent-Replayed: true"));
	assert_non_null(strstr(b.text, "Location: /api/v1/cases/number-"));
	free(a.text);
	free(b.text);
	assert_int_equal(counter("made"), made + 1);
	expect(ask("POST", "/api/v1/cases", key, "{\"title\":\"y\"}"), 422,
	    "another request");
	expect(ask("POST", "/api/v1/submissions/1/files?filename=a",
		   FILE_TYPE "Idempotency-Key: k2\r\n", "x"),
	    400, "not supported here");
}

static void
test_names(void **state)
{
	struct answer a = ask("GET", "/api/v1/artefacts/5", "", NULL);

	(void)state;
	assert_non_null(strstr(a.body,
	    "\"name\":\"in\\\"voice\\u001b[31m<b>\xef\xbf\xbd.exe\","
	    "\"name_hex\":\"696e22766f6963651b5b33316d3c623eff2e657865\""));
	assert_non_null(strstr(a.body,
	    "\"created\":\"2023-11-14T22:13:20.123456Z\""));
	assert_non_null(strstr(a.body, "\"parent\":null"));
	free(a.text);
	a = ask("GET", "/api/v1/artefacts/10/raw?purpose=analysis", "", NULL);
	assert_int_equal(a.status, 200);
	assert_non_null(strstr(a.text,
	    "Content-Disposition: attachment; "
	    "filename=\"in_voice__31m_b__.exe.sample\""));
	assert_non_null(
	    strstr(a.text, "Content-Type: application/octet-stream"));
	assert_int_equal(a.body_len, 10);
	free(a.text);
	a = ask("GET", "/api/v1/cases/9/reports/1?format=html", "", NULL);
	assert_non_null(strstr(a.text, "Content-Type: text/html"));
	assert_non_null(strstr(a.text, "sandbox"));
	free(a.text);
}

static void
test_download(void **state)
{
	struct answer a =
	    ask("GET", "/api/v1/artefacts/9000001/raw?purpose=x", "", NULL);

	(void)state;
	assert_int_equal(a.status, 200);
	assert_int_equal(a.body_len, 9000001);
	for (size_t i = 0; i < a.body_len; i++) {
		if ((uint8_t)a.body[i] != i % 251)
			fail_msg("byte %zu is wrong", i);
	}
	free(a.text);
	/* A source that ends early must not look like a whole file. */
	a = ask("GET", "/api/v1/artefacts/short/raw?purpose=x", "", NULL);
	assert_int_equal(a.status, 200);
	assert_non_null(strstr(a.text, "Content-Length: 1000000"));
	assert_true(a.body_len < 1000000);
	free(a.text);
}

static void
test_uploads(void **state)
{
	static const char chunked[] =
	    "POST /api/v1/submissions/1/files?filename=a%ffb HTTP/1.1\r\n"
	    "Host: x\r\nConnection: close\r\n" FILE_TYPE
	    "Transfer-Encoding: chunked\r\n\r\n"
	    "5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\n\r\n";
	const char *target = "/api/v1/submissions/1/files?filename=a";
	auto_free char *name = xcalloc(1, 9000);

	(void)state;
	expect(ask("POST", target, FILE_TYPE, "hello"), 201, "\"size\":5");
	expect(ask("POST", target, FILE_TYPE, "hello"), 201,
	    "Location: /api/v1/artefacts/artefact-9");
	expect(ask("POST", target, FILE_TYPE, ""), 201, "\"size\":0");
	expect(talk(chunked, sizeof(chunked) - 1), 201, "\"size\":8");
	expect(ask("POST", target, "Content-Type: text/html\r\n", "x"), 415,
	    "octet-stream");
	expect(ask("POST", "/api/v1/submissions/1/files", FILE_TYPE, "x"), 400,
	    "missing");
	expect(ask("POST", "/api/v1/submissions/1/files?filename=", FILE_TYPE,
		   "x"),
	    400, "must not be empty");
	expect(ask("POST", "/api/v1/submissions/1/files?filename=a&sha256=1",
		   FILE_TYPE, "x"),
	    400, "64 hexadecimal digits");
	expect(ask("POST", "/api/v1/submissions/missing/files?filename=a",
		   FILE_TYPE, "x"),
	    404, "no such submission");
	expect(ask("POST", "/api/v1/submissions/full/files?filename=a",
		   FILE_TYPE, "x"),
	    507, "the disk is full");
	memset(name, 'n', 8999);
	memcpy(name, "/api/v1/submissions/1/files?filename=", 37);
	name[37 + 4097] = '\0';
	expect(ask("POST", name, FILE_TYPE, "x"), 413, "4096 bytes");
	name[37 + 4096] = '\0';
	expect(ask("POST", name, FILE_TYPE, "x"), 201, "size");
}

static void
test_expect_continue(void **state)
{
	static const char good[] =
	    "POST /api/v1/submissions/1/files?filename=a HTTP/1.1\r\n"
	    "Host: x\r\nConnection: close\r\n" FILE_TYPE
	    "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n";
	static const char bad[] =
	    "POST /api/v1/submissions/missing/files?filename=a HTTP/1.1\r\n"
	    "Host: x\r\n" FILE_TYPE
	    "Content-Length: 5000000000\r\nExpect: 100-continue\r\n\r\n";
	auto_close int fd = dial();
	struct answer a;
	char buf[64];

	(void)state;
	send_all(fd, good, sizeof(good) - 1);
	assert_int_equal(read(fd, buf, 25), 25);
	assert_memory_equal(buf, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	send_all(fd, "hello", 5);
	read_answer(fd, &a);
	expect(a, 201, "\"size\":5");
	/* Refused before one byte of five billion is sent. */
	expect(talk(bad, sizeof(bad) - 1), 404, "no such submission");
}

/* Sends a head and some of the body; the caller closes. */
static int
begin_upload(const char *submission, size_t promised, size_t sent)
{
	auto_free char *head = xasprintf(
	    "POST /api/v1/submissions/%s/files?filename=a HTTP/1.1\r\n"
	    "Host: x\r\n" FILE_TYPE "Content-Length: %zu\r\n\r\n",
	    submission, promised);
	auto_free char *bytes = xcalloc(1, sent + 1);
	int fd = dial();

	send_all(fd, head, strlen(head));
	send_all(fd, bytes, sent);
	return fd;
}

static void
test_aborted_upload(void **state)
{
	int64_t before = counter("aborts");
	int fd = begin_upload("1", 1000000, 5000);
	int tries = 100;

	(void)state;
	(void)usleep(100000);
	(void)close(fd);
	while (counter("aborts") == before && tries-- > 0)
		(void)usleep(50000);
	assert_int_equal(counter("aborts"), before + 1);
	/* A client that only falls silent is cut off as well. */
	fd = begin_upload("1", 1000000, 5000);
	tries = 100;
	while (counter("aborts") == before + 1 && tries-- > 0)
		(void)usleep(100000);
	assert_int_equal(counter("aborts"), before + 2);
	(void)close(fd);
}

/* The vault goes away in the middle. */
static void
test_broken_upload(void **state)
{
	auto_free char *bytes = xcalloc(1, 1 << 20);
	int fd = begin_upload("broken", (size_t)64 << 20, 4096);
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	struct answer a;

	(void)state;
	/* As a client does: sends until it sees an answer. */
	for (int i = 0; i < 63 && poll(&wait, 1, 0) == 0; i++)
		send_all(fd, bytes, 1 << 20);
	read_answer(fd, &a);
	expect(a, 503, "the vault broke off the upload");
	(void)close(fd);
	expect(ask("GET", "/api/v1/whoami", "", NULL), 200, "tester");
}

/* A vault that takes nothing holds up its own client and nobody else. */
static void
test_stalled_upload(void **state)
{
	int fds[8];
	long before_kib = web_memory_kib();

	(void)state;
	for (int i = 0; i < 8; i++) {
		fds[i] = begin_upload("stall", (size_t)64 << 20, 0);
		assert_int_equal(fcntl(fds[i], F_SETFL, O_NONBLOCK), 0);
	}
	for (int i = 0; i < 64; i++) {
		static char bytes[1 << 16];

		for (int j = 0; j < 8; j++)
			send_all(fds[j], bytes, sizeof(bytes));
	}
	for (int i = 0; i < 20; i++)
		expect(ask("GET", "/api/v1/cases/1", "", NULL), 200, "score");
	assert_true(web_memory_kib() - before_kib < 8 * 1024);
	for (int i = 0; i < 8; i++)
		(void)close(fds[i]);
}

static void
test_big_upload(void **state)
{
	auto_free char *command = xasprintf(
	    "head -c 1073741824 /dev/zero | curl -sS --unix-socket %s "
	    "-H 'Content-Type: application/octet-stream' "
	    "-H 'Expect:' -T - -X POST "
	    "'http://x/api/v1/submissions/1/files?filename=zeros'",
	    sock_path);
	long before_kib = web_memory_kib();
	uint64_t start_ms = loop_now_ms();
	char answer[1024] = "";
	size_t len;
	FILE *f = popen(command, "re");

	(void)state;
	assert_non_null(f);
	len = fread(answer, 1, sizeof(answer) - 1, f);
	answer[len] = '\0';
	assert_int_equal(pclose(f), 0);
	if (strstr(answer, "\"size\":1073741824") == NULL)
		fail_msg("%s", answer);
	print_message("# 1 GiB in %llu ms, memory %ld -> %ld KiB\n",
	    (unsigned long long)(loop_now_ms() - start_ms), before_kib,
	    web_memory_kib());
	assert_true(web_memory_kib() - before_kib < 4 * 1024);
}

static void
test_pipelining(void **state)
{
	auto_close int fd = dial();
	auto_free char *request = xstrdup(
	    "GET /api/v1/cases/a1 HTTP/1.1\r\nHost: x\r\n\r\n"
	    "POST /api/v1/cases HTTP/1.1\r\nHost: x\r\n" JSON
	    "Content-Length: 13\r\n\r\n{\"title\":\"q\"}"
	    "POST /api/v1/nothing HTTP/1.1\r\nHost: x\r\n" JSON
	    "Content-Length: 13\r\n\r\n{\"title\":\"q\"}"
	    "GET /api/v1/cases/a2 HTTP/1.1\r\nHost: x\r\n"
	    "Connection: close\r\n\r\n");
	struct answer a;
	const char *p;
	int64_t calls;

	(void)state;
	send_all(fd, request, strlen(request));
	read_answer(fd, &a);
	p = strstr(a.text, "\"id\":\"a1\"");
	assert_non_null(p);
	p = strstr(p, "HTTP/1.1 201");
	assert_non_null(p);
	p = strstr(p, "HTTP/1.1 404");
	assert_non_null(p);
	p = strstr(p, "\"id\":\"a2\"");
	assert_non_null(p);
	free(a.text);
	/* One connection asks once who it is: three calls here and, for the
	 * counting connections, one more each. */
	calls = counter("calls");
	assert_true(counter("calls") - calls <= 3);
}

static void
test_bad_http(void **state)
{
	static const char *const requests[] = {
	    "\r\n\r\n\r\nGARBAGE\r\n\r\n",
	    "GET /api/v1/cases HTTP/9.9\r\n\r\n",
	    "GET /api/v1/cases HTTP/1.1\r\n\r\n", /* no Host */
	    "GET  HTTP/1.1\r\nHost: x\r\n\r\n",
	    "POST /api/v1/cases HTTP/1.1\r\nHost: x\r\n" JSON
	    "Content-Length: -5\r\n\r\n",
	    "POST /api/v1/cases HTTP/1.1\r\nHost: x\r\n" JSON
	    "Content-Length: 99999999999999999999999\r\n\r\n",
	    "POST /api/v1/submissions/1/files?filename=a HTTP/1.1\r\nHost: x\r\n"
	    FILE_TYPE "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
	    "POST /api/v1/submissions/1/files?filename=a HTTP/1.1\r\nHost: x\r\n"
	    FILE_TYPE "Transfer-Encoding: chunked\r\n\r\n"
	    "ffffffffffffffffff\r\n",
	    "POST /api/v1/cases HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	    JSON "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "0\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct answer a = talk(requests[i], strlen(requests[i]));

		/* A clear refusal, or the connection is simply closed. */
		if (a.len > 0 && (a.status < 400 || a.status > 505))
			fail_msg("%s\n%s", requests[i], a.text);
		free(a.text);
	}
	expect(ask("GET", "/api/v1/cases/1", "", NULL), 200, "score");
}

static void
test_huge_head(void **state)
{
	size_t size = (size_t)4 << 20;
	auto_free char *request = xmalloc(size + 1);
	struct answer a;
	int len;

	(void)state;
	len = snprintf(request, size,
	    "GET /api/v1/cases HTTP/1.1\r\nHost: x\r\nX-Long: ");
	memset(request + len, 'a', size - (size_t)len);
	a = talk(request, size);
	assert_true(a.len == 0 || a.status == 431 || a.status == 413);
	free(a.text);
	len = snprintf(request, size, "GET /");
	memset(request + len, 'a', size - (size_t)len);
	a = talk(request, size);
	assert_true(a.len == 0 || a.status == 414 || a.status == 413);
	free(a.text);
	/* Longer than a target may be, but short enough for a head. */
	memcpy(request + 20000, " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
				"\r\n",
	    42);
	expect(talk(request, 20042), 414, "too long");
}

/* A head that comes byte by byte is cut off. */
static void
test_slow_head(void **state)
{
	static const char text[] = "GET /api/v1/cases HTTP/1.1\r\nX-Slow: aaaaaa"
				   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	auto_close int fd = dial();
	bool is_cut = false;

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1 && !is_cut; i++) {
		(void)usleep(150000);
		is_cut = send(fd, text + i, 1, MSG_NOSIGNAL) != 1;
	}
	assert_true(is_cut);
}

static void
test_connection_limit(void **state)
{
	int fds[100];

	(void)state;
	for (int i = 0; i < 100; i++)
		fds[i] = i < 60 ? dial() : -1;
	(void)usleep(100000);
	for (int i = 0; i < 100; i++) {
		if (fds[i] != -1)
			(void)close(fds[i]);
	}
	expect(ask("GET", "/api/v1/cases/1", "", NULL), 200, "score");
}

static void
test_progress(void **state)
{
	struct answer a;
	const char *p;

	(void)state;
	expect(ask("GET", "/api/v1/cases/5/progress", "", NULL), 200,
	    "\"jobs_open\":0");
	expect(ask("GET", "/api/v1/cases/missing/progress/stream", "", NULL),
	    404, "no such case");
	a = ask("GET", "/api/v1/cases/live/progress/stream", "", NULL);
	assert_int_equal(a.status, 200);
	assert_non_null(strstr(a.text, "Content-Type: text/event-stream"));
	p = a.body;
	for (int i = 3; i >= 0; i--) {
		char wanted[32];

		p = strstr(p, "event: progress\ndata: {");
		assert_non_null(p);
		(void)snprintf(wanted, sizeof(wanted), "\"jobs_open\":%d,", i);
		p = strstr(p, wanted);
		assert_non_null(p);
	}
	assert_non_null(strstr(p, "event: end\ndata: {"));
	free(a.text);
}

static void
test_rows(void **state)
{
	struct answer a = ask("POST", "/api/v1/verify", JSON, "{}");
	size_t lines = 0;

	(void)state;
	assert_int_equal(a.status, 200);
	assert_non_null(strstr(a.body, "\n],\"done\":true,\"count\":5}\n"));
	for (const char *p = a.body; (p = strstr(p, "\"artefact\"")) != NULL;
	     p++)
		lines++;
	assert_int_equal(lines, 5);
	free(a.text);
}

static void
test_store_loss(void **state)
{
	int fd = begin_upload("1", (size_t)64 << 20, 4096);
	struct answer a;
	int status;

	(void)state;
	(void)usleep(100000);
	expect(ask("GET", "/api/v1/cases/die", "", NULL), 503,
	    "Retry-After: ");
	assert_int_equal(waitpid(store_pid, &status, 0), store_pid);
	expect(ask("GET", "/api/v1/cases/1", "", NULL), 503, "unavailable");
	start_store();
	for (int i = 0; i < 50; i++) {
		a = ask("GET", "/api/v1/cases/1", "", NULL);
		if (a.status == 200)
			break;
		free(a.text);
		(void)usleep(20000);
	}
	expect(a, 200, "score");
	(void)close(fd);
}

static void
test_sessions_end(void **state)
{
	int64_t before = counter("ended");
	int tries = 100;

	(void)state;
	for (int i = 0; i < 10; i++)
		expect(ask("GET", "/api/v1/cases/1", "", NULL), 200, "score");
	while (counter("ended") < before + 10 && tries-- > 0)
		(void)usleep(10000);
	assert_true(counter("ended") >= before + 10);
}

static void
test_openapi(void **state)
{
	struct answer a = ask("GET", "/api/v1/openapi.yaml", "", NULL);
	size_t len;
	const char *text = openapi_text(&len);

	(void)state;
	assert_int_equal(a.status, 200);
	assert_int_equal(a.body_len, len);
	assert_memory_equal(a.body, text, len);
	assert_non_null(strstr(a.body, "openapi: 3.1"));
	free(a.text);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_every_route),
	    cmocka_unit_test(test_paging),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_methods),
	    cmocka_unit_test(test_json_bodies),
	    cmocka_unit_test(test_nested_json),
	    cmocka_unit_test(test_etag),
	    cmocka_unit_test(test_idempotency),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_download),
	    cmocka_unit_test(test_uploads),
	    cmocka_unit_test(test_expect_continue),
	    cmocka_unit_test(test_aborted_upload),
	    cmocka_unit_test(test_broken_upload),
	    cmocka_unit_test(test_stalled_upload),
	    cmocka_unit_test(test_big_upload),
	    cmocka_unit_test(test_pipelining),
	    cmocka_unit_test(test_bad_http),
	    cmocka_unit_test(test_huge_head),
	    cmocka_unit_test(test_slow_head),
	    cmocka_unit_test(test_connection_limit),
	    cmocka_unit_test(test_progress),
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_sessions_end),
	    cmocka_unit_test(test_store_loss),
	    cmocka_unit_test(test_openapi),
	};
	auto_free char *self = xstrdup(argv[0]);

	(void)argc;
	(void)snprintf(binary, sizeof(binary), "%s/../../../loep-web",
	    dirname(self));
	if (getenv("LOEP_WEB") != NULL)
		(void)snprintf(binary, sizeof(binary), "%s",
		    getenv("LOEP_WEB"));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, stop);
}
