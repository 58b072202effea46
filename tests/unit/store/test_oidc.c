/* SPDX-License-Identifier: Apache-2.0 */
/* test_oidc.c - sign-ins at an identity provider whose program is the test:
 * what is good once, whose account it is, what ends sessions. */
#include "fake.h"

#include "lib/own.h"
#include "lib/secret.h"
#include "lib/xalloc.h"
#include "store/oidc.h"

#define ISSUER	"https://id.example"
#define OTHER	"https://other.example/realm"
#define ADDRESS "192.0.2.1"
/* OIDC_BEGIN at a provider, for a page. */
#define BEGIN(provider, target) \
 ARGS(val_text(provider), val_text(target), val_text(ADDRESS))

/* loep-oidc, with an answer that is known in advance. */
static struct {
	struct calls *calls;
	struct chan *chan;
	bool is_silent;
	const char *outcome;
	const char *subject;
	const char *sid;
	const char *acr;
	const char *issuer; /* of a log-out token */
	const char *token_id;
	int64_t auth_time; /* 0 = it does not say */
	size_t leases;
	char kind[16];
	char asked[64]; /* which issuer */
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
	(void)values_text(row, 2, provider.asked, sizeof(provider.asked));
	(void)values_text(row, 3, provider.text, sizeof(provider.text));
	(void)values_text(row, 4, provider.verifier, sizeof(provider.verifier));
	if (provider.is_silent)
		return;
	values_init(&params);
	values_add_int(&params, values_int(row, 0));
	values_add_text(&params, provider.outcome);
	values_add_text(&params,
	    provider.asked[0] == '\0' ? provider.issuer : provider.asked);
	values_add_text(&params, provider.subject);
	values_add_text(&params, provider.sid);
	values_add_text(&params, provider.acr);
	values_add_text(&params, "");
	if (provider.auth_time == 0)
		values_add_null(&params);
	else
		values_add_int(&params, provider.auth_time);
	values_add_text(&params, provider.token_id);
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
    {MSG_CALL_ROWS, on_call},
    {MSG_CALL_END, on_call},
    {MSG_CHANGED, on_changed},
    {MSG_NONE_, NULL},
};
static const struct chan_ops ops = {handlers, on_gone};

static void
report_of(struct rig *rig, const char *issuer, const char *url)
{
	struct values params;

	values_init(&params);
	values_add_text(&params, issuer);
	values_add_text(&params, url);
	values_add_text(&params, url[0] == '\0' ? "" : ISSUER "/bye?a=b");
	values_add_int(&params, 1);
	values_add_text(&params, "");
	(void)calls_start(provider.calls, CALL_OIDC_REPORT, 0, &params, -1,
	    NULL, on_end, NULL);
	rig_turn(rig, 10);
}

static void
report(struct rig *rig, const char *url)
{
	report_of(rig, ISSUER, url);
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
	provider.issuer = ISSUER;
	provider.token_id = "";
	provider.auth_time = 0;
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
configure(struct rig *rig, const char *name, const char *issuer)
{
	const struct oidc_conf conf = {
	    .name = name,
	    .issuer = issuer,
	    .client = "loep & co",
	    .redirect = "https://loep.example/back",
	    .label = "",
	    .required_acr = "",
	    .required_amr = "",
	    .signed_out = "https://loep.example/",
	};

	assert_true(oidc_add(rig->store->oidc, &conf));
	rig->store->oidc->flow_us = (int64_t)600 * 1000000;
}

/* Of the first provider. */
static void
require_acr(struct rig *rig, const char *words)
{
	struct oidc_provider *p = &rig->store->oidc->providers[0];

	free(p->required_acr);
	p->required_acr = xstrdup(words);
}

static int
setup(void **state)
{
	struct rig *rig = rig_new();

	configure(rig, "oidc", ISSUER);
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
	(void)ask_ok(rig, CALL_ACCOUNT_OIDC,
	    ARGS(val_text(id), val_text(subject), val_text("")));
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
	(void)ask_ok(rig, CALL_OIDC_BEGIN, BEGIN("", ""));
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
	(void)ask_ok(rig, CALL_OIDC_LEAVE, ARGS(val_text("")));
	assert_string_equal(col_text(rig, 0, "url"),
	    ISSUER "/bye?a=b&client_id=loep%20%26%20co&post_logout_redirect_"
		   "uri=https%3A%2F%2Floep.example%2F");
	report(rig, "");
	ask_err(rig, ERR_UNAVAILABLE, CALL_OIDC_BEGIN, BEGIN("", ""));
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
	    ARGS(val_text(bo), val_text("an-there"), val_text("")));
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
	require_acr(rig, "urn:high urn:higher");
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
	ask_err(rig, ERR_UNAVAILABLE, CALL_OIDC_BEGIN, BEGIN("", ""));
	ask_err(rig, ERR_UNAVAILABLE, CALL_OIDC_SIGNED_OUT,
	    ARGS(val_text("token")));
}

