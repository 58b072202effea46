/* SPDX-License-Identifier: Apache-2.0 */
/* test_oidc.c - sign-ins at an identity provider whose program is the test:
 * what is good once, whose account it is, what ends sessions. */
#include "fake.h"

#include "lib/own.h"
#include "lib/secret.h"
#include "lib/xalloc.h"
#include "store/oidc.h"

#define ISSUER	"https://id.example"
#define ADDRESS "192.0.2.1"

/* loep-oidc, with an answer that is known in advance. */
static struct {
	struct calls *calls;
	struct chan *chan;
	bool is_silent;
	const char *outcome;
	const char *subject;
	const char *sid;
	const char *acr;
	size_t leases;
	char kind[16];
	char text[64];
	char verifier[64];
} provider;

/* What a browser went away with. */
struct away {
	char url[2048];
	char state[SECRET_LENGTH + 1];
	uint8_t browser[SECRET_BYTES];
};

static void
on_end(void *arg, enum err err, const char *why, int fd)
{
	(void)arg;
	(void)why;
	assert_int_equal(err, ERR_OK);
	assert_int_equal(fd, -1);
}

static void
on_lease(void *arg, const struct values *row)
{
	struct values params;

	(void)arg;
	provider.leases++;
	(void)values_text(row, 1, provider.kind, sizeof(provider.kind));
	(void)values_text(row, 2, provider.text, sizeof(provider.text));
	(void)values_text(row, 3, provider.verifier, sizeof(provider.verifier));
	if (provider.is_silent)
		return;
	values_init(&params);
	values_add_int(&params, values_int(row, 0));
	values_add_text(&params, provider.outcome);
	values_add_text(&params, provider.subject);
	values_add_text(&params, provider.sid);
	values_add_text(&params, provider.acr);
	values_add_text(&params, "");
	values_add_text(&params, "");
	(void)calls_start(
	    provider.calls, CALL_OIDC_DONE, 0, &params, -1, NULL, on_end, NULL);
}

static int
on_changed(void *arg, struct chan *chan, struct msg *msg)
{
	struct values params;

	(void)arg;
	(void)chan;
	(void)msg;
	values_init(&params);
	values_add_int(&params, 8);
	(void)calls_start(provider.calls, CALL_OIDC_LEASE, 0, &params, -1,
	    on_lease, on_end, NULL);
	return ERR_OK;
}

static int
on_call(void *arg, struct chan *chan, struct msg *msg)
{
	(void)arg;
	(void)chan;
	return calls_handle(provider.calls, msg);
}

static void
on_gone(void *arg, struct chan *chan, int err)
{
	(void)arg;
	(void)chan;
	fail_msg("the store is gone: %s", err_name((enum err)err));
}

static const struct chan_handler handlers[] = {
    {MSG_CALL_ROW, on_call},
    {MSG_CALL_END, on_call},
    {MSG_CHANGED, on_changed},
    {MSG_NONE_, NULL},
};
static const struct chan_ops ops = {handlers, on_gone};

static void
report(struct rig *rig, const char *url)
{
	struct values params;

	values_init(&params);
	values_add_text(&params, url);
	values_add_text(&params, url[0] == '\0' ? "" : ISSUER "/bye?a=b");
	values_add_int(&params, 1);
	values_add_text(&params, "");
	(void)calls_start(provider.calls, CALL_OIDC_REPORT, 0, &params, -1,
	    NULL, on_end, NULL);
	rig_turn(rig, 10);
}

static void
connect_provider(struct rig *rig)
{
	int fds[2];

	assert_int_equal(chan_pair(fds), ERR_OK);
	store_add_peer(
	    rig->store, chan_new(rig->loop, fds[0], ROLE_STORE, ROLE_OIDC, ""));
	provider.chan = chan_new(rig->loop, fds[1], ROLE_OIDC, ROLE_STORE, "");
	provider.calls = calls_new(rig->loop);
	chan_set_ops(provider.chan, &ops, NULL);
	calls_set_chan(provider.calls, provider.chan);
	provider.outcome = "ok";
	provider.subject = "an-there";
	provider.sid = "";
	provider.acr = "";
	provider.is_silent = false;
	provider.leases = 0;
}

static void
drop_provider(struct rig *rig)
{
	if (provider.chan == NULL)
		return;
	calls_set_chan(provider.calls, NULL);
	chan_free(provider.chan);
	provider.chan = NULL;
	rig_turn(rig, 10);
	calls_free(provider.calls);
	provider.calls = NULL;
}

