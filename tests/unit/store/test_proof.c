/* SPDX-License-Identifier: Apache-2.0 */
/* test_proof.c - who has a session shows that it is them, before what approves
 * and what gives rights. */
#include "fake.h"

#include "lib/own.h"
#include "lib/secret.h"
#include "lib/totp.h"
#include "lib/xalloc.h"
#include "store/hasher.h"
#include "store/text.h"

#define PASSWORD "seven cold lamps under a bridge"
#define ADDRESS	 "192.0.2.1"
/* What takes a proof, and changes nothing here that other tests look at. */
#define TOKEN \
 ARGS(val_text(""), val_text("laptop"), val_text("approve_report"), val_int(30))

static char an[UUID_BYTES];

static void
read_secret(const char *text, const char *prefix, uint8_t secret[SECRET_BYTES])
{
	text += strlen(prefix);
	assert_int_equal(secret_decode(text, strlen(text), secret), ERR_OK);
}

static int
setup(void **state)
{
	struct rig *rig = rig_new();
	uint8_t secret[SECRET_BYTES];
	int fd;

	assert_int_equal(hasher_fork(&fd), ERR_OK);
	rig->store->hasher = hasher_new(rig->loop, fd);
	rig->store->password_log2n = 10;
	rig->store->step_up_us = (int64_t)600 * 1000000;
	/* Who comes by uid is asked nothing. */
	(void)ask_ok(rig, CALL_ACCOUNT_CREATE,
	    ARGS(val_text(""), val_text("An Peeters"), val_text("human"),
		val_int(-1), val_text("submit approve_report"),
		val_text("an")));
	(void)snprintf(an, sizeof(an), "%s", col_text(rig, 0, "id"));
	(void)ask_ok(rig, CALL_INVITE_CREATE, ARGS(val_text(an), val_int(0)));
	read_secret(col_text(rig, 0, "token"), SECRET_INVITE_PREFIX, secret);
	(void)ask_ok(rig, CALL_INVITE_ACCEPT,
	    ARGS(val_bytes(secret, SECRET_BYTES), val_text(PASSWORD),
		val_text(ADDRESS)));
	*state = rig;
	return 0;
}

static int
teardown(void **state)
{
	rig_free(*state);
	return 0;
}

static void
get_in(struct rig *rig, const char *code, uint8_t secret[SECRET_BYTES])
{
	const uint8_t *p;
	size_t len;

	(void)ask_ok(rig, CALL_LOGIN,
	    ARGS(val_text("an"), val_text(PASSWORD), val_text(code),
		val_text(ADDRESS)));
	p = col_bytes(rig, 0, "secret", &len);
	assert_int_equal(len, SECRET_BYTES);
	memcpy(secret, p, len);
}

/* As whoever has that secret: one request's principal. */
static void
be(struct rig *rig, enum call_op op, const uint8_t secret[SECRET_BYTES])
{
	(void)ask_ok(rig, op, ARGS(val_bytes(secret, SECRET_BYTES)));
	rig->principal = (uint64_t)col_int(rig, 0, "principal");
}

static void
grow_old(struct rig *rig)
{
	sql_run(
	    rig, "UPDATE web_session SET proved_at = proved_at - 601000000");
	sql_run(rig, "UPDATE api_token SET proved_at = proved_at - 601000000");
}

/* Refused for that reason, and with those ways. */
static void
is_asked(struct rig *rig, const char *ways)
{
	struct answer *a = ask(rig, CALL_TOKEN_CREATE, TOKEN);

	assert_int_equal(a->err, ERR_DENIED);
	assert_non_null(strstr(a->why, "step-up"));
	assert_non_null(strstr(a->why, ways));
}

static const char *
prove_with(struct rig *rig, const char *password, const char *code)
{
	(void)ask_ok(rig, CALL_PROVE,
	    ARGS(val_text(password), val_text(code), val_text(ADDRESS)));
	return col_text(rig, 0, "state");
}

