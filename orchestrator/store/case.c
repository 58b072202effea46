/* SPDX-License-Identifier: Apache-2.0 */
/* case.c - opening and listing cases. */
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/history.h"
#include "store/number.h"
#include "store/outbox.h"
#include "store/policy.h"
#include "store/text.h"

#include <ctype.h>

/* Words of one search; more are passed over. */
#define QUERY_WORDS 16

/* The case's words, all in their one form. */
struct case_words {
	const char *org;
	const char *title;
	const char *severity;
	const char *tlp;
	const char *pap;
};

static int
read_words(struct request *r, struct case_words *ret_words)
{
	struct case_words w = {
	    .org = param_text(r, 0),
	    .title = param_text(r, 1),
	    .severity = text_severity(param_text(r, 2)),
	    .tlp = text_tlp(param_text(r, 3), "TLP:AMBER+STRICT"),
	    .pap = text_pap(param_text(r, 4), "PAP:RED"),
	};

	if (w.org[0] == '\0')
		w.org = r->principal.org_id;
	if (w.severity == NULL)
		return request_why(r, ERR_FORMAT,
		    "\"severity\" is one of low "
		    "medium high critical unknown");
	if (w.tlp == NULL)
		return request_why(r, ERR_FORMAT,
		    "\"tlp\" is one of TLP:CLEAR "
		    "TLP:GREEN TLP:AMBER TLP:AMBER+STRICT TLP:RED");
	if (w.pap == NULL)
		return request_why(r, ERR_FORMAT,
		    "\"pap\" is one of PAP:CLEAR "
		    "PAP:GREEN PAP:AMBER PAP:RED");
	*ret_words = w;
	return ERR_OK;
}

int
case_create(struct request *r)
{
	char id[UUID_BYTES];
	char number[NUMBER_BYTES];
	struct case_words w = {.org = ""};
	struct entitlement e;
	struct values row;
	struct audit_object object = {"case", id, NULL};
	int64_t changes;
	int err = read_words(r, &w);

	if (err != ERR_OK)
		return err;
	uuid7(id);
	err = entitlement_check(r, w.org, "", &e);
	if (err == ERR_OK)
		err = intake_number(r, id, NULL, NULL, number);
	if (err != ERR_OK)
		return err;
	err = db_do(r->store->db, STMT_CASE_ADD,
	    ARGS(WHO(r), val_text(id), val_text(number), val_text(w.org),
		val_text(w.title), val_text(w.severity), val_text(w.tlp),
		val_text(w.pap), val_text(r->principal.account_id),
		val_int(loop_wall_us())),
	    &changes);
	if (err != ERR_OK)
		return err;
	if (changes == 0)
		return request_why(r, ERR_NOT_FOUND,
		    "there is no such "
		    "organisation");
	err = db_do(r->store->db, STMT_CASE_TEXT_ADD,
	    ARGS(val_text(id), val_text(w.org), val_text(w.title),
		val_text(number)),
	    NULL);
	if (err == ERR_OK)
		err = entitlement_use(r, &e, id);
	if (err == ERR_OK)
		err = intake_mark(r->store, id);
	if (err == ERR_OK)
		err = outbox_case(r->store, OUTBOX_ACK, id);
	if (err != ERR_OK)
		return err;
	object.org = w.org;
	err = audit_by(r, "case.opened", &object,
	    json_pack(
		"{s:s,s:s,s:s}", "number", number, "tlp", w.tlp, "pap", w.pap));
	if (err == ERR_OK)
		err = history_by(r, id, "opened", "", HISTORY_ALL);
	if (err == ERR_OK)
		err = stat_add(r->store, "opened", 1, id);
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, id);
	values_add_text(&row, number);
	request_row(r, &row);
	return ERR_OK;
}

/* Words that the index knows are of letters, digits and what is beyond ASCII. */
static bool
is_word(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (isalnum((unsigned char)p[i]) || (p[i] & 0x80) != 0)
			return true;
	}
	return false;
}

/*
 * The words that were asked for, as a question to case_text: each the
 * beginning of a word of title or number, all of them.  An empty text where
 * there is none.  The caller frees.
 */
static char *
read_query(const struct request *r, const char *text)
{
	struct wire_out out;
	size_t count = 0;
	char *query;

	wire_out_init(&out, 4 * LIMIT_TEXT_BYTES);
	if (!r->principal.sees_all) {
		wire_put_raw(&out, "org:\"o", 6);
		for (const char *p = r->principal.org_id; *p != '\0'; p++) {
			if (*p != '-')
				wire_put_raw(&out, p, 1);
		}
		wire_put_raw(&out, "\" ", 2);
	}
	while (*text != '\0') {
		size_t len = strcspn(text, " \t\r\n\"");

		if (is_word(text, len) && count++ < QUERY_WORDS) {
			wire_put_raw(&out, "{title number}:\"", 16);
			wire_put_raw(&out, text, len);
			wire_put_raw(&out, "\"* ", 3);
		}
		text += len == 0 ? 1 : len;
	}
	query =
	    count == 0 ? xstrdup("") : xstrndup((const char *)out.buf, out.len);
	wire_out_release(&out);
	return query;
}

/* The statement whose index fits what was asked for. */
static enum stmt
list_stmt(const struct request *r, const char *owner, const char *query)
{
	bool has_state = param_text(r, 0)[0] != '\0';
	bool has_stage = param_text(r, 1)[0] != '\0';

	if (query[0] != '\0')
		return STMT_CASE_LIST_WORDS;
	if (!r->principal.sees_all)
		return has_stage   ? STMT_CASE_LIST_STAGE
		       : has_state ? STMT_CASE_LIST_STATE
				   : STMT_CASE_LIST;
	if (owner[0] != '\0')
		return STMT_CASE_LIST_ALL_OWNER;
	return has_stage   ? STMT_CASE_LIST_ALL_STAGE
	       : has_state ? STMT_CASE_LIST_ALL_STATE
			   : STMT_CASE_LIST_ALL;
}

int
case_list(struct request *r)
{
	const char *owner = param_text(r, 2);
	auto_free char *query = read_query(r, param_text(r, 3));

	if (strcmp(owner, "any") == 0)
		owner = "";
	if (owner[0] != '\0' && !r->principal.sees_all)
		return request_why(r, ERR_DENIED,
		    "who works on a case is for the staff to know");
	if (strcmp(owner, "me") == 0)
		owner = r->principal.account_id;
	/* Words without a letter are in no title. */
	if (query[0] == '\0' && param_text(r, 3)[0] != '\0')
		return ERR_OK;
	return request_rows(r, list_stmt(r, owner, query),
	    ARGS(WHO(r), val_text(param_text(r, 0)), val_text(param_text(r, 1)),
		val_text(owner), val_text(query), val_int(param_limit(r, 4)),
		val_text(param_text(r, 5))),
	    false);
}
