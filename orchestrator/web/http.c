/* SPDX-License-Identifier: Apache-2.0 */
/* http.c - connections, requests and bodies over libmicrohttpd. */
#include "web/http_impl.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "web/target.h"
#include "web/tls.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

/* The head of a request and its body's buffer, one of each connection.  It is
 * zeroed for each request, so that it is no larger than heads need: those of
 * 56 KiB fit, and of a body more than a TLS record. */
#define CONNECTION_BYTES (64 * KIB)
/* What one read of a source asks for. */
#define SOURCE_BYTES (128 * KIB)
/* Turns of libmicrohttpd before other descriptors are looked at. */
#define ROUNDS 16
/* A body that nobody wants is read to its end up to here: the connection
 * lives on.  Longer ones are cut off. */
#define SWALLOW_BYTES ((int64_t)(256 * KIB))
/* How long a client may go on sending after its answer went out early. */
#define LINGER_MS 10000

void *
http_conn_user(const struct http_conn *conn)
{
	return conn->user;
}

void
http_conn_set_user(struct http_conn *conn, void *user)
{
	conn->user = user;
}

int
http_conn_fd(const struct http_conn *conn)
{
	return conn->fd;
}

bool
http_conn_is_tls(const struct http_conn *conn)
{
	return conn->http->tls != NULL;
}

int
http_conn_peer(const struct http_conn *conn, uint8_t ret_spki[TLS_SPKI_BYTES],
    char why[TLS_WHY_BYTES])
{
	return (int)tls_peer(conn->mhd, conn->http->tls, ret_spki, why);
}

void
http_conn_address(
    const struct http_conn *conn, char ret_address[HTTP_ADDRESS_BYTES])
{
	tls_address(conn->mhd, ret_address, HTTP_ADDRESS_BYTES);
}

struct http_conn *
http_req_conn(const struct http_req *req)
{
	return req->conn;
}

void *
http_req_user(const struct http_req *req)
{
	return req->user;
}

void
http_req_set_user(struct http_req *req, void *user)
{
	req->user = user;
}

const char *
http_req_method(const struct http_req *req)
{
	return req->method;
}

const char *
http_req_target(const struct http_req *req)
{
	return req->target;
}

const char *
http_req_header(const struct http_req *req, const char *name)
{
	return MHD_lookup_connection_value(
	    req->conn->mhd, MHD_HEADER_KIND, name);
}

int64_t
http_req_body_bytes(const struct http_req *req)
{
	const char *length = http_req_header(req, "Content-Length");

	if (http_req_header(req, "Transfer-Encoding") != NULL)
		return -1;
	/* libmicrohttpd has checked that it is a number. */
	return length == NULL ? 0 : strtoll(length, NULL, 10);
}

static void on_timer(void *arg);

/* libmicrohttpd takes resumed connections up in its next turn, and does not
 * say that it wants one. */
static void
kick(struct http *http)
{
	if (http->is_kicked)
		return;
	http->is_kicked = true;
	loop_timer_cancel(http->timer);
	http->timer = loop_timer(http->loop, 0, on_timer, http);
}

static void
suspend(struct http_req *req)
{
	if (req->is_suspended)
		return;
	req->is_suspended = true;
	MHD_suspend_connection(req->conn->mhd);
}

void
http_wake(struct http_req *req)
{
	if (!req->is_suspended)
		return;
	req->is_suspended = false;
	MHD_resume_connection(req->conn->mhd);
	kick(req->conn->http);
}

void
http_read_body(struct http_req *req, const struct http_body_ops *ops, void *arg)
{
	assert(req->body == BODY_UNASKED && !req->has_answer);
	req->body_ops = ops;
	req->body_arg = arg;
	http_wake(req);
}

void
http_answer_header(struct http_req *req, const char *name, const char *value)
{
	assert(req->header_count < HEADERS_MAX && !req->has_answer);
	for (const char *p = value; *p != '\0'; p++)
		assert(*p >= ' ' && *p < 0x7f);
	req->headers[req->header_count].name = name;
	req->headers[req->header_count].value = xstrdup(value);
	req->header_count++;
}

/* More of the body will come than is worth reading. */
static bool
is_body_long(const struct http_req *req)
{
	int64_t bytes = http_req_body_bytes(req);

	return bytes < 0 || bytes - req->body_taken > SWALLOW_BYTES;
}

