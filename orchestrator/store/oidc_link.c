/* SPDX-License-Identifier: Apache-2.0 */
/* oidc_link.c - which account somebody at the provider is. */
#include "store/account.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/login.h"
#include "store/oidc.h"
#include "store/proof.h"

int
oidc_link_add(struct request *r, const struct oidc_link *link)
{
	return db_do(r->store->db, STMT_OIDC_LINK_ADD,
	    ARGS(val_text(link->issuer), val_text(link->subject),
		val_text(link->account), val_text(link->by),
		val_int(loop_wall_us())),
	    NULL);
}

int
oidc_prover(struct request *r, bool has_totp, const struct oidc_provider **ret)
{
	AUTO(query) q = {0};
	int err = query_start(&q, r->store->db, STMT_OIDC_LINK_LIST,
	    ARGS(val_text(r->principal.account_id)));

	*ret = NULL;
	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK) {
		const struct oidc_provider *p =
		    oidc_of_issuer(r->store->oidc, query_text(&q, 0));

		/* Less than what the log-in takes shows nothing. */
		if (p == NULL || (has_totp && !oidc_has_second(p)))
			continue;
		*ret = p;
		return ERR_OK;
	}
	return err == ERR_EOF ? (int)ERR_OK : err;
}

/* Core section 2: at most 255 characters of ASCII. */
static bool
is_subject(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		if (text[i] < ' ' || text[i] > '~')
			return false;
	}
	return len >= 1 && len <= 255;
}

static int
check_link(struct request *r, const struct managed *m)
{
	if (strcmp(m->id, r->principal.account_id) == 0)
		return request_why(r, ERR_DENIED,
		    "nobody changes who they are themselves; link your own "
		    "with your second factor (/api/v1/oidc/link)");
	if (param_is_null(r, 1))
		return ERR_OK;
	if (strcmp(m->kind, "human") != 0)
		return request_why(
		    r, ERR_FORMAT, "a service does not sign in; it has tokens");
	if (!is_subject(param_text(r, 1)))
		return request_why(r, ERR_FORMAT,
		    "\"subject\" has 1 to 255 characters of ASCII");
	return ERR_OK;
}

int
account_oidc(struct request *r)
{
	const bool is_link = !param_is_null(r, 1);
	const struct oidc_provider *p =
	    oidc_named(r->store->oidc, param_text(r, 2));
	struct managed m;
	struct audit_object object = {"account", m.id, m.org};
	const struct oidc_link link = {p == NULL ? "" : p->issuer,
	    param_text(r, 1), m.id, r->principal.account_id};
	int err = account_manage(r, param_text(r, 0), &m);

	if (err == ERR_OK)
		err = check_link(r, &m);
	if (err == ERR_OK && is_link && p == NULL)
		return request_why(r, ERR_CONFLICT,
		    "there is no such identity provider here ([oidc] issuer)");
	if (err != ERR_OK)
		return err;
	/* Without a provider's name all of them are meant. */
	err = db_do(r->store->db, STMT_OIDC_LINK_CLEAR,
	    ARGS(val_text(m.id),
		val_text(
		    is_link || param_text(r, 2)[0] != '\0' ? link.issuer : "")),
	    NULL);
	/* Whoever was in by the old one is out. */
	if (err == ERR_OK)
		err = sessions_close(r, m.id, NULL);
	if (err == ERR_OK && is_link)
		err = oidc_link_add(r, &link);
	if (err == ERR_CONFLICT)
		return request_why(r, err, "that subject is another account's");
	if (err != ERR_OK)
		return err;
	return audit_by(r,
	    is_link ? "account.oidc_linked" : "account.oidc_unlinked", &object,
	    is_link
		? json_pack("{s:s,s:s,s:s}", "issuer", link.issuer, "subject",
		      param_text(r, 1), "how", "by who manages it")
		: NULL);
}

int
oidc_links(struct request *r)
{
	return request_rows(r, STMT_OIDC_LINK_LIST,
	    ARGS(val_text(r->principal.account_id)), false);
}

int
oidc_unlink(struct request *r)
{
	const char *account = r->principal.account_id;
	struct audit_object object = {"account", account, NULL};
	struct credential c;
	int64_t changes;
	int err = credential_load(r, STMT_CREDENTIAL_BY_ACCOUNT, account, &c);

	if (err == ERR_NOT_FOUND || (err == ERR_OK && c.password[0] == '\0'))
		return request_why(r, ERR_CONFLICT,
		    "this account has no password: without the provider it "
		    "would have no way in");
	/* Where a proof is asked, it was given (call.def). */
	if (err == ERR_OK && !proof_is_asked(r))
		err = login_confirm(r, param_text(r, 0), false);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_OIDC_LINK_CLEAR,
		    ARGS(val_text(account), val_text(param_text(r, 1))),
		    &changes);
	if (err == ERR_OK && changes == 0)
		return request_why(r, ERR_CONFLICT, "it is linked to nobody");
	return err == ERR_OK
		   ? audit_by(r, "account.oidc_unlinked", &object, NULL)
		   : err;
}
