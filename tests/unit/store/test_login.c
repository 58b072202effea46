/* SPDX-License-Identifier: Apache-2.0 */
/* test_login.c - passwords, second factors, sessions, tokens, and who may
 * manage them. */
#include "fake.h"

#include "lib/own.h"
#include "lib/secret.h"
#include "lib/totp.h"
#include "lib/xalloc.h"
#include "store/hasher.h"

#define PASSWORD "seven cold lamps under a bridge"
#define OTHER	 "nine warm lanterns over a canal"

/* The account that each test begins with. */
struct person {
	char id[UUID_BYTES];
	uint64_t admin;
};

static struct person *rig_person;

static void
add_account(struct rig *rig, const char *login, const char *capabilities,
    char ret_id[UUID_BYTES])
{
	(void)ask_ok(rig, CALL_ACCOUNT_CREATE,
	    ARGS(val_text(""), val_text("An Peeters"), val_text("human"),
		val_int(-1), val_text(capabilities), val_text(login)));
	(void)snprintf(ret_id, UUID_BYTES, "%s", col_text(rig, 0, "id"));
}

/* The bytes of a secret as it is shown. */
static void
read_secret(const char *text, const char *prefix, uint8_t secret[SECRET_BYTES])
{
	assert_int_equal(strncmp(text, prefix, strlen(prefix)), 0);
	text += strlen(prefix);
	assert_int_equal(secret_decode(text, strlen(text), secret), ERR_OK);
}

static void
invite(struct rig *rig, const char *id, bool resets, uint8_t *secret)
{
	(void)ask_ok(
	    rig, CALL_INVITE_CREATE, ARGS(val_text(id), val_int(resets)));
	read_secret(col_text(rig, 0, "token"), SECRET_INVITE_PREFIX, secret);
}

static const char *
accept_with(struct rig *rig, const uint8_t *secret, const char *password)
{
	(void)ask_ok(rig, CALL_INVITE_ACCEPT,
	    ARGS(val_bytes(secret, SECRET_BYTES), val_text(password),
		val_text("192.0.2.1")));
	return col_text(rig, 0, "state");
}

static const char *
try_login(struct rig *rig, const char *login, const char *password,
    const char *code, const char *address)
{
	(void)ask_ok(rig, CALL_LOGIN,
	    ARGS(val_text(login), val_text(password), val_text(code),
		val_text(address)));
	return col_text(rig, 0, "state");
}

/* Logs in; the session's secret. */
static void
get_in(struct rig *rig, const char *code, uint8_t secret[SECRET_BYTES])
{
	const uint8_t *p;
	size_t len;

	assert_string_equal(
	    try_login(rig, "an@example.org", PASSWORD, code, "192.0.2.1"),
	    "ok");
	p = col_bytes(rig, 0, "secret", &len);
	assert_int_equal(len, SECRET_BYTES);
	memcpy(secret, p, len);
}

static uint64_t
use(struct rig *rig, enum call_op op, const uint8_t secret[SECRET_BYTES])
{
	(void)ask_ok(rig, op, ARGS(val_bytes(secret, SECRET_BYTES)));
	return (uint64_t)col_int(rig, 0, "principal");
}

static int
setup(void **state)
{
	struct rig *rig = rig_new();
	struct person *p = xcalloc(1, sizeof(*p));
	uint8_t secret[SECRET_BYTES];
	int fd;

	assert_int_equal(hasher_fork(&fd), ERR_OK);
	rig->store->hasher = hasher_new(rig->loop, fd);
	rig->store->password_log2n = 10;
	p->admin = rig->principal;
	add_account(rig, "An@Example.org", "submit analyse", p->id);
	invite(rig, p->id, false, secret);
	assert_string_equal(accept_with(rig, secret, PASSWORD), "ok");
	assert_string_equal(col_text(rig, 0, "login"), "an@example.org");
	*state = rig;
	rig_person = p;
	return 0;
}

static int
teardown(void **state)
{
	free(rig_person);
	rig_free(*state);
	return 0;
}

