/* SPDX-License-Identifier: Apache-2.0 */
/* test_behaviour.c - from frames of a guest to records. */
#include "analysers/behaviour/behaviour.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

struct trace {
	uint8_t *bytes;
	size_t len;
	uint32_t sequence;
};

static uint8_t frame_buf[WIRE_FRAME_BYTES];

static void
append(struct trace *t, struct gwire_builder *b)
{
	size_t n = gwire_end(b, t->sequence++);

	assert_true(n > 0);
	t->bytes = xrealloc(t->bytes, t->len + n);
	memcpy(t->bytes + t->len, frame_buf, n);
	t->len += n;
}

/* An event of process pid, a child of ppid, of the sample. */
static void
begin_event(struct gwire_builder *b, enum gwire_event_kind kind, uint64_t pid,
    uint64_t ppid)
{
	static uint64_t now_ns = 1000000000;

	now_ns += 5000000;
	gwire_begin(b, frame_buf, sizeof(frame_buf), WIRE_EVENT);
	gwire_put_number(b, WIRE_K_EVENT_KIND, kind);
	gwire_put_number(b, WIRE_K_FLAGS, WIRE_F_SAMPLE);
	gwire_put_number(b, WIRE_K_MONO_NS, now_ns);
	gwire_put_number(b, WIRE_K_WALL_NS, now_ns);
	gwire_put_number(b, WIRE_K_PID, pid);
	gwire_put_number(b, WIRE_K_START_NS, pid * 1000);
	gwire_put_number(b, WIRE_K_PPID, ppid);
	gwire_put_number(b, WIRE_K_PARENT_START_NS, ppid * 1000);
	gwire_put_number(b, WIRE_K_UID, 0);
	gwire_put_text(b, WIRE_K_COMM, "comm");
}

static void
put_exec(struct trace *t, uint64_t pid, uint64_t ppid, const char *path,
    const char *argv, size_t argv_len)
{
	struct gwire_builder b;

	begin_event(&b, WIRE_EV_EXEC, pid, ppid);
	gwire_put_text(&b, WIRE_K_PATH, path);
	gwire_put_text(&b, WIRE_K_NAME, path);
	gwire_put_bytes(&b, WIRE_K_ARGV, argv, argv_len);
	append(t, &b);
}

static void
put_path(
    struct trace *t, enum gwire_event_kind kind, uint64_t pid, const char *path)
{
	struct gwire_builder b;

	begin_event(&b, kind, pid, 1);
	gwire_put_text(&b, WIRE_K_PATH, path);
	append(t, &b);
}

static void
put_file(struct trace *t, const char *path, size_t path_len, const char *text)
{
	struct gwire_builder b;

	gwire_begin(&b, frame_buf, sizeof(frame_buf), WIRE_FILE_BEGIN);
	gwire_put_bytes(&b, WIRE_K_PATH, path, path_len);
	gwire_put_number(&b, WIRE_K_REASON, WIRE_FR_WRITTEN);
	append(t, &b);
	gwire_begin(&b, frame_buf, sizeof(frame_buf), WIRE_FILE_DATA);
	gwire_put_text(&b, WIRE_K_DATA, text);
	append(t, &b);
	gwire_begin(&b, frame_buf, sizeof(frame_buf), WIRE_FILE_END);
	append(t, &b);
}

/* What came out: records by type. */
struct result {
	json_t *records[RECORD_TYPE_COUNT]; /* arrays of bodies */
	size_t data_bytes;
};

static int
on_record(void *arg, const struct record *record)
{
	struct result *r = arg;

	if (record->type == RECORD_DATA)
		r->data_bytes += record->len;
	else
		(void)json_array_append(r->records[record->type], record->body);
	return ERR_OK;
}

/* Feeds the trace in pieces of `step` bytes. */
static void
analyse(const struct trace *t, size_t step, struct result *ret)
{
	struct gwire_decoder *dec = xcalloc(1, sizeof(*dec));
	struct record_in *in;
	struct gwire_frame frame;
	struct stat st;
	int fd = memfd_create("records", MFD_CLOEXEC);
	struct record_out *out = record_out_new(fd);
	struct behaviour *b = behaviour_new(out);
	uint8_t *bytes;

	*ret = (struct result){0};
	for (size_t i = 0; i < RECORD_TYPE_COUNT; i++)
		ret->records[i] = json_array();
	for (size_t at = 0; at < t->len;) {
		size_t n = t->len - at < step ? t->len - at : step;

		at += gwire_push(dec, t->bytes + at, n);
		while (gwire_next(dec, &frame))
			behaviour_frame(b, &frame);
	}
	while (gwire_finish(dec, &frame))
		behaviour_frame(b, &frame);
	behaviour_finish(b, dec);
	behaviour_free(b);
	record_out_free(out);
	free(dec);
	assert_int_equal(fstat(fd, &st), 0);
	bytes = xmalloc((size_t)st.st_size);
	assert_int_equal(pread(fd, bytes, (size_t)st.st_size, 0), st.st_size);
	in = record_in_new(on_record, ret);
	assert_int_equal(record_feed(in, bytes, (size_t)st.st_size), ERR_OK);
	record_in_free(in);
	free(bytes);
	(void)close(fd);
}

