/* SPDX-License-Identifier: Apache-2.0 */
/* test_unseal.c - jobs of an opened seal: plain bytes in, encrypted ones out. */
#include "fake.h"

#include <unistd.h>

#define KEYS "{\"keys\":[{\"fpr\":\"AB\"}]}"
/* "plain", with its bits turned over. */
#define SEALED "\x8f\x93\x9e\x96\x91"

static const char *const plain[] = {
    "workers=2", "log_level=info", "pool_settle_ms=200", NULL};

static void
order_plain(struct fake_analyser *a, struct fake_errand *e)
{
	char buf[8] = "";

	assert_int_equal(e->how, BLOB_MEMFD);
	assert_int_equal(e->size, 5);
	assert_int_equal(pread(e->input_fd, buf, sizeof(buf), 0), 5);
	assert_string_equal(buf, "plain");
	fake_record(e->out_fd, RECORD_FACT,
	    "{\"key\":\"mime\",\"value\":\"application/zip\"}");
	fake_record(e->out_fd, RECORD_DONE, "{\"counts\":{\"fact\":1}}");
	fake_analysed(a, e, ANALYSE_DONE, 0);
}

static void
order_members(struct fake_analyser *a, struct fake_errand *e)
{
	fake_record(e->out_fd, RECORD_CHILD,
	    "{\"name\":\"secret.doc\",\"relation\":\"secret\","
	    "\"kind\":\"log\",\"path\":\"a/secret.doc\"}");
	fake_data(e->out_fd, "pla", 3);
	fake_data(e->out_fd, "in", 2);
	fake_record(e->out_fd, RECORD_CHILD_END, "{\"size\":5}");
	fake_child(e->out_fd, "empty-secret", "");
	fake_record(e->out_fd, RECORD_DONE, "{\"counts\":{}}");
	fake_analysed(a, e, ANALYSE_DONE, 0);
}

static void
order_event(struct fake_analyser *a, struct fake_errand *e)
{
	fake_record(
	    e->out_fd, RECORD_EVENT, "{\"time_us\":1,\"class\":\"secret\"}");
	fake_record(e->out_fd, RECORD_DONE, "{\"counts\":{\"event\":1}}");
	fake_analysed(a, e, ANALYSE_DONE, 0);
}

static void
test_opened(void **state)
{
	struct fake_job job = {
	    .id = "j1", .kind = "unseal_identify", .bytes = SEALED};
	struct fake_pgp pgp = {.what = 0};
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "identify", order_plain);
	fake_queue(&f, &job);
	/* Without a key of the service it waits. */
	fake_run_ms(&f, 200);
	assert_int_equal(job.attempt, 0);
	fake_pgp_attach(&f, &pgp, KEYS);
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "done");
	assert_int_equal(pgp.asked[PGP_DECRYPT], 1);
	assert_non_null(strstr(job.next, "\"unseal_archive\""));
	assert_null(strstr(job.next, "detonate"));
	fake_pgp_detach(&pgp);
	fake_stop(&f);
	fake_job_release(&job);
}

static void
test_members(void **state)
{
	struct fake_job job = {
	    .id = "j1", .kind = "unseal_archive", .bytes = SEALED};
	struct fake_pgp pgp = {.what = 0};
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "archive", order_members);
	fake_pgp_attach(&f, &pgp, KEYS);
	fake_queue(&f, &job);
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "done");
	assert_int_equal(job.child_count, 2);
	assert_int_equal(pgp.asked[PGP_ENCRYPT], 2);
	/* Encrypted, and nothing of it tells what it was called. */
	assert_string_equal(job.children[0].name, "member-1.pgp");
	assert_string_equal(job.children[0].relation, "archive_member");
	assert_string_equal(job.children[0].detail, "{\"sealed\":true}");
	assert_int_equal(job.children[0].state, 'c');
	assert_int_equal(job.children[0].size, 5);
	assert_memory_equal(job.children[0].bytes, SEALED, 5);
	assert_string_equal(job.children[1].name, "member-2.pgp");
	assert_int_equal(job.children[1].state, 'c');
	fake_pgp_detach(&pgp);
	fake_stop(&f);
	fake_job_release(&job);
}

/* What cannot be encrypted is not stored. */
static void
test_not_encrypted(void **state)
{
	struct fake_job job = {
	    .id = "j1", .kind = "unseal_archive", .bytes = SEALED};
	struct fake_pgp pgp = {
	    .fails[PGP_ENCRYPT] = "own_key", .err = ERR_CONFLICT};
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "archive", order_members);
	fake_pgp_attach(&f, &pgp, KEYS);
	fake_queue(&f, &job);
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "failed");
	assert_non_null(strstr(job.reason, "could not be encrypted"));
	for (size_t i = 0; i < job.child_count; i++)
		assert_int_not_equal(job.children[i].state, 'c');
	fake_pgp_detach(&pgp);
	fake_stop(&f);
	fake_job_release(&job);
}

static void
check_refused(const char *why, enum err err, const char *sentence)
{
	struct fake_job job = {
	    .id = "j1", .kind = "unseal_identify", .bytes = SEALED};
	struct fake_pgp pgp = {.fails[PGP_DECRYPT] = why, .err = err};
	struct fake f;

	fake_start(&f, plain);
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "identify", order_plain);
	fake_pgp_attach(&f, &pgp, KEYS);
	fake_queue(&f, &job);
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "failed");
	assert_string_equal(job.reason, sentence);
	assert_int_equal(pgp.asked[PGP_DECRYPT], 1);
	fake_pgp_detach(&pgp);
	fake_stop(&f);
	fake_job_release(&job);
}

static void
test_refused(void **state)
{
	(void)state;
	check_refused("integrity", ERR_FORMAT, "it was altered or cut");
	check_refused("no_key", ERR_NOT_FOUND,
	    "it is encrypted for none of the service's keys");
	check_refused("unheard", ERR_FORMAT, "decrypting it failed");
}

/* An analyser that was taken over gets nothing else out. */
static void
test_no_events(void **state)
{
	struct fake_job job = {
	    .id = "j1", .kind = "unseal_identify", .bytes = SEALED};
	struct fake_pgp pgp = {.what = 0};
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "identify", order_event);
	fake_pgp_attach(&f, &pgp, KEYS);
	fake_queue(&f, &job);
	fake_until_over(&f, &job);
	assert_string_equal(job.outcome, "failed");
	assert_non_null(strstr(job.reason, "more than may be kept"));
	assert_int_equal(job.child_count, 0);
	fake_pgp_detach(&pgp);
	fake_stop(&f);
	fake_job_release(&job);
}

/* Without a key of its own, loep-pgp opens nothing: such jobs wait. */
static void
test_no_key(void **state)
{
	struct fake_job job = {
	    .id = "j1", .kind = "unseal_identify", .bytes = SEALED};
	struct fake_pgp pgp = {.what = 0};
	struct fake f;

	(void)state;
	fake_start(&f, plain);
	fake_store_attach(&f);
	(void)fake_analyser_attach(&f, "identify", order_plain);
	fake_pgp_attach(&f, &pgp, "{\"keys\":[]}");
	fake_queue(&f, &job);
	fake_run_ms(&f, 300);
	assert_int_equal(job.attempt, 0);
	fake_pgp_detach(&pgp);
	fake_stop(&f);
	fake_job_release(&job);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_opened),
	    cmocka_unit_test(test_members),
	    cmocka_unit_test(test_not_encrypted),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_no_events),
	    cmocka_unit_test(test_no_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
