/* SPDX-License-Identifier: Apache-2.0 */
/* service.c - HTTP, TLS, DNS and line dialogs on any port. */
#include "simnet/service.h"

#include "lib/limits.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "simnet/dns.h"
#include "simnet/http.h"
#include "simnet/packet.h"
#include "simnet/tls.h"

#include <strings.h>

/* Enough for a request head, a ClientHello or a DNS message. */
#define PENDING_BYTES (HTTP_HEAD_BYTES + 1024)
#define LINE_BYTES    512u

enum service_kind {
	KIND_UNKNOWN,
	KIND_HTTP,
	KIND_TLS,
	KIND_DNS,
	KIND_DIALOG,
	KIND_RAW
};

struct dialog_greet {
	unsigned int port;
	const char *app;
	const char *text;
};

struct dialog_reply {
	const char *app;
	const char *start;
	const char *text;
};

#define GREET(port, app, text) {port, app, text},
#define REPLY(app, start, text)
static const struct dialog_greet greets[] = {
#include "simnet/dialog.def"
};
#undef GREET
#undef REPLY
#define GREET(port, app, text)
#define REPLY(app, start, text) {app, start, text},
static const struct dialog_reply replies[] = {
#include "simnet/dialog.def"
};
#undef GREET
#undef REPLY

struct service {
	enum service_kind kind;
	struct flow *flow;
	struct names *names;
	struct service_io io;
	const struct dialog_greet *greet; /* of the port, or NULL */
	uint64_t skip_bytes;		  /* a request body still to come */
	bool is_mail;			  /* within the DATA of SMTP */
	bool is_closing;
	size_t pending_len;
	uint8_t pending[PENDING_BYTES];
};

struct service *
service_new(unsigned int port, struct flow *flow, struct names *names,
    const struct service_io *io)
{
	struct service *s = xcalloc(1, sizeof(*s));

	s->flow = flow;
	s->names = names;
	s->io = *io;
	if (port == DNS_PORT)
		s->kind = KIND_DNS;
	for (size_t i = 0; i < sizeof(greets) / sizeof(greets[0]); i++) {
		if (greets[i].port == port)
			s->greet = &greets[i];
	}
	return s;
}

void
service_free(struct service *service)
{
	free(service);
}

static void
say(struct service *s, const void *p, size_t len)
{
	if (s->flow != NULL)
		s->flow->bytes_in += len;
	s->io.write(s->io.arg, p, len);
}

static void
end(struct service *s)
{
	s->is_closing = true;
	s->io.close(s->io.arg);
}

static void
name_app(struct service *s, const char *app)
{
	if (s->flow != NULL && s->flow->app == NULL)
		s->flow->app = app;
}

void
service_open(struct service *service)
{
	const struct dialog_greet *greet = service->greet;

	if (greet != NULL && greet->text[0] != '\0')
		say(service, greet->text, strlen(greet->text));
}

static void
drop(struct service *s, size_t n)
{
	memmove(s->pending, s->pending + n, s->pending_len - n);
	s->pending_len -= n;
}

/* --- HTTP --- */

static void
remember_request(struct flow *f, const struct http_request *r)
{
	if (f == NULL || f->requests++ > 0)
		return;
	(void)log_quote_text(
	    f->method, sizeof(f->method), r->method.p, r->method.len);
	(void)log_quote_text(f->host, sizeof(f->host), r->host.p, r->host.len);
	(void)log_quote_text(f->path, sizeof(f->path), r->path.p, r->path.len);
	(void)log_quote_text(
	    f->agent, sizeof(f->agent), r->agent.p, r->agent.len);
}

/* ERR_AGAIN: wait for more; ERR_FORMAT: it is something else. */
static int
serve_http(struct service *s)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	char answer[HTTP_ANSWER_BYTES];
	struct http_request r;
	unsigned int status;
	size_t len;
	int err = http_parse(s->pending, s->pending_len, &r);

	if (err != ERR_OK)
		return err;
	name_app(s, "http");
	remember_request(s->flow, &r);
	if (r.wants_continue)
		say(s, go_on, sizeof(go_on) - 1);
	len = http_answer(&r, answer, &status);
	if (s->flow != NULL && s->flow->status == 0)
		s->flow->status = status;
	say(s, answer, len);
	s->skip_bytes = r.body_bytes;
	/* What comes through a proxy's tunnel is looked at anew. */
	if (r.method.len == 7 && memcmp(r.method.p, "CONNECT", 7) == 0)
		s->kind = KIND_UNKNOWN;
	else if (r.wants_close || r.is_chunked)
		end(s);
	drop(s, r.head_bytes);
	return ERR_OK;
}

/* --- TLS --- */