static void
test_password(void **state)
{
	struct rig *rig = *state;
	uint8_t secret[SECRET_BYTES];

	get_in(rig, "", secret);
	be(rig, CALL_SESSION_COOKIE, secret);
	(void)ask_ok(rig, CALL_TOKEN_CREATE, TOKEN);
	grow_old(rig);
	be(rig, CALL_SESSION_COOKIE, secret);
	is_asked(rig, "\"how\":[\"password\"]");
	assert_string_equal(prove_with(rig, "not it", ""), "refused");
	assert_true(col_is_null(rig, 0, "until"));
	be(rig, CALL_SESSION_COOKIE, secret);
	is_asked(rig, "\"code\":false");
	assert_string_equal(prove_with(rig, PASSWORD, ""), "ok");
	assert_true(col_int(rig, 0, "until") > loop_wall_us());
	be(rig, CALL_SESSION_COOKIE, secret);
	(void)ask_ok(rig, CALL_TOKEN_CREATE, TOKEN);
	/* A clock that was set back makes it void. */
	sql_run(rig, "UPDATE web_session SET proved_at = proved_at + 60000000");
	be(rig, CALL_SESSION_COOKIE, secret);
	is_asked(rig, "password");
	/* It is of that session alone. */
	assert_string_equal(prove_with(rig, PASSWORD, ""), "ok");
	sql_run(rig, "UPDATE web_session SET proved_at = 1");
	get_in(rig, "", secret);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM web_session "
				      "WHERE proved_at > 1"),
	    1);
	assert_true(sql_int(rig, "SELECT count(*) FROM audit_event "
				 "WHERE action = 'proof.given'") >= 2);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM audit_event "
				      "WHERE action = 'proof.failed'"),
	    1);
}

/* It is no place to guess from. */
static void
test_guessing(void **state)
{
	struct rig *rig = *state;
	uint8_t secret[SECRET_BYTES];
	size_t waited = 0;

	get_in(rig, "", secret);
	be(rig, CALL_SESSION_COOKIE, secret);
	for (int i = 0; i < 12; i++)
		waited += strcmp(prove_with(rig, "wrong", ""), "wait") == 0;
	assert_true(waited >= 5);
	assert_string_equal(prove_with(rig, PASSWORD, ""), "wait");
	assert_true(col_int(rig, 0, "wait_ms") > 0);
}

static void
code_at(const uint8_t key[TOTP_SECRET_BYTES], int64_t steps, char text[8])
{
	int64_t step = loop_wall_us() / 1000000 / TOTP_PERIOD_S + steps;

	(void)snprintf(text, 8, "%06u", totp_code(key, (uint64_t)step));
}

static void
test_code(void **state)
{
	struct rig *rig = *state;
	uint8_t secret[SECRET_BYTES], key[TOTP_SECRET_BYTES];
	char code[8];

	get_in(rig, "", secret);
	/* Without a second factor one can do nothing but set one up; and
	 * before that, show who one is. */
	rig->store->second_factor = SECOND_FACTOR_ALL;
	grow_old(rig);
	be(rig, CALL_SESSION_COOKIE, secret);
	ask_err(rig, ERR_DENIED, CALL_TOTP_BEGIN, NULL, 0);
	assert_string_equal(prove_with(rig, PASSWORD, ""), "ok");
	be(rig, CALL_SESSION_COOKIE, secret);
	(void)ask_ok(rig, CALL_TOTP_BEGIN, NULL, 0);
	assert_int_equal(
	    base32_decode(col_text(rig, 0, "secret"), key, sizeof(key)),
	    ERR_OK);
	code_at(key, 0, code);
	(void)ask_ok(rig, CALL_TOTP_CONFIRM, ARGS(val_text(code)));
	grow_old(rig);
	be(rig, CALL_SESSION_COOKIE, secret);
	is_asked(rig, "\"code\":true");
	/* The password alone, the code alone, a code that was used. */
	code_at(key, 1, code);
	assert_string_equal(prove_with(rig, PASSWORD, ""), "refused");
	assert_string_equal(prove_with(rig, "", code), "refused");
	assert_string_equal(prove_with(rig, PASSWORD, code), "ok");
	assert_string_equal(prove_with(rig, PASSWORD, code), "refused");
	/* Whose password is the provider's business: the code. */
	sql_run(rig, "UPDATE credential SET password = NULL, totp_step = 0");
	grow_old(rig);
	be(rig, CALL_SESSION_COOKIE, secret);
	is_asked(rig, "\"how\":[\"code\"]");
	assert_string_equal(prove_with(rig, "", "000000"), "refused");
	assert_string_equal(prove_with(rig, "", code), "ok");
}

