/* SPDX-License-Identifier: Apache-2.0 */
/* transfer.c - libcurl as programs use it that can make no socket. */
#include "transfer/transfer.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <string.h>

#define POLL_MS 10

TAILQ_HEAD(transfer_list, transfer);

struct transfers {
	struct loop *loop;
	struct loop_timer *timer;
	CURLM *multi;
	struct transfer_list list;
};

/* Addresses stand nowhere here: only the dialer knows them. */
static curl_socket_t
on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *t = arg;
	int fd = t->open(t->arg);

	(void)purpose;
	(void)address;
	return fd == -1 ? CURL_SOCKET_BAD : fd;
}

static int
on_opened(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg;
	(void)fd;
	(void)purpose;
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static void
leave(struct transfer *t)
{
	if (t->transfers == NULL)
		return;
	(void)curl_multi_remove_handle(t->transfers->multi, t->easy);
	if (!t->is_done)
		TAILQ_REMOVE(&t->transfers->list, t, entry);
	t->transfers = NULL;
}

/* Its end; the connection of one that is kept is libcurl's still. */
static void
end(struct transfer *t, CURLcode code)
{
	if (t->is_kept && code == CURLE_OK) {
		TAILQ_REMOVE(&t->transfers->list, t, entry);
		t->is_done = true;
	} else {
		leave(t);
	}
	t->end(t->arg, code);
}

static void
on_timer(void *arg)
{
	struct transfers *all = arg;
	int running = 0, left;
	const CURLMsg *msg;
	struct transfer *t;

	all->timer = NULL;
	if (curl_multi_perform(all->multi, &running) != CURLM_OK &&
	    (t = TAILQ_FIRST(&all->list)) != NULL) {
		end(t, CURLE_FAILED_INIT);
	}
	while ((msg = curl_multi_info_read(all->multi, &left)) != NULL) {
		CURLcode code = msg->data.result;

		if (msg->msg != CURLMSG_DONE ||
		    curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t) !=
			CURLE_OK)
			continue;
		end(t, code);
	}
	if (!TAILQ_EMPTY(&all->list) && all->timer == NULL)
		all->timer = loop_timer(all->loop, POLL_MS, on_timer, all);
}

struct transfers *
transfers_new(struct loop *loop)
{
	struct transfers *all = xcalloc(1, sizeof(*all));

	all->loop = loop;
	TAILQ_INIT(&all->list);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		all->multi = curl_multi_init();
	if (all->multi != NULL)
		return all;
	free(all);
	return NULL;
}

void
transfers_free(struct transfers *transfers)
{
	struct transfer *t;

	if (transfers == NULL)
		return;
	loop_timer_cancel(transfers->timer);
	while ((t = TAILQ_FIRST(&transfers->list)) != NULL)
		leave(t);
	(void)curl_multi_cleanup(transfers->multi);
	free(transfers);
}

bool
transfer_init(struct transfer *t)
{
	bool is_ok;

	t->easy = curl_easy_init();
	is_ok = t->easy != NULL;
#define SET(option, value) \
 is_ok = is_ok && curl_easy_setopt(t->easy, option, value) == CURLE_OK
	SET(CURLOPT_PRIVATE, t);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
	SET(CURLOPT_OPENSOCKETDATA, t);
	SET(CURLOPT_SOCKOPTFUNCTION, on_opened);
	SET(CURLOPT_ERRORBUFFER, t->said);
#undef SET
	return is_ok;
}

void
transfer_release(struct transfer *t)
{
	leave(t);
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->resolve);
	t->easy = NULL;
	t->resolve = NULL;
}

bool
transfer_know(struct transfer *t, const char *host, const char *port)
{
	bool is_six = strchr(host, ':') != NULL;
	auto_free char *entry = xasprintf("%s%s%s:%s:127.0.0.1",
	    is_six ? "[" : "", host, is_six ? "]" : "", port);
	struct curl_slist *list = curl_slist_append(t->resolve, entry);

	if (list == NULL)
		return false;
	t->resolve = list;
	return curl_easy_setopt(t->easy, CURLOPT_RESOLVE, list) == CURLE_OK;
}

bool
transfer_trust(struct transfer *t, const void *authorities, size_t len)
{
	auto_free void *copy = xmalloc(len + 1);
	struct curl_blob blob = {
	    /* Copied by libcurl, and nothing is written through it. */
	    .data = copy,
	    .len = len,
	    .flags = CURL_BLOB_COPY,
	};
	CURL *e = t->easy;

	if (len > 0)
		memcpy(copy, authorities, len);
	return curl_easy_setopt(e, CURLOPT_CAPATH, NULL) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_CAINFO, NULL) == CURLE_OK &&
	       (len == 0 || curl_easy_setopt(e, CURLOPT_CAINFO_BLOB, &blob) ==
				CURLE_OK) &&
	       curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_SSLVERSION,
		   (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
}

bool
transfer_start(struct transfers *transfers, struct transfer *t)
{
	t->said[0] = '\0';
	t->is_done = false;
	if (curl_multi_add_handle(transfers->multi, t->easy) != CURLM_OK)
		return false;
	t->transfers = transfers;
	TAILQ_INSERT_TAIL(&transfers->list, t, entry);
	if (transfers->timer == NULL)
		transfers->timer =
		    loop_timer(transfers->loop, 0, on_timer, transfers);
	return true;
}
