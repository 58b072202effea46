/* SPDX-License-Identifier: Apache-2.0 */
/* submission.c - what somebody hands in, before its files come. */
#include "lib/limits.h"
#include "lib/own.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/history.h"
#include "store/hook.h"
#include "store/policy.h"
#include "store/text.h"

/* Passwords of one submission, and the depth of their JSON. */
#define PASSWORDS_MAX	64
#define PASSWORDS_DEPTH 2

enum {
	P_CASE,
	P_TLP,
	P_PAP,
	P_KIND,
	P_ORIGIN,
	P_COMMENT,
	P_PASSWORDS,
	P_COLLECTED,
	P_SOURCE_HOST,
	P_PROFILE,
	P_SECONDS,
	P_NOT_CLASSIFIED,
	P_PERSONAL_DATA,
	P_THIRD_PARTY_OK,
	P_NETWORK_OK
};

/* Brings the list into its canonical form; the caller frees. */
static int
read_passwords(struct request *r, char **ret_text)
{
	const char *text = param_text(r, P_PASSWORDS);
	auto_json json_t *list = NULL;
	json_t *word;
	size_t i;

	if (text[0] == '\0')
		text = "[]";
	if (json_parse(text, strlen(text), LIMIT_TEXT_BYTES, PASSWORDS_DEPTH,
		&list) != ERR_OK ||
	    !json_is_array(list) || json_array_size(list) > PASSWORDS_MAX)
		return request_why(r, ERR_FORMAT,
		    "\"passwords\" is a JSON list"
		    " of at most %d texts",
		    PASSWORDS_MAX);
	json_array_foreach(list, i, word)
	{
		if (!json_is_string(word))
			return request_why(r, ERR_FORMAT,
			    "\"passwords\" holds "
			    "something that is no text");
	}
	*ret_text = json_canonical(list);
	return ERR_OK;
}

/* The submission's labels; an empty one is its case's. */
static int
read_labels(struct request *r, const char **ret_tlp, const char **ret_pap)
{
	AUTO(query) q = {0};
	const char *tlp, *pap;
	int err = query_one(&q, r->store->db, STMT_CASE_LABELS,
	    ARGS(WHO(r), val_text(r->case_id)));

	if (err != ERR_OK)
		return err;
	if (strcmp(query_text(&q, 2), "open") != 0)
		return request_why(r, ERR_CONFLICT, "the case is closed");
	/* text_tlp() gives back a constant: nothing is borrowed from q. */
	tlp = text_tlp(query_text(&q, 0), NULL);
	pap = text_pap(query_text(&q, 1), NULL);
	*ret_tlp = text_tlp(param_text(r, P_TLP), tlp);
	*ret_pap = text_pap(param_text(r, P_PAP), pap);
	if (*ret_tlp == NULL || *ret_pap == NULL)
		return request_why(r, ERR_FORMAT,
		    "\"tlp\" or \"pap\" is not a "
		    "label that there is");
	/* A case is as strict as its strictest part. */
	return db_do(r->store->db, STMT_CASE_GROW,
	    ARGS(val_text(r->case_id), val_text(text_tlp_max(tlp, *ret_tlp)),
		val_text(text_pap_max(pap, *ret_pap))),
	    NULL);
}

static int
insert(struct request *r, const char *id, const char *passwords)
{
	const char *kind = text_kind(param_text(r, P_KIND), "file");
	int64_t seconds = param_int(r, P_SECONDS);
	const char *tlp = NULL;
	const char *pap = NULL;
	int err;

	if (kind == NULL)
		return request_why(r, ERR_FORMAT,
		    "\"kind\" is one of file log "
		    "disk_image memory_image vm_image pcap email archive url "
		    "other");
	if (seconds < 0 || seconds > LIMIT_RUN_SECONDS_MAX)
		return request_why(r, ERR_LIMIT, "\"run_seconds\" is 0 to %d",
		    LIMIT_RUN_SECONDS_MAX);
	err = read_labels(r, &tlp, &pap);
	if (err != ERR_OK)
		return err;
	return db_do(r->store->db, STMT_SUBMISSION_ADD,
	    ARGS(val_text(id), val_text(r->case_id),
		val_text(r->principal.account_id), val_text(tlp), val_text(pap),
		val_text(kind), val_text(param_text(r, P_ORIGIN)),
		val_text(param_text(r, P_COMMENT)), val_text(passwords),
		param_is_null(r, P_COLLECTED)
		    ? val_null()
		    : val_int(param_int(r, P_COLLECTED)),
		val_text(param_text(r, P_SOURCE_HOST)),
		val_text(param_text(r, P_PROFILE)), val_int(seconds),
		val_int(loop_wall_us())),
	    NULL);
}

static struct value
flag(const struct request *r, size_t at)
{
	return param_is_null(r, at) ? val_null() : val_int(param_int(r, at));
}

/* Keeps what the submitter declares of the submission. */
static int
declare(struct request *r, const char *id)
{
	if (!param_is_null(r, P_NOT_CLASSIFIED) &&
	    param_int(r, P_NOT_CLASSIFIED) == 0)
		return request_why(r, ERR_DENIED,
		    "classified material is not taken here; ask the CSIRT "
		    "how to hand it over");
	return db_do(r->store->db, STMT_SUBMISSION_DECLARE,
	    ARGS(val_text(id), flag(r, P_NOT_CLASSIFIED),
		flag(r, P_PERSONAL_DATA), flag(r, P_THIRD_PARTY_OK),
		flag(r, P_NETWORK_OK)),
	    NULL);
}

int
submission_create(struct request *r)
{
	char id[UUID_BYTES];
	auto_free char *passwords = NULL;
	struct entitlement e;
	struct values row;
	struct audit_object object = {"submission", id, r->case_org};
	int err = read_passwords(r, &passwords);

	if (err != ERR_OK)
		return err;
	err = entitlement_check(r, r->case_org, r->case_id, &e);
	if (err != ERR_OK)
		return err;
	uuid7(id);
	err = insert(r, id, passwords);
	if (err == ERR_OK)
		err = declare(r, id);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_SUBMISSION_POLICY,
		    ARGS(val_text(id), val_int(r->store->policy->version)),
		    NULL);
	if (err != ERR_OK)
		return err;
	err = audit_by(r, "submission.created", &object,
	    json_pack("{s:s}", "case", r->case_id));
	if (err == ERR_OK)
		err = history_by(r, r->case_id, "submission", "", HISTORY_ALL);
	if (err == ERR_OK)
		err = hook_submission(
		    r->store, HOOK_ACKNOWLEDGED, r->case_id, id);
	if (err != ERR_OK)
		return err;
	tx_note_case(r->store, r->case_id);
	values_init(&row);
	values_add_text(&row, id);
	request_row(r, &row);
	return ERR_OK;
}
