/* SPDX-License-Identifier: Apache-2.0 */
/* case_edit.c - what people say of a case, under an optimistic lock. */
#include "store/audit.h"
#include "store/case_stage.h"
#include "store/handlers.h"
#include "store/history.h"
#include "store/job.h"
#include "store/policy.h"
#include "store/text.h"

#include <strings.h>

#define TITLE_BYTES 1024

/* Parameters of CASE_SET. */
enum {
	P_CASE,
	P_VERSION,
	P_TITLE,
	P_SEVERITY,
	P_RSIT_CLASS,
	P_RSIT_TYPE,
	P_ROOT_CAUSE,
	P_NOTIFICATION,
	P_AWARE,
	P_MALICIOUS,
	P_CROSS_BORDER,
	P_SCOPE_BASIS,
	P_SCOPE_VALUE,
	P_CONTEXT,
	P_NIS2_STAGE,
	P_COUNT
};

/* RSIT 1003: classes and their types (machine tags of MISP). */
static const struct {
	const char *name;
	const char *types;
} rsit[] = {
    {"abusive-content", "spam harmful-speech violence"},
    {"malicious-code",
	"infected-system c2-server malware-distribution malware-configuration"},
    {"information-gathering", "scanner sniffing social-engineering"},
    {"intrusion-attempts", "ids-alert brute-force exploit"},
    {"intrusions",
	"privileged-account-compromise unprivileged-account-compromise "
	"application-compromise system-compromise burglary"},
    {"availability", "dos ddos misconfiguration sabotage outage"},
    {"information-content-security",
	"unauthorised-information-access unauthorised-information-modification "
	"data-loss data-leak"},
    {"fraud", "unauthorised-use-of-resources copyright masquerade phishing"},
    {"vulnerable", "weak-crypto ddos-amplifier potentially-unwanted-accessible "
		   "information-disclosure vulnerable-system"},
    {"other", "other undetermined"},
    {"test", "test"},
};

/* MISP nis2:nature-root-cause. */
static const char causes[] = "malicious-actions system-failures human-errors "
			     "natural-phenomena third-party-failures";
/* In the order in which an entity sends them (NIS2, article 23). */
static const char *const nis2_stages[] = {
    "none", "early_warning", "notification", "final"};

static const char *
given(const struct request *r, size_t at)
{
	return param_is_null(r, at) ? NULL : param_text(r, at);
}

static struct value
given_int(const struct request *r, size_t at)
{
	return param_is_null(r, at) ? val_null() : val_int(param_int(r, at));
}

static int
check_word(struct request *r, size_t at, const char *words)
{
	const char *word = given(r, at);

	if (word == NULL || text_has_word(words, word))
		return ERR_OK;
	return request_why(r, ERR_FORMAT, "\"%s\" is one of %s",
	    r->spec->params[at].name, words);
}

/* A type belongs to its class, the one that is set or was. */
static int
check_rsit(struct request *r, const struct case_state *s)
{
	const char *name = given(r, P_RSIT_CLASS);
	const char *type = given(r, P_RSIT_TYPE);
	size_t i;

	if (name == NULL && type == NULL)
		return ERR_OK;
	if (name == NULL)
		name = s->rsit_class;
	if (type == NULL)
		type = s->rsit_type;
	for (i = 0; i < sizeof(rsit) / sizeof(rsit[0]); i++) {
		if (strcmp(rsit[i].name, name) == 0)
			break;
	}
	if (i == sizeof(rsit) / sizeof(rsit[0]))
		return request_why(r, ERR_FORMAT,
		    "\"rsit_class\" is one of abusive-content malicious-code "
		    "information-gathering intrusion-attempts intrusions "
		    "availability information-content-security fraud "
		    "vulnerable other test");
	/* "undetermined" is good in any class: the type is not needed. */
	if (!text_has_word(rsit[i].types, type) &&
	    strcmp(type, "undetermined") != 0)
		return request_why(r, ERR_FORMAT,
		    "\"rsit_type\" of %s is undetermined or one of %s", name,
		    rsit[i].types);
	return ERR_OK;
}

static bool
ends_in_be(const char *domain)
{
	size_t len = strlen(domain);

	return len > 3 && strcasecmp(domain + len - 3, ".be") == 0;
}

static int
check_scope(struct request *r)
{
	const char *basis = given(r, P_SCOPE_BASIS);
	const char *value = given(r, P_SCOPE_VALUE);

	if (basis != NULL && strcmp(basis, "be_domain") == 0 &&
	    (value == NULL || !ends_in_be(value)))
		return request_why(r, ERR_FORMAT,
		    "\"scope_value\" of be_domain is a name that ends in .be");
	return check_word(r, P_SCOPE_BASIS, "be_territory be_domain other");
}

static int
check(struct request *r, const struct case_state *s)
{
	const char *title = given(r, P_TITLE);
	int err = ERR_OK;

	if (title != NULL && strlen(title) > TITLE_BYTES)
		return request_why(r, ERR_LIMIT,
		    "\"title\" is longer than %d bytes", TITLE_BYTES);
	if (given(r, P_SEVERITY) != NULL &&
	    text_severity(given(r, P_SEVERITY)) == NULL)
		return request_why(r, ERR_FORMAT,
		    "\"severity\" is one of low medium high critical unknown");
	err = check_rsit(r, s);
	if (err == ERR_OK)
		err = check_word(r, P_ROOT_CAUSE, causes);
	if (err == ERR_OK)
		err = check_word(
		    r, P_NOTIFICATION, "mandatory voluntary unknown");
	if (err == ERR_OK)
		err = check_scope(r);
	if (err == ERR_OK)
		err = check_word(
		    r, P_NIS2_STAGE, "none early_warning notification final");
	return err;
}

