/* SPDX-License-Identifier: Apache-2.0 */
/* db.c - opening the database, and running its statements. */
#include "store/db.h"

#include "lib/log.h"
#include "lib/xalloc.h"
#include "store/migrate.h"
#include "store/uuid.h"

#include <sqlite3.h>
#include <sys/stat.h>

/*
 * One process owns the file: the lock is held for good, which also keeps the
 * index of the log in memory instead of in a third file.  Connections of that
 * process share both.
 */
#define VFS "unix-excl"

#define STMT(name, roles, sql) [STMT_##name] = {#name, roles, sql},
static const struct {
	const char *name;
	unsigned int roles;
	const char *sql;
} texts[STMT_COUNT] = {
#include "store/stmt.def"
};
#undef STMT

bool
db_is_in_transaction(const struct db *db)
{
	return sqlite3_get_autocommit(db->sqlite) == 0;
}

int
db_error(struct db *db, int rc)
{
	enum err err = ERR_SYS;
	const char *why = "the database failed; the log says how";

	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return ERR_OK;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		err = ERR_UNAVAILABLE;
		why = "another program holds the database; try again shortly";
		break;
	case SQLITE_FULL:
		err = ERR_NO_SPACE;
		why = "the disk is full, and nothing was changed; free some "
		      "space, and try again";
		break;
	case SQLITE_IOERR:
		/* A quota or a size limit shows so; errno does not last. */
		if (rc == SQLITE_IOERR_WRITE || rc == SQLITE_IOERR_FSYNC ||
		    rc == SQLITE_IOERR_TRUNCATE) {
			err = ERR_NO_SPACE;
			why = "the database cannot be written: the disk is "
			      "full or failing, and nothing was changed; "
			      "free some space, and try again";
		}
		break;
	case SQLITE_CONSTRAINT:
		err = ERR_CONFLICT;
		why = "a rule of the database forbids it";
		break;
	case SQLITE_TOOBIG:
		err = ERR_LIMIT;
		why = "a value is too large";
		break;
	default:
		break;
	}
	log_line(LOG_WARN, "msg=\"database\" code=%d reason=\"%s\"", rc,
	    sqlite3_errmsg(db->sqlite));
	(void)snprintf(db->why, sizeof(db->why), "%s", why);
	db->err = err;
	return (int)err;
}

int
db_sync(struct db *db)
{
	struct sqlite3_file *log = NULL;
	int rc = sqlite3_file_control(
	    db->sqlite, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);

	/* No log yet: nothing was ever committed to it. */
	if (rc == SQLITE_OK && log != NULL && log->pMethods != NULL)
		rc = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
	return db_error(db, rc);
}

bool
db_make_room(struct db *db)
{
	/* As far as it comes: what cannot be written stays in the log. */
	return sqlite3_wal_checkpoint_v2(db->sqlite, NULL,
		   SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) == SQLITE_OK;
}

int64_t
db_changes(const struct db *db)
{
	return sqlite3_total_changes64(db->sqlite);
}

static int
prepare_one(struct db *db, size_t id)
{
	char name[8];
	int rc;

	rc = sqlite3_prepare_v3(db->sqlite, texts[id].sql, -1,
	    SQLITE_PREPARE_PERSISTENT, &db->stmts[id], NULL);
	if (rc != SQLITE_OK) {
		log_line(LOG_ERROR,
		    "msg=\"bad statement\" name=%s reason="
		    "\"%s\"",
		    texts[id].name, sqlite3_errmsg(db->sqlite));
		return ERR_SYS;
	}
	for (size_t i = 1; i <= DB_ARGS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "$%zu", i);
		db->places[id][i] =
		    (uint8_t)sqlite3_bind_parameter_index(db->stmts[id], name);
	}
	return ERR_OK;
}

