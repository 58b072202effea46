/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - who asks: principals, made from the uid of a local peer, or from
 * the secret of a session or token.
 *
 * A principal is known by a random handle that lives as long as web's
 * connection says, and never longer than web's channel.
 */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include "lib/digest.h"
#include "store/uuid.h"

#include <stdbool.h>
#include <stdint.h>

struct request;
struct sessions;
struct store;

#define SESSION_NAME_BYTES	   260
#define SESSION_CAPABILITIES_BYTES 512

enum session_via {
	VIA_LOCAL,   /* the uid of a Unix socket's peer */
	VIA_SESSION, /* logged in */
	VIA_TOKEN,
	VIA_CERTIFICATE
};

struct principal {
	char account_id[UUID_BYTES];
	char org_id[UUID_BYTES];
	char name[SESSION_NAME_BYTES];
	char kind[16];
	char capabilities[SESSION_CAPABILITIES_BYTES];
	bool sees_all; /* may see what other organisations own */
	bool is_staff; /* of a CSIRT */
	enum session_via via;
	/* Logged in without the second factor that is asked of them: may
	 * set it up, and nothing else. */
	bool is_half;
	/* When its person showed last that it is them (proof.h); 0 = never. */
	int64_t proved_at;
	/* Of the session's or token's secret, or a certificate's key; zeros
	 * for VIA_LOCAL. */
	uint8_t digest[SHA256_BYTES];
};

struct sessions *sessions_new(void);
void sessions_free(struct sessions *sessions);
/* Forgets all of them: the web program is gone. */
void sessions_clear(struct sessions *sessions);
/* NULL where there is no such handle. */
const struct principal *sessions_find(
    const struct sessions *sessions, uint64_t handle);
bool principal_may(const struct principal *p, const char *capability);
/*
 * Of a CSIRT, or set above organisations: sees results of analyses.  Everybody
 * else gets them in a report that was issued to them, and in no other way.
 */
bool principal_is_staff(const struct principal *p);
/* Administers the accounts of all organisations. */
bool principal_is_admin(const struct principal *p);
/*
 * Four eyes: ERR_DENIED, with the reason, where the one who asks wrote (or
 * proposed) the thing that is to be approved.  what: "approve this report".
 */
int must_check principal_is_other(
    struct request *r, const char *author, const char *what);
/* Drops the handles of an account; with those of local connections, or not. */
void sessions_drop(
    struct sessions *sessions, const char *account_id, bool has_local);
/* Drops those of everybody of an organisation. */
void sessions_clear_org(struct sessions *sessions, const char *org_id);
/* Drops those of one session or token. */
void sessions_drop_secret(struct sessions *sessions, const uint8_t *digest);
/* Keeps a principal, answers its row. */
int must_check session_answer(struct request *r, const struct principal *p);
/* The columns id, name, org_id, kind, capabilities, class = 'CSIRT'. */
struct query;
void principal_fill(struct principal *p, const struct query *q);

int session_peer(struct request *r);
int session_end(struct request *r);
/* session_secret.c */
int session_cookie(struct request *r);
int session_token(struct request *r);
int session_cert(struct request *r);

#endif
