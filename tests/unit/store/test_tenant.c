/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tenant.c - what belongs to another organisation does not exist.
 *
 * Every call of web that names something is generated from lib/call.def and
 * asked twice: once with another organisation's id, once with an unknown one.
 * Both answers must be the same to the letter.
 */
#include "fake.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"
#include "store/text.h"

#define UNKNOWN "01900000-0000-7000-8000-000000000000"

/* One of each thing, owned by one organisation. */
struct things {
	uint64_t principal;
	char org[UUID_BYTES];
	char case_id[UUID_BYTES];
	char number[32];
	char submission[UUID_BYTES];
	char upload[UUID_BYTES];
	char artefact[UUID_BYTES];
	char job[UUID_BYTES];
	char run[UUID_BYTES];
	char report[UUID_BYTES];
	char account[UUID_BYTES];
	char token[UUID_BYTES];
};

struct world {
	struct rig *rig;
	struct things own;
	struct things foreign;
};

/* All but the one that crosses organisations. */
static const char tenant_capabilities[] =
    "submit analyse run_vm download_sample audit_read manage_staff "
    "manage_vm_images";

static void
make_account(struct rig *rig, struct things *t)
{
	(void)ask_ok(rig, CALL_ACCOUNT_LIST, ARGS(val_int(0), val_text("")));
	(void)snprintf(
	    t->account, sizeof(t->account), "%s", col_text(rig, 0, "id"));
	(void)ask_ok(rig, CALL_TOKEN_CREATE,
	    ARGS(val_text(""), val_text("t"), val_text(""), val_int(1)));
	(void)snprintf(
	    t->token, sizeof(t->token), "%s", col_text(rig, 0, "id"));
}

static void
make_report(struct rig *rig, struct things *t)
{
	char job[UUID_BYTES], artefact[UUID_BYTES];
	uint64_t own = rig->principal;
	int64_t attempt;

	(void)drain_jobs(rig, "identify,yara,detonate");
	lease(rig, "report", job, &attempt);
	make_child(rig, job, attempt, "{}", "report_json", artefact);
	make_child(rig, job, attempt, "<p>", "report_html", artefact);
	assert_int_equal(done(rig, job, attempt, "done", "")->err, ERR_OK);
	/* What is not issued only the staff can name. */
	rig->principal = rig_session_of_admin(rig);
	(void)ask_ok(rig, CALL_REPORT_LIST,
	    ARGS(val_text(t->case_id), val_int(0), val_text("")));
	(void)snprintf(
	    t->report, sizeof(t->report), "%s", col_text(rig, 0, "id"));
	rig->principal = own;
}

static void
make_things(struct rig *rig, struct things *t)
{
	struct answer *a;

	rig->principal = t->principal;
	make_case(rig, t->case_id, t->number);
	make_submission(rig, t->case_id, t->submission);
	upload(rig, t->submission, "the same bytes", t->artefact);
	(void)ask_ok(
	    rig, CALL_RUN_CREATE, ARGS(val_text(t->artefact), val_text("")));
	(void)snprintf(t->run, sizeof(t->run), "%s", col_text(rig, 0, "id"));
	/* Jobs are the staff's to see. */
	rig->principal = rig_session_of_admin(rig);
	(void)ask_ok(rig, CALL_JOB_LIST,
	    ARGS(val_text(t->case_id), val_text(""), val_int(0), val_text("")));
	(void)snprintf(t->job, sizeof(t->job), "%s", col_text(rig, 0, "id"));
	rig->principal = t->principal;
	make_account(rig, t);
	make_report(rig, t);
	a = ask_ok(rig, CALL_UPLOAD_CREATE,
	    ARGS(val_text(t->submission), val_bytes("x", 1), val_text("file"),
		val_int(-1), val_null()));
	(void)close(take_fd(a->fd));
	(void)snprintf(
	    t->upload, sizeof(t->upload), "%s", col_text(rig, 0, "id"));
}

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct rig *rig = rig_new();
	uint64_t admin = rig->principal;

	w->rig = rig;
	w->own.principal =
	    rig_other_org(rig, "Water", "C1", tenant_capabilities, w->own.org);
	rig->principal = admin;
	w->foreign.principal = rig_other_org(
	    rig, "Power", "C2", tenant_capabilities, w->foreign.org);
	make_things(rig, &w->own);
	make_things(rig, &w->foreign);
	rig->principal = w->own.principal;
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	rig_free(w->rig);
	free(w);
	return 0;
}

