/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loep-oidc - signs people in at one identity provider (OpenID Connect).
 *
 * Reads:  what the provider answers; sign-ins that came back from it, and
 *         whom it says to have signed out (OIDC_LEASE).
 * Writes: to the provider; who somebody is there, or why not (OIDC_DONE); where
 *         browsers are to go (OIDC_REPORT).
 * Trusts: nothing that the provider says but what it signed, for this client
 *         and this sign-in.  It can make no socket and open no file:
 *         connections come from its dialer, which knows the provider's places
 *         (lib/dial.h).
 * Ends:   with its parent.  Sign-ins under way are begun again by people.
 */
#include "lib/call.h"
#include "lib/dial.h"
#include "lib/fileio.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/program.h"
#include "lib/xalloc.h"
#include "oidc/provider.h"

#include <inttypes.h>

#define LEASE 32
/* Without an address that can be looked up or a dialer, or when it does not
 * answer for long: the parent starts us again, and the dialer learns new addresses. */
#define AGAIN_MS       30000
#define AWAY_MS	       ((uint64_t)120000)
#define FILE_BYTES_MAX ((size_t)4 * MIB)
#define SECRET_BYTES   1024
#define WHY_BYTES      256

/* A sign-in whose end the store must hear. */
struct sign_in {
	struct oidc *oidc;
	int64_t id;
};

struct oidc {
	struct program program;
	struct calls *calls;
	struct chan *store;
	struct fetcher *fetcher;
	struct provider *provider;
	struct provider_conf conf;
	struct place places[DIAL_PLACES_MAX];
	size_t place_count;
	char *secret;
	char why[WHY_BYTES]; /* without a provider */
	bool is_leasing;
	bool is_more; /* asked for while it was leasing */
};

static struct oidc oidc;

/* What a provider says may be anything; the store takes UTF-8. */
static void
copy_ascii(char *dst, size_t dst_size, const char *text)
{
	size_t n = 0;

	for (; *text != '\0' && n + 1 < dst_size; text++)
		dst[n++] = *text >= ' ' && *text < 0x7f ? *text : '?';
	dst[n] = '\0';
}

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
	struct oidc *o = arg;
	char text[WHY_BYTES];
	struct values params;

	if (!calls_is_connected(o->calls))
		return;
	copy_ascii(text, sizeof(text), why);
	values_init(&params);
	values_add_text(
	    &params, discovery == NULL ? "" : discovery->authorization);
	values_add_text(&params, discovery == NULL ? "" : discovery->leave);
	values_add_int(&params, discovery != NULL && discovery->has_issuer);
	values_add_text(&params, text);
	(void)calls_start(
	    o->calls, CALL_OIDC_REPORT, 0, &params, -1, NULL, on_told, NULL);
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

	copy_ascii(text, sizeof(text), why);
	if (outcome != PROVIDER_OK)
		log_line(LOG_WARN,
		    "msg=\"what the provider sent was not taken\" outcome=%s reason=\"%s\"",
		    words[outcome], text);
	values_init(&params);
	values_add_int(&params, s->id);
	values_add_text(&params, words[outcome]);
	values_add_text(&params, claims == NULL ? "" : claims->subject);
	values_add_text(&params, claims == NULL ? "" : claims->sid);
	values_add_text(&params, claims == NULL ? "" : claims->acr);
	values_add_text(&params, claims == NULL ? "" : claims->amr);
	values_add_text(&params, text);
	(void)calls_start(s->oidc->calls, CALL_OIDC_DONE, 0, &params, -1, NULL,
	    on_told, NULL);
	free(s);
}

/* --- what is to be done --- */

static void
on_row(void *arg, const struct values *row)
{
	struct oidc *o = arg;
	struct sign_in *s = xcalloc(1, sizeof(*s));
	auto_free char *kind = values_text_dup(row, 1);
	auto_free char *text = values_text_dup(row, 2);
	auto_free char *verifier = values_text_dup(row, 3);
	auto_free char *nonce = values_text_dup(row, 4);
	const struct provider_code code = {text, verifier, nonce};

	s->oidc = o;
	s->id = values_int(row, 0);
	if (o->provider == NULL)
		on_done(s, PROVIDER_AWAY, NULL, o->why);
	else if (strcmp(kind, "logout") == 0)
		provider_hear(o->provider, text, on_done, s);
	else
		provider_redeem(o->provider, &code, on_done, s);
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
	if (o->is_leasing || !calls_is_connected(o->calls))
		return;
	o->is_leasing = true;
	values_init(&params);
	values_add_int(&params, LEASE);
	(void)calls_start(
	    o->calls, CALL_OIDC_LEASE, 0, &params, -1, on_row, on_leased, o);
}

/* --- the store --- */

static int
on_call(void *arg, struct chan *chan, struct msg *msg)
{
	struct oidc *o = arg;

	(void)chan;
	return calls_handle(o->calls, msg);
}

static int
on_changed(void *arg, struct chan *chan, struct msg *msg)
{
	struct oidc *o = arg;

	(void)chan;
	(void)msg;
	if (o->provider != NULL)
		provider_look(o->provider);
	lease(o);
	return ERR_OK;
}

static void
on_store_gone(void *arg, struct chan *chan, int err)
{
	struct oidc *o = arg;

	if (err == ERR_PEER)
		program_blame(&o->program, chan, "broke the protocol");
	if (o->store == chan) {
		o->store = NULL;
		calls_set_chan(o->calls, NULL);
	}
	chan_free(chan);
}

