/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_upload.c - uploads through the real loep-web, and clients, vaults and
 * stores that misbehave.
 */
#include "tests/unit/web/harness.h"

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
	    "POST /api/v1/submissions/1/files?filename=a HTTP/1.1\r\nHost: x\r\n" FILE_TYPE
	    "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
	    "POST /api/v1/submissions/1/files?filename=a HTTP/1.1\r\nHost: x\r\n" FILE_TYPE
	    "Transfer-Encoding: chunked\r\n\r\n"
	    "ffffffffffffffffff\r\n",
	    "POST /api/v1/cases HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" JSON
	    "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
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
	len = snprintf(
	    request, size, "GET /api/v1/cases HTTP/1.1\r\nHost: x\r\nX-Long: ");
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
	memcpy(request + 20000,
	    " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	    "\r\n",
	    42);
	expect(talk(request, 20042), 414, "too long");
}

/* A head that comes byte by byte is cut off. */
static void
test_slow_head(void **state)
{
	static const char text[] =
	    "GET /api/v1/cases HTTP/1.1\r\nX-Slow: aaaaaa"
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

/* Thousands of requests of each kind leave nothing behind. */
static void
test_memory_stays(void **state)
{
	long before_kib = 0;

	(void)state;
	for (int i = 0; i < 700; i++) {
		int fd = begin_upload("1", 100000, 500);

		if (i == 200)
			before_kib = web_memory_kib();
		expect(
		    ask("GET", "/api/v1/cases?limit=3", "", NULL), 200, "next");
		expect(ask("POST", "/api/v1/cases", JSON, "{\"title\":1}"), 400,
		    "text");
		expect(ask("POST", "/api/v1/verify", JSON, "{}"), 200, "done");
		expect(ask("POST", "/api/v1/submissions/1/files?filename=a",
			   FILE_TYPE, "x"),
		    201, "size");
		expect(ask("GET", "/api/v1/rules/versions/9/bundle?purpose=x",
			   "", NULL),
		    200, "attachment");
		expect(ask("GET", "/api/v1/cases/1/progress/stream", "", NULL),
		    200, "event: end");
		(void)close(fd);
	}
	print_message(
	    "# memory %ld -> %ld KiB\n", before_kib, web_memory_kib());
#ifndef CAGE_DEVELOPER /* a sanitizer keeps freed memory for a while */
	assert_true(web_memory_kib() - before_kib < 512);
#endif
}

static void
test_store_loss(void **state)
{
	int fd = begin_upload("1", (size_t)64 << 20, 4096);
	struct answer a;
	int status;

	(void)state;
	(void)usleep(100000);
	expect(ask("GET", "/api/v1/cases/die", "", NULL), 503, "Retry-After: ");
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

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_uploads),
	    cmocka_unit_test(test_expect_continue),
	    cmocka_unit_test(test_aborted_upload),
	    cmocka_unit_test(test_broken_upload),
	    cmocka_unit_test(test_stalled_upload),
	    cmocka_unit_test(test_big_upload),
	    cmocka_unit_test(test_bad_http),
	    cmocka_unit_test(test_huge_head),
	    cmocka_unit_test(test_slow_head),
	    cmocka_unit_test(test_connection_limit),
	    cmocka_unit_test(test_memory_stays),
	    cmocka_unit_test(test_store_loss),
	    cmocka_unit_test(test_sessions_end),
	};

	(void)argc;
	harness_find(argv[0]);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, harness_start, harness_stop);
}
