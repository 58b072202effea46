/* SPDX-License-Identifier: Apache-2.0 */
/* migrate.c - forward-only numbered changes of the schema. */
#include "store/migrate.h"

#include "lib/digest.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <sqlite3.h>
#include <string.h>

/*
 * The files become part of the program as they are.  The build knows that
 * this object depends on them (store/rules.mk).
 */
#define MIGRATION_TEXT(symbol, file)                        \
 __asm__(".section .rodata\n"                               \
	 ".global store_schema_" #symbol "\n"               \
	 "store_schema_" #symbol ":\n"                      \
	 ".incbin \"orchestrator/store/schema/" file "\"\n" \
	 ".byte 0\n"                                        \
	 ".previous\n");                                    \
 extern const char store_schema_##symbol[]

MIGRATION_TEXT(0001, "0001-spine.sql");
MIGRATION_TEXT(0002, "0002-unit.sql");
MIGRATION_TEXT(0003, "0003-rules.sql");
MIGRATION_TEXT(0004, "0004-rescan.sql");
MIGRATION_TEXT(0005, "0005-account.sql");
MIGRATION_TEXT(0006, "0006-upload.sql");
MIGRATION_TEXT(0007, "0007-case.sql");
MIGRATION_TEXT(0008, "0008-release.sql");
MIGRATION_TEXT(0009, "0009-policy.sql");
MIGRATION_TEXT(0010, "0010-search.sql");
MIGRATION_TEXT(0011, "0011-metric.sql");
MIGRATION_TEXT(0012, "0012-move.sql");
MIGRATION_TEXT(0013, "0013-retention.sql");
MIGRATION_TEXT(0014, "0014-oidc.sql");
MIGRATION_TEXT(0015, "0015-second-factor.sql");
MIGRATION_TEXT(0016, "0016-count.sql");
MIGRATION_TEXT(0017, "0017-ruleset.sql");
MIGRATION_TEXT(0018, "0018-oidc-logout.sql");
MIGRATION_TEXT(0019, "0019-check.sql");
MIGRATION_TEXT(0020, "0020-openpgp.sql");
MIGRATION_TEXT(0021, "0021-unseal.sql");
MIGRATION_TEXT(0023, "0023-sign-in.sql");
MIGRATION_TEXT(0024, "0024-shown.sql");
MIGRATION_TEXT(0025, "0025-stat-time.sql");
MIGRATION_TEXT(0026, "0026-report-editor.sql");
MIGRATION_TEXT(0027, "0027-export.sql");
MIGRATION_TEXT(0028, "0028-hook.sql");
MIGRATION_TEXT(0029, "0029-scrub.sql");
MIGRATION_TEXT(0030, "0030-sealed.sql");
MIGRATION_TEXT(0032, "0032-syslog.sql");

static const struct {
	int version;
	const char *name;
	const char *sql;
} migrations[] = {
    {1, "0001-spine", store_schema_0001},
    {2, "0002-unit", store_schema_0002},
    {3, "0003-rules", store_schema_0003},
    {4, "0004-rescan", store_schema_0004},
    {5, "0005-account", store_schema_0005},
    {6, "0006-upload", store_schema_0006},
    {7, "0007-case", store_schema_0007},
    {8, "0008-release", store_schema_0008},
    {9, "0009-policy", store_schema_0009},
    {10, "0010-search", store_schema_0010},
    {11, "0011-metric", store_schema_0011},
    {12, "0012-move", store_schema_0012},
    {13, "0013-retention", store_schema_0013},
    {14, "0014-oidc", store_schema_0014},
    {15, "0015-second-factor", store_schema_0015},
    {16, "0016-count", store_schema_0016},
    {17, "0017-ruleset", store_schema_0017},
    {18, "0018-oidc-logout", store_schema_0018},
    {19, "0019-check", store_schema_0019},
    {20, "0020-openpgp", store_schema_0020},
    {21, "0021-unseal", store_schema_0021},
    {23, "0023-sign-in", store_schema_0023},
    {24, "0024-shown", store_schema_0024},
    {25, "0025-stat-time", store_schema_0025},
    {26, "0026-report-editor", store_schema_0026},
    {27, "0027-export", store_schema_0027},
    {28, "0028-hook", store_schema_0028},
    {29, "0029-scrub", store_schema_0029},
    {30, "0030-sealed", store_schema_0030},
    {32, "0032-syslog", store_schema_0032},
};

#define MIGRATION_COUNT (sizeof(migrations) / sizeof(migrations[0]))

static const char sql_versions[] =
    "CREATE TABLE IF NOT EXISTS schema_version ("
    "version INTEGER PRIMARY KEY, name TEXT NOT NULL, "
    "sha256 BLOB NOT NULL, applied_at INTEGER NOT NULL) STRICT";