static void
test_login(void **state)
{
	struct rig *rig = *state;
	uint8_t secret[SECRET_BYTES], wrong[SECRET_BYTES];

	assert_string_equal(
	    try_login(rig, "an@example.org", OTHER, "", "192.0.2.9"),
	    "refused");
	assert_string_equal(
	    try_login(rig, "nobody", PASSWORD, "", "192.0.2.9"), "refused");
	ask_err(rig, ERR_FORMAT, CALL_LOGIN,
	    ARGS(val_text("a b"), val_text(PASSWORD), val_text(""),
		val_text("192.0.2.9")));
	get_in(rig, "", secret);
	rig->principal = use(rig, CALL_SESSION_COOKIE, secret);
	assert_string_equal(col_text(rig, 0, "account"), rig_person->id);
	assert_string_equal(col_text(rig, 0, "via"), "session");
	assert_string_equal(col_text(rig, 0, "capabilities"), "submit analyse");
	(void)ask_ok(rig, CALL_CASE_LIST,
	    CASES_OF(val_null(), val_int(0), val_text("")));
	/* A session is no token, and one bit is one too many. */
	ask_err(rig, ERR_DENIED, CALL_SESSION_TOKEN,
	    ARGS(val_bytes(secret, SECRET_BYTES)));
	memcpy(wrong, secret, sizeof(wrong));
	wrong[31] ^= 1;
	ask_err(rig, ERR_DENIED, CALL_SESSION_COOKIE,
	    ARGS(val_bytes(wrong, SECRET_BYTES)));
	ask_err(rig, ERR_DENIED, CALL_SESSION_COOKIE, ARGS(val_bytes("x", 1)));
	/* Nothing that opens anything is in the database. */
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM web_session "
				      "WHERE length(digest) = 32"),
	    1);
	(void)ask_ok(rig, CALL_SESSION_CLOSE, ARGS(val_text(""), val_int(0)));
	ask_err(rig, ERR_DENIED, CALL_CASE_LIST,
	    CASES_OF(val_null(), val_int(0), val_text("")));
	ask_err(rig, ERR_DENIED, CALL_SESSION_COOKIE,
	    ARGS(val_bytes(secret, SECRET_BYTES)));
}

static void
test_session_limits(void **state)
{
	struct rig *rig = *state;
	uint8_t one[SECRET_BYTES], two[SECRET_BYTES], three[SECRET_BYTES];

	get_in(rig, "", one);
	sql_run(rig, "UPDATE web_session SET used_at = used_at - 1801000000");
	ask_err(rig, ERR_DENIED, CALL_SESSION_COOKIE,
	    ARGS(val_bytes(one, SECRET_BYTES)));
	get_in(rig, "", two);
	sql_run(rig, "UPDATE web_session SET expires_at = created_at");
	ask_err(rig, ERR_DENIED, CALL_SESSION_COOKIE,
	    ARGS(val_bytes(two, SECRET_BYTES)));
	/* Log-out everywhere, from one of them. */
	get_in(rig, "", one);
	get_in(rig, "", two);
	get_in(rig, "", three);
	rig->principal = use(rig, CALL_SESSION_COOKIE, two);
	assert_true(ask_ok(rig, CALL_SESSION_LIST, NULL, 0)->rows_count == 3);
	(void)ask_ok(rig, CALL_SESSION_CLOSE, ARGS(val_text(""), val_int(1)));
	ask_err(rig, ERR_DENIED, CALL_SESSION_COOKIE,
	    ARGS(val_bytes(one, SECRET_BYTES)));
	ask_err(rig, ERR_DENIED, CALL_SESSION_COOKIE,
	    ARGS(val_bytes(three, SECRET_BYTES)));
}

