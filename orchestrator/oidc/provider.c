/* SPDX-License-Identifier: Apache-2.0 */
/* provider.c - the identity provider: description, keys, codes. */
#include "oidc/provider.h"

#include "lib/base64.h"
#include "lib/jws.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/uri.h"
#include "lib/wire.h"
#include "lib/xalloc.h"

#include <string.h>
#include <sys/queue.h>

/* How old description and keys become: a key that was taken back is good for
 * so long. */
#define FRESH_MS     ((uint64_t)10 * 60 * 1000)
#define AGAIN_MIN_MS ((uint64_t)1000)
#define AGAIN_MAX_MS ((uint64_t)15000)
/* A token with a key that nobody knows makes us look for new keys this often
 * at most: it may be anybody's. */
#define KEYS_AGAIN_MS ((uint64_t)5000)
#define FORM_BYTES    ((size_t)64 * 1024)

/* A code on its way. */
struct exchange {
	TAILQ_ENTRY(exchange) entry;
	struct provider *provider;
	bool is_logout;
	char *nonce; /* or NULL */
	char *token; /* the ID token, once there is one; or a logout token */
	provider_done_fn *fn;
	void *arg;
};

TAILQ_HEAD(exchange_list, exchange);

struct provider {
	struct loop *loop;
	struct loop_timer *timer;
	const struct provider_conf *conf;
	struct fetcher *fetcher;
	provider_report_fn *report;
	void *arg;
	bool is_looking; /* for the description, or for keys */
	bool is_known;
	bool is_away; /* as it was told last */
	bool is_told;
	struct discovery discovery;
	struct jwks *keys;
	uint64_t keys_ms; /* when they were asked for */
	uint64_t tried_ms;
	uint64_t away_ms; /* since when it is */
	uint64_t again_ms;
	char why[PROVIDER_WHY_BYTES];
	struct exchange_list exchanges; /* on their way */
	struct exchange_list waiting;	/* for new keys */
};

static void on_timer(void *arg);
static void look(struct provider *p);
static void settle(struct provider *p);

/* --- description and keys --- */

static void
look_later(struct provider *p, uint64_t ms)
{
	loop_timer_cancel(p->timer);
	p->timer = loop_timer(p->loop, ms, on_timer, p);
}

void
provider_tell(struct provider *p)
{
	if (!p->is_told)
		return;
	p->report(p->arg, p->is_known ? &p->discovery : NULL, p->why);
}

static void
fail(struct provider *p, const char *what, const char *why)
{
	char quoted[2 * PROVIDER_WHY_BYTES];
	bool is_new = !p->is_away;

	(void)snprintf(p->why, sizeof(p->why), "%s: %s", what, why);
	if (is_new)
		p->away_ms = loop_now_ms();
	p->is_looking = false;
	p->is_away = true;
	if (is_new)
		log_line(LOG_WARN,
		    "msg=\"the identity provider is not to be had\" reason=%s",
		    log_quote(quoted, sizeof(quoted), p->why, strlen(p->why)));
	p->again_ms = p->again_ms == 0 ? AGAIN_MIN_MS : 2 * p->again_ms;
	if (p->again_ms > AGAIN_MAX_MS)
		p->again_ms = AGAIN_MAX_MS;
	look_later(p, p->again_ms);
	/* What we know is good as long as it is. */
	if (!p->is_known || !p->is_told) {
		p->is_told = true;
		provider_tell(p);
	}
	settle(p);
}

static void
on_keys(void *arg, const struct fetch_answer *answer)
{
	struct provider *p = arg;
	struct jwks *keys = NULL;

	if (answer->status != 200) {
		fail(p, "its keys",
		    answer->status == 0 ? answer->why : "not status 200");
		return;
	}
	if (jwks_parse(answer->body, answer->len, &keys) != ERR_OK ||
	    keys->count == 0) {
		jwks_free(keys);
		fail(p, "its keys", "there is none that can be used");
		return;
	}
	jwks_free(p->keys);
	p->keys = keys;
	if (p->is_away || !p->is_told)
		log_line(LOG_INFO, "msg=\"the identity provider is there\"");
	p->is_looking = false;
	p->is_known = true;
	p->is_away = false;
	p->is_told = true;
	p->again_ms = 0;
	p->why[0] = '\0';
	look_later(p, FRESH_MS);
	provider_tell(p);
	settle(p);
}