static void
configure(struct rig *rig, const char *required_acr)
{
	const struct oidc_conf conf = {
	    .issuer = ISSUER,
	    .client = "loep & co",
	    .redirect = "https://loep.example/back",
	    .label = "",
	    .required_acr = required_acr,
	    .required_amr = "",
	    .signed_out = "https://loep.example/",
	    .flow_us = (int64_t)600 * 1000000,
	};

	oidc_configure(rig->store->oidc, &conf);
}

static int
setup(void **state)
{
	struct rig *rig = rig_new();

	configure(rig, "");
	connect_provider(rig);
	report(rig, ISSUER "/auth");
	*state = rig;
	return 0;
}

static int
teardown(void **state)
{
	drop_provider(*state);
	rig_free(*state);
	return 0;
}

static void
add_account(struct rig *rig, const char *login, char ret_id[UUID_BYTES])
{
	(void)ask_ok(rig, CALL_ACCOUNT_CREATE,
	    ARGS(val_text(""), val_text("An Peeters"), val_text("human"),
		val_int(-1), val_text("submit"), val_text(login)));
	(void)snprintf(ret_id, UUID_BYTES, "%s", col_text(rig, 0, "id"));
}

static void
link_to(struct rig *rig, const char *id, const char *subject)
{
	(void)ask_ok(
	    rig, CALL_ACCOUNT_OIDC, ARGS(val_text(id), val_text(subject)));
}

static void
take_away(struct rig *rig, struct away *away)
{
	const char *at;
	size_t len;

	(void)snprintf(
	    away->url, sizeof(away->url), "%s", col_text(rig, 0, "url"));
	at = strstr(away->url, "&state=");
	assert_non_null(at);
	(void)snprintf(away->state, sizeof(away->state), "%s", at + 7);
	memcpy(away->browser, col_bytes(rig, 0, "browser", &len), SECRET_BYTES);
	assert_int_equal(len, SECRET_BYTES);
}

static void
go(struct rig *rig, struct away *away)
{
	(void)ask_ok(rig, CALL_OIDC_BEGIN, ARGS(val_text(ADDRESS)));
	take_away(rig, away);
}

/* What became of it: "ok", or "refused: REASON". */
static const char *
come_with(struct rig *rig, const struct away *away, const char *issuer,
    const char *error)
{
	static char text[128];

	(void)ask_ok(rig, CALL_OIDC_FINISH,
	    ARGS(val_bytes(away->state, strlen(away->state)),
		val_bytes(away->browser, SECRET_BYTES), val_text("a-code"),
		val_text(issuer), val_text(error), val_text("it says"),
		val_text(ADDRESS)));
	(void)snprintf(text, sizeof(text), "%s%s%s", col_text(rig, 0, "state"),
	    col_text(rig, 0, "reason")[0] == '\0' ? "" : ": ",
	    col_text(rig, 0, "reason"));
	return text;
}

static const char *
come(struct rig *rig, const struct away *away)
{
	return come_with(rig, away, ISSUER, "");
}

static const char *
sign_in(struct rig *rig)
{
	struct away away;

	go(rig, &away);
	return come(rig, &away);
}

/* The account of the session that the last sign-in began, or "". */
static const char *
whose(struct rig *rig, const uint8_t secret[SECRET_BYTES])
{
	struct answer *a = ask(
	    rig, CALL_SESSION_COOKIE, ARGS(val_bytes(secret, SECRET_BYTES)));

	return a->err == ERR_OK ? col_text(rig, 0, "account") : "";
}

static void
get_in(struct rig *rig, uint8_t secret[SECRET_BYTES])
{
	size_t len;

	assert_string_equal(sign_in(rig), "ok");
	memcpy(secret, col_bytes(rig, 0, "secret", &len), SECRET_BYTES);
	assert_int_equal(len, SECRET_BYTES);
}