static void
test_disabled(void **state)
{
	struct rig *rig = *state;
	uint8_t secret[SECRET_BYTES];
	uint64_t theirs;

	get_in(rig, "", secret);
	theirs = use(rig, CALL_SESSION_COOKIE, secret);
	(void)ask_ok(rig, CALL_ACCOUNT_SET,
	    ARGS(val_text(rig_person->id), val_null(), val_text("disabled"),
		val_null(), val_null()));
	rig->principal = theirs;
	ask_err(rig, ERR_DENIED, CALL_CASE_LIST,
	    CASES_OF(val_null(), val_int(0), val_text("")));
	ask_err(rig, ERR_DENIED, CALL_SESSION_COOKIE,
	    ARGS(val_bytes(secret, SECRET_BYTES)));
	assert_string_equal(
	    try_login(rig, "an@example.org", PASSWORD, "", "192.0.2.1"),
	    "refused");
}

/* A flood from elsewhere makes only the flood wait. */
static void
test_back_off(void **state)
{
	struct rig *rig = *state;
	uint8_t secret[SECRET_BYTES];
	char address[32];
	size_t tried = 0, waited = 0;

	get_in(rig, "", secret); /* this address is known now */
	for (int i = 0; i < 12; i++)
		waited += strcmp(try_login(rig, "an@example.org", OTHER, "",
				     "198.51.100.1"),
			      "wait") == 0;
	assert_int_equal(waited, 7);
	/* Not even the right one is looked at there. */
	assert_string_equal(
	    try_login(rig, "an@example.org", PASSWORD, "", "198.51.100.1"),
	    "wait");
	assert_true(col_int(rig, 0, "wait_ms") > 0);
	for (int i = 0; i < 120; i++) {
		(void)snprintf(address, sizeof(address), "203.0.113.%d", i);
		tried +=
		    strcmp(try_login(rig, "an@example.org", OTHER, "", address),
			"refused") == 0;
	}
	/* Many addresses: they are slowed down together ... */
	assert_true(tried < 60);
	assert_string_equal(
	    try_login(rig, "an@example.org", PASSWORD, "", "203.0.113.200"),
	    "wait");
	/* ... and the owner comes in from where they always come. */
	get_in(rig, "", secret);
}

static void
code_at(const uint8_t key[TOTP_SECRET_BYTES], int64_t steps, char text[8])
{
	int64_t step = loop_wall_us() / 1000000 / TOTP_PERIOD_S + steps;

	(void)snprintf(text, 8, "%06u", totp_code(key, (uint64_t)step));
}

/* At rest none lies open; one of an earlier version is sealed by itself. */
static void
check_sealed(struct rig *rig, const uint8_t key[TOTP_SECRET_BYTES])
{
	static const char open[] = "SELECT count(*) FROM credential "
				   "WHERE length(totp_secret) = 20";
	char hex[2 * TOTP_SECRET_BYTES + 1];
	auto_free char *sql = NULL;

	hex_encode(hex, key, TOTP_SECRET_BYTES);
	assert_int_equal(sql_int(rig, open), 0);
	sql = xasprintf("UPDATE credential SET totp_secret = X'%s' "
			"WHERE totp_secret IS NOT NULL",
	    hex);
	sql_run(rig, sql);
	assert_int_equal(sql_int(rig, open), 1);
	rig_drop_vault(rig);
	rig_turn(rig, 5);
	rig_connect_vault(rig);
	rig_turn(rig, 20);
	assert_int_equal(sql_int(rig, open), 0);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM credential "
				      "WHERE length(totp_secret) = 48"),
	    1);
}

static void
refused_now(struct rig *rig, const char *code, const char *address)
{
	assert_string_equal(
	    try_login(rig, "an@example.org", PASSWORD, code, address),
	    "refused");
}

/* Without the key a right code is no wrong one; with another's it is none. */
static void
check_locked(struct rig *rig, const uint8_t key[TOTP_SECRET_BYTES])
{
	uint8_t *own = rig->store->second_key;
	uint64_t before = rig->principal;
	uint8_t secret[SECRET_BYTES];
	char id[UUID_BYTES], code[8];

	sql_run(rig, "UPDATE credential SET totp_step = 0");
	code_at(key, 0, code);
	rig->store->has_second_key = false;
	ask_err(rig, ERR_UNAVAILABLE, CALL_LOGIN,
	    ARGS(val_text("an@example.org"), val_text(PASSWORD), val_text(code),
		val_text("192.0.2.1")));
	rig->store->has_second_key = true;
	own[0] ^= 1;
	refused_now(rig, code, "192.0.2.9");
	own[0] ^= 1;
	/* Bound to its account: put into another's row it opens nothing. */
	rig->principal = rig_person->admin;
	add_account(rig, "piet", "submit", id);
	invite(rig, id, false, secret);
	rig->principal = before;
	assert_string_equal(accept_with(rig, secret, OTHER), "ok");
	sql_run(rig, "UPDATE credential SET totp_secret = (SELECT totp_secret "
		     "FROM credential WHERE login = 'an@example.org') "
		     "WHERE login = 'piet'");
	assert_string_equal(
	    try_login(rig, "piet", OTHER, code, "192.0.2.10"), "refused");
	get_in(rig, code, secret);
}

