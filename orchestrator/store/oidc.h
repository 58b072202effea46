/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oidc.h - signing in at an identity provider (OpenID Connect, code flow with
 * PKCE): what is asked there, what comes back, whose account that is.
 *
 * OIDC_BEGIN remembers a state, a nonce and a verifier, and says where the
 * browser is to go.  OIDC_FINISH takes the state once, from the same browser,
 * and waits while loep-oidc exchanges the code (OIDC_LEASE, OIDC_DONE).  A
 * subject becomes an account only by a link that somebody made here: who
 * manages the account, an invitation to it, or its owner with a second factor.
 */
#ifndef STORE_OIDC_H
#define STORE_OIDC_H

#include "store/request.h"

struct oidc;

/* [oidc] of the configuration; issuer "" = there is no provider. */
struct oidc_conf {
	const char *issuer;
	const char *client;
	const char *redirect;
	const char *label;
	const char *required_acr;
	const char *required_amr;
	const char *signed_out;
	int64_t flow_us;
};

/* What the provider's answer is for. */
enum oidc_purpose {
	OIDC_LOGIN,
	OIDC_OWN,
	OIDC_INVITATION,
	OIDC_LOGOUT /* nobody came back: the provider itself says something */
};

/* A browser came back; its request waits for the provider's word. */
struct oidc_exchange {
	TAILQ_ENTRY(oidc_exchange) entry;
	struct store *store;
	struct request *request;
	int64_t id;
	enum oidc_purpose purpose;
	char account[UUID_BYTES];	  /* OIDC_OWN */
	uint8_t invitation[SHA256_BYTES]; /* OIDC_INVITATION: its digest */
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
};

TAILQ_HEAD(oidc_exchange_list, oidc_exchange);

struct oidc {
	char *issuer;
	char *client;
	char *redirect;
	char *label;
	char *required_acr;
	char *required_amr;
	char *signed_out; /* where browsers come back to from there; or "" */
	int64_t flow_us;
	char *leave;	     /* where they sign out; "" = nowhere */
	char *authorization; /* where browsers go; "" = the provider is away */
	bool has_issuer;     /* its answers name it (RFC 9207) */
	int64_t last;
	struct oidc_exchange_list exchanges;
};

/* Without a provider. */
struct oidc *oidc_new(void);
void oidc_configure(struct oidc *oidc, const struct oidc_conf *conf);
/* Forgets exchanges; their requests are somebody else's. */
void oidc_free(struct oidc *oidc);
/* loep-oidc is gone: what waits for it ends. */
void oidc_forget_peer(struct store *store);
/* Once a second: what took too long ends. */
void oidc_tick(struct store *store);
/* With sessions: what ran out goes (a unit of ROLE_STORE is open). */
int must_check oidc_sweep(struct store *store);

/* oidc_exchange.c: ends the exchange with what it came to. */
void oidc_settle(struct oidc_exchange *e);
/* Takes it off the list. */
void oidc_exchange_free(struct oidc_exchange *e);

/* oidc_link.c: links for an account, by somebody (ids); ERR_CONFLICT: either
 * has a link already. */
struct oidc_link {
	const char *subject;
	const char *account;
	const char *by;
};
int must_check oidc_link_add(struct request *r, const struct oidc_link *link);

#endif