/* Who may say what: the staff with "claim" all, a submitter their part. */
static int
check_who(struct request *r)
{
	const struct principal *p = &r->principal;

	if (p->sees_all && principal_may(p, "claim"))
		return ERR_OK;
	if (!principal_may(p, "submit"))
		return request_why(r, ERR_DENIED,
		    "the account %s lacks the capability \"%s\"", p->name,
		    p->sees_all ? "claim" : "submit");
	if (given(r, P_RSIT_CLASS) != NULL || given(r, P_RSIT_TYPE) != NULL ||
	    given(r, P_ROOT_CAUSE) != NULL)
		return request_why(
		    r, ERR_DENIED, "what it was is for the staff to say");
	return ERR_OK;
}

static int64_t
nis2_place(const char *word)
{
	int64_t place = 0;

	for (int64_t i = 0; word != NULL && i < 4; i++) {
		if (strcmp(nis2_stages[i], word) == 0)
			place = i;
	}
	return place;
}

static int
write_case(struct request *r, bool is_staff)
{
	const char *severity = given(r, P_SEVERITY) == NULL
				   ? NULL
				   : text_severity(given(r, P_SEVERITY));
	int64_t changes;
	int err = db_do(r->store->db, STMT_CASE_EDIT,
	    ARGS(val_text(r->case_id), val_int(param_int(r, P_VERSION)),
		val_text(given(r, P_TITLE)),
		val_text(is_staff ? NULL : severity),
		val_text(is_staff ? severity : NULL),
		val_text(r->principal.account_id),
		val_text(given(r, P_RSIT_CLASS)),
		val_text(given(r, P_RSIT_TYPE)),
		val_text(given(r, P_ROOT_CAUSE)),
		val_text(given(r, P_NOTIFICATION)), given_int(r, P_AWARE),
		given_int(r, P_MALICIOUS), given_int(r, P_CROSS_BORDER),
		val_text(given(r, P_SCOPE_BASIS)),
		val_text(given(r, P_SCOPE_VALUE)),
		val_text(given(r, P_CONTEXT)), val_text(given(r, P_NIS2_STAGE)),
		val_int(nis2_place(given(r, P_NIS2_STAGE))),
		val_int(loop_wall_us())),
	    &changes);

	if (err == ERR_OK && changes == 0)
		return request_why(r, ERR_STALE,
		    "somebody changed the case meanwhile; read it again");
	return err;
}

/*
 * What was said, by name.  Of texts that may hold anything the chain, which is
 * never changed, has only that they were set.
 */
static json_t *
told(const struct request *r)
{
	json_t *detail = json_object();

	for (size_t i = P_TITLE; i < P_COUNT; i++) {
		const struct value *v = &r->params.v[i];
		const char *name = r->spec->params[i].name;
		bool is_free =
		    i == P_TITLE || i == P_SCOPE_VALUE || i == P_CONTEXT;

		if (v->type == VALUE_TEXT && is_free)
			(void)json_object_set_new(detail, name, json_true());
		else if (v->type == VALUE_INT)
			(void)json_object_set_new(
			    detail, name, json_integer(v->i));
		else if (v->type == VALUE_TEXT)
			(void)json_object_set_new(
			    detail, name, json_string((const char *)v->p));
	}
	return detail;
}

static int
follow(struct request *r, const struct case_state *s)
{
	struct audit_object object = {"case", r->case_id, r->case_org};
	int err = ERR_OK;

	if (given(r, P_TITLE) != NULL)
		err = db_do(r->store->db, STMT_CASE_TEXT_SET,
		    ARGS(val_text(s->number), val_text(given(r, P_TITLE))),
		    NULL);
	/* What waits moves with the case. */
	if (err == ERR_OK && given(r, P_SEVERITY) != NULL)
		err = db_do(r->store->db, STMT_JOBS_URGENCY,
		    ARGS(val_text(r->case_id)), NULL);
	if (err == ERR_OK && given(r, P_SEVERITY) != NULL)
		err = intake_mark(r->store, r->case_id);
	if (err == ERR_OK)
		err = history_by(r, r->case_id, "edited", "", HISTORY_ALL);
	if (err == ERR_OK)
		err = audit_by(r, "case.edited", &object, told(r));
	return err;
}

int
case_set(struct request *r)
{
	struct case_state s;
	int err = case_load(r, &s);

	if (err == ERR_OK)
		err = check_who(r);
	if (err == ERR_OK)
		err = check(r, &s);
	if (err == ERR_OK)
		err = write_case(r, r->principal.sees_all &&
					principal_may(&r->principal, "claim"));
	if (err == ERR_OK)
		err = follow(r, &s);
	if (err == ERR_OK)
		err = case_settle(r->store, r->case_id);
	if (err != ERR_OK)
		return err;
	return request_rows(
	    r, STMT_CASE_GET, ARGS(WHO(r), val_text(r->case_id)), true);
}
