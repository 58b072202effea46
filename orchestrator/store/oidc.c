/* SPDX-License-Identifier: Apache-2.0 */
/* oidc.c - the identity providers, and what loep-oidc says of them. */
#include "store/oidc.h"

#include "lib/xalloc.h"
#include "store/handlers.h"

#define LEASE_MAX      64
#define AUTH_URL_BYTES 2048

/* --- the providers --- */

struct oidc *
oidc_new(void)
{
	struct oidc *o = xcalloc(1, sizeof(*o));

	TAILQ_INIT(&o->exchanges);
	return o;
}

static void
set(char **dst, const char *text)
{
	free(*dst);
	*dst = xstrdup(text);
}

bool
oidc_add(struct oidc *o, const struct oidc_conf *conf)
{
	struct oidc_provider *p = &o->providers[o->count];

	if (o->count == OIDC_PROVIDERS_MAX || conf->issuer[0] == '\0' ||
	    conf->name[0] == '\0' ||
	    strlen(conf->issuer) >= OIDC_ISSUER_BYTES ||
	    oidc_of_issuer(o, conf->issuer) != NULL)
		return false;
	*p = (struct oidc_provider){.has_issuer = false};
	p->name = xstrdup(conf->name);
	p->issuer = xstrdup(conf->issuer);
	p->client = xstrdup(conf->client);
	p->redirect = xstrdup(conf->redirect);
	p->required_acr = xstrdup(conf->required_acr);
	p->required_amr = xstrdup(conf->required_amr);
	p->signed_out = xstrdup(conf->signed_out);
	p->label = xstrdup(conf->label);
	p->authorization = xstrdup("");
	p->leave = xstrdup("");
	/* The host, where it has no other name. */
	if (p->label[0] == '\0' && strstr(p->issuer, "://") != NULL) {
		set(&p->label, strstr(p->issuer, "://") + 3);
		p->label[strcspn(p->label, "/")] = '\0';
	}
	o->count++;
	return true;
}

const struct oidc_provider *
oidc_named(const struct oidc *o, const char *name)
{
	if (name[0] == '\0')
		return o->count == 0 ? NULL : &o->providers[0];
	for (size_t i = 0; i < o->count; i++) {
		if (strcmp(o->providers[i].name, name) == 0)
			return &o->providers[i];
	}
	return NULL;
}

struct oidc_provider *
oidc_of_issuer(struct oidc *o, const char *issuer)
{
	for (size_t i = 0; i < o->count; i++) {
		if (strcmp(o->providers[i].issuer, issuer) == 0)
			return &o->providers[i];
	}
	return NULL;
}

bool
oidc_has_second(const struct oidc_provider *p)
{
	return p->required_acr[0] != '\0' || p->required_amr[0] != '\0';
}

void
oidc_exchange_free(struct oidc_exchange *e)
{
	loop_timer_cancel(e->timer);
	TAILQ_REMOVE(&e->store->oidc->exchanges, e, entry);
	free(e);
}

static void
release(struct oidc_provider *p)
{
	free(p->name);
	free(p->issuer);
	free(p->client);
	free(p->redirect);
	free(p->label);
	free(p->required_acr);
	free(p->required_amr);
	free(p->signed_out);
	free(p->leave);
	free(p->authorization);
}

void
oidc_free(struct oidc *o)
{
	struct oidc_exchange *e, *next;

	if (o == NULL)
		return;
	for (e = TAILQ_FIRST(&o->exchanges); e != NULL; e = next) {
		next = TAILQ_NEXT(e, entry);
		oidc_exchange_free(e);
	}
	for (size_t i = 0; i < o->count; i++)
		release(&o->providers[i]);
	free(o);
}

/* From the loop, outside of whatever unit runs now. */
static void
on_settle(void *arg)
{
	struct oidc_exchange *e = arg;

	e->timer = NULL;
	oidc_settle(e);
}

static void
settle_soon(struct oidc_exchange *e, const char *outcome)
{
	if (e->timer != NULL)
		return;
	(void)snprintf(e->outcome, sizeof(e->outcome), "%s", outcome);
	e->timer = loop_timer(e->store->loop, 0, on_settle, e);
}

void
oidc_forget_peer(struct store *store)
{
	struct oidc_exchange *e;

	for (size_t i = 0; i < store->oidc->count; i++)
		set(&store->oidc->providers[i].authorization, "");
	TAILQ_FOREACH (e, &store->oidc->exchanges, entry)
		settle_soon(e, "unavailable");
}

void
oidc_tick(struct store *store)
{
	uint64_t now_ms = loop_now_ms();
	struct oidc_exchange *e;

	TAILQ_FOREACH (e, &store->oidc->exchanges, entry) {
		if (now_ms > e->deadline_ms)
			settle_soon(e, "unavailable");
	}
}

