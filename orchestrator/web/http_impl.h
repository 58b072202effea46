/* SPDX-License-Identifier: Apache-2.0 */
/* http_impl.h - what http.c keeps for a socket, a connection, a request. */
#ifndef WEB_HTTP_IMPL_H
#define WEB_HTTP_IMPL_H

#include "web/http.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <sys/queue.h>

#define HEADERS_MAX 24

TAILQ_HEAD(http_conn_list, http_conn);

struct http {
	struct loop *loop;
	struct MHD_Daemon *daemon;
	struct loop_watch *watch;
	struct loop_timer *timer;
	bool is_kicked; /* a connection was resumed and waits for a turn */
	struct loop_timer *sweep;
	struct http_limits limits;
	const struct tls *tls;
	const struct http_ops *ops;
	void *arg;
	struct http_conn_list conns;
};

struct http_conn {
	TAILQ_ENTRY(http_conn) entry;
	struct http *http;
	struct MHD_Connection *mhd;
	struct http_req *req;
	uint64_t since_ms; /* it waits for a head */
	int fd;
	void *user;
};

/* What gives an answer's body; asked only while its request lives. */
struct source {
	const struct http_source_ops *ops;
	void *arg;
	struct http_req *req;
};

enum body_state {
	BODY_UNASKED,
	BODY_READING,
	BODY_ENDED
};

struct http_req {
	struct http_conn *conn;
	char *target;
	const char *method;
	bool has_head;	    /* ops->head() was called */
	bool is_past_head;  /* libmicrohttpd reads the body, or has read it */
	bool is_suspended;  /* by us */
	bool is_swallowing; /* the body is read and dropped */
	bool is_lingering;  /* the answer went out early, by hand */
	enum body_state body;
	int64_t body_taken;
	uint64_t linger_until_ms;
	const struct http_body_ops *body_ops;
	void *body_arg;
	void *user;
	/* the answer */
	bool has_answer;
	unsigned int status;
	struct MHD_Response *response;
	const void *text; /* its body, which response keeps */
	size_t text_bytes;
	size_t header_count;
	struct {
		const char *name;
		char *value;
	} headers[HEADERS_MAX];
};

#endif
