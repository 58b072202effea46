/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.c - requests to the identity provider, by libcurl. */
#include "oidc/fetch.h"

#include "lib/dial.h"
#include "lib/own.h"
#include "lib/wire.h"
#include "lib/xalloc.h"
#include "transfer/transfer.h"

#include <string.h>
#include <sys/queue.h>

#define TIMEOUT_MS    15000L
#define KEEP_SECONDS  30L
#define HEADERS_BYTES 8192

struct fetch {
	TAILQ_ENTRY(fetch) entry;
	struct transfer transfer;
	struct fetcher *fetcher;
	size_t place;
	struct curl_slist *headers;
	char *form;
	struct wire_out body;
	char why[FETCH_WHY_BYTES]; /* the dialer's, or ours */
	fetch_fn *fn;
	void *arg;
};

TAILQ_HEAD(fetch_list, fetch);

struct fetcher {
	struct transfers *running;
	const struct place *places;
	size_t place_count;
	void *authorities;
	size_t authorities_len;
	int dialer;
	bool is_cut_off; /* the dialer is gone */
	size_t count;
	struct fetch_list open;
};

static int
on_open(void *arg)
{
	struct fetch *t = arg;
	int fd = -1;
	int err = dial_connect(
	    t->fetcher->dialer, t->place, t->why, sizeof(t->why), &fd);

	t->fetcher->is_cut_off |= err == ERR_EOF;
	return err == ERR_OK ? fd : -1;
}

static size_t
on_write(char *p, size_t size, size_t count, void *arg)
{
	struct fetch *t = arg;
	size_t len = size * count;

	if (len > FETCH_BYTES_MAX - t->body.len) {
		(void)snprintf(t->why, sizeof(t->why),
		    "the answer is longer than %zu bytes", FETCH_BYTES_MAX);
		return 0;
	}
	wire_put_raw(&t->body, p, len);
	return len;
}

static void
fetch_free(struct fetch *t)
{
	TAILQ_REMOVE(&t->fetcher->open, t, entry);
	t->fetcher->count--;
	transfer_release(&t->transfer);
	curl_slist_free_all(t->headers);
	wire_out_release(&t->body);
	free(t->form);
	free(t);
}

static void
on_end(void *arg, CURLcode code)
{
	struct fetch *t = arg;
	struct fetch_answer answer = {.why = ""};

	if (code == CURLE_OK) {
		(void)curl_easy_getinfo(
		    t->transfer.easy, CURLINFO_RESPONSE_CODE, &answer.status);
		answer.body = t->body.buf;
		answer.len = t->body.len;
	} else {
		answer.why = t->why[0] != '\0' ? t->why
			     : t->transfer.said[0] != '\0'
				 ? t->transfer.said
				 : curl_easy_strerror(code);
	}
	t->fn(t->arg, &answer);
	fetch_free(t);
}

static bool
add_headers(struct fetch *t, const struct fetch_request *request)
{
	char line[HEADERS_BYTES];

	t->headers = curl_slist_append(NULL, "Accept: application/json");
	if (t->headers == NULL || request->authorization == NULL)
		return t->headers != NULL;
	(void)snprintf(
	    line, sizeof(line), "Authorization: %s", request->authorization);
	return curl_slist_append(t->headers, line) != NULL;
}

static bool
set_up(struct fetch *t, const struct fetch_request *request)
{
	const struct place *place = &t->fetcher->places[t->place];
	bool is_ok = transfer_init(&t->transfer) && add_headers(t, request) &&
		     transfer_know(&t->transfer, place->host, place->port) &&
		     transfer_trust(&t->transfer, t->fetcher->authorities,
			 t->fetcher->authorities_len);
	CURL *e = t->transfer.easy;

#define SET(option, value) \
 is_ok = is_ok && curl_easy_setopt(e, option, value) == CURLE_OK
	SET(CURLOPT_URL, request->url);
	SET(CURLOPT_PROTOCOLS_STR, place->is_tls ? "https" : "http");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_WRITEFUNCTION, on_write);
	SET(CURLOPT_WRITEDATA, t);
	SET(CURLOPT_HTTPHEADER, t->headers);
	SET(CURLOPT_USERAGENT, "loep/" LOEP_VERSION);
	SET(CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	SET(CURLOPT_MAXAGE_CONN, KEEP_SECONDS);
	if (t->form != NULL) {
		SET(CURLOPT_POSTFIELDS, t->form);
		SET(CURLOPT_POSTFIELDSIZE, (long)strlen(t->form));
	}
#undef SET
	return is_ok;
}

static int
find_place(const struct fetcher *f, const char *url, size_t *ret_place)
{
	struct place place;
	int err = place_read(url, &place);

	for (size_t i = 0; err == ERR_OK && i < f->place_count; i++) {
		if (place_is_same(&place, &f->places[i])) {
			*ret_place = i;
			return ERR_OK;
		}
	}
	return ERR_DENIED;
}

int
fetch_start(struct fetcher *f, const struct fetch_request *request,
    fetch_fn *fn, void *arg)
{
	struct fetch *t;
	size_t place;
	int err = find_place(f, request->url, &place);

	if (err != ERR_OK)
		return err;
	if (f->count >= FETCH_OPEN_MAX)
		return ERR_LIMIT;
	t = xcalloc(1, sizeof(*t));
	t->fetcher = f;
	t->place = place;
	t->fn = fn;
	t->arg = arg;
	t->form = request->body == NULL ? NULL : xstrdup(request->body);
	wire_out_init(&t->body, FETCH_BYTES_MAX);
	TAILQ_INSERT_TAIL(&f->open, t, entry);
	f->count++;
	t->transfer.open = on_open;
	t->transfer.end = on_end;
	t->transfer.arg = t;
	if (!set_up(t, request) || !transfer_start(f->running, &t->transfer)) {
		fetch_free(t);
		return ERR_SYS;
	}
	return ERR_OK;
}

int
fetcher_new(struct loop *loop, const struct fetch_conf *conf,
    struct fetcher **ret_fetcher)
{
	struct fetcher *f = xcalloc(1, sizeof(*f));

	f->dialer = conf->dialer;
	f->places = conf->places;
	f->place_count = conf->count;
	TAILQ_INIT(&f->open);
	if (conf->authorities_len > 0) {
		f->authorities = xmalloc(conf->authorities_len);
		f->authorities_len = conf->authorities_len;
		memcpy(f->authorities, conf->authorities, f->authorities_len);
	}
	f->running = transfers_new(loop);
	if (f->running == NULL) {
		fetcher_free(f);
		return ERR_SYS;
	}
	*ret_fetcher = f;
	return ERR_OK;
}

void
fetcher_free(struct fetcher *f)
{
	struct fetch *t;

	if (f == NULL)
		return;
	while ((t = TAILQ_FIRST(&f->open)) != NULL)
		fetch_free(t);
	transfers_free(f->running);
	free(f->authorities);
	free(f);
}

bool
fetcher_is_cut_off(const struct fetcher *f)
{
	return f->is_cut_off;
}