static void
fetch_keys(struct provider *p)
{
	const struct fetch_request request = {.url = p->discovery.keys};
	int err;

	p->is_looking = true;
	p->keys_ms = loop_now_ms();
	err = fetch_start(p->fetcher, &request, on_keys, p);
	if (err != ERR_OK)
		fail(p, "its keys",
		    err == ERR_DENIED ? "they are at a place that [oidc] hosts "
					"does not name"
				      : "too much is under way");
}

static void
on_discovery(void *arg, const struct fetch_answer *answer)
{
	struct provider *p = arg;
	struct discovery discovery;

	if (answer->status != 200) {
		fail(p, "its description",
		    answer->status == 0 ? answer->why : "not status 200");
		return;
	}
	if (discovery_read(answer->body, answer->len, p->conf->issuer,
		&discovery) != ERR_OK) {
		fail(p, "its description", discovery.why);
		return;
	}
	p->discovery = discovery;
	fetch_keys(p);
}

static void
look(struct provider *p)
{
	size_t len = strlen(p->conf->issuer);
	auto_free char *url = NULL;
	struct fetch_request request;

	if (p->is_looking)
		return;
	/* Discovery section 4.1: without a slash that ends it. */
	if (len > 0 && p->conf->issuer[len - 1] == '/')
		len--;
	url = xasprintf(
	    "%.*s/.well-known/openid-configuration", (int)len, p->conf->issuer);
	request = (struct fetch_request){.url = url};
	p->is_looking = true;
	p->tried_ms = loop_now_ms();
	if (fetch_start(p->fetcher, &request, on_discovery, p) != ERR_OK)
		fail(p, "its description", "it cannot be asked for");
}

static void
on_timer(void *arg)
{
	struct provider *p = arg;

	p->timer = NULL;
	look(p);
}

void
provider_look(struct provider *p)
{
	if (p->is_away && loop_now_ms() - p->tried_ms >= AGAIN_MIN_MS)
		look(p);
}

uint64_t
provider_away_ms(const struct provider *p)
{
	return p->is_away ? loop_now_ms() - p->away_ms : 0;
}

/* --- codes --- */

static void
end(struct exchange *e, enum provider_outcome outcome,
    const struct claims *claims, const char *why)
{
	e->fn(e->arg, outcome, claims, why);
	TAILQ_REMOVE(&e->provider->exchanges, e, entry);
	free(e->nonce);
	free(e->token);
	free(e);
}

static void
refuse(struct exchange *e, const char *what, const char *why)
{
	auto_free char *text = xasprintf("%s: %s", what, why);

	end(e, PROVIDER_REFUSED, NULL, text);
}

static bool
are_keys_new(const struct provider *p)
{
	return loop_now_ms() - p->keys_ms < KEYS_AGAIN_MS;
}

static void
check(struct exchange *e, bool is_last)
{
	struct provider *p = e->provider;
	const struct claims_expected expected = {
	    .issuer = p->conf->issuer,
	    .client = p->conf->client,
	    .nonce = e->nonce,
	    .now_s = loop_wall_us() / 1000000,
	};
	struct claims claims;
	const char *what = e->is_logout ? "the logout token" : "the ID token";
	struct jws jws;
	int err = jws_verify_as(p->keys, e->token, strlen(e->token),
	    e->is_logout ? "logout+jwt" : "JWT", &jws);

	if (err == ERR_NOT_FOUND && !is_last) {
		TAILQ_REMOVE(&p->exchanges, e, entry);
		TAILQ_INSERT_TAIL(&p->waiting, e, entry);
		if (!p->is_looking)
			fetch_keys(p);
		return;
	}
	if (err != ERR_OK) {
		refuse(e, what, jws.why);
		return;
	}
	err =
	    e->is_logout
		? claims_check_logout(jws.payload, jws.len, &expected, &claims)
		: claims_check(jws.payload, jws.len, &expected, &claims);
	free(jws.payload);
	if (err != ERR_OK)
		refuse(e, what, claims.why);
	else
		end(e, PROVIDER_OK, &claims, "");
}

/* New keys are there, or there are none: the last time for those that wait. */
static void
settle(struct provider *p)
{
	struct exchange *e;

	while ((e = TAILQ_FIRST(&p->waiting)) != NULL) {
		TAILQ_REMOVE(&p->waiting, e, entry);
		TAILQ_INSERT_TAIL(&p->exchanges, e, entry);
		if (p->is_away)
			end(e, PROVIDER_AWAY, NULL, p->why);
		else
			check(e, true);
	}
}