static const struct chan_handler handlers[] = {
    {MSG_CALL_ROW, on_call},
    {MSG_CALL_END, on_call},
    {MSG_CHANGED, on_changed},
    {MSG_NONE_, NULL},
};

static const struct chan_ops store_ops = {
    .handlers = handlers,
    .gone = on_store_gone,
};

static void
on_peer(void *arg, struct chan *chan)
{
	struct oidc *o = arg;

	if (chan_peer(chan) != ROLE_STORE) {
		chan_free(chan);
		return;
	}
	if (o->store != NULL)
		on_store_gone(o, o->store, ERR_EOF);
	o->store = chan;
	chan_set_ops(chan, &store_ops, o);
	calls_set_chan(o->calls, chan);
	if (o->provider != NULL)
		provider_tell(o->provider);
	else
		on_report(o, NULL, o->why);
	lease(o);
}

/* --- the start --- */

static void
on_again(void *arg)
{
	struct oidc *o = arg;

	if (o->provider != NULL && !fetcher_is_cut_off(o->fetcher) &&
	    provider_away_ms(o->provider) < AWAY_MS) {
		(void)loop_timer(o->program.loop, AGAIN_MS, on_again, o);
		return;
	}
	log_line(LOG_INFO, "msg=\"starting again, to look the provider up\"");
	exit(75);
}

/* The issuer's place, and those of "hosts". */
static int
read_places(struct oidc *o)
{
	auto_free char *hosts = xstrdup(program_conf(&o->program, "hosts", ""));
	char *rest = hosts;
	const char *word;

	if (place_read(o->conf.issuer, &o->places[0]) != ERR_OK ||
	    strchr(o->conf.issuer, '?') != NULL) {
		(void)snprintf(o->why, sizeof(o->why),
		    "[oidc] issuer is no address with https");
		return ERR_FORMAT;
	}
	o->place_count = 1;
	while ((word = strsep(&rest, " ")) != NULL) {
		if (word[0] == '\0')
			continue;
		if (o->place_count == DIAL_PLACES_MAX ||
		    place_read_host(word, &o->places[o->place_count]) !=
			ERR_OK) {
			(void)snprintf(o->why, sizeof(o->why),
			    "[oidc] hosts is no list of host or host:port, or "
			    "longer than %d",
			    DIAL_PLACES_MAX - 1);
			return ERR_FORMAT;
		}
		o->place_count++;
	}
	return ERR_OK;
}

static int
fork_dialer(struct oidc *o, int *ret_fd)
{
	struct dial_place places[DIAL_PLACES_MAX];

	for (size_t i = 0; i < o->place_count; i++)
		places[i] =
		    (struct dial_place){o->places[i].host, o->places[i].port};
	return dial_fork(
	    places, o->place_count, o->why, sizeof(o->why), ret_fd);
}

/* The provider's places, and libcurl with all that it wants to read. */
static void
prepare(struct oidc *o)
{
	struct program *p = &o->program;
	auto_close int ca_fd = program_conf_fd(p, "ca_file");
	auto_close int secret_fd = program_conf_fd(p, "client_secret_file");
	auto_free char *ca = NULL;
	struct fetch_conf conf = {.places = o->places, .dialer = -1};
	size_t len;

	(void)loop_timer(p->loop, AGAIN_MS, on_again, o);
	if (read_places(o) != ERR_OK ||
	    fork_dialer(o, &conf.dialer) != ERR_OK) {
		log_line(LOG_ERROR,
		    "msg=\"nobody signs in at the provider\" reason=\"%s\"",
		    o->why);
		return;
	}
	conf.count = o->place_count;
	if (ca_fd != -1)
		ca = file_read_text(
		    ca_fd, FILE_BYTES_MAX, &conf.authorities_len);
	conf.authorities = ca;
	o->secret = secret_fd == -1
			? xstrdup("")
			: file_read_text(secret_fd, SECRET_BYTES, &len);
	o->secret[strcspn(o->secret, "\r\n")] = '\0';
	o->conf.secret = o->secret;
	if (fetcher_new(p->loop, &conf, &o->fetcher) != ERR_OK) {
		log_line(LOG_ERROR, "msg=\"libcurl cannot be set up\"");
		exit(71);
	}
	o->provider = provider_new(p->loop, &o->conf, o->fetcher, on_report, o);
	log_line(LOG_INFO, "msg=\"signing in\" issuer=%s", o->conf.issuer);
}

int
main(void)
{
	static const struct cage cage = {
	    .name = "oidc",
	    .groups = CAGE_CONNECTED,
	    .files_max = 128,
	};
	static const struct program_ops ops = {.peer = on_peer};
	struct oidc *o = &oidc;
	struct program *p = &o->program;

	program_start(p, ROLE_OIDC, "loep-oidc");
	o->conf = (struct provider_conf){
	    .issuer = program_conf(p, "issuer", ""),
	    .client = program_conf(p, "client_id", ""),
	    .redirect = program_conf(p, "redirect_uri", ""),
	    .secret = "",
	};
	o->calls = calls_new(p->loop);
	prepare(o);
	program_enter_cage(p, &cage);
	program_run(p, &ops, o);
	provider_free(o->provider);
	fetcher_free(o->fetcher);
	calls_free(o->calls);
	free(o->secret);
	return 0;
}
