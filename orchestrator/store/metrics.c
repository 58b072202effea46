/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.c - the series that somebody who watches the service gets.
 *
 * No case, no hash, no organisation is in a label: whoever may see the
 * metrics may see nothing else by that.
 */
#include "store/handlers.h"

/* One family of series; its statement answers labels and value. */
static const struct family {
	const char *name; /* without _total */
	const char *type; /* counter, gauge */
	const char *unit; /* "" = none; then the name ends with it */
	const char *help;
	enum stmt stmt;
	const char *what; /* first argument; NULL = the time */
} families[] = {
    {"loep_intake", "counter", "", "Submissions, by way in and class.",
	STMT_METRIC_INTAKE, NULL},
    {"loep_cases_opened", "counter", "", "Cases that were opened.",
	STMT_METRIC_DAYS, "opened"},
    {"loep_cases_reported", "counter", "", "Cases whose report was issued.",
	STMT_METRIC_DAYS, "reported"},
    {"loep_cases_closed", "counter", "", "Cases that were closed.",
	STMT_METRIC_DAYS, "closed"},
    {"loep_artefacts", "counter", "",
	"Artefacts, those that came out of others included.", STMT_METRIC_DAYS,
	"artefacts"},
    {"loep_run_outcome", "counter", "", "Runs in a VM, by outcome.",
	STMT_METRIC_RUNS, NULL},
    {"loep_unseal", "counter", "", "Acts that opened a seal, by outcome.",
	STMT_METRIC_UNSEALS, NULL},
    {"loep_queue_depth", "gauge", "", "Open cases, by class and stage.",
	STMT_METRIC_QUEUE, NULL},
    {"loep_queue_oldest_age_seconds", "gauge", "seconds",
	"Age of the oldest open case, by class.", STMT_METRIC_QUEUE_AGE, NULL},
    {"loep_jobs_queued", "gauge", "", "Work that waits, by kind.",
	STMT_METRIC_JOBS_QUEUED, NULL},
    {"loep_jobs_running", "gauge", "", "Work that is being done, by kind.",
	STMT_METRIC_JOBS_RUNNING, NULL},
    {"loep_vm_slots", "gauge", "", "Places of the VM pool, by state.",
	STMT_METRIC_SLOTS, NULL},
    {"loep_rescan_remaining", "gauge", "",
	"What re-scans have still to look at.", STMT_METRIC_RESCAN, NULL},
    {"loep_rules_version", "gauge", "", "The rule-set version that is active.",
	STMT_METRIC_RULES, NULL},
    {"loep_store_bytes", "gauge", "bytes", "Evidence, as it was sent.",
	STMT_METRIC_STORED, NULL},
    {"loep_store_damaged", "gauge", "", "Stored files that are not whole.",
	STMT_METRIC_DAMAGED, NULL},
    {"loep_database_bytes", "gauge", "bytes", "Size of the database.",
	STMT_METRIC_DATABASE, NULL},
    {"loep_key_expiry_days", "gauge", "days",
	"Days until the first OpenPGP key in use ends; negative: it has.",
	STMT_METRIC_KEYS, NULL},
    {"loep_syslog_behind", "gauge", "",
	"Entries of the audit chain that the receiver of syslog has not got.",
	STMT_METRIC_SYSLOG, NULL},
    {"loep_hook_deliveries", "counter", "",
	"Attempts to tell an endpoint, by outcome.", STMT_METRIC_HOOKS, NULL},
    {"loep_hook_oldest_age_seconds", "gauge", "seconds",
	"Age of the oldest message that an endpoint is still to be told.",
	STMT_METRIC_HOOK_AGE, NULL},
    {"loep_audit_chain_head", "gauge", "", "Last number of the audit chain.",
	STMT_METRIC_AUDIT, NULL},
};

/* value NULL: the family has no series now. */
static void
put(struct request *r, const struct family *f, const char *labels,
    const int64_t *value)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, f->name);
	values_add_text(&row, f->type);
	values_add_text(&row, f->unit);
	values_add_text(&row, f->help);
	values_add_text(&row, labels);
	if (value != NULL)
		values_add_int(&row, *value);
	else
		values_add_null(&row);
	request_row(r, &row);
}

static int
put_family(struct request *r, const struct family *f)
{
	AUTO(query) q = {0};
	bool is_empty = true;
	int64_t value;
	int err = query_start(&q, r->store->db, f->stmt,
	    ARGS(f->what ? val_text(f->what) : val_int(loop_wall_us())));

	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK) {
		value = query_int(&q, 1);
		put(r, f, query_text(&q, 0), &value);
		is_empty = false;
	}
	if (is_empty)
		put(r, f, "", NULL);
	return err == ERR_EOF ? (int)ERR_OK : err;
}

/* What the store knows of itself and its peers. */
static void
put_own(struct request *r)
{
	static const struct family up = {
	    .name = "loep_program_up",
	    .type = "gauge",
	    .unit = "",
	    .help = "1 where the program is there.",
	};
	static const struct family start = {
	    .name = "loep_start_time_seconds",
	    .type = "gauge",
	    .unit = "seconds",
	    .help = "When the database was opened, since 1970.",
	};
	const struct store *store = r->store;
	const int64_t one = 1;
	const int64_t sched = store->sched != NULL;
	const int64_t vault = vault_chan(store->vault) != NULL;
	const int64_t started = store->started_at / 1000000;

	put(r, &up, "program=\"sched\"", &sched);
	put(r, &up, "program=\"store\"", &one);
	put(r, &up, "program=\"vault\"", &vault);
	put(r, &start, "", &started);
}

int
metrics(struct request *r)
{
	int err = ERR_OK;

	for (size_t i = 0;
	     err == ERR_OK && i < sizeof(families) / sizeof(families[0]); i++)
		err = put_family(r, &families[i]);
	put_own(r);
	return err;
}
