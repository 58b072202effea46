/* SPDX-License-Identifier: Apache-2.0 */
/* smtp.c - one mail at a time to the relay, by libcurl. */
#include "mail/smtp.h"

#include "lib/dial.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <curl/curl.h>
#include <string.h>
#include <unistd.h>

#define POLL_MS	    10
#define TIMEOUT_MS  120000L
#define RESPONSE_MS 60L
#define WHY_BYTES   512
/* How long a connection is used for mails that follow. */
#define KEEP_SECONDS 30L

struct smtp {
	struct loop *loop;
	struct loop_timer *timer;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *resolve;
	struct curl_slist *readers;
	int dialer;
	char *from;
	uint8_t *bytes;
	size_t len;
	size_t at;
	char why[WHY_BYTES]; /* of the dialer, else of libcurl */
	char said[CURL_ERROR_SIZE];
	smtp_done_fn *fn;
	void *arg;
};

/* The relay's address stands nowhere here: only the dialer knows it. */
static curl_socket_t
on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct smtp *s = arg;
	int fd = -1;

	(void)purpose;
	(void)address;
	if (dial_connect(s->dialer, 0, s->why, sizeof(s->why), &fd) != ERR_OK)
		return CURL_SOCKET_BAD;
	return fd;
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

static CURLcode
set_tls(CURL *easy, const struct smtp_conf *conf)
{
	struct curl_blob blob = {
	    /* Copied by libcurl: nothing is written through it. */
	    .data = conf->authorities == NULL ? NULL
					      : xmalloc(conf->authorities_len),
	    .len = conf->authorities_len,
	    .flags = CURL_BLOB_COPY,
	};
	auto_free void *data = blob.data;
	CURLcode code =
	    curl_easy_setopt(easy, CURLOPT_USE_SSL, tls_of(conf->tls));

	if (data != NULL) {
		memcpy(data, conf->authorities, conf->authorities_len);
		if (code == CURLE_OK)
			code =
			    curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
	}
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	/* Whoever takes what the relay offers takes its certificate as it
	 * is: in the clear would be no better. */
	if (code == CURLE_OK && conf->tls == SMTP_TLS_TRY) {
		(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_SSLVERSION,
				      (long)CURL_SSLVERSION_TLSv1_2)
				: code;
}

static int
set_up(struct smtp *s, const struct smtp_conf *conf)
{
	auto_free char *url =
	    xasprintf("smtp://%s:%s/%s", conf->host, conf->port, conf->hello);
	/* Any address does: the dialer has the true one. */
	auto_free char *entry =
	    xasprintf("%s:%s:127.0.0.1", conf->host, conf->port);
	CURL *e = s->easy;
	bool is_ok = true;

	s->resolve = curl_slist_append(NULL, entry);
#define SET(option, value) \
 is_ok = curl_easy_setopt(e, option, value) == CURLE_OK && is_ok
	SET(CURLOPT_URL, url);
	SET(CURLOPT_PROTOCOLS_STR, "smtp");
	SET(CURLOPT_RESOLVE, s->resolve);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
	SET(CURLOPT_OPENSOCKETDATA, s);
	SET(CURLOPT_SOCKOPTFUNCTION, on_opened);
	SET(CURLOPT_READFUNCTION, on_read);
	SET(CURLOPT_READDATA, s);
	SET(CURLOPT_WRITEFUNCTION, on_write);
	SET(CURLOPT_ERRORBUFFER, s->said);
	SET(CURLOPT_UPLOAD, 1L);
	SET(CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, RESPONSE_MS);
	SET(CURLOPT_MAXAGE_CONN, KEEP_SECONDS);
	if (conf->user[0] != '\0') {
		SET(CURLOPT_USERNAME, conf->user);
		SET(CURLOPT_PASSWORD, conf->password);
	}
#undef SET
	return is_ok && set_tls(e, conf) == CURLE_OK ? ERR_OK : ERR_SYS;
}

int
smtp_new(
    struct loop *loop, const struct smtp_conf *conf, struct smtp **ret_smtp)
{
	struct smtp *s = xcalloc(1, sizeof(*s));

	s->loop = loop;
	s->dialer = conf->dialer;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
		s->multi = curl_multi_init();
		s->easy = curl_easy_init();
	}
	if (s->multi == NULL || s->easy == NULL || set_up(s, conf) != ERR_OK) {
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
	loop_timer_cancel(smtp->timer);
	if (smtp->fn != NULL)
		(void)curl_multi_remove_handle(smtp->multi, smtp->easy);
	curl_easy_cleanup(smtp->easy);
	(void)curl_multi_cleanup(smtp->multi);
	curl_slist_free_all(smtp->resolve);
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
	(void)curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &reply);
	if (reply >= 500 && reply < 600 &&
	    (code == CURLE_SEND_ERROR || code == CURLE_WEIRD_SERVER_REPLY ||
		code == CURLE_RECV_ERROR))
		return SMTP_NEVER;
	return SMTP_LATER;
}

static void
finish(struct smtp *s, CURLcode code)
{
	enum smtp_outcome outcome = outcome_of(s, code);
	smtp_done_fn *fn = s->fn;
	char why[WHY_BYTES] = "";

	if (code != CURLE_OK)
		(void)snprintf(why, sizeof(why), "%s",
		    s->why[0] != '\0'	 ? s->why
		    : s->said[0] != '\0' ? s->said
					 : curl_easy_strerror(code));
	(void)curl_multi_remove_handle(s->multi, s->easy);
	forget(s);
	s->fn = NULL;
	fn(s->arg, outcome, why);
}

static void
on_timer(void *arg)
{
	struct smtp *s = arg;
	int running = 0, left;
	const CURLMsg *msg;

	s->timer = NULL;
	if (curl_multi_perform(s->multi, &running) != CURLM_OK) {
		finish(s, CURLE_FAILED_INIT);
		return;
	}
	msg = curl_multi_info_read(s->multi, &left);
	if (msg != NULL && msg->msg == CURLMSG_DONE)
		finish(s, msg->data.result);
	else
		s->timer = loop_timer(s->loop, POLL_MS, on_timer, s);
}

void
smtp_send(struct smtp *smtp, const struct smtp_mail *mail, smtp_done_fn *fn,
    void *arg)
{
	auto_free char *to = xasprintf("<%s>", mail->to);

	smtp->from = xasprintf("<%s>", mail->from);
	smtp->readers = curl_slist_append(NULL, to);
	smtp->bytes = xmalloc(mail->len);
	memcpy(smtp->bytes, mail->bytes, mail->len);
	smtp->len = mail->len;
	smtp->at = 0;
	smtp->why[0] = smtp->said[0] = '\0';
	smtp->fn = fn;
	smtp->arg = arg;
	(void)curl_easy_setopt(smtp->easy, CURLOPT_MAIL_FROM, smtp->from);
	(void)curl_easy_setopt(smtp->easy, CURLOPT_MAIL_RCPT, smtp->readers);
	(void)curl_easy_setopt(
	    smtp->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->len);
	(void)curl_multi_add_handle(smtp->multi, smtp->easy);
	smtp->timer = loop_timer(smtp->loop, 0, on_timer, smtp);
}