static void
test_totp(void **state)
{
	struct rig *rig = *state;
	uint8_t secret[SECRET_BYTES], key[TOTP_SECRET_BYTES];
	char code[8], used[8], codes[512], recovery[32];
	uint64_t nobody = rig->principal;

	get_in(rig, "", secret);
	rig->principal = use(rig, CALL_SESSION_COOKIE, secret);
	(void)ask_ok(rig, CALL_TOTP_BEGIN, NULL, 0);
	assert_int_equal(
	    base32_decode(col_text(rig, 0, "secret"), key, sizeof(key)),
	    ERR_OK);
	assert_non_null(
	    strstr(col_text(rig, 0, "uri"), "Loep:an%40example.org?secret="));
	code_at(key, -5, code);
	ask_err(rig, ERR_FORMAT, CALL_TOTP_CONFIRM, ARGS(val_text(code)));
	code_at(key, 0, used);
	(void)ask_ok(rig, CALL_TOTP_CONFIRM, ARGS(val_text(used)));
	(void)snprintf(codes, sizeof(codes), "%s", col_text(rig, 0, "codes"));
	(void)snprintf(recovery, sizeof(recovery), "%.19s", codes + 2);
	rig->principal = nobody;
	check_sealed(rig, key);
	assert_string_equal(
	    try_login(rig, "an@example.org", PASSWORD, "", "192.0.2.1"),
	    "code");
	/* The password is looked at first. */
	assert_string_equal(
	    try_login(rig, "an@example.org", OTHER, "", "192.0.2.2"),
	    "refused");
	/* Used at the confirmation: not again. */
	assert_string_equal(
	    try_login(rig, "an@example.org", PASSWORD, used, "192.0.2.3"),
	    "refused");
	code_at(key, 1, code);
	get_in(rig, code, secret);
	assert_string_equal(
	    try_login(rig, "an@example.org", PASSWORD, code, "192.0.2.4"),
	    "refused");
	check_locked(rig, key);
	/* A recovery code, once, in any case: without the key, too. */
	rig->store->has_second_key = false;
	get_in(rig, recovery, secret);
	rig->store->has_second_key = true;
	assert_string_equal(
	    try_login(rig, "an@example.org", PASSWORD, recovery, "192.0.2.5"),
	    "refused");
	/* Two devices lost: a manager's invitation takes it away. */
	invite(rig, rig_person->id, true, secret);
	assert_string_equal(accept_with(rig, secret, OTHER), "ok");
	assert_string_equal(accept_with(rig, secret, OTHER), "refused");
	assert_string_equal(
	    try_login(rig, "an@example.org", OTHER, "", "192.0.2.6"), "ok");
}

