/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db.h - the database: one SQLite file, and every statement prepared.
 *
 * SQL text exists in stmt.def and schema/ only.  A statement is run by its
 * name with typed arguments, $1 first; one that does not occur in the text is
 * passed over, so that generic readers may offer more than is used.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "lib/err.h"
#include "lib/own.h"
#include "lib/proto.h"
#include "lib/values.h"

#include <stdint.h>

#define STMT(name, roles, sql) STMT_##name,
enum stmt {
#include "store/stmt.def"
	STMT_COUNT
};
#undef STMT

#define DB_ARGS_MAX ((size_t)32)

struct sqlite3;
struct sqlite3_stmt;

struct db {
	struct sqlite3 *sqlite;
	struct sqlite3_stmt *stmts[STMT_COUNT];
	/* Where in the statement $1, $2 ... are bound; 0 = nowhere. */
	uint8_t places[STMT_COUNT][DB_ARGS_MAX + 1];
	/* Whose request is served: only its statements may run. */
	enum role role;
	/* The last failure, and a sentence about it for the one who asked. */
	enum err err;
	char why[256];
};

/* Arguments, made on the spot: ARGS(val_text(id), val_int(now)). */
#define ARGS(...)                     \
 (const struct value[]){__VA_ARGS__}, \
     (sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value))

static inline struct value
val_int(int64_t i)
{
	return (struct value){.type = VALUE_INT, .i = i};
}

/* NULL is nothing at all. */
static inline struct value
val_text(const char *s)
{
	if (s == NULL)
		return (struct value){.type = VALUE_NULL};
	return (struct value){
	    .type = VALUE_TEXT,
	    .p = (const uint8_t *)s,
	    .len = strlen(s),
	};
}

static inline struct value
val_bytes(const void *p, size_t len)
{
	return (struct value){.type = VALUE_BYTES, .p = p, .len = len};
}

static inline struct value
val_null(void)
{
	return (struct value){.type = VALUE_NULL};
}

/*
 * Opens the file, brings it up to the newest schema and prepares everything.
 * may_create: make it where it is not there, else that is ERR_NOT_FOUND.
 * On failure why (why_size bytes) says what is wrong and what to do.
 */
int must_check db_open(const char *path, bool may_create, char *why,
    size_t why_size, struct db **ret_db);
/*
 * A second connection to the same file, of this process, that only reads.
 * Between STMT_TX_BEGIN with a first read and STMT_TX_COMMIT it sees the file
 * as it was then, whatever is written meanwhile; as long, the log only grows.
 */
int must_check db_open_reader(struct db *db, struct db **ret_db);
void db_close(struct db *db);
/* Takes a result code of SQLite: fills db->why. */
int db_error(struct db *db, int rc);

/* Runs a statement without rows; *ret_changes (may be NULL) counts rows. */
int must_check db_do(struct db *db, enum stmt id, const struct value *args,
    size_t count, int64_t *ret_changes);
/*
 * Brings all of the log into the database and cuts it to nothing, so that no
 * older state of a row is left in either (what is deleted from the database is
 * overwritten).  ERR_AGAIN: a unit is open, or somebody reads an older state.
 */
int must_check db_scrub(struct db *db);
/* False also when SQLite ended the transaction by itself (full disk). */
bool db_is_in_transaction(const struct db *db);
/*
 * Makes every commit so far durable.  What is not loses nothing but time when
 * the power fails: the log ends at some commit, never within one.
 */
int must_check db_sync(struct db *db);
/*
 * Writes the log into the database and empties it, between transactions; false
 * where something that reads keeps it.
 */
bool db_make_room(struct db *db);
/* Rows changed since the database was opened. */
int64_t db_changes(const struct db *db);
/* Statements without arguments. */
int must_check db_run(struct db *db, enum stmt id);

/* A running statement; only one of each name at a time. */
struct query {
	struct db *db;
	struct sqlite3_stmt *stmt;
};

/* Starts; the arguments are borrowed until the query is released. */
int must_check query_start(struct query *q, struct db *db, enum stmt id,
    const struct value *args, size_t count);
void query_release(struct query *q);
OWN_RELEASE(query)
/* ERR_OK: there is a row; ERR_EOF: no more. */
int must_check query_next(struct query *q);
/* Starts and takes the first row; ERR_NOT_FOUND where there is none. */
int must_check query_one(struct query *q, struct db *db, enum stmt id,
    const struct value *args, size_t count);

/* Of the current row.  Texts and bytes are borrowed until the next step. */
int query_columns(const struct query *q);
int64_t query_int(const struct query *q, int column);
/* Never NULL; "" for nothing. */
const char *query_text(const struct query *q, int column);
const uint8_t *query_bytes(const struct query *q, int column, size_t *ret_len);
bool query_is_null(const struct query *q, int column);
/* "created:t" and the like, of statements whose columns are named so. */
const char *query_name(const struct query *q, int column);
/* The whole row; borrowed until the next step. */
void query_values(const struct query *q, struct values *ret_values);

#endif
