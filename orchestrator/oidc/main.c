/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loep-oidc - signs people in at identity providers (OpenID Connect).
 *
 * Reads:  what the providers answer; sign-ins that came back from it, and
 *         whom it says to have signed out (OIDC_LEASE).
 * Writes: to the provider; who somebody is there, or why not (OIDC_DONE); where
 *         browsers are to go (OIDC_REPORT).
 * Trusts: nothing that a provider says but what it signed, for this client and
 *         this sign-in.  It can make no socket and open no file: connections
 *         come from dialers, one a provider, that know its places (lib/dial.h).
 * Ends:   with its parent.  Sign-ins under way are begun again by people.
 */
#include "lib/call.h"
#include "lib/dial.h"
#include "lib/fileio.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/store_link.h"
#include "lib/utf8.h"
#include "lib/xalloc.h"
#include "oidc/provider.h"

#include <inttypes.h>

#define LEASE	  32
#define SITES_MAX 8
/* Without an address that can be looked up or a dialer, or when it does not
 * answer for long: the parent starts us again, and the dialer learns new addresses. */
#define AGAIN_MS       30000
#define AWAY_MS	       ((uint64_t)120000)
#define FILE_BYTES_MAX ((size_t)4 * MIB)
#define SECRET_BYTES   1024
#define WHY_BYTES      256

struct oidc;

/* One provider, with a dialer and libcurl of its own: none of them can make us
 * ask a place of another. */
struct site {
	struct oidc *oidc;
	struct provider_conf conf;
	struct provider *provider; /* NULL = it cannot be looked up, see why */
	struct fetcher *fetcher;
	struct place places[DIAL_PLACES_MAX];
	size_t place_count;
	char *secret;
	char why[WHY_BYTES];
};

/* A sign-in whose end the store must hear. */
struct sign_in {
	struct oidc *oidc;
	const struct site *site; /* NULL = nobody's */
	int64_t id;
};

struct oidc {
	struct program program;
	struct store_link store;
	struct site sites[SITES_MAX];
	size_t site_count;
	size_t open; /* sign-ins under way */
	uint64_t started_ms;
	bool is_leasing;
	bool is_more; /* asked for while it was leasing */
};

static struct oidc oidc;

/* --- what the store hears --- */

static void
on_told(void *arg, enum err err, const char *why, int fd)
{
	(void)arg;
	if (fd != -1)
		(void)close(fd);
	if (err != ERR_OK && err != ERR_UNAVAILABLE)
		log_line(
		    LOG_WARN, "msg=\"the store refuses\" reason=\"%s\"", why);
}

static void
on_report(void *arg, const struct discovery *discovery, const char *why)
{
	struct site *site = arg;
	struct oidc *o = site->oidc;
	char text[WHY_BYTES];
	struct values params;

	if (!calls_is_connected(o->store.calls))
		return;
	utf8_to_ascii(text, sizeof(text), why);
	values_init(&params);
	values_add_text(&params, site->conf.issuer);
	values_add_text(
	    &params, discovery == NULL ? "" : discovery->authorization);
	values_add_text(&params, discovery == NULL ? "" : discovery->leave);
	values_add_int(&params, discovery != NULL && discovery->has_issuer);
	values_add_text(&params, text);
	(void)calls_start(o->store.calls, CALL_OIDC_REPORT, 0, &params, -1,
	    NULL, on_told, NULL);
}

static void
on_done(void *arg, enum provider_outcome outcome, const struct claims *claims,
    const char *why)
{
	static const char *const words[] = {
	    [PROVIDER_OK] = "ok",
	    [PROVIDER_REFUSED] = "refused",
	    [PROVIDER_AWAY] = "unavailable",
	};
	struct sign_in *s = arg;
	char text[WHY_BYTES];
	struct values params;

	utf8_to_ascii(text, sizeof(text), why);
	if (outcome != PROVIDER_OK)
		log_line(LOG_WARN,
		    "msg=\"what the provider sent was not taken\" outcome=%s reason=\"%s\"",
		    words[outcome], text);
	values_init(&params);
	values_add_int(&params, s->id);
	values_add_text(&params, words[outcome]);
	values_add_text(&params, s->site == NULL ? "" : s->site->conf.issuer);
	values_add_text(&params, claims == NULL ? "" : claims->subject);
	values_add_text(&params, claims == NULL ? "" : claims->sid);
	values_add_text(&params, claims == NULL ? "" : claims->acr);
	values_add_text(&params, claims == NULL ? "" : claims->amr);
	if (claims == NULL || claims->auth_time_s == 0)
		values_add_null(&params);
	else
		values_add_int(&params, claims->auth_time_s * 1000000);
	values_add_text(&params, claims == NULL ? "" : claims->id);
	values_add_text(&params, text);
	(void)calls_start(s->oidc->store.calls, CALL_OIDC_DONE, 0, &params, -1,
	    NULL, on_told, NULL);
	s->oidc->open--;
	free(s);
}

