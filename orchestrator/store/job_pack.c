/* SPDX-License-Identifier: Apache-2.0 */
/* job_pack.c - the bytes of many small jobs of one organisation at once. */
#include "lib/pack.h"
#include "store/handlers.h"
#include "store/job.h"

/* The row that tells of the pack itself. */
static int
put_row(struct request *r, int64_t index, int64_t size, enum err err,
    const char *why)
{
	struct values row;

	values_init(&row);
	values_add_int(&row, index);
	values_add_int(&row, size);
	values_add_int(&row, err);
	values_add_text(&row, why);
	request_row(r, &row);
	return ERR_OK;
}

static int
put_faults(struct request *r, const struct vault_answer *answer)
{
	struct wire_in in;
	char why[256];

	wire_in_init(&in, answer->faults, answer->faults_len);
	while (!in.is_failed && in.pos < in.len) {
		uint32_t index = wire_get_u32(&in);
		uint8_t err = wire_get_u8(&in);

		wire_get_str(&in, why, sizeof(why));
		if (!in.is_failed)
			(void)put_row(r, index, 0,
			    err < ERR_COUNT ? (enum err)err : ERR_SYS, why);
	}
	return in.is_failed ? ERR_PEER : ERR_OK;
}

static void
on_packed(void *arg, struct vault_answer *answer)
{
	struct request *r = arg;
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
	err = put_row(r, -1, (int64_t)answer->size, ERR_OK, "");
	if (err == ERR_OK)
		err = put_faults(r, answer);
	request_finish(r, err, take_fd(answer->fd));
}

/* The next job's blob; its organisation is that of the others. */
static int
add_blob(struct request *r, struct wire_in *jobs, char org[UUID_BYTES],
    struct wire_out *digests)
{
	AUTO(query) q = {0};
	char id[UUID_BYTES];
	int64_t attempt;
	const uint8_t *sha256;
	size_t len;
	int err;

	wire_get_str(jobs, id, sizeof(id));
	attempt = wire_get_i64(jobs);
	if (jobs->is_failed)
		return request_why(r, ERR_FORMAT, "\"jobs\" is cut short");
	err = query_one(&q, r->store->db, STMT_PACK_BLOB,
	    ARGS(val_text(id), val_int(attempt)));
	if (err == ERR_NOT_FOUND)
		return request_why(
		    r, ERR_CONFLICT, "an attempt of them is over");
	if (err != ERR_OK)
		return err;
	if (org[0] == '\0')
		(void)snprintf(org, UUID_BYTES, "%s", query_text(&q, 0));
	if (strcmp(org, query_text(&q, 0)) != 0)
		return request_why(
		    r, ERR_DENIED, "a pack is of one organisation's artefacts");
	sha256 = query_bytes(&q, 1, &len);
	wire_put_raw(digests, sha256, len);
	return len == SHA256_BYTES ? ERR_OK : ERR_SYS;
}

int
job_pack(struct request *r)
{
	char org[UUID_BYTES] = "";
	struct wire_out digests;
	struct wire_in jobs;
	const uint8_t *p;
	size_t len;
	int err = ERR_OK;

	p = param_bytes(r, 0, &len);
	wire_in_init(&jobs, p, len);
	wire_out_init(&digests, PACK_ITEMS_MAX * SHA256_BYTES);
	while (err == ERR_OK && jobs.pos < jobs.len)
		err = add_blob(r, &jobs, org, &digests);
	if (err == ERR_OK && (digests.is_failed || digests.len == 0))
		err = request_why(r, ERR_LIMIT, "\"jobs\" has 1 to %zu items",
		    PACK_ITEMS_MAX);
	if (err == ERR_OK)
		err = vault_pack(r->store->vault,
		    &(struct pack_ask){.org = org, .digests = &digests},
		    on_packed, r);
	wire_out_release(&digests);
	if (err == ERR_UNAVAILABLE)
		return request_why(r, err, "%s", vault_is_away);
	return err == ERR_OK ? (int)ERR_AGAIN : err;
}
