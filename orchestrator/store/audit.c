/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c - adding to the audit chain. */
#include "store/audit.h"

#include "lib/limits.h"
#include "lib/xalloc.h"

int
audit_head(
    struct store *store, int64_t *ret_seq, uint8_t ret_hash[SHA256_BYTES])
{
	AUTO(query) q = {0};
	const uint8_t *hash;
	size_t len;
	int err = query_one(&q, store->db, STMT_AUDIT_HEAD, NULL, 0);

	if (err == ERR_NOT_FOUND) {
		*ret_seq = 0;
		memset(ret_hash, 0, SHA256_BYTES);
		return ERR_OK;
	}
	if (err != ERR_OK)
		return err;
	*ret_seq = query_int(&q, 0);
	hash = query_bytes(&q, 1, &len);
	if (len != SHA256_BYTES)
		return ERR_SYS;
	memcpy(ret_hash, hash, SHA256_BYTES);
	return ERR_OK;
}

static int
insert(struct store *store, const struct audit_row *row,
    const uint8_t prev[SHA256_BYTES])
{
	uint8_t hash[SHA256_BYTES];
	struct wire_out out;
	int err = ERR_LIMIT;

	wire_out_init(&out, AUDIT_ROW_BYTES_MAX);
	audit_row_put(row, &out);
	if (!out.is_failed) {
		audit_row_hash(prev, out.buf, out.len, hash);
		err = db_do(store->db, STMT_AUDIT_ADD,
		    ARGS(val_int(row->seq), val_int(row->at),
			val_text(row->actor), val_text(row->actor_kind),
			val_text(row->action), val_text(row->object_kind),
			val_text(row->object), val_text(row->org),
			val_text(row->outcome), val_text(row->detail),
			val_bytes(prev, SHA256_BYTES),
			val_bytes(hash, SHA256_BYTES)),
		    NULL);
	}
	wire_out_release(&out);
	return err;
}

int
audit_add(struct store *store, const struct audit_entry *entry, json_t *detail)
{
	auto_json json_t *owned = detail;
	auto_free char *text = NULL;
	uint8_t prev[SHA256_BYTES];
	enum role role = store->db->role;
	struct audit_row row = {
	    .at = loop_wall_us(),
	    .actor = entry->actor,
	    .actor_kind = entry->actor_kind,
	    .action = entry->action,
	    .object_kind = entry->object_kind,
	    .object = entry->object,
	    .org = entry->org,
	    .outcome = entry->outcome,
	};
	int err;

	text = owned == NULL ? xstrdup("{}") : json_canonical(owned);
	row.detail = text;
	/* Nobody but the store writes here, whoever's request it is. */
	store->db->role = ROLE_STORE;
	err = audit_head(store, &row.seq, prev);
	row.seq++;
	if (err == ERR_OK)
		err = insert(store, &row, prev);
	store->db->role = role;
	return err;
}

int
audit_by(struct request *r, const char *action,
    const struct audit_object *object, json_t *detail)
{
	bool is_person = r->peer == ROLE_WEB;
	struct audit_entry entry = {
	    .actor = is_person		    ? r->principal.name
		     : r->peer == ROLE_MAIL ? "loep-mail"
		     : r->peer == ROLE_OIDC ? "loep-oidc"
		     : r->peer == ROLE_HOOK ? "loep-hook"
					    : "loep-sched",
	    .actor_kind = is_person ? r->principal.kind : "program",
	    .action = action,
	    .object_kind = object->kind,
	    .object = object->id,
	    .org = object->org != NULL ? object->org : r->principal.org_id,
	    .outcome = "ok",
	};

	if (detail == NULL)
		detail = json_object();
	/* Names may change hands; ids do not. */
	if (is_person)
		(void)json_object_set_new(
		    detail, "account", json_string(r->principal.account_id));
	return audit_add(r->store, &entry, detail);
}

int
audit_own(struct store *store, const char *action,
    const struct audit_object *object, json_t *detail)
{
	struct audit_entry entry = {
	    .actor = "loep-store",
	    .actor_kind = "program",
	    .action = action,
	    .object_kind = object->kind,
	    .object = object->id,
	    .org = object->org != NULL ? object->org : "",
	    .outcome = "ok",
	};

	return audit_add(store, &entry, detail);
}

void
audit_row_of(const struct query *q, struct audit_row *ret_row)
{
	*ret_row = (struct audit_row){
	    .seq = query_int(q, 0),
	    .at = query_int(q, 1),
	    .actor = query_text(q, 2),
	    .actor_kind = query_text(q, 3),
	    .action = query_text(q, 4),
	    .object_kind = query_text(q, 5),
	    .object = query_text(q, 6),
	    .org = query_text(q, 7),
	    .outcome = query_text(q, 8),
	    .detail = query_text(q, 9),
	};
}