/* --- what is to be done --- */

static struct site *
find_site(struct oidc *o, const char *issuer)
{
	for (size_t i = 0; i < o->site_count; i++) {
		if (strcmp(o->sites[i].conf.issuer, issuer) == 0)
			return &o->sites[i];
	}
	return NULL;
}

static void
on_row(void *arg, const struct values *row)
{
	struct oidc *o = arg;
	struct sign_in *s = xcalloc(1, sizeof(*s));
	auto_free char *kind = values_text_dup(row, 1);
	auto_free char *issuer = values_text_dup(row, 2);
	auto_free char *text = values_text_dup(row, 3);
	auto_free char *verifier = values_text_dup(row, 4);
	auto_free char *nonce = values_text_dup(row, 5);
	const struct provider_code code = {text, verifier, nonce};
	bool is_logout = strcmp(kind, "logout") == 0;
	char said[CLAIMS_ISSUER_BYTES];

	/* Whose it says it is; that one's keys tell whether that is so. */
	if (!is_logout || claims_issuer(text, strlen(text), said) != ERR_OK)
		said[0] = '\0';
	s->oidc = o;
	s->site = find_site(o, is_logout ? said : issuer);
	s->id = values_int(row, 0);
	o->open++;
	if (s->site == NULL)
		on_done(s, PROVIDER_REFUSED, NULL, "it is no provider's");
	else if (s->site->provider == NULL)
		on_done(s, PROVIDER_AWAY, NULL, s->site->why);
	else if (is_logout)
		provider_hear(s->site->provider, text, on_done, s);
	else
		provider_redeem(s->site->provider, &code, on_done, s);
}

static void lease(struct oidc *o);

static void
on_leased(void *arg, enum err err, const char *why, int fd)
{
	struct oidc *o = arg;

	(void)err;
	(void)why;
	if (fd != -1)
		(void)close(fd);
	o->is_leasing = false;
	if (o->is_more)
		lease(o);
}

static void
lease(struct oidc *o)
{
	struct values params;

	o->is_more = o->is_leasing;
	if (o->is_leasing || !calls_is_connected(o->store.calls))
		return;
	o->is_leasing = true;
	values_init(&params);
	values_add_int(&params, LEASE);
	(void)calls_start(o->store.calls, CALL_OIDC_LEASE, 0, &params, -1,
	    on_row, on_leased, o);
}

/* --- the store --- */

static void
on_changed(void *arg)
{
	struct oidc *o = arg;

	for (size_t i = 0; i < o->site_count; i++) {
		if (o->sites[i].provider != NULL)
			provider_look(o->sites[i].provider);
	}
	lease(o);
}

static void
on_came(void *arg)
{
	struct oidc *o = arg;

	for (size_t i = 0; i < o->site_count; i++) {
		struct site *site = &o->sites[i];

		if (site->provider != NULL)
			provider_tell(site->provider);
		else
			on_report(site, NULL, site->why);
	}
	lease(o);
}

static const struct store_link_ops link_ops = {
    .came = on_came, .changed = on_changed};

static void
on_peer(void *arg, struct chan *chan)
{
	struct oidc *o = arg;

	store_link_peer(&o->store, chan);
}

/* --- the start --- */

static bool
is_lost(const struct site *site)
{
	return site->provider == NULL || fetcher_is_cut_off(site->fetcher) ||
	       provider_away_ms(site->provider) >= AWAY_MS;
}

/* The others go on while one is lost: not too often, and not in the middle of
 * a sign-in. */
static bool
is_to_start_again(const struct oidc *o)
{
	bool has_lost = false;

	for (size_t i = 0; i < o->site_count; i++)
		has_lost |= is_lost(&o->sites[i]);
	if (!has_lost || o->site_count == 1)
		return has_lost;
	return o->open == 0 && loop_now_ms() - o->started_ms >= AWAY_MS;
}

static void
on_again(void *arg)
{
	struct oidc *o = arg;

	if (!is_to_start_again(o)) {
		(void)loop_timer(o->program.loop, AGAIN_MS, on_again, o);
		return;
	}
	log_line(LOG_INFO, "msg=\"starting again, to look the provider up\"");
	exit(75);
}

/* A value of a provider's section; empty where it was not said. */
static const char *
site_conf(const struct program *p, const char *name, const char *key)
{
	auto_free char *full = xasprintf("%s.%s", name, key);

	return program_conf(p, full, "");
}