int
db_scrub(struct db *db)
{
	if (db_is_in_transaction(db) ||
	    sqlite3_wal_checkpoint_v2(db->sqlite, NULL,
		SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK)
		return ERR_AGAIN;
	return ERR_OK;
}

static int
configure(struct db *db)
{
	/* db_sync() makes commits durable: those that somebody relies on. */
	static const char pragmas[] = "PRAGMA journal_mode = WAL;"
				      "PRAGMA synchronous = NORMAL;"
				      "PRAGMA foreign_keys = ON;"
				      "PRAGMA secure_delete = ON;"
				      "PRAGMA temp_store = MEMORY;"
				      "PRAGMA trusted_schema = OFF;"
				      "PRAGMA cell_size_check = ON;"
				      "PRAGMA wal_autocheckpoint = 4000;"
				      "PRAGMA journal_size_limit = 16777216;"
				      "PRAGMA cache_size = -196608;";

	(void)sqlite3_extended_result_codes(db->sqlite, 1);
	(void)sqlite3_busy_timeout(db->sqlite, 2000);
	(void)sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* Else a plan that looked at its arguments is made again with each
	 * new one, which costs more than the statement itself. */
	(void)sqlite3_db_config(
	    db->sqlite, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
	(void)sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	(void)sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	return sqlite3_exec(db->sqlite, pragmas, NULL, NULL, NULL);
}

static void
sql_uuid7(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	char id[UUID_BYTES];

	(void)argc;
	(void)argv;
	uuid7(id);
	sqlite3_result_text(ctx, id, -1, SQLITE_TRANSIENT);
}

/*
 * The store is one thread, and nobody asks how much memory SQLite has: without
 * locks and counters each of its many small allocations is cheaper.
 */
static void
configure_library(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int
open_file(struct db *db, const char *path, bool may_create, char *why,
    size_t why_size)
{
	int flags =
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
	int rc;

	rc = sqlite3_open_v2(path, &db->sqlite,
	    flags | (may_create ? SQLITE_OPEN_CREATE : 0), VFS);
	if (rc == SQLITE_OK)
		rc = configure(db);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function(db->sqlite, "uuid7", 0,
		    SQLITE_UTF8 | SQLITE_INNOCUOUS, NULL, sql_uuid7, NULL,
		    NULL);
	if (rc != SQLITE_OK) {
		(void)snprintf(why, why_size,
		    "cannot open the database %s: "
		    "%s",
		    path, sqlite3_errmsg(db->sqlite));
		return db_error(db, rc);
	}
	return ERR_OK;
}

int
db_open(const char *path, bool may_create, char *why, size_t why_size,
    struct db **ret_db)
{
	struct db *db;
	struct stat st;
	int err;

	if (!may_create && stat(path, &st) == -1) {
		(void)snprintf(why, why_size,
		    "there is no database at %s; "
		    "make one with: loep init",
		    path);
		return ERR_NOT_FOUND;
	}
	configure_library();
	db = xcalloc(1, sizeof(*db));
	db->role = ROLE_STORE;
	err = open_file(db, path, may_create, why, why_size);
	if (err == ERR_OK)
		err = migrate(db->sqlite, why, why_size);
	for (size_t i = 0; err == ERR_OK && i < STMT_COUNT; i++) {
		err = prepare_one(db, i);
		if (err != ERR_OK)
			(void)snprintf(why, why_size,
			    "the statement %s does "
			    "not fit the database",
			    texts[i].name);
	}
	if (err != ERR_OK) {
		db_close(db);
		return err;
	}
	/* It is ours: whoever is in the way from now on is a reader of our
	 * own, and waiting would keep that one from going on. */
	(void)sqlite3_busy_timeout(db->sqlite, 0);
	*ret_db = db;
	return ERR_OK;
}

int
db_open_reader(struct db *db, struct db **ret_db)
{
	static const char pragmas[] = "PRAGMA query_only = ON;"
				      "PRAGMA temp_store = MEMORY;"
				      "PRAGMA trusted_schema = OFF;"
				      "PRAGMA cell_size_check = ON;"
				      "PRAGMA cache_size = -8192;";
	struct db *reader = xcalloc(1, sizeof(*reader));
	int rc;

	reader->role = ROLE_STORE;
	rc = sqlite3_open_v2(sqlite3_db_filename(db->sqlite, "main"),
	    &reader->sqlite,
	    SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
	    VFS);
	(void)sqlite3_extended_result_codes(reader->sqlite, 1);
	(void)sqlite3_db_config(
	    reader->sqlite, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(reader->sqlite, pragmas, NULL, NULL, NULL);
	if (rc != SQLITE_OK) {
		rc = db_error(reader, rc);
		db_close(reader);
		return rc;
	}
	*ret_db = reader;
	return ERR_OK;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < STMT_COUNT; i++)
		(void)sqlite3_finalize(db->stmts[i]);
	(void)sqlite3_close_v2(db->sqlite);
	free(db);
}

static int
bind(struct sqlite3_stmt *stmt, int at, const struct value *v)
{
	switch (v->type) {
	case VALUE_INT:
		return sqlite3_bind_int64(stmt, at, v->i);
	case VALUE_TEXT:
		return sqlite3_bind_text64(stmt, at, (const char *)v->p, v->len,
		    SQLITE_STATIC, SQLITE_UTF8);
	case VALUE_BYTES:
		if (v->len == 0)
			return sqlite3_bind_zeroblob(stmt, at, 0);
		return sqlite3_bind_blob64(
		    stmt, at, v->p, v->len, SQLITE_STATIC);
	case VALUE_NULL:
	default:
		return sqlite3_bind_null(stmt, at);
	}
}

int
query_start(struct query *q, struct db *db, enum stmt id,
    const struct value *args, size_t count)
{
	struct sqlite3_stmt *stmt;
	int rc = SQLITE_OK;

	*q = (struct query){.db = db, .stmt = NULL};
	/* The store itself may run all of them. */
	if (db->role != ROLE_STORE &&
	    (texts[id].roles & (unsigned int)db->role) == 0) {
		log_line(LOG_ERROR, "msg=\"statement refused\" name=%s role=%s",
		    texts[id].name, proto_role_name(db->role));
		(void)snprintf(
		    db->why, sizeof(db->why), "this program may not do that");
		return ERR_DENIED;
	}
	/* A reader needs few of them. */
	if (db->stmts[id] == NULL && prepare_one(db, id) != ERR_OK)
		return ERR_SYS;
	stmt = db->stmts[id];
	for (size_t i = 0; i < count && rc == SQLITE_OK; i++) {
		if (i < DB_ARGS_MAX && db->places[id][i + 1] != 0)
			rc = bind(stmt, db->places[id][i + 1], &args[i]);
	}
	q->stmt = stmt;
	return db_error(db, rc);
}

void
query_release(struct query *q)
{
	if (q->stmt == NULL)
		return;
	(void)sqlite3_reset(q->stmt);
	(void)sqlite3_clear_bindings(q->stmt);
	q->stmt = NULL;
}

int
query_next(struct query *q)
{
	int rc = sqlite3_step(q->stmt);

	if (rc == SQLITE_ROW)
		return ERR_OK;
	if (rc == SQLITE_DONE)
		return ERR_EOF;
	return db_error(q->db, rc);
}

int
query_one(struct query *q, struct db *db, enum stmt id,
    const struct value *args, size_t count)
{
	int err = query_start(q, db, id, args, count);

	if (err == ERR_OK)
		err = query_next(q);
	return err == ERR_EOF ? (int)ERR_NOT_FOUND : err;
}

int
db_do(struct db *db, enum stmt id, const struct value *args, size_t count,
    int64_t *ret_changes)
{
	AUTO(query) q;
	int err = query_start(&q, db, id, args, count);

	if (err == ERR_OK) {
		do {
			err = query_next(&q);
		} while (err == ERR_OK);
	}
	if (err != ERR_EOF)
		return err;
	if (ret_changes != NULL)
		*ret_changes = sqlite3_changes64(db->sqlite);
	return ERR_OK;
}

int
db_run(struct db *db, enum stmt id)
{
	return db_do(db, id, NULL, 0, NULL);
}

int
query_columns(const struct query *q)
{
	return sqlite3_column_count(q->stmt);
}

int64_t
query_int(const struct query *q, int column)
{
	return sqlite3_column_int64(q->stmt, column);
}

const char *
query_text(const struct query *q, int column)
{
	const unsigned char *s = sqlite3_column_text(q->stmt, column);

	return s == NULL ? "" : (const char *)s;
}

const uint8_t *
query_bytes(const struct query *q, int column, size_t *ret_len)
{
	const void *p = sqlite3_column_blob(q->stmt, column);

	*ret_len = (size_t)sqlite3_column_bytes(q->stmt, column);
	return p == NULL ? (const uint8_t *)"" : p;
}

bool
query_is_null(const struct query *q, int column)
{
	return sqlite3_column_type(q->stmt, column) == SQLITE_NULL;
}

const char *
query_name(const struct query *q, int column)
{
	return sqlite3_column_name(q->stmt, column);
}

void
query_values(const struct query *q, struct values *ret_values)
{
	size_t len;
	const uint8_t *p;

	values_init(ret_values);
	for (int i = 0; i < query_columns(q); i++) {
		switch (sqlite3_column_type(q->stmt, i)) {
		case SQLITE_INTEGER:
			values_add_int(ret_values, query_int(q, i));
			break;
		case SQLITE_TEXT:
			p = sqlite3_column_text(q->stmt, i);
			len = (size_t)sqlite3_column_bytes(q->stmt, i);
			values_add_text_len(ret_values, (const char *)p, len);
			break;
		case SQLITE_BLOB:
			p = query_bytes(q, i, &len);
			values_add_bytes(ret_values, p, len);
			break;
		default:
			values_add_null(ret_values);
		}
	}
}
