/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_link.h - the store, as a program has it that talks to nobody else:
 * calls, hints to look again, and an end that is a beginning soon.
 */
#ifndef LIB_STORE_LINK_H
#define LIB_STORE_LINK_H

#include "lib/call.h"
#include "lib/program.h"

struct store_link_ops {
	void (*came)(void *arg);    /* it is there (again) */
	void (*changed)(void *arg); /* it says that there is something new */
};

struct store_link {
	struct program *program;
	struct calls *calls;
	struct chan *chan; /* NULL while it is away */
	const struct store_link_ops *ops;
	void *arg;
};

void store_link_init(struct store_link *link, struct program *program,
    const struct store_link_ops *ops, void *arg);
void store_link_release(struct store_link *link);
/* What program_ops.peer gets; any peer but the store is sent away. */
void store_link_peer(struct store_link *link, struct chan *chan);

#endif