/* What parameter `name` of op names, of these things; NULL: nothing. */
static const char *
named(enum call_op op, const char *name, const struct things *t)
{
	const char *call = call_spec(op)->name;

	if (strcmp(name, "case") == 0)
		return t->case_id;
	if (strcmp(name, "org") == 0)
		return t->org;
	if (strcmp(name, "submission") == 0)
		return t->submission;
	if (strcmp(name, "artefact") == 0)
		return t->artefact;
	if (strcmp(name, "id") != 0)
		return NULL;
	/* Those of other people have a test of their own. */
	if (strncmp(call, "SESSION_", 8) == 0)
		return NULL;
	if (strncmp(call, "ORG_", 4) == 0)
		return t->org;
	if (strncmp(call, "UPLOAD_", 7) == 0)
		return t->upload;
	if (strncmp(call, "ARTEFACT_", 9) == 0)
		return t->artefact;
	if (strncmp(call, "JOB_", 4) == 0)
		return t->job;
	if (strncmp(call, "RUN_", 4) == 0)
		return t->run;
	if (strncmp(call, "REPORT_", 7) == 0)
		return t->report;
	if (strncmp(call, "ACCOUNT_", 8) == 0 ||
	    strncmp(call, "INVITE_", 7) == 0)
		return t->account;
	if (strncmp(call, "TOKEN_", 6) == 0)
		return t->token;
	return "";
}

/* Sound values for all parameters, of the principal's own things. */
static void
fill(enum call_op op, const struct things *t, struct value *args)
{
	const struct call_spec *spec = call_spec(op);

	for (size_t i = 0; i < spec->param_count; i++) {
		const struct call_field *f = &spec->params[i];
		const char *id = named(op, f->name, t);

		if (f->is_nullable)
			args[i] = val_null();
		else if (strchr("itf", f->type) != NULL)
			args[i] = val_int(0);
		else if (strchr("bhn", f->type) != NULL)
			args[i] = val_bytes("x", 1);
		else if (id != NULL)
			args[i] = val_text(id);
		else if (strcmp(f->name, "name") == 0)
			args[i] = val_text("a name");
		else if (strcmp(f->name, "format") == 0)
			args[i] = val_text("json");
		else
			args[i] = val_text("");
	}
}

struct seen {
	enum err err;
	char why[512];
	size_t rows;
	bool has_fd;
};

static struct seen
look(struct rig *rig, enum call_op op, const struct value *args)
{
	struct answer *a = ask(rig, op, args, call_spec(op)->param_count);
	struct seen s = {a->err, "", a->rows_count, a->fd != -1};

	(void)snprintf(s.why, sizeof(s.why), "%s", a->why);
	return s;
}

static void
test_every_call_of_web(void **state)
{
	struct world *w = *state;
	size_t asked = 0;

	for (unsigned int op = 1; op < CALL_COUNT; op++) {
		const struct call_spec *spec = call_spec(op);
		struct value args[24];

		if ((spec->roles & ROLE_WEB) == 0 ||
		    strcmp(spec->capability, "-") == 0)
			continue;
		for (size_t i = 0; i < spec->param_count; i++) {
			const char *foreign = named((enum call_op)op,
			    spec->params[i].name, &w->foreign);
			struct seen theirs, unknown;

			/* Numbers are the site's own things. */
			if (foreign == NULL || spec->params[i].type != 's')
				continue;
			fill((enum call_op)op, &w->own, args);
			args[i] = val_text(foreign);
			theirs = look(w->rig, (enum call_op)op, args);
			args[i] = val_text(UNKNOWN);
			unknown = look(w->rig, (enum call_op)op, args);
			asked++;
			if (theirs.rows != unknown.rows || theirs.has_fd ||
			    theirs.err != unknown.err ||
			    strcmp(theirs.why, unknown.why) != 0)
				fail_msg("%s(%s): foreign: %s \"%s\" %zu rows, "
					 "unknown: %s \"%s\" %zu rows",
				    spec->name, spec->params[i].name,
				    err_name(theirs.err), theirs.why,
				    theirs.rows, err_name(unknown.err),
				    unknown.why, unknown.rows);
			/* A list that is filtered may be empty instead. */
			if (theirs.err != ERR_NOT_FOUND && theirs.rows > 0)
				fail_msg("%s(%s): answers rows", spec->name,
				    spec->params[i].name);
		}
	}
	assert_true(asked > 25);
}

/* The number is as good as the id, and as foreign. */
static void
test_foreign_number(void **state)
{
	struct world *w = *state;

	(void)ask_ok(w->rig, CALL_CASE_GET, ARGS(val_text(w->own.number)));
	ask_err(w->rig, ERR_NOT_FOUND, CALL_CASE_GET,
	    ARGS(val_text(w->foreign.number)));
	w->own.number[8] = w->own.number[8] == '2' ? '3' : '2';
	ask_err(
	    w->rig, ERR_FORMAT, CALL_CASE_GET, ARGS(val_text(w->own.number)));
}

static bool
mentions(const struct values *row, const char *text)
{
	for (size_t i = 0; i < row->count; i++) {
		const struct value *v = &row->v[i];

		if (v->type == VALUE_TEXT && v->len > 0 &&
		    memmem(v->p, v->len, text, strlen(text)) != NULL)
			return true;
	}
	return false;
}

