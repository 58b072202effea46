/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access.h - who saw, took or was given what of a case, for those whose it is;
 * and what happened to a case, for people.
 */
#ifndef STORE_ACCESS_H
#define STORE_ACCESS_H

#include "store/request.h"

/* How often looking at the same artefact's bytes counts, by one account. */
#define ACCESS_VIEW_US ((int64_t)3600 * 1000000)

struct access {
	const char *event; /* viewed downloaded received disclosed ... */
	const char *case_id;
	const char *purpose;  /* NULL = none was said */
	const char *artefact; /* or NULL */
	const char *report;   /* or NULL */
};

/* Adds an event by the one who asks. */
int must_check access_by(struct request *r, const struct access *access);
/* By the service itself. */
int must_check access_own(struct store *store, const struct access *access);
/*
 * Did this account look at the artefact within ACCESS_VIEW_US?  Adds "viewed"
 * where not, and says so.
 */
int must_check access_view(
    struct request *r, const struct access *access, bool *ret_is_new);

/* A new stage of a case that is still worked on, with its event for people. */
int must_check access_stage(struct request *r, const char *case_id,
    const char *stage, const char *action);

#endif
