/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake.h - everything around a store, in one event loop with it: web and the
 * scheduler as clients, and a vault that keeps its blobs in memory.
 */
#ifndef TESTS_STORE_FAKE_H
#define TESTS_STORE_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/call.h"
#include "lib/digest.h"
#include "lib/json.h"
#include "store/store.h"

#define FAKE_ROWS    4096
#define FAKE_BLOBS   8192
#define FAKE_WRITERS 4096

struct fake_blob {
	char org[UUID_BYTES];
	uint8_t sha256[SHA256_BYTES];
	uint8_t *bytes;
	size_t len;
	bool is_damaged;
};

struct fake_writer {
	int fd;
	char org[UUID_BYTES];
	struct fake_part *part; /* NULL = a whole blob */
};

/* An unfinished upload: what is durable. */
struct fake_part {
	char org[UUID_BYTES];
	char upload[UUID_BYTES];
	char bytes[4096];
	size_t len;
	bool is_open;
};

struct fake_vault {
	struct chan *chan;
	size_t blobs_count;
	struct fake_blob blobs[FAKE_BLOBS];
	struct fake_writer writers[FAKE_WRITERS]; /* id - 1 is the place */
	size_t writers_count;
	struct fake_part parts[64];
	size_t parts_count;
	size_t drops;
	size_t aborts;
	size_t deletes;
	size_t lists;
	size_t keys_made;
	char keys[256][UUID_BYTES];
	/* Answer this error to questions of that type. */
	enum msg_type failing;
	enum err failing_err;
	/* Leave questions of that type without an answer. */
	enum msg_type silent;
	size_t silenced;
	uint8_t secret[SIGN_SECRET_BYTES];
	uint8_t public_key[SIGN_PUBLIC_BYTES];
};

/* The answer to one call; rows are kept until the next call of the rig. */
struct answer {
	bool is_ended;
	enum err err;
	char why[512];
	int fd;
	enum call_op op;
	size_t rows_count;
	struct values rows[FAKE_ROWS];
	struct wire_out bytes[FAKE_ROWS];
};

struct rig {
	char folder[64];
	struct loop *loop;
	struct store *store;
	struct chan *web_chan;
	struct chan *sched_chan;
	struct calls *web;
	struct calls *sched;
	struct fake_vault vault;
	uint64_t principal; /* who web asks for */
	size_t changed_jobs;
	size_t changed_orders;
	size_t changed_cases;
	int64_t changed_rules; /* the version that became active last */
	size_t blames;
	struct answer answer;
};

/* A folder, a database, a store with all its peers, and a session. */
struct rig *rig_new(void);
void rig_free(struct rig *rig);
/* Ends the store as a crash would not: everything committed. */
void rig_stop(struct rig *rig);
/* A store on the same folder again, with new peers. */
void rig_start(struct rig *rig);
void rig_connect_web(struct rig *rig);
void rig_connect_sched(struct rig *rig);
void rig_connect_vault(struct rig *rig);
void rig_drop_web(struct rig *rig);
void rig_drop_sched(struct rig *rig);
void rig_drop_vault(struct rig *rig);
/* Lets the loop run for a while without a question. */
void rig_turn(struct rig *rig, int turns);

/*
 * Asks as web (the rig's principal) or as the scheduler, by the op's roles,
 * and waits for the end.
 */
struct answer *ask(
    struct rig *rig, enum call_op op, const struct value *args, size_t count);
/* The same with a descriptor, which is taken. */
struct answer *ask_fd(
    struct rig *rig, enum call_op op, const struct values *params, int fd);
/* The same as ask(), and the answer must be ERR_OK. */
struct answer *ask_ok(
    struct rig *rig, enum call_op op, const struct value *args, size_t count);
/* The same, and the answer must be that error, with a reason. */
void ask_err(struct rig *rig, enum err err, enum call_op op,
    const struct value *args, size_t count);

/* Columns of a row of the answer, by name; texts live until the rig's end. */
const char *col_text(struct rig *rig, size_t row, const char *name);
int64_t col_int(struct rig *rig, size_t row, const char *name);
const uint8_t *col_bytes(
    struct rig *rig, size_t row, const char *name, size_t *ret_len);
bool col_is_null(struct rig *rig, size_t row, const char *name);

/* A session for that uid, through a connection of this very process. */
uint64_t rig_session(struct rig *rig);
/* Another organisation with an account, and its session: made for the test
 * by taking the uid of this process over. */
uint64_t rig_other_org(struct rig *rig, const char *name,
    const char *class_code, const char *capabilities, char ret_org[UUID_BYTES]);

/* Another person of the first organisation, and their session. */
uint64_t rig_colleague(struct rig *rig, const char *name,
    const char *capabilities, char ret_account[UUID_BYTES]);

/* A session of the first account, whoever's the uid is now. */
uint64_t rig_session_of_admin(struct rig *rig);

/* A page of CASE_LIST by state alone. */
#define CASES_OF(state, limit, cursor) \
 ARGS((state), val_text(""), val_text(""), val_text(""), (limit), (cursor))

/* Short cuts that every test needs. */
void make_case(struct rig *rig, char ret_id[UUID_BYTES], char ret_number[32]);
void make_submission(
    struct rig *rig, const char *case_id, char ret_id[UUID_BYTES]);
void upload(struct rig *rig, const char *submission, const char *bytes,
    char ret_artefact[UUID_BYTES]);
/* Case, submission and one file. */
void make_artefact(struct rig *rig, const char *bytes,
    char ret_case[UUID_BYTES], char ret_artefact[UUID_BYTES]);
/* Leases one job of these kinds; fails where there is none. */
void lease(struct rig *rig, const char *kinds, char ret_job[UUID_BYTES],
    int64_t *ret_attempt);
/* A child of a leased job with these bytes. */
void make_child(struct rig *rig, const char *job, int64_t attempt,
    const char *bytes, const char *relation, char ret_artefact[UUID_BYTES]);
/* One record for JOB_RECORDS. */
void put_record(struct wire_out *out, unsigned int type, const char *json);
void send_record(struct rig *rig, const char *job, int64_t attempt,
    unsigned int type, const char *json);
struct answer *done(struct rig *rig, const char *job, int64_t attempt,
    const char *outcome, const char *next);
/* Runs all queued jobs of these kinds to "done". */
size_t drain_jobs(struct rig *rig, const char *kinds);
/* A single number out of the database, by SQL of the test. */
int64_t sql_int(struct rig *rig, const char *sql);
void sql_run(struct rig *rig, const char *sql);
/* All that can be read from a descriptor; closed; the caller frees. */
char *read_all(int fd, size_t *ret_len);

#endif
