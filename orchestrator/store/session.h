/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - who asks: principals, made from the uid of a local peer.
 *
 * A principal is known by a random handle that lives as long as web's
 * connection says, and never longer than web's channel.
 */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include "lib/err.h"
#include "store/uuid.h"

#include <stdbool.h>
#include <stdint.h>

struct request;
struct sessions;
struct store;

#define SESSION_NAME_BYTES	   260
#define SESSION_CAPABILITIES_BYTES 512

struct principal {
	char account_id[UUID_BYTES];
	char org_id[UUID_BYTES];
	char name[SESSION_NAME_BYTES];
	char kind[16];
	char capabilities[SESSION_CAPABILITIES_BYTES];
	bool sees_all; /* may see what other organisations own */
};

struct sessions *sessions_new(void);
void sessions_free(struct sessions *sessions);
/* Forgets all of them: the web program is gone. */
void sessions_clear(struct sessions *sessions);
/* NULL where there is no such handle. */
const struct principal *sessions_find(
    const struct sessions *sessions, uint64_t handle);
bool principal_may(const struct principal *p, const char *capability);

int session_peer(struct request *r);
int session_end(struct request *r);

#endif
