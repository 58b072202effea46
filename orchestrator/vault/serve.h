/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.h - the vault's answers to the store's messages.
 *
 * Every request gets exactly one answer with its id, as long as the store's
 * channel lives.  When it goes, what the store had open goes with it.
 */
#ifndef VAULT_SERVE_H
#define VAULT_SERVE_H

#include "vault/key.h"

#include "lib/program.h"

/* Uploads at a time; each may hold a chunk in memory, the fast ones more. */
#define SERVE_UPLOADS_MAX ((size_t)384)
/* Requests in work before the channel is no longer read. */
#define SERVE_ASKS_MAX ((size_t)1024)
/* The longest message that is signed. */
#define SERVE_SIGN_BYTES_MAX (32 * KIB)

struct serve;

/* Starts the worker threads: after the cage.  All three are borrowed. */
struct serve *serve_new(
    struct program *program, const struct place *place, struct keys *keys);
/* The peer function of struct program_ops; arg is the struct serve. */
void serve_peer(void *arg, struct chan *chan);

#endif
