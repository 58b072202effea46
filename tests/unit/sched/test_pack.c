/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pack.c - small jobs that share a child, through a real scheduler
 * process.  What the fake child does with an item is the item's first letter:
 * 'o' all well, 'p' partial, 'c' crashes, 'l' breaks the contract of packs.
 */
#include "fake.h"

#include "lib/analyser_exit.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/pack.h"

#include <signal.h>
#include <sys/mman.h>

static const char *const plain[] = {
    "workers=2", "log_level=info", "pool_settle_ms=200", NULL};

static size_t trips;
static size_t loners;

static void
put(int fd, const void *p, size_t len)
{
	assert_int_equal(write(fd, p, len), len);
}

static void
put_end(int fd, uint32_t status)
{
	const struct pack_end end = {status, 7, 9};
	uint8_t frame[PACK_END_BYTES];

	pack_end_put(frame, &end);
	put(fd, frame, sizeof(frame));
}

/* False where the child ends in this item. */
static bool
do_item(int fd, uint32_t index, char letter)
{
	uint8_t frame[PACK_BEGIN_BYTES];

	pack_begin_put(frame, index);
	put(fd, frame, sizeof(frame));
	fake_record(fd, RECORD_FACT, "{\"key\":\"k\",\"value\":\"v\"}");
	if (letter == 'c')
		return false;
	if (letter == 'l') {
		put(fd, frame, sizeof(frame)); /* an item within an item */
		return false;
	}
	if (letter == 'p') {
		fake_record(
		    fd, RECORD_ERROR, "{\"what\":\"x\",\"text\":\"y\"}");
		put_end(fd, ANALYSER_EXIT_PARTIAL);
		return true;
	}
	fake_record(fd, RECORD_DONE, "{\"counts\":{\"fact\":1}}");
	put_end(fd, ANALYSER_EXIT_DONE);
	return true;
}

static void
do_pack(struct fake_analyser *a, struct fake_errand *e)
{
	static uint8_t memory[1 << 16];
	struct pack_view view;
	struct wire_in list;
	const uint8_t *p;
	uint32_t index;
	size_t len;

	trips++;
	assert_true(e->size <= sizeof(memory));
	assert_int_equal(
	    pread(e->input_fd, memory, sizeof(memory), 0), e->size);
	assert_int_equal(pack_view_init(&view, memory, e->size), ERR_OK);
	wire_in_init(&list, e->list, e->list_len);
	while (pack_list_get(&list, &index, &p, &len) == ERR_OK) {
		auto_json json_t *context = NULL;

		assert_int_equal(json_parse(p, len, len, 8, &context), ERR_OK);
		/* Its own words, beside the common ones. */
		assert_non_null(json_object_get(context, "name"));
		assert_null(json_object_get(context, "case"));
		assert_non_null(json_object_get(e->context, "case"));
		assert_int_equal(
		    pack_view_item(&view, index, &p, &len), ERR_OK);
		if (!do_item(e->out_fd, index, (char)p[0])) {
			fake_analysed(a, e, ANALYSE_CRASHED, SIGSEGV);
			return;
		}
	}
	fake_analysed(a, e, ANALYSE_DONE, 0);
}

static void
order(struct fake_analyser *a, struct fake_errand *e)
{
	char letter = '\0';

	if (e->list != NULL) {
		do_pack(a, e);
		return;
	}
	loners++;
	assert_int_equal(pread(e->input_fd, &letter, 1, 0), 1);
	fake_record(e->out_fd, RECORD_FACT, "{\"key\":\"k\",\"value\":\"v\"}");
	if (letter == 'c') {
		fake_analysed(a, e, ANALYSE_CRASHED, SIGSEGV);
		return;
	}
	fake_record(e->out_fd, RECORD_DONE, "{\"counts\":{\"fact\":1}}");
	fake_analysed(a, e, ANALYSE_DONE, 0);
}

#define JOBS_MAX 8

static void
run(struct fake *f, struct fake_job *jobs, const char *const *inputs)
{
	static const char *const ids[JOBS_MAX] = {
	    "j1", "j2", "j3", "j4", "j5", "j6", "j7", "j8"};
	size_t count = 0;

	trips = loners = 0;
	for (; inputs[count] != NULL; count++) {
		jobs[count] = (struct fake_job){
		    .id = ids[count],
		    .kind = "yara",
		    .bytes = inputs[count],
		};
		fake_queue(f, &jobs[count]);
	}
	(void)fake_analyser_attach(f, "yara", order);
	for (size_t i = 0; i < count; i++)
		fake_until_over(f, &jobs[i]);
}

static void
finish(struct fake *f, struct fake_job *jobs, size_t count)
{
	fake_stop(f);
	for (size_t i = 0; i < count; i++)
		fake_job_release(&jobs[i]);
}

