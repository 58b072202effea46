/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_speed.c - jobs through the store in one second, as triage asks for
 * them: lease, input, findings, done.
 *
 * Prints figures; fails only far below what triage needs, for machines are
 * slow and busy.
 */
#include "fake.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/record.h"

#include <sys/resource.h>

#define JOBS		    4000
#define FINDINGS_EACH	    4
#define AT_ONCE		    128
#define JOBS_PER_SECOND_MIN 200

struct load {
	struct rig *rig;
	size_t open;
	size_t done;
	struct wire_out records;
	bool is_leasing;
	bool has_more;
};

/* One job on its way. */
struct item {
	struct load *load;
	char job[UUID_BYTES];
	int64_t attempt;
};

static void
on_done(void *arg, enum err err, const char *why, int fd)
{
	struct item *item = arg;

	if (err != ERR_OK)
		fail_msg("JOB_DONE: %s", why);
	(void)fd;
	item->load->open--;
	item->load->done++;
	free(item);
}

static void
on_input(void *arg, enum err err, const char *why, int fd)
{
	struct item *item = arg;
	struct values params;

	if (err != ERR_OK)
		fail_msg("JOB_INPUT: %s", why);
	(void)close(fd);
	values_init(&params);
	values_add_text(&params, item->job);
	values_add_int(&params, item->attempt);
	values_add_bytes(
	    &params, item->load->records.buf, item->load->records.len);
	(void)calls_start(item->load->rig->sched, CALL_JOB_RECORDS, 0, &params,
	    -1, NULL, NULL, NULL);
	values_init(&params);
	values_add_text(&params, item->job);
	values_add_int(&params, item->attempt);
	values_add_text(&params, "done");
	values_add_int(&params, 0);
	values_add_text(&params, "");
	values_add_text(&params, "libyara 4.2.3");
	values_add_text(&params, "{\"cpu_us\":1234}");
	values_add_text(&params, "[]");
	(void)calls_start(item->load->rig->sched, CALL_JOB_DONE, 0, &params, -1,
	    NULL, on_done, item);
}

static void
on_leased(void *arg, const struct values *row)
{
	struct load *load = arg;
	struct item *item = calloc(1, sizeof(*item));
	struct values params;

	assert_non_null(item);
	item->load = load;
	(void)values_text(row, 0, item->job, sizeof(item->job));
	item->attempt = values_int(row, 1);
	load->open++;
	load->has_more = true;
	values_init(&params);
	values_add_text(&params, item->job);
	values_add_int(&params, item->attempt);
	values_add_int(&params, BLOB_AUTO);
	(void)calls_start(load->rig->sched, CALL_JOB_INPUT, 0, &params, -1,
	    NULL, on_input, item);
}

static void
on_lease_end(void *arg, enum err err, const char *why, int fd)
{
	struct load *load = arg;

	if (err != ERR_OK)
		fail_msg("JOB_LEASE: %s", why);
	(void)fd;
	load->is_leasing = false;
}

static void
lease_more(struct load *load)
{
	struct values params;

	values_init(&params);
	values_add_text(&params, "w");
	values_add_text(&params, "identify,yara,archive,behaviour");
	values_add_int(&params, AT_ONCE / 2);
	values_add_int(&params, 0);
	values_add_int(&params, -1);
	load->is_leasing = true;
	load->has_more = false;
	(void)calls_start(load->rig->sched, CALL_JOB_LEASE, 0, &params, -1,
	    on_leased, on_lease_end, load);
}

/* Artefacts and jobs by SQL: uploads are not what is measured. */
static void
make_jobs(struct rig *rig)
{
	char case_id[UUID_BYTES], artefact[UUID_BYTES];

	make_artefact(rig, "hello", case_id, artefact);
	(void)drain_jobs(rig, "identify,yara,report");
	sql_run(rig,
	    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 "
	    "FROM n WHERE i < 2000) INSERT INTO artefact (id, org_id, case_id, "
	    "submission_id, depth, sha256, size, name, kind, tlp, pap, "
	    "is_visible, created_at) SELECT uuid7(), org_id, case_id, "
	    "submission_id, 0, sha256, size, name, kind, tlp, pap, 1, "
	    "created_at FROM artefact, n WHERE is_internal = 0");
	sql_run(rig,
	    "INSERT INTO job (id, org_id, case_id, artefact_id, kind, "
	    "state, tier, rank, urgency, created_at) SELECT uuid7(), a.org_id, "
	    "a.case_id, a.id, k.kind, 'queued', 1, 1, 2, 1 FROM artefact a, "
	    "(SELECT 'identify' AS kind UNION ALL SELECT 'yara') k "
	    "WHERE NOT EXISTS (SELECT 1 FROM job j "
	    "WHERE j.artefact_id = a.id)");
}

static double
seconds_of_cpu(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void
test_jobs_per_second(void **state)
{
	struct rig *rig = rig_new();
	struct load load = {.rig = rig, .has_more = true};
	double started, cpu, took;

	(void)state;
	make_jobs(rig);
	wire_out_init(&load.records, LIMIT_MSG_BYTES);
	for (int i = 0; i < FINDINGS_EACH; i++)
		put_record(&load.records, RECORD_MATCH,
		    "{\"rule\":\"Some_Rule"
		    "\",\"namespace\":\"public\",\"tags\":[\"a\",\"b\"],"
		    "\"meta\":{\"author\":\"x\",\"score\":50},"
		    "\"strings\":[{\"id\":\"$a\",\"at\":1024,"
		    "\"data\":\"4d5a9000\"}],\"score\":50}");
	started = (double)loop_wall_us() / 1e6;
	cpu = seconds_of_cpu();
	for (;;) {
		if (!load.is_leasing && load.open < AT_ONCE) {
			if (!load.has_more && load.open == 0)
				break;
			if (load.has_more || load.open == 0)
				lease_more(&load);
		}
		loop_turn(rig->loop, 10);
	}
	took = (double)loop_wall_us() / 1e6 - started;
	cpu = seconds_of_cpu() - cpu;
	print_message("# %zu jobs in %.2f s: %.0f jobs/s (%.0f per second of "
		      "CPU, the client's included)\n",
	    load.done, took, (double)load.done / took, (double)load.done / cpu);
	assert_int_equal(load.done, JOBS);
	/* Of CPU: what else runs on the machine is no fault of the store. */
	assert_true((double)load.done / cpu > JOBS_PER_SECOND_MIN);
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM finding"), JOBS * FINDINGS_EACH);
	wire_out_release(&load.records);
	rig_free(rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_jobs_per_second),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
