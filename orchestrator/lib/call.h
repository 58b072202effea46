/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h - the operations of the store (lib/call.def): their shapes, and the
 * client's side.
 */
#ifndef LIB_CALL_H
#define LIB_CALL_H

#include "lib/chan.h"
#include "lib/values.h"

#define CALL_OP(name, roles, capability, params, columns) CALL_##name,
enum call_op {
	CALL_NONE_ = 0,
#include "lib/call.def"
	CALL_COUNT
};
#undef CALL_OP

/* One parameter or column: "name:type?" taken apart. */
struct call_field {
	char name[32];
	char type; /* i s b, and for JSON t f j h n (see call.def) */
	bool is_nullable;
};

struct call_spec {
	const char *name;
	unsigned int roles;
	char capability[32];
	bool needs_proof; /* that its person is there (store/proof.h) */
	size_t param_count;
	size_t column_count;
	struct call_field params[24];
	struct call_field columns[LIMIT_VALUES];
};

/* NULL where op is not in the catalogue.  Parsed once, kept for good. */
const struct call_spec *call_spec(unsigned int op);
/* CALL_NONE_ where there is none of that name. */
enum call_op call_by_name(const char *name);
/* The column's index, or -1. */
int call_column(enum call_op op, const char *name);
/*
 * Checks values against the parameters (is_row false) or the columns of op:
 * count, types, nothing missing that may not be.
 */
int must_check call_check(
    enum call_op op, const struct values *values, bool is_row);

/* --- the client's side: calls over one channel to the store --- */

/* One row of the answer; borrowed for the time of the callback. */
typedef void call_row_fn(void *arg, const struct values *row);
/*
 * The end, exactly once per call.  err is ERR_UNAVAILABLE when the store went
 * away.  fd is the callback's to keep or close (-1 = none).
 */
typedef void call_end_fn(void *arg, enum err err, const char *why, int fd);

struct calls;

/* The open calls over one store channel.  Takes no ownership of chan. */
struct calls *calls_new(struct loop *loop);
/* Ends all open calls with ERR_UNAVAILABLE. */
void calls_free(struct calls *calls);
/*
 * The channel to the store is there (again), or gone (NULL): open calls then
 * end with ERR_UNAVAILABLE.  CALL_ROWS and CALL_END of that channel must be
 * given to calls_handle().
 */
void calls_set_chan(struct calls *calls, struct chan *chan);
bool calls_is_connected(const struct calls *calls);
/*
 * Starts a call; takes fd.  Both callbacks may be NULL.  Returns an id for
 * calls_cancel().  A call that cannot be sent ends from the event loop, never
 * inside this function.
 */
uint32_t calls_start(struct calls *calls, enum call_op op, uint64_t principal,
    const struct values *params, int fd, call_row_fn *row, call_end_fn *end,
    void *arg);
/* Forgets the call: its callbacks are not called any more. */
void calls_cancel(struct calls *calls, uint32_t id);
/* Handles CALL_ROWS and CALL_END; the result is a chan handler's. */
int calls_handle(struct calls *calls, struct msg *msg);

#endif
