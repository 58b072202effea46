/* SPDX-License-Identifier: Apache-2.0 */
/* carrier.c - where messages of syslog go. */
#include "syslog/carrier.h"

#include "lib/dial.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "transfer/transfer.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define TIMEOUT_MS 15000L

struct carrier {
	struct loop *loop;
	struct loop_timer *timer;
	struct transfers *transfers;
	struct transfer transfer;
	char *url;
	char *host;
	char *port;
	bool is_local;
	void *authorities;
	size_t authorities_len;
	int dialer;
	int socket; /* libcurl's, or ours where it is local; -1 = none */
	bool is_open;
	char why[DIAL_WHY_BYTES];
	carrier_fn *fn;
	void *arg;
};

static int
on_open(void *arg)
{
	struct carrier *c = arg;

	if (dial_connect(c->dialer, 0, c->why, sizeof(c->why), &c->socket) !=
	    ERR_OK)
		c->socket = -1;
	return c->socket;
}

static void
on_end(void *arg, CURLcode code)
{
	struct carrier *c = arg;

	c->is_open = code == CURLE_OK;
	if (c->is_open)
		c->fn(c->arg, ERR_OK, "");
	else
		c->fn(c->arg, ERR_UNAVAILABLE,
		    c->why[0] != '\0'		  ? c->why
		    : c->transfer.said[0] != '\0' ? c->transfer.said
						  : curl_easy_strerror(code));
}

/* From the loop, as the other way. */
static void
on_local(void *arg)
{
	struct carrier *c = arg;

	c->timer = NULL;
	c->is_open = on_open(c) != -1;
	c->fn(c->arg, c->is_open ? ERR_OK : ERR_UNAVAILABLE, c->why);
}

int
carrier_new(struct loop *loop, const struct carrier_conf *conf,
    struct carrier **ret_carrier)
{
	struct carrier *c = xcalloc(1, sizeof(*c));

	c->loop = loop;
	c->socket = -1;
	c->dialer = conf->dialer;
	c->is_local = conf->is_local;
	c->host = xstrdup(conf->host);
	c->port = xstrdup(conf->port);
	c->url = xasprintf(strchr(conf->host, ':') == NULL ? "https://%s:%s/"
							   : "https://[%s]:%s/",
	    conf->host, conf->port);
	c->authorities = xmalloc(conf->authorities_len + 1);
	c->authorities_len = conf->authorities_len;
	if (conf->authorities_len > 0)
		memcpy(
		    c->authorities, conf->authorities, conf->authorities_len);
	c->transfers = transfers_new(loop);
	if (c->transfers == NULL) {
		carrier_free(c);
		return ERR_SYS;
	}
	*ret_carrier = c;
	return ERR_OK;
}

void
carrier_free(struct carrier *carrier)
{
	if (carrier == NULL)
		return;
	carrier_close(carrier);
	transfers_free(carrier->transfers);
	free(carrier->authorities);
	free(carrier->url);
	free(carrier->host);
	free(carrier->port);
	free(carrier);
}

void
carrier_close(struct carrier *carrier)
{
	loop_timer_cancel(carrier->timer);
	carrier->timer = NULL;
	carrier->is_open = false;
	if (carrier->is_local && carrier->socket != -1)
		(void)close(carrier->socket);
	carrier->socket = -1;
	if (carrier->transfer.easy != NULL)
		transfer_release(&carrier->transfer);
}

bool
carrier_is_open(const struct carrier *carrier)
{
	return carrier->is_open;
}

/* TLS by libcurl, and then what goes over it is ours. */
static bool
set_up(struct carrier *c)
{
	struct transfer *t = &c->transfer;
	bool is_ok = transfer_init(t) && transfer_know(t, c->host, c->port) &&
		     transfer_trust(t, c->authorities, c->authorities_len);

#define SET(option, value) \
 is_ok = is_ok && curl_easy_setopt(t->easy, option, value) == CURLE_OK
	SET(CURLOPT_URL, c->url);
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_CONNECT_ONLY, 1L);
	SET(CURLOPT_SSL_ENABLE_ALPN, 0L);
	SET(CURLOPT_FRESH_CONNECT, 1L);
	SET(CURLOPT_CONNECTTIMEOUT_MS, TIMEOUT_MS);
#undef SET
	return is_ok;
}

static void
on_refused(void *arg)
{
	struct carrier *c = arg;

	c->timer = NULL;
	c->fn(c->arg, ERR_UNAVAILABLE, "libcurl refuses the address");
}

void
carrier_open(struct carrier *carrier, carrier_fn *fn, void *arg)
{
	carrier_close(carrier);
	carrier->fn = fn;
	carrier->arg = arg;
	carrier->why[0] = '\0';
	if (carrier->is_local) {
		carrier->timer =
		    loop_timer(carrier->loop, 0, on_local, carrier);
		return;
	}
	carrier->transfer = (struct transfer){
	    .open = on_open,
	    .end = on_end,
	    .arg = carrier,
	    .is_kept = true,
	};
	if (!set_up(carrier) ||
	    !transfer_start(carrier->transfers, &carrier->transfer))
		carrier->timer =
		    loop_timer(carrier->loop, 0, on_refused, carrier);
}

static int
send_local(struct carrier *c, const void *p, size_t len, size_t *ret_sent,
    char why[CARRIER_WHY_BYTES])
{
	ssize_t n = send(c->socket, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	*ret_sent = n == -1 ? 0 : (size_t)n;
	if (n != -1 || errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
		return ERR_OK;
	(void)snprintf(why, CARRIER_WHY_BYTES, "%s", strerror(errno));
	return ERR_UNAVAILABLE;
}

int
carrier_send(struct carrier *carrier, const void *p, size_t len,
    size_t *ret_sent, char why[CARRIER_WHY_BYTES])
{
	CURLcode code;

	if (carrier->is_local)
		return send_local(carrier, p, len, ret_sent, why);
	*ret_sent = 0;
	code = curl_easy_send(carrier->transfer.easy, p, len, ret_sent);
	if (code == CURLE_OK || code == CURLE_AGAIN)
		return ERR_OK;
	(void)snprintf(why, CARRIER_WHY_BYTES, "%s", curl_easy_strerror(code));
	return ERR_UNAVAILABLE;
}

int
carrier_settled(struct carrier *carrier, char why[CARRIER_WHY_BYTES])
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	char bytes[64];
	size_t got = 0;
	CURLcode code;

	if (carrier->is_local)
		return ERR_OK;
	/* It has nothing to say: what comes is the end. */
	code =
	    curl_easy_recv(carrier->transfer.easy, bytes, sizeof(bytes), &got);
	if (code != CURLE_AGAIN && (code != CURLE_OK || got == 0)) {
		(void)snprintf(why, CARRIER_WHY_BYTES, "%s",
		    code == CURLE_OK ? "the receiver ended the connection"
				     : curl_easy_strerror(code));
		return ERR_UNAVAILABLE;
	}
	memset(&info, 0, sizeof(info));
	if (getsockopt(carrier->socket, IPPROTO_TCP, TCP_INFO, &info, &len) ==
	    -1) {
		(void)snprintf(why, CARRIER_WHY_BYTES, "%s", strerror(errno));
		return ERR_UNAVAILABLE;
	}
	return info.tcpi_unacked == 0 && info.tcpi_notsent_bytes == 0
		   ? ERR_OK
		   : ERR_AGAIN;
}