static const char sql_list[] =
    "SELECT version, name, sha256 FROM schema_version ORDER BY version";
static const char sql_record[] =
    "INSERT INTO schema_version VALUES ($1, $2, $3, $4)";

static int
fail(struct sqlite3 *sqlite, const char *what, char *why, size_t why_size)
{
	(void)snprintf(why, why_size, "%s: %s", what, sqlite3_errmsg(sqlite));
	return ERR_SYS;
}

int
migrate_version(void)
{
	return migrations[MIGRATION_COUNT - 1].version;
}

static int
check_applied(struct sqlite3_stmt *stmt, size_t at, char *why, size_t why_size)
{
	int version = sqlite3_column_int(stmt, 0);
	uint8_t digest[SHA256_BYTES];

	if (at >= MIGRATION_COUNT) {
		(void)snprintf(why, why_size,
		    "the database has schema "
		    "version %d, this program knows %d; start a newer Loep, or "
		    "restore a backup of the older one",
		    version, migrate_version());
		return ERR_CONFLICT;
	}
	sha256_once(migrations[at].sql, strlen(migrations[at].sql), digest);
	if (version == migrations[at].version &&
	    sqlite3_column_bytes(stmt, 2) == SHA256_BYTES &&
	    memcmp(sqlite3_column_blob(stmt, 2), digest, SHA256_BYTES) == 0)
		return ERR_OK;
	(void)snprintf(why, why_size,
	    "schema version %d of the database was "
	    "made by another text than this program's %s; it belongs to a "
	    "different build",
	    version, migrations[at].name);
	return ERR_CONFLICT;
}

/* How many migrations the database has, after a check that they are ours. */
static int
count_applied(
    struct sqlite3 *sqlite, size_t *ret_count, char *why, size_t why_size)
{
	struct sqlite3_stmt *stmt;
	size_t count = 0;
	int err = ERR_OK;

	if (sqlite3_exec(sqlite, sql_versions, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(sqlite, sql_list, -1, &stmt, NULL) != SQLITE_OK)
		return fail(
		    sqlite, "cannot read the schema's version", why, why_size);
	while (err == ERR_OK && sqlite3_step(stmt) == SQLITE_ROW)
		err = check_applied(stmt, count++, why, why_size);
	(void)sqlite3_finalize(stmt);
	*ret_count = count;
	return err;
}

static int
record(struct sqlite3 *sqlite, size_t at)
{
	uint8_t digest[SHA256_BYTES];
	struct sqlite3_stmt *stmt;
	int rc;

	sha256_once(migrations[at].sql, strlen(migrations[at].sql), digest);
	rc = sqlite3_prepare_v2(sqlite, sql_record, -1, &stmt, NULL);
	if (rc != SQLITE_OK)
		return rc;
	(void)sqlite3_bind_int(stmt, 1, migrations[at].version);
	(void)sqlite3_bind_text(
	    stmt, 2, migrations[at].name, -1, SQLITE_STATIC);
	(void)sqlite3_bind_blob(stmt, 3, digest, SHA256_BYTES, SQLITE_STATIC);
	(void)sqlite3_bind_int64(stmt, 4, loop_wall_us());
	(void)sqlite3_step(stmt);
	return sqlite3_finalize(stmt);
}

static int
apply(struct sqlite3 *sqlite, size_t at, char *why, size_t why_size)
{
	auto_free char *what =
	    xasprintf("migration %s failed", migrations[at].name);

	if (sqlite3_exec(sqlite, "BEGIN IMMEDIATE", NULL, NULL, NULL) !=
	    SQLITE_OK)
		return fail(sqlite, what, why, why_size);
	if (sqlite3_exec(sqlite, migrations[at].sql, NULL, NULL, NULL) !=
		SQLITE_OK ||
	    record(sqlite, at) != SQLITE_OK ||
	    sqlite3_exec(sqlite, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
		(void)fail(sqlite, what, why, why_size);
		(void)sqlite3_exec(sqlite, "ROLLBACK", NULL, NULL, NULL);
		return ERR_SYS;
	}
	return ERR_OK;
}

int
migrate(struct sqlite3 *sqlite, char *why, size_t why_size)
{
	size_t count;
	int err = count_applied(sqlite, &count, why, why_size);

	/* They are this program's own texts, and may change a table's. */
	(void)sqlite3_db_config(sqlite, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
	for (; err == ERR_OK && count < MIGRATION_COUNT; count++)
		err = apply(sqlite, count, why, why_size);
	(void)sqlite3_db_config(sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return err;
}