/*
 * Writes an answer while the body still comes in: libmicrohttpd cannot.  The
 * socket has nothing waiting, so one write takes it; then the client has some
 * time to see it and stop.
 */
static void
answer_by_hand(struct http_req *req)
{
	auto_free char *head = xmalloc(8 * KIB);
	size_t size = 8 * KIB, len = req->text_bytes, at;
	int n;

	n = snprintf(head, size,
	    "HTTP/1.1 %u %s\r\nConnection: close\r\nContent-Length: %zu\r\n",
	    req->status, MHD_get_reason_phrase_for(req->status), len);
	at = (size_t)n;
	for (size_t i = 0; i < req->header_count; i++) {
		n = snprintf(head + at, size - at, "%s: %s\r\n",
		    req->headers[i].name, req->headers[i].value);
		if (n < 0 || (size_t)n >= size - at)
			break;
		at += (size_t)n;
	}
	if (size - at > len + 2) {
		memcpy(head + at, "\r\n", 2);
		if (len > 0)
			memcpy(head + at + 2, req->text, len);
		if (req->conn->http->tls != NULL)
			(void)tls_send_last(req->conn->mhd, head, at + 2 + len);
		else
			(void)send(req->conn->fd, head, at + 2 + len,
			    MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	(void)shutdown(req->conn->fd, SHUT_WR);
	req->is_lingering = true;
	req->linger_until_ms = loop_now_ms() + LINGER_MS;
}

static void
add_headers(struct http_req *req)
{
	for (size_t i = 0; i < req->header_count; i++)
		(void)MHD_add_response_header(
		    req->response, req->headers[i].name, req->headers[i].value);
}

/* An answer before the end of the body, which was already asked for. */
static void
cut_body(struct http_req *req)
{
	if (is_body_long(req))
		answer_by_hand(req);
	req->is_swallowing = true;
}

static void
answer(struct http_req *req, unsigned int status, struct MHD_Response *response)
{
	assert(!req->has_answer && response != NULL);
	req->has_answer = true;
	req->status = status;
	req->response = response;
	add_headers(req);
	if (req->body == BODY_READING)
		cut_body(req);
	http_wake(req);
}

static void
answer_text(struct http_req *req, unsigned int status, const void *text,
    size_t len, enum MHD_ResponseMemoryMode mode)
{
	req->text = text;
	req->text_bytes = len;
	/* What is persistent is only read. */
	answer(req, status,
	    MHD_create_response_from_buffer(
		len, (void *)(uintptr_t)text, mode));
}

void
http_answer(struct http_req *req, unsigned int status, void *body, size_t len)
{
	answer_text(req, status, body, len, MHD_RESPMEM_MUST_FREE);
}

void
http_answer_static(
    struct http_req *req, unsigned int status, const void *body, size_t len)
{
	answer_text(req, status, body, len, MHD_RESPMEM_PERSISTENT);
}

static ssize_t
on_source_read(void *cls, uint64_t pos, char *buf, size_t size)
{
	struct source *source = cls;
	ssize_t n;

	(void)pos;
	n = source->ops->read(source->arg, (uint8_t *)buf, size);
	if (n == HTTP_SOURCE_END)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n < 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (n == 0)
		suspend(source->req);
	return n;
}

static void
on_source_free(void *cls)
{
	struct source *source = cls;

	source->ops->release(source->arg);
	free(source);
}

void
http_answer_source(struct http_req *req, int64_t size,
    const struct http_source_ops *ops, void *arg)
{
	struct source *source = xcalloc(1, sizeof(*source));

	assert(req->body != BODY_READING);
	*source = (struct source){.ops = ops, .arg = arg, .req = req};
	answer(req, 200,
	    MHD_create_response_from_callback(
		size < 0 ? MHD_SIZE_UNKNOWN : (uint64_t)size, SOURCE_BYTES,
		on_source_read, source, on_source_free));
}

static enum MHD_Result
queue(struct http_req *req)
{
	struct MHD_Response *response = take_ptr(req->response);
	enum MHD_Result result;

	if (response == NULL)
		return MHD_NO;
	result = MHD_queue_response(req->conn->mhd, req->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
on_data(struct http_req *req, const char *data, size_t *size)
{
	size_t taken;

	if (req->is_swallowing) {
		req->body_taken += (int64_t)*size;
		*size = 0;
		/* A lie about the length, or chunks without end. */
		if (!req->is_lingering && req->body_taken > 2 * SWALLOW_BYTES &&
		    http_req_body_bytes(req) < 0)
			return MHD_NO;
		return MHD_YES;
	}
	taken =
	    req->body_ops->data(req->body_arg, (const uint8_t *)data, *size);
	assert(taken <= *size);
	req->body_taken += (int64_t)taken;
	*size -= taken;
	if (req->has_answer)
		*size = 0;
	else if (*size > 0)
		suspend(req);
	return MHD_YES;
}

/*
 * Leaves the head behind, if it is known how.  An answer that is queued at
 * the head makes libmicrohttpd close the connection, so that is for bodies
 * that nobody wants to read.
 */
static bool
leave_head(struct http_req *req)
{
	if (http_req_body_bytes(req) == 0)
		return true;
	if (req->has_answer) {
		/* Short bodies are read, so that the connection lives on; a
		 * client that asked first sends none. */
		if (req->text == NULL || http_req_header(req, "Expect") != NULL)
			return false;
		cut_body(req);
	} else if (req->body_ops == NULL) {
		return false;
	}
	req->body = BODY_READING;
	return true;
}

/* The request is complete. */
static enum MHD_Result
on_complete(struct http_req *req)
{
	if (req->is_lingering)
		return MHD_NO;
	if (req->body != BODY_ENDED && req->body_ops != NULL) {
		req->body = BODY_ENDED;
		if (!req->is_swallowing)
			req->body_ops->end(req->body_arg);
	}
	if (req->has_answer)
		return queue(req);
	suspend(req);
	return MHD_YES;
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *mhd, const char *url,
    const char *method, const char *version, const char *data, size_t *size,
    void **context)
{
	struct http *http = cls;
	struct http_req *req = *context;

	(void)mhd;
	(void)url;
	(void)version;
	if (req == NULL)
		return MHD_NO;
	if (!req->has_head) {
		req->has_head = true;
		req->method = method;
		http->ops->head(http->arg, req);
	}
	if (*size > 0)
		return on_data(req, data, size);
	if (req->is_past_head)
		return on_complete(req);
	req->is_past_head = leave_head(req);
	if (req->is_past_head)
		return MHD_YES;
	if (req->has_answer)
		return queue(req);
	suspend(req);
	return MHD_YES;
}

/* The first that is known of a request: its raw target. */
static void *
on_target(void *cls, const char *target, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct http_conn *conn = info == NULL ? NULL : info->socket_context;
	struct http_req *req;

	(void)cls;
	if (conn == NULL)
		return NULL;
	req = xcalloc(1, sizeof(*req));
	req->conn = conn;
	/* One byte too many is enough to see that it is too long. */
	req->target = xstrndup(target, strnlen(target, TARGET_BYTES_MAX + 64));
	conn->req = req;
	return req;
}

static void
on_completed(void *cls, struct MHD_Connection *mhd, void **context,
    enum MHD_RequestTerminationCode code)
{
	struct http *http = cls;
	struct http_req *req = *context;

	(void)mhd;
	(void)code;
	if (req == NULL)
		return;
	*context = NULL;
	req->conn->req = NULL;
	req->conn->since_ms = loop_now_ms();
	if (req->has_head)
		http->ops->gone(http->arg, req);
	if (req->response != NULL)
		MHD_destroy_response(req->response);
	for (size_t i = 0; i < req->header_count; i++)
		free(req->headers[i].value);
	free(req->target);
	free(req);
}

static void
on_connection(void *cls, struct MHD_Connection *mhd, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *info;
	struct http *http = cls;
	struct http_conn *conn = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		conn = xcalloc(1, sizeof(*conn));
		conn->http = http;
		conn->mhd = mhd;
		conn->since_ms = loop_now_ms();
		info = MHD_get_connection_info(
		    mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
		conn->fd = info == NULL ? -1 : info->connect_fd;
		TAILQ_INSERT_TAIL(&http->conns, conn, entry);
		*context = conn;
		return;
	}
	if (conn == NULL)
		return;
	http->ops->closed(http->arg, conn);
	TAILQ_REMOVE(&http->conns, conn, entry);
	free(conn);
	*context = NULL;
	/* There is room for one more: only a turn makes it accept again. */
	kick(http);
}

/* Lets libmicrohttpd do what is to be done, and says when to come again. */
static void
run(struct http *http)
{
	MHD_UNSIGNED_LONG_LONG wait_ms = 0;
	bool has_wait;
	int round = 0;

	do {
		http->is_kicked = false;
		(void)MHD_run(http->daemon);
		has_wait = MHD_get_timeout(http->daemon, &wait_ms) == MHD_YES;
		if (http->is_kicked) {
			has_wait = true;
			wait_ms = 0;
		}
	} while (has_wait && wait_ms == 0 && ++round < ROUNDS);
	loop_timer_cancel(http->timer);
	http->timer = NULL;
	if (has_wait)
		http->timer = loop_timer(http->loop, wait_ms, on_timer, http);
}

static void
on_timer(void *arg)
{
	struct http *http = arg;

	http->timer = NULL;
	run(http);
}

static void
on_ready(void *arg, int fd, unsigned int events)
{
	(void)fd;
	(void)events;
	run(arg);
}

/*
 * Ends connections that send the head of a request byte by byte, or go on
 * sending a body whose answer is out.  libmicrohttpd's own time-out only sees
 * silence.
 */
static void
on_sweep(void *arg)
{
	struct http *http = arg;
	uint64_t now_ms = loop_now_ms();
	uint64_t head_ms = 1000 * (uint64_t)(http->limits.idle_seconds +
					     http->limits.head_seconds);
	struct http_conn *conn;

	TAILQ_FOREACH (conn, &http->conns, entry) {
		const struct http_req *req = conn->req;
		bool is_late;

		if (req == NULL || !req->has_head)
			is_late = now_ms - conn->since_ms > head_ms;
		else
			is_late =
			    req->is_lingering && now_ms > req->linger_until_ms;
		if (is_late)
			(void)shutdown(conn->fd, SHUT_RDWR);
	}
	http->sweep = loop_timer(http->loop, 1000, on_sweep, http);
}

/* Targets are decoded in target.c, which knows about NUL and "%2F". */
static size_t
keep_escaped(void *cls, struct MHD_Connection *mhd, char *text)
{
	(void)cls;
	(void)mhd;
	return strlen(text);
}

static void __attribute__((format(printf, 2, 0)))
drop_log(void *cls, const char *fmt, va_list args)
{
	/* What it has to say is about clients; they see it themselves. */
	(void)cls;
	(void)fmt;
	(void)args;
}

static struct MHD_Daemon *
start_daemon(struct http *http, int listen_fd)
{
	struct MHD_OptionItem tls[8] = {{MHD_OPTION_END, 0, NULL}};
	const unsigned int flags =
	    MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
	    (http->tls != NULL ? (unsigned int)MHD_USE_TLS : 0);

	if (http->tls != NULL)
		tls_options(http->tls, tls);
	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, http,
	    MHD_OPTION_EXTERNAL_LOGGER, drop_log, NULL,
	    MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_CONNECTION_LIMIT,
	    http->limits.connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
	    http->limits.per_address, MHD_OPTION_CONNECTION_TIMEOUT,
	    http->limits.idle_seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    CONNECTION_BYTES, MHD_OPTION_URI_LOG_CALLBACK, on_target, http,
	    MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, http,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP,
	    1, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

int
http_start(struct loop *loop, const struct http_conf *conf,
    const struct http_ops *ops, void *arg, struct http **ret_http)
{
	auto_close int fd = conf->listen_fd;
	auto_free struct http *http = xcalloc(1, sizeof(*http));
	const union MHD_DaemonInfo *info;

	http->loop = loop;
	http->limits = conf->limits;
	http->tls = conf->tls;
	http->ops = ops;
	http->arg = arg;
	TAILQ_INIT(&http->conns);
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	http->daemon = start_daemon(http, fd);
	if (http->daemon == NULL)
		return ERR_SYS;
	(void)take_fd(fd);
	info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL)
		return ERR_SYS;
	http->watch =
	    loop_watch(loop, info->epoll_fd, LOOP_READ, on_ready, http);
	http->sweep = loop_timer(loop, 1000, on_sweep, http);
	/* The first turn, which begins to accept, is the loop's: a program
	 * enters its cage before it. */
	http->timer = loop_timer(loop, 0, on_timer, http);
	*ret_http = take_ptr(http);
	return ERR_OK;
}

void
http_quiesce(struct http *http)
{
	int fd = MHD_quiesce_daemon(http->daemon);

	if (fd != -1)
		(void)close(fd);
	run(http);
}