static void
on_answer(void *arg, const struct fetch_answer *http)
{
	struct exchange *e = arg;
	struct answer answer;

	if (http->status == 0) {
		end(e, PROVIDER_AWAY, NULL, http->why);
		return;
	}
	if (http->status >= 500 || http->status == 429) {
		end(e, PROVIDER_AWAY, NULL, "the provider has trouble");
		return;
	}
	if (answer_read(http->body, http->len, &answer) != ERR_OK) {
		refuse(e, "its answer", "it has neither token nor error");
		return;
	}
	if (answer.token == NULL || http->status != 200) {
		free(answer.token);
		refuse(e, "it refuses the code",
		    answer.why[0] == '\0' ? "no reason" : answer.why);
		return;
	}
	e->token = answer.token;
	check(e, are_keys_new(e->provider));
}

/* RFC 6749 section 2.3.1: both encoded as in a form, then as in Basic. */
static char *
make_basic(const struct provider_conf *conf)
{
	auto_free char *client = uri_encode(conf->client);
	auto_free char *secret = uri_encode(conf->secret);
	auto_free char *both = xasprintf("%s:%s", client, secret);
	auto_free char *text = base64_encode(both, strlen(both));

	return xasprintf("Basic %s", text);
}

static int
post(struct provider *p, const struct provider_code *code, struct exchange *e)
{
	bool has_secret = p->conf->secret[0] != '\0';
	bool is_basic = has_secret && !p->discovery.is_post;
	auto_free char *basic = is_basic ? make_basic(p->conf) : NULL;
	auto_free char *body = NULL;
	struct wire_out form;
	struct fetch_request request = {
	    .url = p->discovery.token,
	    .authorization = basic,
	};

	wire_out_init(&form, FORM_BYTES);
	form_put(&form, "grant_type", "authorization_code");
	form_put(&form, "code", code->code);
	form_put(&form, "redirect_uri", p->conf->redirect);
	form_put(&form, "code_verifier", code->verifier);
	if (!is_basic)
		form_put(&form, "client_id", p->conf->client);
	if (has_secret && !is_basic)
		form_put(&form, "client_secret", p->conf->secret);
	body = xstrndup((const char *)form.buf, form.len);
	wire_out_release(&form);
	request.body = body;
	return fetch_start(p->fetcher, &request, on_answer, e);
}

/* NULL: the provider is away, and that was said. */
static struct exchange *
begin(struct provider *p, provider_done_fn *fn, void *arg)
{
	struct exchange *e;

	if (!p->is_known) {
		provider_look(p);
		fn(arg, PROVIDER_AWAY, NULL, p->why);
		return NULL;
	}
	e = xcalloc(1, sizeof(*e));
	e->provider = p;
	e->fn = fn;
	e->arg = arg;
	TAILQ_INSERT_TAIL(&p->exchanges, e, entry);
	return e;
}

void
provider_redeem(struct provider *p, const struct provider_code *code,
    provider_done_fn *fn, void *arg)
{
	struct exchange *e = begin(p, fn, arg);

	if (e == NULL)
		return;
	e->nonce = xstrdup(code->nonce);
	switch (post(p, code, e)) {
	case ERR_OK:
		break;
	case ERR_DENIED:
		end(e, PROVIDER_AWAY, NULL,
		    "its token_endpoint is at a place that [oidc] hosts does "
		    "not name");
		break;
	default:
		end(e, PROVIDER_AWAY, NULL, "too much is under way");
	}
}

void
provider_hear(
    struct provider *p, const char *token, provider_done_fn *fn, void *arg)
{
	struct exchange *e = begin(p, fn, arg);

	if (e == NULL)
		return;
	e->is_logout = true;
	e->token = xstrdup(token);
	check(e, are_keys_new(p));
}

struct provider *
provider_new(struct loop *loop, const struct provider_conf *conf,
    struct fetcher *fetcher, provider_report_fn *report, void *arg)
{
	struct provider *p = xcalloc(1, sizeof(*p));

	p->loop = loop;
	p->conf = conf;
	p->fetcher = fetcher;
	p->report = report;
	p->arg = arg;
	TAILQ_INIT(&p->exchanges);
	TAILQ_INIT(&p->waiting);
	look_later(p, 0);
	return p;
}

static void
forget(struct exchange_list *list)
{
	struct exchange *e;

	while ((e = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, e, entry);
		free(e->nonce);
		free(e->token);
		free(e);
	}
}

void
provider_free(struct provider *p)
{
	if (p == NULL)
		return;
	loop_timer_cancel(p->timer);
	forget(&p->exchanges);
	forget(&p->waiting);
	jwks_free(p->keys);
	free(p);
}