static void
test_password(void **state)
{
	struct rig *rig = *state;
	uint8_t one[SECRET_BYTES], two[SECRET_BYTES];
	static const char *const bad[] = {"short", "aaaaaaaaaaaaaaaaaaaa",
	    "abcdefghijklmnopqrstuvwxyz", "12345678901234567890",
	    "passwordpasswordpassword1", "an@example.org-an@example.org",
	    "AnPeeters AnPeeters 2026", "QwertyuiopAzertyuiop12"};

	get_in(rig, "", one);
	get_in(rig, "", two);
	rig->principal = use(rig, CALL_SESSION_COOKIE, one);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ask_err(rig, ERR_FORMAT, CALL_PASSWORD_SET,
		    ARGS(val_text(PASSWORD), val_text(bad[i])));
	ask_err(rig, ERR_DENIED, CALL_PASSWORD_SET,
	    ARGS(val_text("not this one at all"), val_text(OTHER)));
	(void)ask_ok(
	    rig, CALL_PASSWORD_SET, ARGS(val_text(PASSWORD), val_text(OTHER)));
	/* Other sessions are over, this one is not. */
	(void)use(rig, CALL_SESSION_COOKIE, one);
	ask_err(rig, ERR_DENIED, CALL_SESSION_COOKIE,
	    ARGS(val_bytes(two, SECRET_BYTES)));
	assert_string_equal(
	    try_login(rig, "an@example.org", PASSWORD, "", "192.0.2.7"),
	    "refused");
	assert_string_equal(
	    try_login(rig, "an@example.org", OTHER, "", "192.0.2.7"), "ok");
	assert_int_equal(
	    sql_int(rig, "SELECT count(*) FROM credential WHERE password "
			 "GLOB 'scrypt$10$8$1$*'"),
	    1);
}

static void
test_tokens(void **state)
{
	struct rig *rig = *state;
	uint8_t session[SECRET_BYTES], token[SECRET_BYTES];
	char id[UUID_BYTES];
	uint64_t person, robot;

	get_in(rig, "", session);
	person = rig->principal = use(rig, CALL_SESSION_COOKIE, session);
	ask_err(rig, ERR_DENIED, CALL_TOKEN_CREATE,
	    ARGS(val_text(""), val_text("t"), val_text("submit audit_read"),
		val_int(1)));
	ask_err(rig, ERR_FORMAT, CALL_TOKEN_CREATE,
	    ARGS(val_text(""), val_text("t"), val_text(""), val_int(0)));
	ask_err(rig, ERR_FORMAT, CALL_TOKEN_CREATE,
	    ARGS(val_text(""), val_text("t"), val_text(""), val_int(401)));
	(void)ask_ok(rig, CALL_TOKEN_CREATE,
	    ARGS(val_text(""), val_text("t"), val_text("submit"), val_int(1)));
	(void)snprintf(id, sizeof(id), "%s", col_text(rig, 0, "id"));
	read_secret(col_text(rig, 0, "token"), SECRET_TOKEN_PREFIX, token);
	robot = rig->principal = use(rig, CALL_SESSION_TOKEN, token);
	assert_string_equal(col_text(rig, 0, "capabilities"), "submit");
	(void)ask_ok(rig, CALL_CASE_CREATE,
	    ARGS(val_text(""), val_text("c"), val_text(""), val_text(""),
		val_text("")));
	/* Not what the person may do, and not what only a person may. */
	ask_err(rig, ERR_DENIED, CALL_JOB_RETRY, ARGS(val_text("x")));
	ask_err(rig, ERR_DENIED, CALL_TOKEN_CREATE,
	    ARGS(val_text(""), val_text("t"), val_text(""), val_int(1)));
	ask_err(rig, ERR_DENIED, CALL_PASSWORD_SET,
	    ARGS(val_text(PASSWORD), val_text(OTHER)));
	/* What the account loses, its tokens lose. */
	rig->principal = rig_person->admin;
	(void)ask_ok(rig, CALL_ACCOUNT_SET,
	    ARGS(val_text(rig_person->id), val_text("analyse"), val_null(),
		val_null(), val_null()));
	rig->principal = robot;
	ask_err(rig, ERR_DENIED, CALL_CASE_LIST,
	    CASES_OF(val_null(), val_int(0), val_text("")));
	rig->principal = use(rig, CALL_SESSION_TOKEN, token);
	ask_err(rig, ERR_DENIED, CALL_CASE_CREATE,
	    ARGS(val_text(""), val_text("c"), val_text(""), val_text(""),
		val_text("")));
	sql_run(rig, "UPDATE api_token SET expires_at = expires_at - "
		     "86400000000");
	ask_err(rig, ERR_DENIED, CALL_SESSION_TOKEN,
	    ARGS(val_bytes(token, SECRET_BYTES)));
	sql_run(rig, "UPDATE api_token SET expires_at = expires_at + "
		     "86400000000");
	(void)use(rig, CALL_SESSION_TOKEN, token);
	person = rig->principal = use(rig, CALL_SESSION_COOKIE, session);
	(void)ask_ok(rig, CALL_TOKEN_REVOKE, ARGS(val_text(id)));
	ask_err(rig, ERR_DENIED, CALL_SESSION_TOKEN,
	    ARGS(val_bytes(token, SECRET_BYTES)));
	assert_int_equal(person, rig->principal);
}

