/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oidc.h - signing in at identity providers (OpenID Connect, code flow with
 * PKCE): what is asked there, what comes back, whose account that is.
 *
 * OIDC_BEGIN remembers a state, a nonce and a verifier, and says where the
 * browser is to go.  OIDC_FINISH takes the state once, from the same browser,
 * and waits while loep-oidc exchanges the code (OIDC_LEASE, OIDC_DONE).  A
 * subject of a provider becomes an account only by a link that somebody made
 * here: who manages the account, an invitation to it, its owner with a second
 * factor, or a manager who took a stranger in (oidc_stranger.c).
 */
#ifndef STORE_OIDC_H
#define STORE_OIDC_H

#include "store/request.h"

#define OIDC_PROVIDERS_MAX 8
#define OIDC_TARGET_BYTES  512
#define OIDC_ISSUER_BYTES  512

struct oidc;

/* One section [oidc] or [oidc.NAME] of the configuration. */
struct oidc_conf {
	const char *name; /* how the API names it */
	const char *issuer;
	const char *client;
	const char *redirect;
	const char *label;
	const char *required_acr;
	const char *required_amr;
	const char *signed_out;
};

struct oidc_provider {
	char *name;
	char *issuer;
	char *client;
	char *redirect;
	char *label;
	char *required_acr;
	char *required_amr;
	char *signed_out;    /* where browsers come back to from there; or "" */
	char *leave;	     /* where they sign out; "" = nowhere */
	char *authorization; /* where browsers go; "" = it is away */
	bool has_issuer;     /* its answers name it (RFC 9207) */
};

/* What the provider's answer is for. */
enum oidc_purpose {
	OIDC_LOGIN,
	OIDC_OWN,
	OIDC_INVITATION,
	OIDC_PROOF, /* a session's person shows that it is them (proof.h) */
	OIDC_LOGOUT /* nobody came back: the provider itself says something */
};

/* A browser came back; its request waits for the provider's word. */
struct oidc_exchange {
	TAILQ_ENTRY(oidc_exchange) entry;
	struct store *store;
	struct request *request;
	const struct oidc_provider *provider; /* NULL = OIDC_LOGOUT, so far */
	int64_t id;
	enum oidc_purpose purpose;
	char account[UUID_BYTES];	  /* OIDC_OWN, OIDC_PROOF */
	uint8_t invitation[SHA256_BYTES]; /* OIDC_INVITATION: its digest */
	uint8_t session[SHA256_BYTES];	  /* OIDC_PROOF: its digest */
	char target[OIDC_TARGET_BYTES];	  /* the page they wanted; or "" */
	int64_t begun_at;
	char verifier[64];
	char nonce[64];
	bool is_leased;
	uint64_t deadline_ms;
	/* The provider's word. */
	struct loop_timer *timer;
	char outcome[16];
	char subject[256];
	char sid[256];
	char acr[512];
	char amr[512];
	char token_id[256];   /* of a log-out token */
	int64_t auth_time_us; /* when they signed in there; 0 = not told */
};

TAILQ_HEAD(oidc_exchange_list, oidc_exchange);

struct oidc {
	size_t count;
	struct oidc_provider providers[OIDC_PROVIDERS_MAX];
	int64_t flow_us;
	bool takes_strangers; /* whom nobody knows here may wait */
	int64_t last;
	struct oidc_exchange_list exchanges;
};

/* Without a provider. */
struct oidc *oidc_new(void);
/* One more; without an issuer, or known already, it is none (false). */
bool oidc_add(struct oidc *oidc, const struct oidc_conf *conf);
/* Forgets exchanges; their requests are somebody else's. */
void oidc_free(struct oidc *oidc);
/* By name ("" = the first), or by issuer; NULL = there is none. */
const struct oidc_provider *oidc_named(
    const struct oidc *oidc, const char *name);
struct oidc_provider *oidc_of_issuer(struct oidc *oidc, const char *issuer);
/* loep-oidc is gone: what waits for it ends. */
void oidc_forget_peer(struct store *store);
/* Once a second: what took too long ends. */
void oidc_tick(struct store *store);
/* With sessions: what ran out goes (a unit of ROLE_STORE is open). */
int must_check oidc_sweep(struct store *store);
/* Does the provider's word stand for a second factor of ours? */
bool oidc_has_second(const struct oidc_provider *provider);

/* oidc_away.c: the provider of that name, where it can be asked now. */
int must_check oidc_find(
    struct request *r, const char *name, const struct oidc_provider **ret);
/* The exchange is loep-oidc's (ERR_AGAIN), or ends; taken in any case. */
int must_check oidc_wait(struct request *r, struct oidc_exchange *e);

/* oidc_exchange.c: ends the exchange with what it came to. */
void oidc_settle(struct oidc_exchange *e);
/* Takes it off the list. */
void oidc_exchange_free(struct oidc_exchange *e);
/* Its answer: how it ended, why, and what more there is to say. */
int must_check oidc_refuse(
    struct oidc_exchange *e, const char *reason, const char *detail);

/* oidc_link.c: links for an account, by somebody (ids); ERR_CONFLICT: either
 * has a link already. */
struct oidc_link {
	const char *issuer;
	const char *subject;
	const char *account;
	const char *by;
};
int must_check oidc_link_add(struct request *r, const struct oidc_link *link);
/* Can the person of the session show at a provider that it is them?  Then its
 * name, else NULL. */
int must_check oidc_prover(
    struct request *r, bool has_totp, const struct oidc_provider **ret);

/* oidc_stranger.c: nobody's subject waits, or hears that it may not. */
int must_check oidc_stranger(struct oidc_exchange *e);

#endif
