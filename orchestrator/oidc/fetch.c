/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.c - requests to the identity provider, by libcurl. */
#include "oidc/fetch.h"

#include "lib/dial.h"
#include "lib/own.h"
#include "lib/wire.h"
#include "lib/xalloc.h"

#include <curl/curl.h>
#include <string.h>
#include <sys/queue.h>

#define POLL_MS	      10
#define TIMEOUT_MS    15000L
#define KEEP_SECONDS  30L
#define HEADERS_BYTES 8192

struct transfer {
	TAILQ_ENTRY(transfer) entry;
	struct fetcher *fetcher;
	size_t place;
	CURL *easy;
	struct curl_slist *headers;
	char *form;
	struct wire_out body;
	char why[FETCH_WHY_BYTES]; /* the dialer's, or ours */
	char said[CURL_ERROR_SIZE];
	fetch_fn *fn;
	void *arg;
};

TAILQ_HEAD(transfer_list, transfer);

struct fetcher {
	struct loop *loop;
	struct loop_timer *timer;
	CURLM *multi;
	struct curl_slist *resolve;
	const struct place *places;
	size_t place_count;
	void *authorities;
	size_t authorities_len;
	int dialer;
	bool is_cut_off; /* the dialer is gone */
	size_t count;
	struct transfer_list transfers;
};

/* Their addresses stand nowhere here: only the dialer knows them. */
static curl_socket_t
on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *t = arg;
	int fd = -1;
	int err = dial_connect(
	    t->fetcher->dialer, t->place, t->why, sizeof(t->why), &fd);

	(void)purpose;
	(void)address;
	t->fetcher->is_cut_off |= err == ERR_EOF;
	return err == ERR_OK ? fd : CURL_SOCKET_BAD;
}

static int
on_opened(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg;
	(void)fd;
	(void)purpose;
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static size_t
on_write(char *p, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
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
transfer_free(struct transfer *t)
{
	TAILQ_REMOVE(&t->fetcher->transfers, t, entry);
	t->fetcher->count--;
	if (t->easy != NULL) {
		(void)curl_multi_remove_handle(t->fetcher->multi, t->easy);
		curl_easy_cleanup(t->easy);
	}
	curl_slist_free_all(t->headers);
	wire_out_release(&t->body);
	free(t->form);
	free(t);
}

static void
finish(struct transfer *t, CURLcode code)
{
	struct fetch_answer answer = {.why = ""};

	if (code == CURLE_OK) {
		(void)curl_easy_getinfo(
		    t->easy, CURLINFO_RESPONSE_CODE, &answer.status);
		answer.body = t->body.buf;
		answer.len = t->body.len;
	} else {
		answer.why = t->why[0] != '\0'	  ? t->why
			     : t->said[0] != '\0' ? t->said
						  : curl_easy_strerror(code);
	}
	t->fn(t->arg, &answer);
	transfer_free(t);
}

static void
on_timer(void *arg)
{
	struct fetcher *f = arg;
	int running = 0, left;
	const CURLMsg *msg;
	struct transfer *t;

	f->timer = NULL;
	(void)curl_multi_perform(f->multi, &running);
	while ((msg = curl_multi_info_read(f->multi, &left)) != NULL) {
		CURLcode code = msg->data.result;

		if (msg->msg != CURLMSG_DONE ||
		    curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t) !=
			CURLE_OK)
			continue;
		finish(t, code);
	}
	if (f->count > 0 && f->timer == NULL)
		f->timer = loop_timer(f->loop, POLL_MS, on_timer, f);
}

static bool
set_tls(const struct transfer *t)
{
	struct curl_blob blob = {
	    .data = t->fetcher->authorities,
	    .len = t->fetcher->authorities_len,
	    .flags = CURL_BLOB_NOCOPY,
	};
	CURL *e = t->easy;

	/* Without authorities nobody is believed. */
	return curl_easy_setopt(e, CURLOPT_CAPATH, NULL) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_CAINFO, NULL) == CURLE_OK &&
	       (blob.data == NULL || curl_easy_setopt(e, CURLOPT_CAINFO_BLOB,
					 &blob) == CURLE_OK) &&
	       curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_SSLVERSION,
		   (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
}

static bool
add_headers(struct transfer *t, const struct fetch_request *request)
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
set_up(struct transfer *t, const struct fetch_request *request)
{
	CURL *e = t->easy;
	bool is_ok = e != NULL && add_headers(t, request) && set_tls(t);

#define SET(option, value) \
 is_ok = is_ok && curl_easy_setopt(e, option, value) == CURLE_OK
	SET(CURLOPT_URL, request->url);
	SET(CURLOPT_PRIVATE, t);
	SET(CURLOPT_PROTOCOLS_STR,
	    t->fetcher->places[t->place].is_tls ? "https" : "http");
	SET(CURLOPT_RESOLVE, t->fetcher->resolve);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
	SET(CURLOPT_OPENSOCKETDATA, t);
	SET(CURLOPT_SOCKOPTFUNCTION, on_opened);
	SET(CURLOPT_WRITEFUNCTION, on_write);
	SET(CURLOPT_WRITEDATA, t);
	SET(CURLOPT_ERRORBUFFER, t->said);
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
	struct transfer *t;
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
	TAILQ_INSERT_TAIL(&f->transfers, t, entry);
	f->count++;
	t->easy = curl_easy_init();
	if (!set_up(t, request) ||
	    curl_multi_add_handle(f->multi, t->easy) != CURLM_OK) {
		transfer_free(t);
		return ERR_SYS;
	}
	if (f->timer == NULL)
		f->timer = loop_timer(f->loop, 0, on_timer, f);
	return ERR_OK;
}

/* Any address does: the dialer has the true ones. */
static bool
add_resolve(struct fetcher *f, const struct place *place)
{
	bool is_six = strchr(place->host, ':') != NULL;
	auto_free char *entry = xasprintf("%s%s%s:%s:127.0.0.1",
	    is_six ? "[" : "", place->host, is_six ? "]" : "", place->port);
	struct curl_slist *list = curl_slist_append(f->resolve, entry);

	if (list != NULL)
		f->resolve = list;
	return list != NULL;
}

int
fetcher_new(struct loop *loop, const struct fetch_conf *conf,
    struct fetcher **ret_fetcher)
{
	struct fetcher *f = xcalloc(1, sizeof(*f));
	bool is_ok;

	f->loop = loop;
	f->dialer = conf->dialer;
	f->places = conf->places;
	f->place_count = conf->count;
	TAILQ_INIT(&f->transfers);
	if (conf->authorities_len > 0) {
		f->authorities = xmalloc(conf->authorities_len);
		f->authorities_len = conf->authorities_len;
		memcpy(f->authorities, conf->authorities, f->authorities_len);
	}
	is_ok = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	if (is_ok)
		f->multi = curl_multi_init();
	for (size_t i = 0; i < conf->count; i++)
		is_ok = is_ok && add_resolve(f, &conf->places[i]);
	if (!is_ok || f->multi == NULL) {
		fetcher_free(f);
		return ERR_SYS;
	}
	*ret_fetcher = f;
	return ERR_OK;
}

void
fetcher_free(struct fetcher *f)
{
	struct transfer *t;

	if (f == NULL)
		return;
	loop_timer_cancel(f->timer);
	while ((t = TAILQ_FIRST(&f->transfers)) != NULL)
		transfer_free(t);
	(void)curl_multi_cleanup(f->multi);
	curl_slist_free_all(f->resolve);
	free(f->authorities);
	free(f);
}

bool
fetcher_is_cut_off(const struct fetcher *f)
{
	return f->is_cut_off;
}