static void
test_managers(void **state)
{
	struct rig *rig = *state;
	char org[UUID_BYTES], own[UUID_BYTES], id[UUID_BYTES];
	uint64_t admin = rig->principal;
	uint64_t manager =
	    rig_other_org(rig, "Water", "C1", "submit manage_org_users", org);
	struct answer *a;

	/* Nobody may hold these together, and operators nothing of staff's. */
	ask_err(rig, ERR_DENIED, CALL_ACCOUNT_CREATE,
	    ARGS(val_text(""), val_text("n"), val_text("human"), val_int(-1),
		val_text("manage_staff read_all_orgs"), val_text("")));
	ask_err(rig, ERR_DENIED, CALL_ACCOUNT_CREATE,
	    ARGS(val_text(org), val_text("n"), val_text("human"), val_int(-1),
		val_text("read_all_orgs"), val_text("")));
	ask_err(rig, ERR_CONFLICT, CALL_ACCOUNT_CREATE,
	    ARGS(val_text(""), val_text("n"), val_text("human"), val_int(-1),
		val_text(""), val_text("AN@EXAMPLE.ORG")));
	rig->principal = manager;
	add_account(rig, "jan", "submit", own);
	ask_err(rig, ERR_DENIED, CALL_ACCOUNT_CREATE,
	    ARGS(val_text(""), val_text("n"), val_text("human"), val_int(-1),
		val_text("analyse"), val_text("")));
	ask_err(rig, ERR_DENIED, CALL_ACCOUNT_CREATE,
	    ARGS(val_text(""), val_text("n"), val_text("human"), val_int(77),
		val_text("submit"), val_text("")));
	ask_err(rig, ERR_NOT_FOUND, CALL_ACCOUNT_SET,
	    ARGS(val_text(rig_person->id), val_text(""), val_null(), val_null(),
		val_null()));
	ask_err(rig, ERR_NOT_FOUND, CALL_INVITE_CREATE,
	    ARGS(val_text(rig_person->id), val_int(0)));
	a = ask_ok(rig, CALL_ACCOUNT_LIST, ARGS(val_int(0), val_text("")));
	assert_int_equal(a->rows_count, 2);
	/* Nobody changes what they may do themselves. */
	(void)snprintf(id, sizeof(id), "%s", col_text(rig, 0, "id"));
	ask_err(rig, ERR_DENIED, CALL_ACCOUNT_SET,
	    ARGS(val_text(id), val_text("submit"), val_null(), val_null(),
		val_null()));
	/* An administrator sees accounts, and no case. */
	rig->principal = admin;
	(void)ask_ok(rig, CALL_CASE_CREATE,
	    ARGS(val_text(org), val_text("c"), val_text(""), val_text(""),
		val_text("")));
	rig->principal =
	    rig_other_org(rig, "Admins", "CSIRT", "manage_staff", org);
	a = ask_ok(rig, CALL_ACCOUNT_LIST, ARGS(val_int(0), val_text("")));
	assert_true(a->rows_count >= 4);
	a = ask_ok(rig, CALL_CASE_LIST,
	    CASES_OF(val_null(), val_int(0), val_text("")));
	assert_int_equal(a->rows_count, 0);
	(void)ask_ok(rig, CALL_ACCOUNT_SET,
	    ARGS(val_text(rig_person->id), val_text("analyse run_vm"),
		val_null(), val_null(), val_null()));
	ask_err(rig, ERR_DENIED, CALL_ACCOUNT_SET,
	    ARGS(val_text(rig_person->id), val_text("analyse manage_staff"),
		val_null(), val_null(), val_null()));
}

