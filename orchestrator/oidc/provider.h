/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider.h - the identity provider: its description and keys, kept fresh,
 * and codes that become subjects.
 */
#ifndef OIDC_PROVIDER_H
#define OIDC_PROVIDER_H

#include "lib/loop.h"
#include "oidc/claims.h"
#include "oidc/document.h"
#include "oidc/fetch.h"

#include <stdbool.h>

#define PROVIDER_WHY_BYTES 400

struct provider_conf {
	const char *issuer;
	const char *client;
	const char *secret; /* "" = a public client */
	const char *redirect;
};

/* What browsers are told; discovery NULL: it is not to be had, and why. */
typedef void provider_report_fn(
    void *arg, const struct discovery *discovery, const char *why);

enum provider_outcome {
	PROVIDER_OK,
	PROVIDER_REFUSED, /* the code or the token is not good */
	PROVIDER_AWAY	  /* try again later */
};

/* claims is there with PROVIDER_OK only; why may have foreign text in it. */
typedef void provider_done_fn(void *arg, enum provider_outcome outcome,
    const struct claims *claims, const char *why);

struct provider;

/* conf is borrowed, the fetcher too.  Asks for the description at once. */
struct provider *provider_new(struct loop *loop,
    const struct provider_conf *conf, struct fetcher *fetcher,
    provider_report_fn *report, void *arg);
void provider_free(struct provider *provider);
/* Somebody wants to sign in: looks again where it is away. */
void provider_look(struct provider *provider);
/* Tells again what it told last, if it knows something. */
void provider_tell(struct provider *provider);

/* For how long it is away; 0 = it is not. */
uint64_t provider_away_ms(const struct provider *provider);

struct provider_code {
	const char *code;
	const char *verifier; /* of PKCE (RFC 7636) */
	const char *nonce;
};

/* Exchanges a code; fn is called once, maybe at once. */
void provider_redeem(struct provider *provider,
    const struct provider_code *code, provider_done_fn *fn, void *arg);
/* Is this a logout token of the provider's?  The same way. */
void provider_hear(struct provider *provider, const char *token,
    provider_done_fn *fn, void *arg);

#endif
