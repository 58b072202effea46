/* SPDX-License-Identifier: Apache-2.0 */
/* account.h - who may manage which accounts, and give them what. */
#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include "store/request.h"

/* An account that is to be managed. */
struct managed {
	char id[UUID_BYTES];
	char org[UUID_BYTES];
	char kind[16];
	char capabilities[SESSION_CAPABILITIES_BYTES];
	char org_class[8];
	char login[129]; /* "" = none */
};

/* Of all organisations, or of one's own. */
bool account_is_manager(const struct principal *p);
/*
 * Finds an account that the one who asks manages.  ERR_DENIED: they manage
 * none; ERR_NOT_FOUND: there is none such, or it is not theirs to know of.
 */
int must_check account_manage(
    struct request *r, const char *id, struct managed *ret_managed);
/* A new one, as ACCOUNT_CREATE says it. */
struct account_new {
	const char *org; /* "" = that of the one who asks */
	const char *name;
	const char *kind; /* "" = human */
	int64_t uid;	  /* -1 = none */
	const char *capabilities;
	const char *login; /* "" = none */
};
/* Makes it, if the one who asks may, and writes that down. */
int must_check account_make(
    struct request *r, const struct account_new *new, char ret_id[UUID_BYTES]);
/*
 * May the one who asks give these capabilities to an account of an
 * organisation of that class?  Also refuses what nobody may hold together.
 */
int must_check account_check_capabilities(
    struct request *r, const char *list, const char *org_class);

#endif