static void
test_away(void **state)
{
	struct rig *rig = *state;
	struct away one, other;

	go(rig, &one);
	go(rig, &other);
	assert_int_equal(strncmp(one.url,
			     ISSUER "/auth?response_type=code&scope=openid&"
				    "client_id=loep%20%26%20co&redirect_uri="
				    "https%3A%2F%2Floep.example%2Fback&state=",
			     strlen(ISSUER) + 112),
	    0);
	assert_non_null(strstr(one.url, "&nonce="));
	assert_non_null(strstr(one.url, "&code_challenge_method=S256"));
	assert_null(strstr(one.url, "verifier"));
	assert_string_not_equal(one.state, other.state);
	assert_memory_not_equal(one.browser, other.browser, SECRET_BYTES);
	(void)ask_ok(rig, CALL_OIDC_PROVIDERS, NULL, 0);
	assert_string_equal(col_text(rig, 0, "label"), "id.example");
	assert_int_equal(col_int(rig, 0, "is_available"), 1);
	(void)ask_ok(rig, CALL_OIDC_LEAVE, NULL, 0);
	assert_string_equal(col_text(rig, 0, "url"),
	    ISSUER "/bye?a=b&client_id=loep%20%26%20co&post_logout_redirect_"
		   "uri=https%3A%2F%2Floep.example%2F");
	report(rig, "");
	ask_err(rig, ERR_UNAVAILABLE, CALL_OIDC_BEGIN, ARGS(val_text(ADDRESS)));
	(void)ask_ok(rig, CALL_OIDC_PROVIDERS, NULL, 0);
	assert_int_equal(col_int(rig, 0, "is_available"), 0);
}

static void
test_sign_in(void **state)
{
	struct rig *rig = *state;
	uint8_t secret[SECRET_BYTES];
	char an[UUID_BYTES], bo[UUID_BYTES];

	add_account(rig, "an", an);
	add_account(rig, "bo", bo);
	assert_string_equal(sign_in(rig), "refused: unlinked");
	assert_string_equal(col_text(rig, 0, "detail"), "an-there");
	assert_true(col_is_null(rig, 0, "secret"));
	link_to(rig, an, "an-there");
	ask_err(rig, ERR_CONFLICT, CALL_ACCOUNT_OIDC,
	    ARGS(val_text(bo), val_text("an-there")));
	get_in(rig, secret);
	assert_string_equal(provider.kind, "code");
	assert_string_equal(provider.text, "a-code");
	assert_int_equal(strlen(provider.verifier), SECRET_LENGTH);
	assert_string_equal(whose(rig, secret), an);
	/* Who is linked anew comes in anew. */
	link_to(rig, an, "other");
	assert_string_equal(whose(rig, secret), "");
	assert_string_equal(sign_in(rig), "refused: unlinked");
	link_to(rig, an, "an-there");
	(void)ask_ok(rig, CALL_ACCOUNT_SET,
	    ARGS(val_text(an), val_null(), val_text("disabled"), val_null(),
		val_null()));
	assert_string_equal(sign_in(rig), "refused: closed");
}

static void
test_once(void **state)
{
	struct rig *rig = *state;
	struct away away, other;
	char an[UUID_BYTES];

	add_account(rig, "an", an);
	link_to(rig, an, "an-there");
	go(rig, &away);
	go(rig, &other);
	memcpy(away.browser, other.browser, SECRET_BYTES);
	assert_string_equal(come(rig, &away), "refused: expired");
	assert_string_equal(come(rig, &other), "ok");
	assert_string_equal(come(rig, &other), "refused: expired");
	go(rig, &away);
	sql_run(rig, "UPDATE oidc_flow SET expires_at = 1");
	assert_string_equal(come(rig, &away), "refused: expired");
	/* Refusals use it up, too. */
	go(rig, &away);
	assert_string_equal(come_with(rig, &away, "https://evil.example", ""),
	    "refused: token");
	assert_string_equal(come(rig, &away), "refused: expired");
	go(rig, &away);
	assert_string_equal(come_with(rig, &away, "", ""), "refused: token");
	go(rig, &away);
	assert_string_equal(come_with(rig, &away, ISSUER, "access_denied"),
	    "refused: provider");
	assert_string_equal(
	    col_text(rig, 0, "detail"), "access_denied: it says");
	assert_int_equal(provider.leases, 1);
	for (int i = 0; i < 120; i++)
		go(rig, &away);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM oidc_flow"), 100);
	assert_string_equal(come(rig, &away), "ok");
}

static void
test_word(void **state)
{
	struct rig *rig = *state;
	char an[UUID_BYTES];

	add_account(rig, "an", an);
	link_to(rig, an, "an-there");
	provider.outcome = "refused";
	assert_string_equal(sign_in(rig), "refused: token");
	provider.outcome = "unavailable";
	assert_string_equal(sign_in(rig), "unavailable");
	provider.outcome = "ok";
	provider.subject = "";
	assert_string_equal(sign_in(rig), "refused: token");
	provider.subject = "an-there";
	configure(rig, "urn:high urn:higher");
	assert_string_equal(sign_in(rig), "refused: acr");
	provider.acr = "urn:hig";
	assert_string_equal(sign_in(rig), "refused: acr");
	provider.acr = "urn:higher";
	assert_string_equal(sign_in(rig), "ok");
	assert_int_equal(sql_int(rig, "SELECT has_second FROM web_session"), 1);
}

