/* SPDX-License-Identifier: Apache-2.0 */
/* init.c - the first database: one organisation, one administrator. */
#include "store/store.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/text.h"

#include <errno.h>
#include <sys/stat.h>

static int
insert(
    struct store *store, const char *org, const char *class_code, int64_t uid)
{
	char org_id[UUID_BYTES];
	char account_id[UUID_BYTES];
	struct audit_object object = {"organisation", org_id, org_id};
	int64_t now = loop_wall_us();
	int err;

	uuid7(org_id);
	uuid7(account_id);
	err = db_do(store->db, STMT_ORG_ADD,
	    ARGS(val_text(org_id), val_text(org), val_text(class_code),
		val_int(text_class_rank(class_code)), val_int(now)),
	    NULL);
	if (err == ERR_OK)
		err = db_do(store->db, STMT_ACCOUNT_FIRST,
		    ARGS(val_text(account_id), val_text(org_id),
			val_text("administrator"), val_int(uid),
			val_text(text_capabilities), val_int(now)),
		    NULL);
	if (err != ERR_OK)
		return err;
	return audit_own(store, "service.initialised", &object,
	    json_pack("{s:s,s:s,s:I}", "name", org, "class", class_code, "uid",
		(json_int_t)uid));
}

static int
fill(struct db *db, const char *org, const char *class_code, int64_t uid)
{
	struct store store = {.db = db};
	int err = db_run(db, STMT_TX_BEGIN);

	if (err == ERR_OK)
		err = insert(&store, org, class_code, uid);
	if (err == ERR_OK)
		err = db_run(db, STMT_TX_COMMIT);
	return err;
}

int
store_init(const char *folder, const char *org, const char *class_code,
    int64_t uid, char *why, size_t why_size)
{
	auto_free char *path = xasprintf("%s/loep.db", folder);
	auto_free char *draft = xasprintf("%s/loep.db.new", folder);
	const char *class_name = text_class(class_code);
	struct db *db;
	int err;

	if (class_name == NULL || org[0] == '\0' || strlen(org) > 256) {
		(void)snprintf(why, why_size,
		    "the organisation needs a name of"
		    " 1 to 256 characters and a class: C1 C1b C2 C3 C4 C5 or "
		    "CSIRT");
		return ERR_FORMAT;
	}
	if (mkdir(folder, 0700) == -1 && errno != EEXIST) {
		(void)snprintf(why, why_size, "cannot make the folder %s: %s",
		    folder, strerror(errno));
		return ERR_SYS;
	}
	if (access(path, F_OK) == 0) {
		(void)snprintf(why, why_size,
		    "there is a database at %s "
		    "already; it is not overwritten",
		    path);
		return ERR_CONFLICT;
	}
	/* A draft that an interrupted init left is of no use to anyone. */
	(void)unlink(draft);
	err = db_open(draft, true, why, why_size, &db);
	if (err != ERR_OK) {
		(void)unlink(draft);
		return err;
	}
	err = fill(db, org, class_name, uid);
	if (err != ERR_OK)
		(void)snprintf(
		    why, why_size, "cannot write the database: %s", db->why);
	db_close(db);
	/* link() refuses what is there, unlike rename(). */
	if (err == ERR_OK && link(draft, path) == -1) {
		(void)snprintf(why, why_size,
		    "cannot put the database at %s: "
		    "%s",
		    path, strerror(errno));
		err = errno == EEXIST ? ERR_CONFLICT : ERR_SYS;
	}
	(void)unlink(draft);
	return err;
}
