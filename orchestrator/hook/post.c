/* SPDX-License-Identifier: Apache-2.0 */
/* post.c - one message to one receiver. */
#include "hook/post.h"

#include "hook/answer.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <inttypes.h>
#include <string.h>

#define SECOND_US ((int64_t)1000000)

struct post {
	struct transfer transfer;
	struct curl_slist *headers;
	char *body;
	int fd; /* -1 = libcurl has it */
	struct answer answer;
	size_t got;
	bool is_too_long; /* its head */
	post_fn *fn;
	void *arg;
};

static int
on_open(void *arg)
{
	struct post *p = arg;

	return take_fd(p->fd);
}

static size_t
on_header(char *line, size_t size, size_t count, void *arg)
{
	struct post *p = arg;
	size_t len = size * count;

	p->is_too_long =
	    !answer_line(&p->answer, line, len, loop_wall_us() / SECOND_US);
	return p->is_too_long ? 0 : len;
}

/* Nobody reads it; an end of ours once it is long enough. */
static size_t
on_write(char *bytes, size_t size, size_t count, void *arg)
{
	struct post *p = arg;
	size_t len = size * count;

	(void)bytes;
	if (len > POST_ANSWER_BYTES_MAX - p->got)
		return 0;
	p->got += len;
	return len;
}

static void
on_end(void *arg, CURLcode code)
{
	struct post *p = arg;
	struct post_answer answer = {.why = ""};

	/* However it ended: with the status the receiver has spoken. */
	(void)curl_easy_getinfo(
	    p->transfer.easy, CURLINFO_RESPONSE_CODE, &answer.status);
	if (answer.status < 200 || p->is_too_long) {
		answer.status = 0;
		answer.why = p->is_too_long ? "the answer's head is too long"
			     : p->transfer.said[0] != '\0'
				 ? p->transfer.said
				 : curl_easy_strerror(code);
	} else {
		answer.retry_after_s = p->answer.retry_after_s;
	}
	p->fn(p->arg, &answer);
	post_free(p);
}

static bool
add_header(struct post *p, const char *line)
{
	struct curl_slist *list = curl_slist_append(p->headers, line);

	if (list != NULL)
		p->headers = list;
	return list != NULL;
}

static bool
add_headers(struct post *p, const struct post_request *r)
{
	auto_free char *id = xasprintf("webhook-id: %s", r->id);
	auto_free char *at = xasprintf("webhook-timestamp: %" PRId64, r->at_s);
	auto_free char *signature =
	    xasprintf("webhook-signature: %s", r->signature);

	return add_header(p, "Content-Type: application/json") &&
	       add_header(p, "Expect:") && add_header(p, id) &&
	       add_header(p, at) && add_header(p, signature);
}

static bool
set_up(
    struct post *p, const struct post_conf *conf, const struct post_request *r)
{
	bool is_ok =
	    transfer_init(&p->transfer) && add_headers(p, r) &&
	    transfer_know(&p->transfer, r->place->host, r->place->port) &&
	    transfer_trust(
		&p->transfer, conf->authorities, conf->authorities_len);
	CURL *e = p->transfer.easy;

#define SET(option, value) \
 is_ok = is_ok && curl_easy_setopt(e, option, value) == CURLE_OK
	SET(CURLOPT_URL, r->url);
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_HTTPHEADER, p->headers);
	SET(CURLOPT_USERAGENT, "loep/" LOEP_VERSION);
	SET(CURLOPT_POSTFIELDS, p->body);
	SET(CURLOPT_POSTFIELDSIZE, (long)strlen(p->body));
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, p);
	SET(CURLOPT_WRITEFUNCTION, on_write);
	SET(CURLOPT_WRITEDATA, p);
	SET(CURLOPT_TIMEOUT_MS, POST_TIMEOUT_MS);
	/* The address was checked for this message. */
	SET(CURLOPT_FRESH_CONNECT, 1L);
	SET(CURLOPT_FORBID_REUSE, 1L);
#undef SET
	return is_ok;
}

struct post *
post_new(const struct post_conf *conf, const struct post_request *request,
    post_fn *fn, void *arg)
{
	struct post *p = xcalloc(1, sizeof(*p));

	p->transfer.open = on_open;
	p->transfer.end = on_end;
	p->transfer.arg = p;
	p->fd = request->fd;
	p->body = xstrdup(request->body);
	p->fn = fn;
	p->arg = arg;
	if (set_up(p, conf, request) &&
	    transfer_start(conf->transfers, &p->transfer))
		return p;
	post_free(p);
	return NULL;
}

void
post_free(struct post *post)
{
	if (post == NULL)
		return;
	transfer_release(&post->transfer);
	curl_slist_free_all(post->headers);
	if (post->fd != -1)
		(void)close(post->fd);
	free(post->body);
	free(post);
}
