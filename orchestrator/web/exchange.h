/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange.h - one request and its answer, on the way through the program.
 *
 * Born with the head of the request (serve.c), gone when the answer is out or
 * the client is.  What takes longer or has descriptors of its own hangs on as
 * a part (upload, stream, rows, progress) and is told when the exchange ends.
 */
#ifndef WEB_EXCHANGE_H
#define WEB_EXCHANGE_H

#include "lib/call.h"
#include "lib/limits.h"
#include "web/http.h"
#include "web/params.h"
#include "web/route.h"
#include "web/tls.h"

#include <sys/queue.h>

/* The longest answer that is made in memory. */
#define EXCHANGE_BYTES_MAX (32 * MIB)
#define EXCHANGE_ID_BYTES  40

/* Sockets that are served: one Unix socket, and addresses. */
#define WEB_LISTEN_MAX 9

struct idem;
struct rate;
struct assets;
struct session;
struct exchange;

TAILQ_HEAD(exchange_list, exchange);

/* The program. */
struct web {
	struct loop *loop;
	struct calls *calls;
	struct chan *store;
	struct http *http[WEB_LISTEN_MAX]; /* the Unix socket's first */
	size_t http_count;
	struct tls tls;
	struct rate *rate_addresses;
	struct rate *rate_accounts;
	const char *security_contact; /* for security.txt; "" = none */
	struct assets *assets;	      /* the browser app; NULL = none */
	struct idem *idem;
	struct loop_timer *sweep;
	uint32_t generation; /* counts the store's channels */
	uint64_t id_seed;
	uint64_t id_last;
	uint64_t call_ms; /* what the store has to answer */
	bool is_stopping;
	struct exchange_list exchanges;
};

struct part_ops {
	/* The exchange is gone: forget it. */
	void (*gone)(void *part);
	/* About once a second; may be NULL. */
	void (*tick)(void *part);
	/* The store says that a case changed; may be NULL. */
	void (*changed)(void *part, const char *case_id);
};

struct exchange {
	TAILQ_ENTRY(exchange) entry;
	struct web *web;
	struct http_req *http;
	struct session *session;
	char id[EXCHANGE_ID_BYTES];
	uint64_t started_ms;
	uint64_t deadline_ms; /* 0 = none */
	struct target target;
	struct route_match match; /* route is NULL before it is known */
	struct wire_out body;	  /* of the request */
	json_t *json;
	struct params params;
	uint32_t call; /* open, to be cancelled; 0 = none */
	bool is_answered;
	unsigned int status;
	/* rows of the call, and where the next page starts */
	struct wire_out out;
	size_t row_count;
	char *cursor;
	char *location;
	uint64_t idem_slot; /* 0 = no Idempotency-Key */
	/* other than those of the API's answers; NULL = those */
	const char *policy;
	const char *cache;
	const struct part_ops *part_ops;
	void *part;
};

/* Starts the one call that the exchange waits for, with its parameters. */
void exchange_call(struct exchange *x, enum call_op op,
    const struct values *params, call_row_fn *row, call_end_fn *end);
/* Answers with x->out as a body of this type. */
void exchange_answer(struct exchange *x, unsigned int status, const char *type);
/* Answers without a body. */
void exchange_answer_empty(struct exchange *x, unsigned int status);
/* Answers with a problem document; detail may be foreign. */
void exchange_problem(
    struct exchange *x, unsigned int status, const char *detail);
/* The same for a result; a missing why gets words of its own. */
void exchange_fail(struct exchange *x, enum err err, const char *why);
/* The same with a name of its own: urn:loep:problem:KIND (a-z and -). */
void exchange_refuse(struct exchange *x, unsigned int status, const char *kind,
    const char *detail);
/* 401: nobody that we know. */
void exchange_unknown(struct exchange *x, const char *why);
/* 429: come back later. */
void exchange_wait(struct exchange *x, uint64_t wait_ms, const char *why);
/* The headers of every answer; before an answer that is made elsewhere. */
void exchange_headers(
    struct exchange *x, unsigned int status, const char *type);
/* Keeps the location of what was made, from the route and the row. */
void exchange_locate(struct exchange *x, const struct values *row);
void exchange_set_part(
    struct exchange *x, const struct part_ops *ops, void *part);
/* From now on the answer has until then. */
void exchange_deadline(struct exchange *x, uint64_t ms);

#endif