/* Somebody signed out there: of a session, of all. */
static const char *
hear(struct rig *rig, const char *subject, const char *sid)
{
	static char id[16];

	provider.subject = subject;
	provider.sid = sid;
	(void)snprintf(id, sizeof(id), "%zu", provider.leases);
	provider.token_id = id;
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

/* The same token twice, and none without an id. */
static void
test_heard(void **state)
{
	struct rig *rig = *state;
	uint8_t secret[SECRET_BYTES];
	char an[UUID_BYTES];

	add_account(rig, "an", an);
	link_to(rig, an, "an-there");
	get_in(rig, secret);
	provider.token_id = "one";
	(void)ask_ok(rig, CALL_OIDC_SIGNED_OUT, ARGS(val_text("a-token")));
	assert_string_equal(col_text(rig, 0, "state"), "ok");
	get_in(rig, secret);
	(void)ask_ok(rig, CALL_OIDC_SIGNED_OUT, ARGS(val_text("a-token")));
	assert_string_equal(col_text(rig, 0, "state"), "refused");
	assert_string_equal(whose(rig, secret), an);
	provider.token_id = "";
	(void)ask_ok(rig, CALL_OIDC_SIGNED_OUT, ARGS(val_text("a-token")));
	assert_string_equal(col_text(rig, 0, "state"), "refused");
	provider.token_id = "two";
	provider.issuer = "https://evil.example";
	(void)ask_ok(rig, CALL_OIDC_SIGNED_OUT, ARGS(val_text("a-token")));
	assert_string_equal(col_text(rig, 0, "state"), "refused");
	assert_string_equal(whose(rig, secret), an);
	provider.issuer = ISSUER;
	(void)ask_ok(rig, CALL_OIDC_SIGNED_OUT, ARGS(val_text("a-token")));
	assert_string_equal(whose(rig, secret), "");
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM oidc_heard"), 2);
}

/* A page of ours, and nobody else's. */
static void
test_target(void **state)
{
	static const char *const kept[] = {
	    "/cases/CERT-1?tab=files&x=%2F", "/"};
	static const char *const dropped[] = {"//evil.example",
	    "/\\evil.example", "https://evil.example/", "evil",
	    "/\t/evil.example", "/a\"b", "/api/v1/whoami", "/a b",
	    "javascript:alert(1)", "/<script>"};
	struct rig *rig = *state;
	char an[UUID_BYTES];
	struct away away;

	add_account(rig, "an", an);
	link_to(rig, an, "an-there");
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		(void)ask_ok(rig, CALL_OIDC_BEGIN, BEGIN("", kept[i]));
		take_away(rig, &away);
		assert_string_equal(come(rig, &away), "ok");
		assert_string_equal(col_text(rig, 0, "target"), kept[i]);
	}
	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++) {
		(void)ask_ok(rig, CALL_OIDC_BEGIN, BEGIN("", dropped[i]));
		take_away(rig, &away);
		assert_string_equal(come(rig, &away), "ok");
		assert_string_equal(col_text(rig, 0, "target"), "");
	}
}

