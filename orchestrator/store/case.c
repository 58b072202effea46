/* SPDX-License-Identifier: Apache-2.0 */
/* case.c - opening and listing cases. */
#include "store/audit.h"
#include "store/handlers.h"
#include "store/number.h"
#include "store/text.h"

/* Numbers are random: a clash is rare, twice in a row means a bug. */
#define NUMBER_TRIES 8

/*
 * Takes a number that nobody has: allocation and case are one transaction,
 * so none is lost or handed out twice.
 */
static int
allocate_number(
    struct request *r, const char *case_id, char ret_number[NUMBER_BYTES])
{
	int64_t changes = 0;
	int err = ERR_OK;

	for (int i = 0; i < NUMBER_TRIES && err == ERR_OK && changes == 0;
	     i++) {
		number_new(loop_wall_us(), ret_number);
		err = db_do(r->store->db, STMT_NUMBER_ADD,
		    ARGS(val_text(ret_number), val_int(loop_wall_us()),
			val_text("local"), val_text(case_id)),
		    &changes);
	}
	if (err == ERR_OK && changes == 0)
		return request_why(r, ERR_CONFLICT,
		    "no free case number was "
		    "found");
	return err;
}

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
	struct values row;
	struct audit_object object = {"case", id, NULL};
	int64_t changes;
	int err = read_words(r, &w);

	if (err != ERR_OK)
		return err;
	uuid7(id);
	err = allocate_number(r, id, number);
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
	if (err != ERR_OK)
		return err;
	object.org = w.org;
	err = audit_by(r, "case.opened", &object,
	    json_pack(
		"{s:s,s:s,s:s}", "number", number, "tlp", w.tlp, "pap", w.pap));
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, id);
	values_add_text(&row, number);
	request_row(r, &row);
	return ERR_OK;
}

int
case_list(struct request *r)
{
	return request_read(
	    r, r->principal.sees_all ? STMT_CASE_LIST_ALL : STMT_CASE_LIST);
}
