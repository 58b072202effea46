/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake.h - everyone around a real loep-sched: parent, store, analysers, VM
 * pool, in one event loop.  The scheduler runs in its own process, in its
 * cage, over the channels that loepd would give it.
 */
#ifndef TESTS_FAKE_H
#define TESTS_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/call.h"
#include "lib/json.h"
#include "lib/openpgp.h"
#include "lib/record.h"

#include <sys/types.h>

#define FAKE_JOBS     64
#define FAKE_CHILDREN 128
#define FAKE_ERRANDS  32

struct fake_child {
	int read_fd;
	char state; /* 'o' open, 'c' committed, 'a' aborted */
	char name[256];
	char relation[32];
	char kind[32];
	char detail[1024];
	int64_t size;
	uint8_t *bytes;
	size_t len;
	size_t bytes_size; /* of the memory */
};

/* One job of the fake store; the first members are the test's to fill. */
struct fake_job {
	const char *id;
	const char *kind;
	const char *bytes; /* the input */
	const char *name;  /* NULL = "sample" */
	const char *relation;
	const char *options;
	const char *submission;
	int64_t size; /* 0 = strlen(bytes) */
	int64_t depth;
	bool is_cancelled;
	/* what became of it */
	bool is_queued;
	bool is_over;
	int64_t attempt;
	int releases;
	int failures;
	int beats;
	char phase[32];
	char outcome[16];
	bool is_final;
	char reason[1200];
	char engine[256];
	char *result;
	char *next;
	char *records; /* "type JSON\n" ... of the last attempt */
	struct fake_child children[FAKE_CHILDREN];
	size_t child_count;
	size_t rule_batches;
	size_t rules;
	uint64_t rule_bytes;
	char rule_last[256]; /* the record of the last one */
};

struct fake_errand {
	uint32_t request;
	int input_fd;
	int out_fd;
	uint64_t size;
	uint8_t how;
	uint32_t seconds;
	json_t *context; /* of a pack, the common one */
	uint8_t *list;	 /* of a pack, else NULL */
	size_t list_len;
	bool is_cancelled;
};

struct fake;

struct fake_analyser {
	struct fake *fake;
	char name[32];
	struct chan *chan;
	/* Called when both halves of an order are there. */
	void (*order)(struct fake_analyser *a, struct fake_errand *errand);
	struct fake_errand errands[FAKE_ERRANDS];
	size_t errand_count;
	size_t running;
	size_t running_max;
};

struct fake_pgp {
	struct chan *chan;
	int input_fd;
	uint8_t what;
	int asked[PGP_WHAT_END_];
	int cancels;
	/* A word of why, and its error, instead of a result. */
	const char *fails[PGP_WHAT_END_];
	enum err err;
};

struct fake_run {
	uint32_t request;
	char profile[64];
	char name[256];
	json_t *options;
	int sample_fd;
	int trace_fd;
	int pcap_fd;
	int console_fd;
	bool is_go;
	bool is_cancelled;
};

#define FAKE_UNITS 16

/* Units of the fake store, from number 1 on, and what the fake index has. */
struct fake_units {
	const char *kind[FAKE_UNITS + 1]; /* NULL: there is no such unit */
	const char *bytes[FAKE_UNITS + 1];
	bool is_held[FAKE_UNITS + 1];
	bool is_always[FAKE_UNITS + 1]; /* by the column that it got */
	bool is_deleted[FAKE_UNITS + 1];
	bool is_forgotten[FAKE_UNITS + 1];
	size_t lists;	 /* INDEX_WORK */
	size_t opens;	 /* UNITS_OPEN */
	size_t batches;	 /* INDEX_ADD */
	size_t refusals; /* INDEX_ADDs that are to be refused */
	struct chan *chan;
};

struct fake {
	struct fake_units units;
	struct loop *loop;
	pid_t pid; /* the scheduler */
	struct chan *parent;
	struct chan *store;
	struct chan *vm;
	bool is_ready;
	int call_fd;	    /* of the call that is being answered; borrowed */
	bool is_store_slow; /* takes orders, does not answer */
	bool has_packs;	    /* the store makes some */
	bool refuses_ends;  /* JOBS_DONE */
	size_t packs;	    /* JOB_PACK */
	size_t ends;	    /* JOBS_DONE */
	char blamed[32];
	char blamed_why[256];
	struct fake_job *jobs[FAKE_JOBS];
	size_t job_count;
	struct fake_analyser analysers[4];
	size_t analyser_count;
	struct fake_run run;
	size_t orders;	 /* POOL_ORDERs that the fake VM pool got */
	char slots[512]; /* SLOT_REPORTs: "name=state " ... */
	char profiles[512];
	char reported[512]; /* ANALYSER_REPORTs: "name=engine " ... */
};

/* Starts the scheduler with "key=value" texts, the last one NULL. */
void fake_start(struct fake *f, const char *const *conf);
/* Stops it the polite way and checks that it ends well. */
void fake_stop(struct fake *f);
void fake_store_attach(struct fake *f);
void fake_store_detach(struct fake *f);
struct fake_analyser *fake_analyser_attach(struct fake *f, const char *name,
    void (*order)(struct fake_analyser *a, struct fake_errand *errand));
/* A loep-pgp; keys is JSON, {"keys": [...]}. */
void fake_pgp_attach(struct fake *f, struct fake_pgp *p, const char *keys);
void fake_pgp_detach(struct fake_pgp *p);
void fake_index_attach(struct fake *f);
void fake_index_detach(struct fake *f);
/* Answers what is asked about units; false when op is not about them. */
bool fake_units_call(struct fake *f, uint32_t request, unsigned int op,
    const struct values *params);
void fake_answer(struct fake *f, uint32_t request, enum err err, int fd);
void fake_answer_row(
    struct fake *f, uint32_t request, const struct values *row);
void fake_vm_attach(struct fake *f);
void fake_vm_slot(
    struct fake *f, const char *name, const char *profile, const char *state);
void fake_vm_profile(struct fake *f, const char *name, const char *state);
void fake_vm_progress(struct fake *f, const char *phase, uint8_t percent);
void fake_vm_end(struct fake *f, enum run_outcome outcome, const char *reason,
    const char *environment);

/* Queues a job, which the caller keeps. */
void fake_queue(struct fake *f, struct fake_job *job);
/* What the vault does all the time: takes the bytes of open children. */
void fake_drain(struct fake *f);
/* Frees what a job gathered. */
void fake_job_release(struct fake_job *job);
/* Runs until done(arg) is true; fails the test after ten seconds. */
void fake_until(struct fake *f, bool (*done)(struct fake *f));
/* Runs until this job is over. */
void fake_until_over(struct fake *f, const struct fake_job *job);
void fake_run_ms(struct fake *f, uint64_t ms);

/* What an analyser's child would write. */
void fake_record(int fd, enum record_type type, const char *body);
void fake_data(int fd, const void *p, size_t len);
void fake_child(int fd, const char *name, const char *bytes);
/* The analyser's word on how the child ended; closes its descriptors. */
void fake_analysed(struct fake_analyser *a, struct fake_errand *errand,
    enum analyse_end end, uint32_t code);

#endif