int
oidc_sweep(struct store *store)
{
	static const enum stmt sweeps[] = {STMT_OIDC_FLOW_SWEEP,
	    STMT_OIDC_HALF_SWEEP, STMT_OIDC_HEARD_SWEEP,
	    STMT_OIDC_STRANGER_SWEEP};
	const int64_t now = loop_wall_us();
	int err = ERR_OK;

	for (size_t i = 0;
	     err == ERR_OK && i < sizeof(sweeps) / sizeof(sweeps[0]); i++)
		err = db_do(store->db, sweeps[i], ARGS(val_int(now)), NULL);
	return err;
}

/* --- loep-oidc's calls --- */

int
oidc_report(struct request *r)
{
	struct oidc_provider *p =
	    oidc_of_issuer(r->store->oidc, param_text(r, 0));
	const char *url = param_text(r, 1);
	const char *leave = param_text(r, 2);

	if (p == NULL)
		return request_why(r, ERR_NOT_FOUND, "there is no such issuer");
	if (strlen(url) > AUTH_URL_BYTES || strlen(leave) > AUTH_URL_BYTES)
		return request_why(r, ERR_LIMIT, "that address is too long");
	set(&p->authorization, url);
	set(&p->leave, leave);
	p->has_issuer = param_int(r, 3) != 0;
	return ERR_OK;
}

int
oidc_lease(struct request *r)
{
	int64_t left = param_int(r, 0);
	struct oidc_exchange *e;
	struct values row;

	if (left < 1 || left > LEASE_MAX)
		return request_why(
		    r, ERR_LIMIT, "\"limit\" is 1 to %d", LEASE_MAX);
	TAILQ_FOREACH (e, &r->store->oidc->exchanges, entry) {
		bool is_logout = e->purpose == OIDC_LOGOUT;

		if (e->is_leased || e->timer != NULL)
			continue;
		if (left-- == 0)
			break;
		e->is_leased = true;
		values_init(&row);
		values_add_int(&row, e->id);
		values_add_text(&row, is_logout ? "logout" : "code");
		values_add_text(&row, is_logout ? "" : e->provider->issuer);
		values_add_text(
		    &row, param_text(e->request, is_logout ? 0 : 2));
		values_add_text(&row, e->verifier);
		values_add_text(&row, e->nonce);
		request_row(r, &row);
	}
	return ERR_OK;
}

/* Of the provider that was asked; of a log-out, of one that is ours. */
static bool
has_provider(struct request *r, struct oidc_exchange *e)
{
	const struct oidc_provider *p =
	    oidc_of_issuer(r->store->oidc, param_text(r, 2));

	if (e->purpose == OIDC_LOGOUT)
		e->provider = p;
	return p != NULL && e->provider == p;
}

/* Somebody; a log-out may name a session alone, and says which it is. */
static bool
has_name(const struct oidc_exchange *e)
{
	if (e->purpose == OIDC_LOGOUT)
		return (e->subject[0] != '\0' || e->sid[0] != '\0') &&
		       e->token_id[0] != '\0';
	return e->subject[0] != '\0';
}

static void
copy(char *dst, size_t size, struct request *r, size_t at)
{
	(void)snprintf(dst, size, "%s", param_text(r, at));
}

int
oidc_done(struct request *r)
{
	const char *outcome = param_text(r, 1);
	struct oidc_exchange *e;

	if (strcmp(outcome, "ok") != 0 && strcmp(outcome, "refused") != 0 &&
	    strcmp(outcome, "unavailable") != 0)
		return request_why(
		    r, ERR_FORMAT, "\"outcome\" is ok, refused or unavailable");
	TAILQ_FOREACH (e, &r->store->oidc->exchanges, entry) {
		if (e->id != param_int(r, 0) || e->timer != NULL)
			continue;
		copy(e->subject, sizeof(e->subject), r, 3);
		copy(e->sid, sizeof(e->sid), r, 4);
		copy(e->acr, sizeof(e->acr), r, 5);
		copy(e->amr, sizeof(e->amr), r, 6);
		e->auth_time_us = param_is_null(r, 7) ? 0 : param_int(r, 7);
		copy(e->token_id, sizeof(e->token_id), r, 8);
		if (strcmp(outcome, "ok") == 0 &&
		    (!has_provider(r, e) || !has_name(e)))
			outcome = "refused";
		settle_soon(e, outcome);
		break;
	}
	/* Where it is not there any more, it took too long. */
	return ERR_OK;
}

int
oidc_providers(struct request *r)
{
	const struct oidc *o = r->store->oidc;

	for (size_t i = 0; i < o->count; i++) {
		const struct oidc_provider *p = &o->providers[i];
		struct values row;

		values_init(&row);
		values_add_text(&row, p->name);
		values_add_text(&row, p->label);
		values_add_text(&row, p->issuer);
		values_add_int(&row, p->authorization[0] != '\0');
		values_add_int(&row, p->leave[0] != '\0');
		values_add_int(&row, o->takes_strangers);
		request_row(r, &row);
	}
	return ERR_OK;
}