static void
assert_done(const struct fake_job *job)
{
	assert_string_equal(job->outcome, "done");
	assert_int_equal(job->attempt, 1);
	assert_int_equal(job->releases, 0);
	assert_string_equal(job->engine, "engine 1.0");
	assert_string_equal(
	    job->records, "fact {\"key\":\"k\",\"value\":\"v\"}\n");
}

static void
begin(struct fake *f)
{
	fake_start(f, plain);
	f->has_packs = true;
	fake_store_attach(f);
}

static void
test_one_child_for_all(void **state)
{
	static const char *const inputs[] = {"one", "o2", "o3", NULL};
	struct fake_job jobs[JOBS_MAX];
	struct fake f;

	(void)state;
	begin(&f);
	run(&f, jobs, inputs);
	for (size_t i = 0; i < 3; i++)
		assert_done(&jobs[i]);
	assert_int_equal(trips, 1);
	assert_int_equal(loners, 0);
	assert_int_equal(f.packs, 1);
	/* How many come together is the busy machine's choice. */
	assert_in_range(f.ends, 1, 3);
	assert_non_null(strstr(jobs[0].result, "\"cpu_us\":7"));
	finish(&f, jobs, 3);
}

static void
test_partial_is_its_own(void **state)
{
	static const char *const inputs[] = {"o1", "partial", "o3", NULL};
	struct fake_job jobs[JOBS_MAX];
	struct fake f;

	(void)state;
	begin(&f);
	run(&f, jobs, inputs);
	assert_done(&jobs[0]);
	assert_done(&jobs[2]);
	assert_string_equal(jobs[1].outcome, "partial");
	assert_int_equal(trips, 1);
	finish(&f, jobs, 3);
}

/* The item is tried alone, as often as ever; nobody else pays for it. */
static void
test_a_crash_spoils_no_neighbour(void **state)
{
	static const char *const inputs[] = {"o1", "crash", "o3", "o4", NULL};
	struct fake_job jobs[JOBS_MAX];
	struct fake f;

	(void)state;
	begin(&f);
	run(&f, jobs, inputs);
	assert_done(&jobs[0]);
	assert_done(&jobs[2]);
	assert_done(&jobs[3]);
	assert_int_equal(trips, 2);
	assert_int_equal(loners, LIMIT_ATTEMPTS);
	assert_int_equal(jobs[1].attempt, LIMIT_ATTEMPTS);
	assert_string_equal(jobs[1].outcome, "partial");
	assert_string_equal(
	    jobs[1].records, "fact {\"key\":\"k\",\"value\":\"v\"}\n");
	finish(&f, jobs, 4);
}

static void
test_a_liar_is_heard_alone(void **state)
{
	static const char *const inputs[] = {"liar", "o2", "o3", NULL};
	struct fake_job jobs[JOBS_MAX];
	struct fake f;

	(void)state;
	begin(&f);
	run(&f, jobs, inputs);
	for (size_t i = 0; i < 3; i++)
		assert_done(&jobs[i]);
	assert_int_equal(loners, 1);
	finish(&f, jobs, 3);
}

static void
test_what_cannot_be_read(void **state)
{
	static const char *const inputs[] = {"o1", "missing", "o3", NULL};
	struct fake_job jobs[JOBS_MAX];
	struct fake f;

	(void)state;
	begin(&f);
	run(&f, jobs, inputs);
	for (size_t i = 0; i < 3; i++)
		assert_done(&jobs[i]);
	assert_int_equal(loners, 1);
	finish(&f, jobs, 3);
}

/* Told together, refused, and told one by one. */
static void
test_ends_one_by_one(void **state)
{
	static const char *const inputs[] = {"o1", "o2", NULL};
	struct fake_job jobs[JOBS_MAX];
	struct fake f;

	(void)state;
	begin(&f);
	f.refuses_ends = true;
	run(&f, jobs, inputs);
	assert_done(&jobs[0]);
	assert_done(&jobs[1]);
	assert_in_range(f.ends, 1, 2);
	finish(&f, jobs, 2);
}

static void
test_one_alone_needs_no_pack(void **state)
{
	static const char *const inputs[] = {"o1", NULL};
	struct fake_job jobs[JOBS_MAX];
	struct fake f;

	(void)state;
	begin(&f);
	run(&f, jobs, inputs);
	assert_done(&jobs[0]);
	assert_int_equal(f.packs, 0);
	assert_int_equal(loners, 1);
	finish(&f, jobs, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_child_for_all),
	    cmocka_unit_test(test_partial_is_its_own),
	    cmocka_unit_test(test_a_crash_spoils_no_neighbour),
	    cmocka_unit_test(test_a_liar_is_heard_alone),
	    cmocka_unit_test(test_what_cannot_be_read),
	    cmocka_unit_test(test_ends_one_by_one),
	    cmocka_unit_test(test_one_alone_needs_no_pack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
