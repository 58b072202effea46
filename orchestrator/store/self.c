/* SPDX-License-Identifier: Apache-2.0 */
/* self.c - what people say of themselves: language, address for mails. */
#include "store/audit.h"
#include "store/handlers.h"
#include "store/outbox.h"
#include "store/text.h"

int
account_check_mail(struct request *r, const char *mail)
{
	/* Nothing takes it away. */
	if (mail[0] == '\0' || outbox_address_is_valid(mail))
		return ERR_OK;
	return request_why(
	    r, ERR_FORMAT, "\"mail\" is an address such as name@example.be");
}

int
account_self(struct request *r)
{
	const char *id = r->principal.account_id;
	struct audit_object object = {"account", id, NULL};
	int err = account_check_mail(r, param_text(r, 1));

	if (err == ERR_OK && !param_is_null(r, 0) &&
	    !text_has_word("nl fr de en", param_text(r, 0)))
		return request_why(
		    r, ERR_FORMAT, "\"language\" is nl, fr, de or en");
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_ACCOUNT_SELF,
		    ARGS(val_text(id),
			val_text(param_is_null(r, 0) ? NULL : param_text(r, 0)),
			val_text(
			    param_is_null(r, 1) ? NULL : param_text(r, 1))),
		    NULL);
	return err == ERR_OK
		   ? audit_by(r, "account.self", &object,
			 json_pack("{s:b}", "mail", !param_is_null(r, 1)))
		   : err;
}
