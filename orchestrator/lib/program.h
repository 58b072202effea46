/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.h - what every program that loepd starts does at its start.
 *
 * Descriptor 3 is the channel to the parent.  Order in main():
 *
 *	program_start(&p, ROLE_VAULT);		CONF ... CONF_END
 *	...load trusted data, keys, rules...
 *	program_enter_cage(&p, &cage);		refusal = exit
 *	program_run(&p, &ops, arg);		READY, then messages until STOP
 *
 * A second program of the same role is told apart by its instance
 * ("identify", "yara"): conf key "instance".
 */
#ifndef LIB_PROGRAM_H
#define LIB_PROGRAM_H

#include "lib/cage.h"
#include "lib/chan.h"
#include "lib/loop.h"

#define PROGRAM_CONF_MAX  ((size_t)128)
#define PROGRAM_PEERS_MAX ((size_t)32)
#define PROGRAM_PARENT_FD 3

struct program_conf {
	char *key;
	char *value;
	int fd; /* CONF_FD, else -1 */
};

struct program;

struct program_ops {
	/* A channel to a peer is there (again).  Sets its ops; owns it. */
	void (*peer)(void *arg, struct chan *chan);
	/* STOP came: finish soon; NULL = stop the loop at once. */
	void (*stop)(void *arg);
};

struct program {
	enum role role;
	const char *instance; /* "" where there is only one */
	struct loop *loop;
	struct chan *parent;
	struct cage_report cage;
	const struct program_ops *ops;
	void *arg;
	struct program_conf conf[PROGRAM_CONF_MAX];
	size_t conf_count;
};

/*
 * Reads the configuration from the parent; exits the process with a log line
 * when the parent is not there or misbehaves.
 */
void program_start(struct program *p, enum role role, const char *name);
/* The value, or fallback where the key was not sent. */
const char *program_conf(
    const struct program *p, const char *key, const char *fallback);
int64_t program_conf_int(
    const struct program *p, const char *key, int64_t fallback);
/* Takes the descriptor that came under this name; -1 where there is none. */
int program_conf_fd(struct program *p, const char *key);
/* Enters the cage or exits with a log line. */
void program_enter_cage(struct program *p, const struct cage *cage);
/* Says READY and runs until STOP or the parent's end. */
void program_run(struct program *p, const struct program_ops *ops, void *arg);
/* Tells the parent to kill the program at the other end, and why. */
void program_blame(struct program *p, const struct chan *chan, const char *why);

#endif