static void
result_release(struct result *r)
{
	for (size_t i = 0; i < RECORD_TYPE_COUNT; i++)
		json_decref(r->records[i]);
}

/* The value of the n-th fact with that key, or NULL. */
static json_t *
fact(const struct result *r, const char *key, size_t n)
{
	size_t at;
	json_t *body;

	json_array_foreach(r->records[RECORD_FACT], at, body)
	{
		if (strcmp(json_member_text(body, "key", ""), key) == 0 &&
		    n-- == 0)
			return json_object_get(body, "value");
	}
	return NULL;
}

static json_t *
finding(const struct result *r, const char *name)
{
	size_t at;
	json_t *body;

	json_array_foreach(r->records[RECORD_FINDING], at, body)
	{
		if (strcmp(json_member_text(body, "name", ""), name) == 0)
			return body;
	}
	return NULL;
}

static struct trace
make_trace(void)
{
	struct trace t = {0};
	struct gwire_builder b;

	put_exec(&t, 100, 1, "/tmp/sample", "sample\0--x y\0", 13);
	begin_event(&b, WIRE_EV_FORK, 100, 1);
	gwire_put_number(&b, WIRE_K_OTHER_PID, 101);
	gwire_put_number(&b, WIRE_K_OTHER_START_NS, 101000);
	append(&t, &b);
	put_exec(&t, 101, 100, "/usr/bin/dash", "sh\0", 3);
	put_path(&t, WIRE_EV_FILE_CREATE, 101, "/etc/cron.d/job");
	put_path(&t, WIRE_EV_FILE_DELETE, 100, "/tmp/sample");
	begin_event(&b, WIRE_EV_DNS_QUERY, 100, 1);
	gwire_put_text(&b, WIRE_K_DNS_NAME, "evil.example");
	gwire_put_number(&b, WIRE_K_DNS_TYPE, 1);
	append(&t, &b);
	begin_event(&b, WIRE_EV_CONNECT, 100, 1);
	gwire_put_number(&b, WIRE_K_FAMILY, 2);
	gwire_put_bytes(&b, WIRE_K_REMOTE_ADDRESS, "\xc6\x12\x00\x07", 4);
	gwire_put_number(&b, WIRE_K_REMOTE_PORT, 80);
	append(&t, &b);
	begin_event(&b, WIRE_EV_EXIT, 101, 100);
	gwire_put_number(&b, WIRE_K_STATUS, 9);
	append(&t, &b);
	put_file(&t, "/etc/cron.d/job", 15, "* * * * * root true\n");
	gwire_begin(&b, frame_buf, sizeof(frame_buf), WIRE_DONE);
	append(&t, &b);
	return t;
}

static void
test_process_tree(void **unused)
{
	struct trace t = make_trace();
	struct result r;
	json_t *root, *child;

	(void)unused;
	analyse(&t, t.len, &r);
	root = fact(&r, "process", 0);
	child = fact(&r, "process", 1);
	assert_non_null(child);
	assert_null(fact(&r, "process", 2));
	assert_string_equal(json_member_text(root, "parent", "?"), "");
	assert_string_equal(
	    json_member_text(root, "command_line", ""), "sample '--x y'");
	assert_string_equal(json_member_text(child, "parent", ""),
	    json_member_text(root, "id", "?"));
	assert_string_equal(
	    json_member_text(child, "exit_status", ""), "killed by signal 9");
	assert_string_equal(
	    json_member_text(root, "exit_status", ""), "still running");
	result_release(&r);
	free(t.bytes);
}

static void
test_conclusions(void **unused)
{
	struct trace t = make_trace();
	struct result r;

	(void)unused;
	analyse(&t, 7, &r);
	assert_non_null(finding(&r, "persistence_cron"));
	assert_non_null(finding(&r, "self_delete"));
	assert_non_null(finding(&r, "network_contact"));
	assert_null(finding(&r, "logs_removed"));
	assert_int_equal(
	    json_member_int(finding(&r, "persistence_cron"), "score", 0), 70);
	assert_string_equal(
	    json_member_text(fact(&r, "dns", 0), "name", ""), "evil.example");
	assert_string_equal(
	    json_member_text(fact(&r, "connection", 0), "address", ""),
	    "198.18.0.7");
	result_release(&r);
	free(t.bytes);
}

static void
test_sigma_names(void **unused)
{
	struct trace t = make_trace();
	struct result r;
	json_t *exec;

	(void)unused;
	analyse(&t, t.len, &r);
	exec = json_array_get(r.records[RECORD_EVENT], 2);
	assert_string_equal(
	    json_member_text(exec, "class", ""), "process_creation");
	assert_string_equal(
	    json_member_text(exec, "Image", ""), "/usr/bin/dash");
	assert_string_equal(
	    json_member_text(exec, "ParentImage", ""), "/tmp/sample");
	result_release(&r);
	free(t.bytes);
}

