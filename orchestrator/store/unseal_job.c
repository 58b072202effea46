/* SPDX-License-Identifier: Apache-2.0 */
/* unseal_job.c - jobs of an opened seal, from their bytes to their end. */
#include "store/unseal.h"

#include "store/audit.h"
#include "store/custody.h"
#include "store/text.h"

bool
unseal_is_kind(const char *kind)
{
	return strncmp(kind, "unseal_", strlen("unseal_")) == 0;
}

/* What its submitter and the chain of evidence are told of. */
static void
fill(struct custody *what, const struct attempt *a)
{
	*what = (struct custody){
	    .artefact = a->artefact_id,
	    .org = a->org_id,
	    .case_id = a->case_id,
	};
}

/* Digest and size from two columns; sha256 holds the digest for what. */
static int
take_blob(struct custody *what, uint8_t sha256[SHA256_BYTES],
    const struct query *q, int column)
{
	size_t len;
	const uint8_t *p = query_bytes(q, column, &len);

	if (len != SHA256_BYTES)
		return ERR_FORMAT;
	memcpy(sha256, p, SHA256_BYTES);
	what->sha256 = sha256;
	what->size = query_int(q, column + 1);
	return ERR_OK;
}

int
unseal_seal(struct store *store, const struct attempt *a)
{
	uint8_t sha256[SHA256_BYTES];
	struct custody what;
	int64_t changes = 0;
	int err = db_do(
	    store->db, STMT_SEAL_SET, ARGS(val_text(a->artefact_id)), &changes);

	if (err != ERR_OK || changes == 0)
		return err;
	err = db_do(store->db, STMT_SEAL_JOBS,
	    ARGS(val_text(a->artefact_id), val_int(loop_wall_us()),
		val_text(a->job_id)),
	    NULL);
	if (err != ERR_OK)
		return err;
	fill(&what, a);
	{
		AUTO(query) q = {0};

		err = query_one(&q, store->db, STMT_ATTEMPT_BLOB,
		    ARGS(val_text(a->artefact_id)));
		if (err == ERR_OK)
			err = take_blob(&what, sha256, &q, 1);
	}
	return err == ERR_OK ? custody_own(store, "sealed", &what,
				   json_pack("{s:s,s:s,s:s}", "was", "none",
				       "restriction", "sealed", "reason",
				       "it is an encrypted OpenPGP message"))
			     : err;
}

int
unseal_input(struct request *r, const struct attempt *a)
{
	uint8_t sha256[SHA256_BYTES];
	char id[UUID_BYTES];
	struct custody what;
	int err;

	fill(&what, a);
	{
		AUTO(query) q = {0};

		err = query_one(&q, r->store->db, STMT_UNSEAL_OF_JOB,
		    ARGS(val_text(a->job_id)));
		if (err == ERR_NOT_FOUND)
			return request_why(r, ERR_CONFLICT,
			    "nobody decided that this is opened");
		if (err == ERR_OK)
			err = take_blob(&what, sha256, &q, 1);
		if (err != ERR_OK)
			return err;
		(void)snprintf(id, sizeof(id), "%s", query_text(&q, 0));
	}
	return custody_by(r, "unsealed", &what,
	    json_pack("{s:s,s:s,s:I}", "unseal", id, "job", a->job_id,
		"attempt", (json_int_t)a->number));
}

int
unseal_copy_gone(struct store *store, const struct attempt *a)
{
	uint8_t sha256[SHA256_BYTES];
	struct custody what;
	int err;

	fill(&what, a);
	{
		AUTO(query) q = {0};

		err = query_one(&q, store->db, STMT_UNSEAL_COPIED,
		    ARGS(val_text(a->artefact_id), val_text(a->job_id),
			val_int(a->number)));
		if (err == ERR_NOT_FOUND)
			return ERR_OK; /* it never had one */
		if (err == ERR_OK)
			err = take_blob(&what, sha256, &q, 0);
		if (err != ERR_OK)
			return err;
	}
	return custody_own(store, "destroyed_copy", &what,
	    json_pack("{s:s,s:I}", "job", a->job_id, "attempt",
		(json_int_t)a->number));
}

int
unseal_next(struct store *store, const struct attempt *a, const char *kind)
{
	char id[UUID_BYTES];

	if (!text_has_word("unseal_archive", kind))
		return ERR_FORMAT;
	uuid7(id);
	tx_note_jobs(store);
	return db_do(store->db, STMT_UNSEAL_JOB_NEXT,
	    ARGS(val_text(a->job_id), val_text(id), val_text(kind),
		val_int(loop_wall_us())),
	    NULL);
}

int
unseal_children(struct store *store, const struct attempt *a)
{
	return db_do(store->db, STMT_UNSEAL_CHILDREN_JOBS,
	    ARGS(val_text(a->job_id), val_int(a->number),
		val_int(loop_wall_us())),
	    NULL);
}

/* One that is over; ERR_NOT_FOUND where there is none. */
static int
settle_one(struct store *store, const char *case_id)
{
	uint8_t sha256[SHA256_BYTES];
	char id[UUID_BYTES], artefact[UUID_BYTES], org[UUID_BYTES];
	struct custody what = {
	    .artefact = artefact,
	    .org = org,
	    .case_id = case_id,
	};
	struct audit_object object = {"unseal", id, org};
	int64_t failed;
	int err;

	{
		AUTO(query) q = {0};

		err = query_one(
		    &q, store->db, STMT_UNSEAL_OVER, ARGS(val_text(case_id)));
		if (err == ERR_OK)
			err = take_blob(&what, sha256, &q, 3);
		if (err != ERR_OK)
			return err;
		(void)snprintf(id, sizeof(id), "%s", query_text(&q, 0));
		(void)snprintf(
		    artefact, sizeof(artefact), "%s", query_text(&q, 1));
		(void)snprintf(org, sizeof(org), "%s", query_text(&q, 2));
		failed = query_int(&q, 5);
	}
	err = db_do(store->db, STMT_UNSEAL_END,
	    ARGS(val_text(id), val_text(failed > 0 ? "failed" : "done"),
		val_int(loop_wall_us())),
	    NULL);
	if (err == ERR_OK && failed == 0)
		err = db_do(store->db, STMT_UNSEAL_GAPS,
		    ARGS(val_text(artefact)), NULL);
	if (err == ERR_OK)
		err = custody_own(
		    store, "resealed", &what, json_pack("{s:s}", "unseal", id));
	if (err == ERR_OK)
		err = audit_own(store, "unseal.ended", &object,
		    json_pack("{s:s,s:s,s:I}", "case", case_id, "artefact",
			artefact, "failed", (json_int_t)failed));
	return err;
}

int
unseal_settle(struct store *store, const char *case_id)
{
	int err = ERR_OK;

	while (err == ERR_OK)
		err = settle_one(store, case_id);
	return err == ERR_NOT_FOUND ? (int)ERR_OK : err;
}
