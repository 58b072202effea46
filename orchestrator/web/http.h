/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - connections, requests and bodies; the only door to libmicrohttpd.
 *
 * Everything happens in the event loop, in one thread.  A request begins with
 * ops->head(); from then on exactly one http_answer...() must come, now or
 * later, and http_read_body() may come before it.  The connection rests while
 * nothing is decided.  ops->gone() is the last word about a request, answered
 * or cut off; what was handed to the request is free from then on.
 *
 * What libmicrohttpd refuses itself (not HTTP, a head that is too long) never
 * gets here.
 */
#ifndef WEB_HTTP_H
#define WEB_HTTP_H

#include "lib/loop.h"

#include <stddef.h>
#include <sys/types.h>

struct http;
struct http_conn;
struct http_req;

struct tls;

struct http_ops {
	void (*head)(void *arg, struct http_req *req);
	void (*gone)(void *arg, struct http_req *req);
	/* the connection is closed; all of its requests are gone */
	void (*closed)(void *arg, struct http_conn *conn);
};

struct http_limits {
	unsigned int connections;
	unsigned int idle_seconds;
	unsigned int head_seconds;
	unsigned int per_address; /* connections of one; 0 = all of them */
};

struct http_conf {
	int listen_fd;	       /* a listening stream socket, which is taken */
	const struct tls *tls; /* NULL = plain; lives as long as the process */
	struct http_limits limits;
};

/*
 * Serves a socket.  ERR_SYS where libmicrohttpd refuses.  There is no way back
 * but the end of the process.
 */
int must_check http_start(struct loop *loop, const struct http_conf *conf,
    const struct http_ops *ops, void *arg, struct http **ret_http);
/* Takes no new connections any more. */
void http_quiesce(struct http *http);

/* --- connections --- */

/* Whatever the user of this header keeps for a connection. */
void *http_conn_user(const struct http_conn *conn);
void http_conn_set_user(struct http_conn *conn, void *user);
/* The socket, borrowed. */
int http_conn_fd(const struct http_conn *conn);
/* Came it over the network, with TLS? */
bool http_conn_is_tls(const struct http_conn *conn);
/* The certificate that the client showed: enum tls_peer, see tls.h. */
int http_conn_peer(
    const struct http_conn *conn, uint8_t ret_spki[32], char why[160]);
/* The client's address as text; "" on a Unix socket. */
#define HTTP_ADDRESS_BYTES 48
void http_conn_address(
    const struct http_conn *conn, char ret_address[HTTP_ADDRESS_BYTES]);

/* --- requests --- */

struct http_conn *http_req_conn(const struct http_req *req);
void *http_req_user(const struct http_req *req);
void http_req_set_user(struct http_req *req, void *user);
const char *http_req_method(const struct http_req *req);
/* As it came: not decoded. */
const char *http_req_target(const struct http_req *req);
/* A header's value or NULL; name in any case. */
const char *http_req_header(const struct http_req *req, const char *name);
/* The bytes of the body; -1 = not known before its end. */
int64_t http_req_body_bytes(const struct http_req *req);

struct http_body_ops {
	/*
	 * Takes up to len bytes and returns how many.  Fewer than len: the
	 * connection rests until http_wake().
	 */
	size_t (*data)(void *arg, const uint8_t *p, size_t len);
	/* The body is complete. */
	void (*end)(void *arg);
};

/* Asks for the body, which the client is told with 100 Continue. */
void http_read_body(
    struct http_req *req, const struct http_body_ops *ops, void *arg);
/* A source has bytes again, or a body's taker has room again. */
void http_wake(struct http_req *req);

/* --- answers --- */

/*
 * A header of the answer to come.  name is static and value is copied; value
 * must be printable ASCII.
 */
void http_answer_header(
    struct http_req *req, const char *name, const char *value);
/*
 * Answers with a body in memory, which it takes (free()).  An answer that
 * comes before the end of the body of a request cuts that body off.
 */
void http_answer(
    struct http_req *req, unsigned int status, void *body, size_t len);
/* The same with memory that stays. */
void http_answer_static(
    struct http_req *req, unsigned int status, const void *body, size_t len);

#define HTTP_SOURCE_END	   ((ssize_t)-1)
#define HTTP_SOURCE_BROKEN ((ssize_t)-2)

struct http_source_ops {
	/* Bytes put into buf; 0 = none now, http_wake() will say; or above. */
	ssize_t (*read)(void *arg, uint8_t *buf, size_t size);
	/* Exactly once, possibly after ops->gone(). */
	void (*release)(void *arg);
};

/* Answers 200 with what a source gives: size bytes, or -1 = until its end. */
void http_answer_source(struct http_req *req, int64_t size,
    const struct http_source_ops *ops, void *arg);

#endif