static void
test_gone(void **state)
{
	struct rig *rig = *state;
	struct away away;
	struct values params;

	/* It takes the code and ends: whoever waits hears it. */
	provider.is_silent = true;
	go(rig, &away);
	values_init(&params);
	params.v[params.count++] = val_bytes(away.state, strlen(away.state));
	params.v[params.count++] = val_bytes(away.browser, SECRET_BYTES);
	for (int i = 0; i < 5; i++)
		params.v[params.count++] = val_text(i == 0   ? "code"
						    : i == 1 ? ISSUER
							     : "");
	(void)calls_start(
	    rig->web, CALL_OIDC_FINISH, 0, &params, -1, NULL, on_end, NULL);
	rig_turn(rig, 20);
	assert_int_equal(provider.leases, 1);
	assert_false(TAILQ_EMPTY(&rig->store->oidc->exchanges));
	drop_provider(rig);
	rig_turn(rig, 20);
	assert_true(TAILQ_EMPTY(&rig->store->oidc->exchanges));
	ask_err(rig, ERR_UNAVAILABLE, CALL_OIDC_BEGIN, ARGS(val_text(ADDRESS)));
	ask_err(rig, ERR_UNAVAILABLE, CALL_OIDC_SIGNED_OUT,
	    ARGS(val_text("token")));
}

/* Somebody signed out there: of a session, of all. */
static const char *
hear(struct rig *rig, const char *subject, const char *sid)
{
	provider.subject = subject;
	provider.sid = sid;
	(void)ask_ok(rig, CALL_OIDC_SIGNED_OUT, ARGS(val_text("a-token")));
	return col_text(rig, 0, "state");
}

static void
test_logout(void **state)
{
	struct rig *rig = *state;
	uint8_t one[SECRET_BYTES], two[SECRET_BYTES], bos[SECRET_BYTES];
	char an[UUID_BYTES], bo[UUID_BYTES];

	add_account(rig, "an", an);
	add_account(rig, "bo", bo);
	link_to(rig, an, "an-there");
	link_to(rig, bo, "bo-there");
	provider.sid = "1";
	get_in(rig, one);
	provider.sid = "2";
	get_in(rig, two);
	provider.subject = "bo-there";
	provider.sid = "1";
	get_in(rig, bos);
	assert_string_equal(hear(rig, "an-there", "3"), "ok");
	assert_string_equal(whose(rig, one), an);
	assert_string_equal(hear(rig, "an-there", "1"), "ok");
	assert_string_equal(provider.kind, "logout");
	assert_string_equal(provider.text, "a-token");
	assert_string_equal(whose(rig, one), "");
	assert_string_equal(whose(rig, two), an);
	assert_string_equal(whose(rig, bos), bo);
	provider.outcome = "refused";
	assert_string_equal(hear(rig, "an-there", ""), "refused");
	provider.outcome = "ok";
	assert_string_equal(hear(rig, "", ""), "refused");
	assert_string_equal(whose(rig, two), an);
	assert_string_equal(hear(rig, "an-there", ""), "ok");
	assert_string_equal(whose(rig, two), "");
	assert_string_equal(whose(rig, bos), bo);
	assert_string_equal(hear(rig, "", "1"), "ok");
	assert_string_equal(whose(rig, bos), "");
}

/* Nobody is there, and nothing is asked for. */
static void
test_none(void **state)
{
	struct rig *rig = *state;

	oidc_configure(rig->store->oidc,
	    &(struct oidc_conf){"", "", "", "", "", "", "", 0});
	ask_err(rig, ERR_NOT_FOUND, CALL_OIDC_BEGIN, ARGS(val_text(ADDRESS)));
	ask_err(rig, ERR_NOT_FOUND, CALL_OIDC_LEAVE, NULL, 0);
	ask_err(
	    rig, ERR_NOT_FOUND, CALL_OIDC_SIGNED_OUT, ARGS(val_text("token")));
	assert_int_equal(
	    ask_ok(rig, CALL_OIDC_PROVIDERS, NULL, 0)->rows_count, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_away),
	    TEST(test_sign_in),
	    TEST(test_once),
	    TEST(test_word),
	    TEST(test_gone),
	    TEST(test_logout),
	    TEST(test_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