static int
serve_tls(struct service *s)
{
	/* Alert, fatal, handshake_failure (RFC 8446 6.2). */
	static const uint8_t alert[] = {21, 3, 3, 0, 2, 2, 40};
	char name[TLS_NAME_BYTES];
	int err = tls_hello(s->pending, s->pending_len, name);

	if (err != ERR_OK)
		return err;
	name_app(s, "tls");
	if (s->flow != NULL && s->flow->host[0] == '\0')
		memcpy(s->flow->host, name, sizeof(s->flow->host));
	say(s, alert, sizeof(alert));
	end(s);
	return ERR_FORMAT;
}

/* --- DNS over TCP (RFC 7766): a length before each message --- */

static int
serve_dns(struct service *s)
{
	uint8_t answer[2 + DNS_ANSWER_BYTES];
	size_t len;

	if (s->pending_len < 2)
		return ERR_AGAIN;
	len = get16(s->pending);
	if (len > PENDING_BYTES - 2)
		return ERR_FORMAT;
	if (s->pending_len - 2 < len)
		return ERR_AGAIN;
	name_app(s, "dns");
	drop(s, 2);
	put16(answer,
	    (unsigned int)dns_answer(s->names, s->pending, len, answer + 2));
	if (get16(answer) > 0)
		say(s, answer, (size_t)get16(answer) + 2);
	drop(s, len);
	return ERR_OK;
}

/* --- line dialogs --- */

static void
reply_to(struct service *s, const char *line)
{
	const char *app = s->greet->app;
	const char *text = "";

	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		const struct dialog_reply *r = &replies[i];

		if (strcmp(r->app, app) != 0 ||
		    strncasecmp(line, r->start, strlen(r->start)) != 0)
			continue;
		text = r->text;
		break;
	}
	if (strcmp(app, "smtp") == 0 && strncasecmp(line, "DATA", 4) == 0)
		s->is_mail = true;
	if (text[0] == '!') {
		say(s, text + 1, strlen(text + 1));
		end(s);
	} else if (text[0] != '\0') {
		say(s, text, strlen(text));
	}
}

static int
serve_dialog(struct service *s)
{
	static const char queued[] = "250 2.0.0 Ok: queued\r\n";
	uint8_t *lf = memchr(s->pending, '\n', s->pending_len);
	char line[LINE_BYTES];
	size_t len, used;

	if (lf == NULL && s->pending_len < LINE_BYTES)
		return ERR_AGAIN;
	used = lf == NULL ? s->pending_len : (size_t)(lf - s->pending) + 1;
	len = used < sizeof(line) ? used : sizeof(line) - 1;
	memcpy(line, s->pending, len);
	line[len] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	name_app(s, s->greet->app);
	if (!s->is_mail) {
		reply_to(s, line);
	} else if (strcmp(line, ".") == 0) {
		s->is_mail = false;
		say(s, queued, sizeof(queued) - 1);
	}
	drop(s, used);
	return ERR_OK;
}

/* --- choosing --- */

static void
choose(struct service *s)
{
	const uint8_t *p = s->pending;

	if (s->kind != KIND_UNKNOWN || s->pending_len == 0)
		return;
	if (tls_is_likely(p, s->pending_len))
		s->kind = KIND_TLS;
	else if (http_is_likely(p, s->pending_len) && s->greet == NULL)
		s->kind = KIND_HTTP;
	else if (s->greet != NULL)
		s->kind = KIND_DIALOG;
	else
		s->kind = KIND_RAW;
}

static int
serve_one(struct service *s)
{
	choose(s);
	switch (s->kind) {
	case KIND_HTTP:
		return serve_http(s);
	case KIND_TLS:
		return serve_tls(s);
	case KIND_DNS:
		return serve_dns(s);
	case KIND_DIALOG:
		return serve_dialog(s);
	case KIND_UNKNOWN:
		return ERR_AGAIN;
	case KIND_RAW:
		break;
	}
	return ERR_FORMAT;
}

static void
serve(struct service *s)
{
	int err = ERR_OK;

	while (err == ERR_OK && s->pending_len > 0 && !s->is_closing) {
		uint64_t n = s->pending_len;

		if (s->skip_bytes > 0) {
			if (n > s->skip_bytes)
				n = s->skip_bytes;
			drop(s, (size_t)n);
			s->skip_bytes -= n;
			continue;
		}
		err = serve_one(s);
		if (err == ERR_AGAIN && s->pending_len == PENDING_BYTES)
			err = ERR_FORMAT;
	}
	/* Recorded, in the flow and the capture; no answer is better than a
	 * wrong one. */
	if (err != ERR_OK && err != ERR_AGAIN)
		s->kind = KIND_RAW;
	if (s->kind == KIND_RAW || s->is_closing)
		s->pending_len = 0;
}

void
service_input(struct service *service, const uint8_t *p, size_t len)
{
	flow_sent(service->flow, p, len);
	while (len > 0 && !service->is_closing) {
		size_t room = PENDING_BYTES - service->pending_len;
		size_t n = len < room ? len : room;

		memcpy(service->pending + service->pending_len, p, n);
		service->pending_len += n;
		p += n;
		len -= n;
		serve(service);
	}
}

void
service_end(struct service *service)
{
	if (!service->is_closing)
		end(service);
}