/* The issuer's place, and those of "hosts". */
static int
read_places(struct site *s, const char *list)
{
	auto_free char *hosts = xstrdup(list);
	char *rest = hosts;
	const char *word;

	if (place_read(s->conf.issuer, &s->places[0]) != ERR_OK ||
	    strchr(s->conf.issuer, '?') != NULL) {
		(void)snprintf(s->why, sizeof(s->why),
		    "its issuer is no address with https");
		return ERR_FORMAT;
	}
	s->place_count = 1;
	while ((word = strsep(&rest, " ")) != NULL) {
		if (word[0] == '\0')
			continue;
		if (s->place_count == DIAL_PLACES_MAX ||
		    place_read_host(word, &s->places[s->place_count]) !=
			ERR_OK) {
			(void)snprintf(s->why, sizeof(s->why),
			    "hosts is no list of host or host:port, or longer "
			    "than %d",
			    DIAL_PLACES_MAX - 1);
			return ERR_FORMAT;
		}
		s->place_count++;
	}
	return ERR_OK;
}

static int
fork_dialer(struct site *s, int *ret_fd)
{
	struct dial_place places[DIAL_PLACES_MAX];

	for (size_t i = 0; i < s->place_count; i++)
		places[i] =
		    (struct dial_place){s->places[i].host, s->places[i].port};
	return dial_fork(
	    places, s->place_count, s->why, sizeof(s->why), ret_fd);
}

/* Its places, and libcurl with all that it wants to read. */
static void
prepare_site(struct site *s, const char *name)
{
	struct program *p = &s->oidc->program;
	auto_free char *ca_key = xasprintf("%s.ca_file", name);
	auto_free char *secret_key = xasprintf("%s.client_secret_file", name);
	auto_close int ca_fd = program_conf_fd(p, ca_key);
	auto_close int secret_fd = program_conf_fd(p, secret_key);
	auto_free char *ca = NULL;
	struct fetch_conf conf = {.places = s->places, .dialer = -1};
	size_t len;

	if (read_places(s, site_conf(p, name, "hosts")) != ERR_OK ||
	    fork_dialer(s, &conf.dialer) != ERR_OK) {
		log_line(LOG_ERROR,
		    "msg=\"nobody signs in at the provider\" name=%s "
		    "reason=\"%s\"",
		    name, s->why);
		return;
	}
	conf.count = s->place_count;
	if (ca_fd != -1)
		ca = file_read_text(
		    ca_fd, FILE_BYTES_MAX, &conf.authorities_len);
	conf.authorities = ca;
	s->secret = secret_fd == -1
			? xstrdup("")
			: file_read_text(secret_fd, SECRET_BYTES, &len);
	s->secret[strcspn(s->secret, "\r\n")] = '\0';
	s->conf.secret = s->secret;
	if (fetcher_new(p->loop, &conf, &s->fetcher) != ERR_OK) {
		log_line(LOG_ERROR, "msg=\"libcurl cannot be set up\"");
		exit(71);
	}
	s->provider = provider_new(p->loop, &s->conf, s->fetcher, on_report, s);
	log_line(LOG_INFO, "msg=\"signing in\" issuer=%s", s->conf.issuer);
}

static void
prepare(struct oidc *o)
{
	struct program *p = &o->program;
	auto_free char *names = xstrdup(program_conf(p, "oidc_providers", ""));
	char *rest = names;
	const char *name;

	o->started_ms = loop_now_ms();
	(void)loop_timer(p->loop, AGAIN_MS, on_again, o);
	while ((name = strsep(&rest, " ")) != NULL) {
		struct site *s = &o->sites[o->site_count];

		if (name[0] == '\0' || o->site_count == SITES_MAX)
			continue;
		s->oidc = o;
		s->conf = (struct provider_conf){
		    .issuer = site_conf(p, name, "issuer"),
		    .client = site_conf(p, name, "client_id"),
		    .redirect = site_conf(p, name, "redirect_uri"),
		    .secret = "",
		};
		/* The store knows an issuer once. */
		if (find_site(o, s->conf.issuer) != NULL)
			continue;
		o->site_count++;
		prepare_site(s, name);
	}
}

int
main(void)
{
	static const struct cage cage = {
	    .name = "oidc",
	    .groups = CAGE_CONNECTED,
	    .files_max = 64 + 64 * SITES_MAX,
	};
	static const struct program_ops ops = {.peer = on_peer};
	struct oidc *o = &oidc;
	struct program *p = &o->program;

	program_start(p, ROLE_OIDC, "loep-oidc");
	store_link_init(&o->store, p, &link_ops, o);
	prepare(o);
	program_enter_cage(p, &cage);
	program_run(p, &ops, o);
	for (size_t i = 0; i < o->site_count; i++) {
		provider_free(o->sites[i].provider);
		fetcher_free(o->sites[i].fetcher);
		free(o->sites[i].secret);
	}
	store_link_release(&o->store);
	return 0;
}
