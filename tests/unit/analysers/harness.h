/* SPDX-License-Identifier: Apache-2.0 */
/*
 * harness.h - runs an analyser's analyse() on some bytes, in this process,
 * and gives its records back as JSON.
 */
#ifndef TESTS_ANALYSERS_HARNESS_H
#define TESTS_ANALYSERS_HARNESS_H

#include "lib/analyser.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/range.h"
#include "lib/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

/* So many bytes of a child are kept, as "bytes" in hex; "got" counts all. */
#define HARNESS_BYTES_KEPT 64

/* All records of one run; DATA belongs to the child before it. */
struct harness {
	json_t *records; /* [{"type": "fact", ...}] */
	int err;	 /* what analyse() returned */
	int parse_err;
};

static inline int
harness_take(void *arg, const struct record *record)
{
	struct harness *run = arg;
	size_t count = json_array_size(run->records);
	json_t *one;

	if (record->type == RECORD_DATA) {
		json_t *child = json_array_get(run->records, count - 1);
		json_int_t got = json_member_int(child, "got", 0);

		(void)json_object_set_new(
		    child, "got", json_integer(got + (json_int_t)record->len));
		if (got < HARNESS_BYTES_KEPT) {
			auto_json json_t *hex = record_hex(
			    record->data, record->len < HARNESS_BYTES_KEPT
					      ? record->len
					      : HARNESS_BYTES_KEPT);
			auto_free char *all = xasprintf("%s%s",
			    json_member_text(child, "bytes", ""),
			    json_string_value(hex));

			(void)json_object_set_new(
			    child, "bytes", json_string(all));
		}
		return ERR_OK;
	}
	one = json_pack("{s:s}", "type", record_type_name(record->type));
	(void)json_object_update(one, record->body);
	(void)json_array_append_new(run->records, one);
	return ERR_OK;
}

static inline void
harness_parse(struct harness *run, int fd)
{
	struct record_in *in = record_in_new(harness_take, run);
	static uint8_t buf[256 * 1024];
	ssize_t n;

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	while (run->parse_err == ERR_OK && (n = read(fd, buf, sizeof(buf))) > 0)
		run->parse_err = record_feed(in, buf, (size_t)n);
	record_in_free(in);
	assert_int_equal(run->parse_err, ERR_OK);
}

static inline int
harness_memory(const void *p, size_t len)
{
	int fd = memfd_create("harness", MFD_CLOEXEC);
	size_t done = 0;

	assert_true(fd >= 0);
	while (done < len) {
		ssize_t n = write(fd, (const uint8_t *)p + done, len - done);

		assert_true(n > 0);
		done += (size_t)n;
	}
	return fd;
}

/* Takes input_fd.  context is JSON text. */
static inline struct harness
harness_run_fd(int (*analyse)(struct analysis *), void *data, int input_fd,
    enum blob_open how, uint64_t size, const char *context)
{
	struct harness run = {.records = json_array()};
	struct analysis analysis = {.data = data};
	auto_json json_t *json = NULL;
	int out = harness_memory("", 0);

	assert_int_equal(
	    json_parse(context, strlen(context), 65536, 16, &json), ERR_OK);
	analysis.context = json;
	analysis.input = input_new(input_fd, how, size);
	analysis.out = record_out_new(out);
	run.err = analyse(&analysis);
	record_out_free(analysis.out);
	input_free(analysis.input);
	harness_parse(&run, out);
	(void)close(out);
	return run;
}

static inline struct harness
harness_run(int (*analyse)(struct analysis *), void *data, const void *p,
    size_t len, const char *context)
{
	return harness_run_fd(
	    analyse, data, harness_memory(p, len), BLOB_MEMFD, len, context);
}

/* Serves ranges of the file until the client is gone; returns the client. */
static inline int
harness_serve(int file, pid_t *ret_pid)
{
	static uint8_t buf[RANGE_ANSWER_BYTES + RANGE_BYTES_MAX];
	uint8_t request[RANGE_REQUEST_BYTES + 1];
	int pair[2];
	ssize_t n;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	*ret_pid = fork();
	assert_true(*ret_pid >= 0);
	if (*ret_pid > 0) {
		(void)close(pair[1]);
		return pair[0];
	}
	(void)close(pair[0]);
	while ((n = recv(pair[1], request, sizeof(request), 0)) > 0) {
		uint64_t offset;
		uint32_t len;

		if (range_get_request(request, (size_t)n, &offset, &len) !=
		    ERR_OK)
			_exit(1);
		n = pread(file, buf + RANGE_ANSWER_BYTES, len, (off_t)offset);
		if (n < 0)
			_exit(1);
		range_put_answer(buf, ERR_OK, (uint32_t)n);
		if (send(pair[1], buf, RANGE_ANSWER_BYTES + (size_t)n, 0) < 0)
			_exit(1);
	}
	_exit(0);
}

static inline struct harness
harness_run_range(int (*analyse)(struct analysis *), void *data, int file,
    uint64_t size, const char *context)
{
	pid_t pid;
	int sock = harness_serve(file, &pid);
	struct harness run =
	    harness_run_fd(analyse, data, sock, BLOB_RANGE, size, context);

	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return run;
}

static inline void
harness_release(struct harness *run)
{
	json_decref(run->records);
	*run = (struct harness){0};
}

/* How many records of this type there are. */
static inline size_t
harness_count(const struct harness *run, const char *type)
{
	size_t count = 0;
	size_t i;
	json_t *one;

	json_array_foreach(run->records, i, one) count +=
	    strcmp(json_member_text(one, "type", ""), type) == 0;
	return count;
}

/* The first record of this type whose member is this text, or NULL. */
static inline json_t *
harness_find(const struct harness *run, const char *type, const char *member,
    const char *text)
{
	size_t i;
	json_t *one;

	json_array_foreach(run->records, i, one)
	{
		if (strcmp(json_member_text(one, "type", ""), type) == 0 &&
		    strcmp(json_member_text(one, member, ""), text) == 0)
			return one;
	}
	return NULL;
}

/* The value of a fact, or NULL. */
static inline json_t *
harness_fact(const struct harness *run, const char *key)
{
	return json_object_get(harness_find(run, "fact", "key", key), "value");
}

static inline const char *
harness_fact_text(const struct harness *run, const char *key)
{
	const char *text = json_string_value(harness_fact(run, key));

	return text == NULL ? "" : text;
}

#endif