static void
test_hasher_gone(void **state)
{
	struct rig *rig = *state;

	hasher_free(rig->store->hasher);
	rig->store->hasher = NULL;
	ask_err(rig, ERR_UNAVAILABLE, CALL_LOGIN,
	    ARGS(val_text("an@example.org"), val_text(PASSWORD), val_text(""),
		val_text("192.0.2.1")));
}

/* Who must have a second factor can set one up, and nothing else. */
static void
test_half(void **state)
{
	struct rig *rig = *state;
	uint8_t secret[SECRET_BYTES], key[TOTP_SECRET_BYTES];
	char code[8];

	rig->store->second_factor = SECOND_FACTOR_STAFF;
	get_in(rig, "", secret);
	rig->principal = use(rig, CALL_SESSION_COOKIE, secret);
	ask_err(rig, ERR_DENIED, CALL_CASE_LIST,
	    CASES_OF(val_null(), val_int(0), val_text("")));
	ask_err(rig, ERR_DENIED, CALL_CASE_CREATE,
	    ARGS(val_text(""), val_text("c"), val_text(""), val_text(""),
		val_text("")));
	ask_err(rig, ERR_DENIED, CALL_TOKEN_CREATE,
	    ARGS(val_text(""), val_text("t"), val_text(""), val_int(1)));
	(void)ask_ok(rig, CALL_SESSION_LIST, NULL, 0);
	(void)ask_ok(rig, CALL_TOTP_BEGIN, NULL, 0);
	assert_int_equal(
	    base32_decode(col_text(rig, 0, "secret"), key, sizeof(key)),
	    ERR_OK);
	code_at(key, 0, code);
	(void)ask_ok(rig, CALL_TOTP_CONFIRM, ARGS(val_text(code)));
	rig->principal = use(rig, CALL_SESSION_COOKIE, secret);
	(void)ask_ok(rig, CALL_CASE_LIST,
	    CASES_OF(val_null(), val_int(0), val_text("")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Asks for a login name as whoever; the reason of the refusal. */
static struct answer *
want_name(struct rig *rig, const char *login)
{
	return ask(rig, CALL_ACCOUNT_CREATE,
	    ARGS(val_text(""), val_text("Cy"), val_text("human"), val_int(-1),
		val_text("submit"), val_text(login)));
}

/* Taken here or taken elsewhere is the same, and is not asked for long. */
static void
test_names(void **state)
{
	struct rig *rig = *state;
	char org[UUID_BYTES], why[512];
	struct answer *a;
	size_t limited = 0;

	rig->principal =
	    rig_other_org(rig, "Water", "C2", "submit manage_org_users", org);
	assert_int_equal(want_name(rig, "cy@water.example")->err, ERR_OK);
	a = want_name(rig, "CY@water.example");
	assert_int_equal(a->err, ERR_CONFLICT);
	(void)snprintf(why, sizeof(why), "%s", a->why);
	a = want_name(rig, "an@example.org");
	assert_int_equal(a->err, ERR_CONFLICT);
	assert_string_equal(a->why, why);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM account "
				      "WHERE name = 'Cy'"),
	    1);
	for (int i = 0; i < 10; i++)
		limited += want_name(rig, "an@example.org")->err == ERR_LIMIT;
	assert_true(limited >= 5);
	/* Names of others are not given meanwhile, either. */
	assert_int_equal(want_name(rig, "new@water.example")->err, ERR_LIMIT);
	/* Who administers all organisations may know. */
	rig->principal = rig_person->admin;
	for (int i = 0; i < 10; i++)
		assert_int_equal(
		    want_name(rig, "an@example.org")->err, ERR_CONFLICT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_login),
	    TEST(test_names),
	    TEST(test_session_limits),
	    TEST(test_disabled),
	    TEST(test_back_off),
	    TEST(test_totp),
	    TEST(test_password),
	    TEST(test_tokens),
	    TEST(test_managers),
	    TEST(test_half),
	    TEST(test_hasher_gone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
