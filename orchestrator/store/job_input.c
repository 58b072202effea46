/* SPDX-License-Identifier: Apache-2.0 */
/* job_input.c - the bytes that a job works on. */
#include "store/access.h"
#include "store/custody.h"
#include "store/handlers.h"
#include "store/job.h"
#include "store/unseal.h"

/* A copy that leaves for a VM is custody; reading in a cage is not. */
static int
record_copy(struct request *r)
{
	struct attempt a;
	AUTO(query) q = {0};
	struct custody what = {.artefact = a.artefact_id};
	size_t len;
	int err = attempt_load(r, &a);

	if (err == ERR_OK && unseal_is_kind(a.kind))
		return unseal_input(r, &a);
	if (err != ERR_OK || strcmp(a.kind, "detonate") != 0)
		return err;
	err = query_one(
	    &q, r->store->db, STMT_ATTEMPT_BLOB, ARGS(val_text(a.artefact_id)));
	if (err != ERR_OK)
		return err;
	what.org = a.org_id;
	what.case_id = a.case_id;
	what.sha256 = query_bytes(&q, 1, &len);
	what.size = query_int(&q, 2);
	err = custody_by(r, "copied_to_run", &what,
	    json_pack(
		"{s:s,s:I}", "job", a.job_id, "attempt", (json_int_t)a.number));
	if (err != ERR_OK)
		return err;
	return access_own(r->store, &(struct access){.event = "detonated",
					.case_id = a.case_id,
					.purpose = "run in a virtual machine",
					.artefact = a.artefact_id});
}

static void
on_opened(void *arg, struct vault_answer *answer)
{
	struct request *r = arg;
	struct values row;
	int err;

	if (answer->err != ERR_OK) {
		request_end(r, answer->err, answer->why, -1);
		return;
	}
	err = request_begin(r);
	if (err != ERR_OK) {
		request_end(r, (enum err)err, NULL, -1);
		return;
	}
	err = record_copy(r);
	values_init(&row);
	values_add_int(&row, (int64_t)answer->size);
	values_add_int(&row, answer->how);
	if (err == ERR_OK)
		request_row(r, &row);
	request_finish(r, err, take_fd(answer->fd));
}

int
job_input(struct request *r)
{
	struct attempt a;
	struct blob_ref blob = {.org = ""};
	AUTO(query) q = {0};
	const uint8_t *sha256;
	int64_t how = param_int(r, 2);
	size_t len;
	int err = attempt_load(r, &a);

	if (err != ERR_OK)
		return err;
	if (a.artefact_id[0] == '\0')
		return request_why(r, ERR_NOT_FOUND,
		    "this job has no "
		    "artefact; its input is CASE_DUMP");
	if (how < BLOB_MEMFD || how > BLOB_AUTO)
		return request_why(r, ERR_FORMAT,
		    "\"how\" is a way to open a "
		    "blob");
	err = query_one(
	    &q, r->store->db, STMT_ATTEMPT_BLOB, ARGS(val_text(a.artefact_id)));
	if (err != ERR_OK)
		return err;
	(void)snprintf(blob.org, sizeof(blob.org), "%s", query_text(&q, 0));
	sha256 = query_bytes(&q, 1, &len);
	memcpy(blob.sha256, sha256, len < SHA256_BYTES ? len : SHA256_BYTES);
	err = vault_open(
	    r->store->vault, &blob, (enum blob_open)how, on_opened, r);
	if (err == ERR_UNAVAILABLE)
		return request_why(r, err, "%s", vault_is_away);
	return err == ERR_OK ? (int)ERR_AGAIN : err;
}
