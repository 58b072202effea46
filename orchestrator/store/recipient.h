/* SPDX-License-Identifier: Apache-2.0 */
/* recipient.h - those outside whom this CSIRT exchanges with. */
#ifndef STORE_RECIPIENT_H
#define STORE_RECIPIENT_H

#include "lib/label.h"
#include "store/request.h"

struct recipient {
	char id[UUID_BYTES];
	char kind[16];
	char name[256];
	char sharing_group[128];
	enum tlp tlp_max;
	bool lacks_strict;
	bool is_active;
	int64_t agreement_until; /* 0 = no end */
	int64_t version;
};

/* ERR_NOT_FOUND, with the reason, where there is none of that id. */
int must_check recipient_load(
    struct request *r, const char *id, struct recipient *ret);
/*
 * May the one who asks share with it now?  ERR_DENIED without the capability
 * for its kind, ERR_CONFLICT where it is not active or its agreement ended.
 */
int must_check recipient_check(
    struct request *r, const struct recipient *recipient);
/* The label up to which it may have things without the source's word. */
enum tlp recipient_free(const struct recipient *recipient);

#endif