/* No row of any list speaks of the other organisation's things. */
static void
test_lists_show_only_own(void **state)
{
	struct world *w = *state;
	const char *const theirs[] = {w->foreign.org, w->foreign.case_id,
	    w->foreign.number, w->foreign.artefact, w->foreign.job, "Power"};

	for (unsigned int op = 1; op < CALL_COUNT; op++) {
		const struct call_spec *spec = call_spec(op);
		struct value args[24];
		struct answer *a;

		if ((spec->roles & ROLE_WEB) == 0 || spec->column_count == 0 ||
		    strcmp(spec->capability, "-") == 0 ||
		    strstr(spec->name, "_CREATE") != NULL)
			continue;
		fill((enum call_op)op, &w->own, args);
		a = ask(w->rig, (enum call_op)op, args, spec->param_count);
		for (size_t i = 0; i < a->rows_count; i++) {
			for (size_t k = 0; k < 6; k++) {
				if (mentions(&a->rows[i], theirs[k]))
					fail_msg("%s speaks of %s", spec->name,
					    theirs[k]);
			}
		}
	}
}

/* Without a capability the call is refused before anything is looked up. */
static void
test_every_capability_is_needed(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	uint64_t own = rig->principal;
	size_t refused = 0;

	for (unsigned int op = 1; op < CALL_COUNT; op++) {
		const struct call_spec *spec = call_spec(op);
		struct value args[24];
		char rest[512] = "";
		char org[UUID_BYTES];
		auto_free char *copy = xstrdup(tenant_capabilities);
		char *words = copy;
		char *word;
		char name[64];

		if ((spec->roles & ROLE_WEB) == 0 ||
		    spec->capability[0] == '\0' ||
		    strcmp(spec->capability, "=") == 0 ||
		    strcmp(spec->capability, "-") == 0)
			continue;
		while ((word = strsep(&words, " ")) != NULL) {
			size_t len = strlen(rest);

			if (strcmp(word, spec->capability) != 0)
				(void)snprintf(rest + len, sizeof(rest) - len,
				    "%s%s", len > 0 ? " " : "", word);
		}
		rig->principal = rig_session_of_admin(rig);
		(void)snprintf(name, sizeof(name), "org %s", spec->name);
		rig->principal = rig_other_org(rig, name, "C3", rest, org);
		fill((enum call_op)op, &w->own, args);
		ask_err(
		    rig, ERR_DENIED, (enum call_op)op, args, spec->param_count);
		refused++;
	}
	assert_true(refused > 8);
	rig->principal = own;
}

/* Staff that may see all organisations see both. */
static void
test_staff_sees_all(void **state)
{
	struct world *w = *state;
	struct rig *rig = w->rig;
	struct answer *a;

	rig->principal = rig_session_of_admin(rig);
	a = ask_ok(rig, CALL_CASE_LIST,
	    CASES_OF(val_null(), val_int(0), val_text("")));
	assert_int_equal(a->rows_count, 2);
	(void)ask_ok(rig, CALL_ARTEFACT_GET, ARGS(val_text(w->own.artefact)));
	(void)ask_ok(
	    rig, CALL_ARTEFACT_GET, ARGS(val_text(w->foreign.artefact)));
	a = ask_ok(rig, CALL_ORG_LIST, ARGS(val_int(0), val_text("")));
	assert_int_equal(a->rows_count, 3);
}

/* The same bytes of two organisations are two blobs. */
static void
test_no_oracle(void **state)
{
	struct world *w = *state;

	assert_int_equal(
	    sql_int(w->rig, "SELECT count(*) FROM blob b "
			    "JOIN artefact a ON a.org_id = b.org_id "
			    "AND a.sha256 = b.sha256 "
			    "WHERE a.name = CAST('sample.bin' AS BLOB)"),
	    2);
}

/* Organisations hand out only what they have themselves. */
static void
test_no_escalation(void **state)
{
	struct world *w = *state;

	ask_err(w->rig, ERR_DENIED, CALL_ACCOUNT_CREATE,
	    ARGS(val_text(""), val_text("n"), val_text("human"), val_int(-1),
		val_text("submit read_all_orgs"), val_text("")));
	ask_err(w->rig, ERR_FORMAT, CALL_ACCOUNT_CREATE,
	    ARGS(val_text(""), val_text("n"), val_text("human"), val_int(-1),
		val_text("fly"), val_text("")));
	ask_err(w->rig, ERR_DENIED, CALL_ORG_CREATE,
	    ARGS(val_text("Third"), val_text("C1")));
	ask_err(w->rig, ERR_DENIED, CALL_AUDIT_EXPORT, NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	    T(test_every_call_of_web),
	    T(test_foreign_number),
	    T(test_lists_show_only_own),
	    T(test_every_capability_is_needed),
	    T(test_staff_sees_all),
	    T(test_no_oracle),
	    T(test_no_escalation),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
