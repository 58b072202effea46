/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h - one handler per message of the scheduler, and the idle work. */
#ifndef INDEX_SERVE_H
#define INDEX_SERVE_H

#include "index/index.h"
#include "lib/program.h"

struct serve;

/* Takes the index. */
struct serve *serve_new(struct program *program, struct index *index);
/* program_ops.peer: takes the channel. */
void serve_peer(void *arg, struct chan *chan);

#endif
