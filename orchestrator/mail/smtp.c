/* SPDX-License-Identifier: Apache-2.0 */
/* smtp.c - one mail at a time to the relay, by libcurl. */
#include "mail/smtp.h"

#include "lib/dial.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "transfer/transfer.h"

#include <string.h>
#include <unistd.h>

#define TIMEOUT_MS  120000L
#define RESPONSE_MS 60L
#define WHY_BYTES   512
/* How long a connection is used for mails that follow. */
#define KEEP_SECONDS 30L

struct smtp {
	struct transfers *transfers;
	struct transfer transfer;
	struct curl_slist *readers;
	int dialer;
	char *from;
	uint8_t *bytes;
	size_t len;
	size_t at;
	char why[WHY_BYTES]; /* of the dialer, else of libcurl */
	smtp_done_fn *fn;
	void *arg;
};

static int
on_open(void *arg)
{
	struct smtp *s = arg;
	int fd = -1;

	return dial_connect(s->dialer, 0, s->why, sizeof(s->why), &fd) == ERR_OK
		   ? fd
		   : -1;
}

static size_t
on_read(char *dst, size_t size, size_t count, void *arg)
{
	struct smtp *s = arg;
	size_t n = size * count;

	if (n > s->len - s->at)
		n = s->len - s->at;
	memcpy(dst, s->bytes + s->at, n);
	s->at += n;
	return n;
}

/* What a relay says is not for a standard output that is nobody's. */
static size_t
on_write(char *p, size_t size, size_t count, void *arg)
{
	(void)p;
	(void)arg;
	return size * count;
}

static long
tls_of(enum smtp_tls tls)
{
	switch (tls) {
	case SMTP_TLS_TRY:
		return CURLUSESSL_TRY;
	case SMTP_TLS_NONE:
		return CURLUSESSL_NONE;
	default:
		return CURLUSESSL_ALL;
	}
}

static bool
set_tls(struct transfer *t, const struct smtp_conf *conf)
{
	bool is_ok =
	    transfer_trust(t, conf->authorities, conf->authorities_len) &&
	    curl_easy_setopt(t->easy, CURLOPT_USE_SSL, tls_of(conf->tls)) ==
		CURLE_OK;

	/* Whoever takes what the relay offers takes its certificate as it
	 * is: in the clear would be no better. */
	if (is_ok && conf->tls == SMTP_TLS_TRY) {
		(void)curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 0L);
		(void)curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	return is_ok;
}

static bool
set_up(struct smtp *s, const struct smtp_conf *conf)
{
	auto_free char *url =
	    xasprintf("smtp://%s:%s/%s", conf->host, conf->port, conf->hello);
	bool is_ok = transfer_init(&s->transfer) &&
		     transfer_know(&s->transfer, conf->host, conf->port);
	CURL *e = s->transfer.easy;

#define SET(option, value) \
 is_ok = is_ok && curl_easy_setopt(e, option, value) == CURLE_OK
	SET(CURLOPT_URL, url);
	SET(CURLOPT_PROTOCOLS_STR, "smtp");
	SET(CURLOPT_READFUNCTION, on_read);
	SET(CURLOPT_READDATA, s);
	SET(CURLOPT_WRITEFUNCTION, on_write);
	SET(CURLOPT_UPLOAD, 1L);
	SET(CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, RESPONSE_MS);
	SET(CURLOPT_MAXAGE_CONN, KEEP_SECONDS);
	if (conf->user[0] != '\0') {
		SET(CURLOPT_USERNAME, conf->user);
		SET(CURLOPT_PASSWORD, conf->password);
	}
#undef SET
	return is_ok && set_tls(&s->transfer, conf);
}

static void on_end(void *arg, CURLcode code);

int
smtp_new(
    struct loop *loop, const struct smtp_conf *conf, struct smtp **ret_smtp)
{
	struct smtp *s = xcalloc(1, sizeof(*s));

	s->dialer = conf->dialer;
	s->transfer.open = on_open;
	s->transfer.end = on_end;
	s->transfer.arg = s;
	s->transfers = transfers_new(loop);
	if (s->transfers == NULL || !set_up(s, conf)) {
		smtp_free(s);
		return ERR_SYS;
	}
	*ret_smtp = s;
	return ERR_OK;
}

static void
forget(struct smtp *s)
{
	curl_slist_free_all(s->readers);
	free(s->from);
	free(s->bytes);
	s->readers = NULL;
	s->from = NULL;
	s->bytes = NULL;
}

void
smtp_free(struct smtp *smtp)
{
	if (smtp == NULL)
		return;
	transfer_release(&smtp->transfer);
	transfers_free(smtp->transfers);
	forget(smtp);
	free(smtp);
}

bool
smtp_is_busy(const struct smtp *smtp)
{
	return smtp->fn != NULL;
}

/*
 * A "no" for good is a reply of 5yz to this mail (RFC 5321 section 4.2.1).  To
 * a log-in, or before any mail, it is about us: somebody has to look, and no
 * mail is lost meanwhile.
 */
static enum smtp_outcome
outcome_of(struct smtp *s, CURLcode code)
{
	long reply = 0;

	if (code == CURLE_OK)
		return SMTP_SENT;
	if (s->why[0] != '\0')
		return SMTP_AWAY;
	(void)curl_easy_getinfo(
	    s->transfer.easy, CURLINFO_RESPONSE_CODE, &reply);
	if (reply >= 500 && reply < 600 &&
	    (code == CURLE_SEND_ERROR || code == CURLE_WEIRD_SERVER_REPLY ||
		code == CURLE_RECV_ERROR))
		return SMTP_NEVER;
	return SMTP_LATER;
}

static void
on_end(void *arg, CURLcode code)
{
	struct smtp *s = arg;
	enum smtp_outcome outcome = outcome_of(s, code);
	smtp_done_fn *fn = s->fn;
	char why[WHY_BYTES] = "";

	if (code != CURLE_OK)
		(void)snprintf(why, sizeof(why), "%s",
		    s->why[0] != '\0'		  ? s->why
		    : s->transfer.said[0] != '\0' ? s->transfer.said
						  : curl_easy_strerror(code));
	forget(s);
	s->fn = NULL;
	fn(s->arg, outcome, why);
}

void
smtp_send(struct smtp *smtp, const struct smtp_mail *mail, smtp_done_fn *fn,
    void *arg)
{
	auto_free char *to = xasprintf("<%s>", mail->to);
	CURL *easy = smtp->transfer.easy;

	smtp->from = xasprintf("<%s>", mail->from);
	smtp->readers = curl_slist_append(NULL, to);
	smtp->bytes = xmalloc(mail->len);
	memcpy(smtp->bytes, mail->bytes, mail->len);
	smtp->len = mail->len;
	smtp->at = 0;
	smtp->why[0] = '\0';
	smtp->fn = fn;
	smtp->arg = arg;
	(void)curl_easy_setopt(easy, CURLOPT_MAIL_FROM, smtp->from);
	(void)curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, smtp->readers);
	(void)curl_easy_setopt(
	    easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->len);
	/* A handle of ours that does not run is always taken. */
	(void)transfer_start(smtp->transfers, &smtp->transfer);
}