/* The same subject at two providers is two people. */
static void
test_two(void **state)
{
	struct rig *rig = *state;
	uint8_t one[SECRET_BYTES], two[SECRET_BYTES];
	char an[UUID_BYTES], bo[UUID_BYTES];
	struct away away;
	size_t len;

	configure(rig, "other", OTHER);
	assert_false(oidc_add(rig->store->oidc,
	    &(struct oidc_conf){"again", OTHER, "", "", "", "", "", ""}));
	ask_err(rig, ERR_UNAVAILABLE, CALL_OIDC_BEGIN, BEGIN("other", ""));
	report_of(rig, OTHER, OTHER "/auth?a=b");
	ask_err(rig, ERR_NOT_FOUND, CALL_OIDC_BEGIN, BEGIN("third", ""));
	(void)ask_ok(rig, CALL_OIDC_PROVIDERS, NULL, 0);
	assert_int_equal(rig->answer.rows_count, 2);
	assert_string_equal(col_text(rig, 1, "name"), "other");
	add_account(rig, "an", an);
	add_account(rig, "bo", bo);
	link_to(rig, an, "an-there");
	(void)ask_ok(rig, CALL_ACCOUNT_OIDC,
	    ARGS(val_text(bo), val_text("an-there"), val_text("other")));
	get_in(rig, one);
	assert_string_equal(whose(rig, one), an);
	(void)ask_ok(rig, CALL_OIDC_BEGIN, BEGIN("other", ""));
	take_away(rig, &away);
	assert_int_equal(
	    strncmp(away.url, OTHER "/auth?a=b&response_type", 40), 0);
	/* An answer of the first is none of the second's (RFC 9207). */
	assert_string_equal(
	    come_with(rig, &away, ISSUER, ""), "refused: token");
	(void)ask_ok(rig, CALL_OIDC_BEGIN, BEGIN("other", ""));
	take_away(rig, &away);
	assert_string_equal(come_with(rig, &away, OTHER, ""), "ok");
	assert_string_equal(provider.asked, OTHER);
	memcpy(two, col_bytes(rig, 0, "secret", &len), SECRET_BYTES);
	assert_string_equal(whose(rig, two), bo);
	/* Signing out at one ends nothing of the other's. */
	assert_string_equal(hear(rig, "an-there", ""), "ok");
	assert_string_equal(whose(rig, one), "");
	assert_string_equal(whose(rig, two), bo);
}

/* The code of who waits. */
static void
take_code(struct rig *rig, char code[16])
{
	assert_string_equal(sign_in(rig), "refused: waiting");
	(void)snprintf(code, 16, "%s", col_text(rig, 0, "detail"));
	assert_int_equal(strlen(code), 9);
}

#define ACCEPT(code) \
 ARGS(val_text(code), val_text(""), val_text("An"), val_text("submit"))

static void
test_stranger(void **state)
{
	struct rig *rig = *state;
	uint8_t secret[SECRET_BYTES];
	uint64_t admin = rig->principal, manager;
	char code[16], other[16], org[UUID_BYTES], id[UUID_BYTES];

	rig->store->oidc->takes_strangers = true;
	take_code(rig, code);
	take_code(rig, other);
	assert_string_equal(code, other);
	assert_int_equal(sql_int(rig, "SELECT count(*) FROM account"), 1);
	manager =
	    rig_other_org(rig, "Water", "C2", "submit manage_org_users", org);
	rig->principal = admin;
	(void)ask_ok(rig, CALL_STRANGER_LIST, ARGS(val_int(0), val_text("")));
	assert_string_equal(col_text(rig, 0, "code"), code);
	assert_string_equal(col_text(rig, 0, "subject"), "an-there");
	/* Who manages one organisation sees nobody, and learns nothing. */
	rig->principal = manager;
	ask_err(rig, ERR_DENIED, CALL_STRANGER_LIST,
	    ARGS(val_int(0), val_text("")));
	ask_err(rig, ERR_NOT_FOUND, CALL_STRANGER_ACCEPT, ACCEPT("AAAA-AAAA"));
	(void)ask_ok(rig, CALL_STRANGER_ACCEPT, ACCEPT(code));
	(void)snprintf(id, sizeof(id), "%s", col_text(rig, 0, "id"));
	ask_err(rig, ERR_NOT_FOUND, CALL_STRANGER_ACCEPT, ACCEPT(code));
	get_in(rig, secret);
	assert_string_equal(whose(rig, secret), id);
	assert_string_equal(col_text(rig, 0, "org"), org);
	assert_string_equal(col_text(rig, 0, "capabilities"), "submit");
	/* A second one is turned away, and stays so. */
	provider.subject = "bo-there";
	take_code(rig, other);
	(void)ask_ok(rig, CALL_STRANGER_REFUSE, ARGS(val_text(other)));
	assert_string_equal(sign_in(rig), "refused: turned_away");
	ask_err(rig, ERR_NOT_FOUND, CALL_STRANGER_ACCEPT, ACCEPT(other));
	/* One that ran out begins anew. */
	provider.subject = "cy-there";
	take_code(rig, code);
	sql_run(rig, "UPDATE oidc_stranger SET expires_at = 1");
	ask_err(rig, ERR_NOT_FOUND, CALL_STRANGER_ACCEPT, ACCEPT(code));
	take_code(rig, other);
	assert_string_not_equal(code, other);
}