/* A person's token may be shown to be theirs; a service's is nobody's. */
static void
test_token(void **state)
{
	struct rig *rig = *state;
	uint64_t admin = rig->principal;
	uint8_t session[SECRET_BYTES], secret[SECRET_BYTES];
	struct answer *a;

	get_in(rig, "", session);
	be(rig, CALL_SESSION_COOKIE, session);
	(void)ask_ok(rig, CALL_TOKEN_CREATE, TOKEN);
	read_secret(col_text(rig, 0, "token"), SECRET_TOKEN_PREFIX, secret);
	be(rig, CALL_SESSION_TOKEN, secret);
	a = ask(rig, CALL_REPORT_APPROVE, ARGS(val_text(an), val_text("")));
	assert_int_equal(a->err, ERR_DENIED);
	assert_non_null(strstr(a->why, "\"how\":[\"password\"]"));
	assert_string_equal(prove_with(rig, PASSWORD, ""), "ok");
	be(rig, CALL_SESSION_TOKEN, secret);
	ask_err(rig, ERR_NOT_FOUND, CALL_REPORT_APPROVE,
	    ARGS(val_text(an), val_text("")));
	/* Its session had its own, and the token gives no capability. */
	ask_err(rig, ERR_DENIED, CALL_TOKEN_CREATE, TOKEN);
	rig->principal = admin;
	(void)ask_ok(rig, CALL_ACCOUNT_CREATE,
	    ARGS(val_text(""), val_text("robot"), val_text("service"),
		val_int(-1), val_text("approve_report"), val_text("")));
	{
		char robot[UUID_BYTES];

		(void)snprintf(
		    robot, sizeof(robot), "%s", col_text(rig, 0, "id"));
		(void)ask_ok(rig, CALL_TOKEN_CREATE,
		    ARGS(val_text(robot), val_text("it"),
			val_text("approve_report"), val_int(30)));
	}
	read_secret(col_text(rig, 0, "token"), SECRET_TOKEN_PREFIX, secret);
	be(rig, CALL_SESSION_TOKEN, secret);
	a = ask(rig, CALL_REPORT_APPROVE, ARGS(val_text(an), val_text("")));
	assert_int_equal(a->err, ERR_DENIED);
	assert_non_null(strstr(a->why, "\"how\":[]"));
	ask_err(rig, ERR_CONFLICT, CALL_PROVE,
	    ARGS(val_text(PASSWORD), val_text(""), val_text(ADDRESS)));
}

static bool
ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len > end_len && strcmp(text + len - end_len, end) == 0;
}

/* Approving, issuing and giving: whatever the catalogue has of these. */
static bool
is_grave(const char *name)
{
	return ends_with(name, "_APPROVE") || ends_with(name, "_ISSUE") ||
	       strncmp(name, "ACCOUNT_", 8) == 0 ||
	       strncmp(name, "INVITE_CREATE", 13) == 0;
}

static bool
is_plain(const char *name)
{
	return strcmp(name, "ACCOUNT_SELF") == 0 ||
	       strcmp(name, "ACCOUNT_LIST") == 0;
}

/* Every operation of the catalogue that asks for it does: who holds every
 * capability, and has not shown who they are, is refused all of them. */
static void
test_all(void **state)
{
	struct rig *rig = *state;
	auto_free char *sql =
	    xasprintf("UPDATE account SET capabilities = '%s' WHERE id = '%s'",
		text_capabilities, an);
	uint8_t secret[SECRET_BYTES];
	size_t count = 0;

	sql_run(rig, sql);
	get_in(rig, "", secret);
	grow_old(rig);
	be(rig, CALL_SESSION_COOKIE, secret);
	for (unsigned int op = 1; op < CALL_COUNT; op++) {
		const struct call_spec *spec = call_spec(op);
		struct value args[24];
		struct answer *a;

		if (spec == NULL)
			continue;
		if (is_grave(spec->name) && !is_plain(spec->name) &&
		    !spec->needs_proof)
			fail_msg("%s asks for no proof", spec->name);
		if (!spec->needs_proof)
			continue;
		count++;
		for (size_t i = 0; i < spec->param_count; i++) {
			char type = spec->params[i].type;

			args[i] = strchr("sj", type) != NULL ? val_text("")
				  : strchr("bhn", type) != NULL
				      ? val_bytes("", 0)
				      : val_int(0);
		}
		a = ask(rig, (enum call_op)op, args, spec->param_count);
		if (a->err != ERR_DENIED || strstr(a->why, "step-up") == NULL)
			fail_msg("%s: %s", spec->name, a->why);
	}
	assert_true(count >= 17);
}

/* As long as the log-in lasts, where an administrator wants it so. */
static void
test_off(void **state)
{
	struct rig *rig = *state;
	uint8_t secret[SECRET_BYTES];

	rig->store->step_up_us = 0;
	get_in(rig, "", secret);
	grow_old(rig);
	be(rig, CALL_SESSION_COOKIE, secret);
	(void)ask_ok(rig, CALL_TOKEN_CREATE, TOKEN);
	ask_err(rig, ERR_CONFLICT, CALL_PROVE,
	    ARGS(val_text(PASSWORD), val_text(""), val_text(ADDRESS)));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_password),
	    TEST(test_guessing),
	    TEST(test_code),
	    TEST(test_token),
	    TEST(test_all),
	    TEST(test_off),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
