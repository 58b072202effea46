/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - one CALL that is being served.
 *
 * Its parameters were checked against lib/call.def, and its principal's
 * capability too, before a handler sees it.  A handler runs inside a unit of
 * the turn's transaction and returns an enum err: that ends the request.
 * ERR_AGAIN instead means that it waits for the vault; whoever continues it
 * begins a unit of its own and calls request_end().
 */
#ifndef STORE_REQUEST_H
#define STORE_REQUEST_H

#include "lib/json.h"
#include "lib/reason.h"
#include "store/store.h"

struct request {
	TAILQ_ENTRY(request) entry;
	struct store *store;
	struct chan *chan; /* NULL once the peer is gone */
	enum role peer;
	uint32_t id;
	enum call_op op;
	const struct call_spec *spec;
	struct principal principal;
	uint64_t session; /* its handle */
	struct values params;
	uint8_t *body; /* what params borrows */
	int fd;	       /* that came along; -1 = none */
	int end_fd;    /* that goes back with the end; -1 = none */
	bool is_ended;
	enum err failed;   /* a commit with part of its answer failed */
	bool is_cancelled; /* nobody waits for the answer any more */
	/* The case that parameter "case" names, and whose it is; or "". */
	char case_id[UUID_BYTES];
	char case_org[UUID_BYTES];
	char why[REASON_BYTES_MAX];
	/* What an error leaves behind stays: the number of one who was
	 * refused. */
	bool is_kept;
	/* The state of an operation that waits, and its end when the peer
	 * goes away (may be NULL). */
	void *state;
};

typedef int request_fn(struct request *r);

/* Handler of a channel for MSG_CALL, and for MSG_CALL_CANCEL. */
int request_call(void *arg, struct chan *chan, struct msg *msg);
int request_cancel(void *arg, struct chan *chan, struct msg *msg);
/* The channel is gone: its requests are orphans. */
void request_forget_peer(struct store *store, const struct chan *chan);
void request_free(struct request *r);

/* Parameters by place; terminated; "" or 0 for nothing. */
const char *param_text(const struct request *r, size_t at);
int64_t param_int(const struct request *r, size_t at);
const uint8_t *param_bytes(const struct request *r, size_t at, size_t *ret_len);
bool param_is_null(const struct request *r, size_t at);
/* A page's length: 0 means the usual one. */
int64_t param_limit(const struct request *r, size_t at);

/* Answers a row, after the commit. */
void request_row(struct request *r, const struct values *row);
/* Ends the request; takes fd.  why NULL = r->why, or the database's reason. */
void request_end(struct request *r, enum err err, const char *why, int fd);
/* Ends it at once, whatever its end was: the commit failed. */
void request_fail(struct request *r, enum err err, const char *why);
/* Sets r->why and returns err, for "return request_why(...)". */
int request_why(struct request *r, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The same for programs, too: kind is the problem's name ("not-entitled"), members
 * (an object whose reference is taken, or NULL) stand beside it.
 */
int request_refuse(struct request *r, int err, const char *kind,
    json_t *members, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Continues a request that waited: a unit for its role. */
int must_check request_begin(struct request *r);
/* Ends the unit and, with the error, the request; fd goes with success. */
void request_finish(struct request *r, int err, int fd);

/* The first two arguments of every statement that serves a principal. */
#define WHO(r) val_text((r)->principal.org_id), val_int((r)->principal.sees_all)

/*
 * Takes the first row of a statement whose arguments come first and whose $30
 * and $31 say who asks (stmt.def); ERR_NOT_FOUND where there is none.
 */
int must_check request_query(struct query *q, struct request *r, enum stmt id,
    const struct value *args, size_t count);
/* Answers every row of a statement: $1 and $2 the principal, then params. */
int must_check request_read(struct request *r, enum stmt id);
/* Every row of a statement, counted. */
int must_check request_count_rows(struct request *r, enum stmt id,
    const struct value *args, size_t count, int64_t *ret_rows);
/* A page of a list, or one row (ERR_NOT_FOUND where there is none). */
int must_check request_rows(struct request *r, enum stmt id,
    const struct value *args, size_t count, bool is_needed);

#endif