static void
test_crowd(void **state)
{
	static char names[12][16];
	struct rig *rig = *state;

	rig->store->oidc->takes_strangers = true;
	for (size_t i = 0; i < 12; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "one-%zu", i);
		provider.subject = names[i];
		assert_string_equal(sign_in(rig),
		    i < 10 ? "refused: waiting" : "refused: crowd");
	}
	/* Those who wait do go on waiting. */
	provider.subject = names[3];
	assert_string_equal(sign_in(rig), "refused: waiting");
	sql_run(rig, "UPDATE oidc_stranger SET created_at = 1");
	provider.subject = names[11];
	assert_string_equal(sign_in(rig), "refused: waiting");
}

/* As the session of that secret. */
static void
be(struct rig *rig, const uint8_t secret[SECRET_BYTES])
{
	(void)ask_ok(
	    rig, CALL_SESSION_COOKIE, ARGS(val_bytes(secret, SECRET_BYTES)));
	rig->principal = (uint64_t)col_int(rig, 0, "principal");
}

static const char *
prove_there(struct rig *rig)
{
	struct away away;

	(void)ask_ok(
	    rig, CALL_OIDC_PROVE, ARGS(val_text(""), val_text(ADDRESS)));
	take_away(rig, &away);
	assert_non_null(strstr(away.url, "&prompt=login&max_age=600"));
	return come(rig, &away);
}

#define UNLINK ARGS(val_text(""), val_text(""))

/* A new sign-in there, of the same person, shows who has a session here. */
static void
test_proof(void **state)
{
	struct rig *rig = *state;
	uint8_t secret[SECRET_BYTES];
	char an[UUID_BYTES], bo[UUID_BYTES];
	struct answer *a;

	add_account(rig, "an", an);
	add_account(rig, "bo", bo);
	link_to(rig, an, "an-there");
	link_to(rig, bo, "bo-there");
	get_in(rig, secret);
	rig->store->step_up_us = (int64_t)600 * 1000000;
	be(rig, secret);
	/* When they signed in there, nobody knows. */
	a = ask(rig, CALL_OIDC_UNLINK, UNLINK);
	assert_int_equal(a->err, ERR_DENIED);
	assert_non_null(strstr(a->why, "step-up"));
	assert_non_null(strstr(a->why, "\"how\":[\"provider\"]"));
	assert_string_equal(prove_there(rig), "refused: not_now");
	provider.auth_time = loop_wall_us() - (int64_t)3600 * 1000000;
	assert_string_equal(prove_there(rig), "refused: not_now");
	provider.auth_time = loop_wall_us() + (int64_t)3600 * 1000000;
	assert_string_equal(prove_there(rig), "refused: not_now");
	provider.auth_time = loop_wall_us();
	provider.subject = "bo-there";
	assert_string_equal(prove_there(rig), "refused: another");
	provider.subject = "an-there";
	be(rig, secret);
	ask_err(rig, ERR_DENIED, CALL_OIDC_UNLINK, UNLINK);
	assert_string_equal(prove_there(rig), "proved");
	assert_true(col_is_null(rig, 0, "secret"));
	be(rig, secret);
	/* Now it is another reason: they would have no way in. */
	ask_err(rig, ERR_CONFLICT, CALL_OIDC_UNLINK, UNLINK);
	sql_run(
	    rig, "UPDATE web_session SET proved_at = proved_at - 601000000");
	be(rig, secret);
	ask_err(rig, ERR_DENIED, CALL_OIDC_UNLINK, UNLINK);
	/* A log-in that says when it was is a proof. */
	get_in(rig, secret);
	be(rig, secret);
	ask_err(rig, ERR_CONFLICT, CALL_OIDC_UNLINK, UNLINK);
}

/* Nobody is there, and nothing is asked for. */
static void
test_none(void **state)
{
	struct rig *rig = *state;

	oidc_free(rig->store->oidc);
	rig->store->oidc = oidc_new();
	ask_err(rig, ERR_NOT_FOUND, CALL_OIDC_BEGIN, BEGIN("", ""));
	ask_err(rig, ERR_NOT_FOUND, CALL_OIDC_LEAVE, ARGS(val_text("")));
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
	    TEST(test_heard),
	    TEST(test_target),
	    TEST(test_two),
	    TEST(test_stranger),
	    TEST(test_crowd),
	    TEST(test_proof),
	    TEST(test_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