static void
test_dropped_file(void **unused)
{
	struct trace t = {0};
	struct result r;
	json_t *child;

	(void)unused;
	put_file(&t, "/tmp/\xff<b>", 9, "content");
	analyse(&t, t.len, &r);
	child = json_array_get(r.records[RECORD_CHILD], 0);
	assert_string_equal(json_member_text(child, "relation", ""), "dropped");
	assert_string_equal(
	    json_member_text(child, "name_hex", ""), "2f746d702fff3c623e");
	assert_int_equal(r.data_bytes, strlen("content"));
	assert_int_equal(json_array_size(r.records[RECORD_CHILD_END]), 1);
	result_release(&r);
	free(t.bytes);
}

/* A guest may send anything: frames of files that never began, a file inside
 * a file, an end without a beginning. */
static void
test_forged_files(void **unused)
{
	struct trace t = {0};
	struct gwire_builder b;
	struct result r;

	(void)unused;
	gwire_begin(&b, frame_buf, sizeof(frame_buf), WIRE_FILE_DATA);
	gwire_put_text(&b, WIRE_K_DATA, "x");
	append(&t, &b);
	gwire_begin(&b, frame_buf, sizeof(frame_buf), WIRE_FILE_END);
	append(&t, &b);
	gwire_begin(&b, frame_buf, sizeof(frame_buf), WIRE_FILE_BEGIN);
	gwire_put_text(&b, WIRE_K_PATH, "/a");
	append(&t, &b);
	put_file(&t, "/b", 2, "bb");
	analyse(&t, t.len, &r);
	assert_int_equal(json_array_size(r.records[RECORD_CHILD]), 2);
	assert_int_equal(json_array_size(r.records[RECORD_CHILD_END]), 2);
	assert_int_equal(json_array_size(r.records[RECORD_ERROR]), 1);
	result_release(&r);
	free(t.bytes);
}

/* Every cut and many flipped bits: no crash, and always valid records. */
static void
test_damage(void **unused)
{
	struct trace t = make_trace();
	struct result r;

	(void)unused;
	for (size_t len = 0; len < t.len; len += 3) {
		struct trace cut = {t.bytes, len, 0};

		analyse(&cut, 64, &r);
		result_release(&r);
	}
	for (size_t bit = 0; bit < 8 * t.len; bit += 37) {
		t.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		analyse(&t, t.len, &r);
		result_release(&r);
		t.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	free(t.bytes);
}

/* A ring of parents must not become a tree without end. */
static void
test_parents_in_a_ring(void **unused)
{
	struct trace t = {0};
	struct result r;
	json_t *a, *b;

	(void)unused;
	put_exec(&t, 200, 201, "/a", "a\0", 2);
	put_exec(&t, 201, 200, "/b", "b\0", 2);
	put_exec(&t, 200, 201, "/a", "a\0", 2);
	analyse(&t, t.len, &r);
	a = fact(&r, "process", 0);
	b = fact(&r, "process", 1);
	assert_true(json_member_text(a, "parent", "?")[0] == '\0' ||
		    json_member_text(b, "parent", "?")[0] == '\0');
	result_release(&r);
	free(t.bytes);
}

static void
test_not_executed(void **unused)
{
	struct trace t = {0};
	struct gwire_builder b;
	struct result r;

	(void)unused;
	gwire_begin(&b, frame_buf, sizeof(frame_buf), WIRE_NOT_EXECUTED);
	gwire_put_number(&b, WIRE_K_REASON, WIRE_R_ARCHITECTURE);
	gwire_put_text(&b, WIRE_K_TEXT, "ARM");
	append(&t, &b);
	analyse(&t, t.len, &r);
	assert_string_equal(
	    json_member_text(
		json_array_get(r.records[RECORD_LIMIT], 0), "limit", ""),
	    "not_executed");
	result_release(&r);
	free(t.bytes);
}

static void
put_plain(struct trace *t, enum gwire_type type)
{
	struct gwire_builder b;

	gwire_begin(&b, frame_buf, sizeof(frame_buf), type);
	append(t, &b);
}

static void
test_another_agent(void **unused)
{
	struct trace t = {0};
	struct result r;

	(void)unused;
	put_plain(&t, WIRE_READY);
	put_plain(&t, WIRE_STARTED);
	put_exec(&t, 200, 1, "/a", "a\0", 2);
	put_plain(&t, WIRE_READY);
	put_exec(&t, 300, 1, "/b", "b\0", 2);
	put_plain(&t, WIRE_DONE);
	analyse(&t, t.len, &r);
	assert_int_equal(json_array_size(r.records[RECORD_EVENT]), 1);
	assert_string_equal(
	    json_member_text(
		json_array_get(r.records[RECORD_ERROR], 0), "what", ""),
	    "agent_lost");
	result_release(&r);
	free(t.bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_process_tree),
	    cmocka_unit_test(test_conclusions),
	    cmocka_unit_test(test_sigma_names),
	    cmocka_unit_test(test_dropped_file),
	    cmocka_unit_test(test_forged_files),
	    cmocka_unit_test(test_damage),
	    cmocka_unit_test(test_parents_in_a_ring),
	    cmocka_unit_test(test_not_executed),
	    cmocka_unit_test(test_another_agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
