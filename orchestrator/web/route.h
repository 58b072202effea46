/* SPDX-License-Identifier: Apache-2.0 */
/* route.h - the routes of the API (route.def), and which one is meant. */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include "lib/call.h"
#include "web/target.h"

enum route_method {
	ROUTE_METHOD_GET,
	ROUTE_METHOD_POST,
	ROUTE_METHOD_HEAD,
	ROUTE_METHOD_PATCH,
	ROUTE_METHOD_DELETE
};

enum route_kind {
	ROUTE_OBJECT,	/* one row as an object, with an ETag */
	ROUTE_MAP,	/* rows of name and value as one object */
	ROUTE_LIST,	/* rows as {"items": [...], "next": cursor or null} */
	ROUTE_ROWS,	/* a list without pages, sent as the rows come */
	ROUTE_CREATED,	/* 201, the row as an object, Location */
	ROUTE_ACCEPTED, /* 202, alike */
	ROUTE_EMPTY,	/* 204 */
	ROUTE_UPLOAD,	/* the body is a file */
	ROUTE_TUS,	/* an upload that outlives a cut */
	ROUTE_DOWNLOAD, /* the answer is a file, to be kept, not shown */
	ROUTE_SAMPLE,	/* the answer is a sample, neutered (neuter.h) */
	ROUTE_JSON,	/* the answer is JSON, however long */
	ROUTE_REPORT,	/* the answer is a report */
	ROUTE_EVENTS,	/* the answer is JSON lines */
	ROUTE_EXPORT,	/* the answer is the audit chain */
	ROUTE_PROGRESS,
	ROUTE_PROGRESS_STREAM,
	ROUTE_WHOAMI,
	ROUTE_HEALTH,	    /* one row as an object; for whoever asks */
	ROUTE_LOGIN,	    /* no session is needed */
	ROUTE_ACCEPT,	    /* alike; an invitation */
	ROUTE_OIDC_START,   /* 302, to an identity provider; no session */
	ROUTE_OIDC_BACK,    /* from there: a page; whatever else it says */
	ROUTE_OIDC_CODE,    /* the second factor after it */
	ROUTE_OIDC_INVITED, /* where to go with an invitation; no session */
	ROUTE_OIDC_LINK,    /* where to go, of who is in: a link, a proof */
	ROUTE_PROVE,	    /* who is in shows that it is them */
	ROUTE_OIDC_LEAVE,   /* 302, to sign out there; no session */
	ROUTE_OIDC_OVER,    /* the provider says that somebody did; a form */
	ROUTE_LOGOUT,	    /* 204, and the cookie is taken back */
	ROUTE_SECRET,	 /* 201, the row as an object; never kept for a key */
	ROUTE_METRICS,	 /* for Prometheus */
	ROUTE_FILE,	 /* openapi.yaml */
	ROUTE_SECURITY,	 /* security.txt */
	ROUTE_PUBLIC_KEY /* the service's OpenPGP key; for whoever asks */
};

struct route {
	enum route_method method;
	const char *path;
	enum call_op op;
	const char *params;
	enum route_kind kind;
	const char *location;
};

/* The most "{name}" parts of one path. */
#define ROUTE_VARIABLES 4

/* A path's variables, borrowed from the target. */
struct route_match {
	const struct route *route;
	size_t count;
	struct {
		char name[32];
		struct target_text value;
	} variables[ROUTE_VARIABLES];
};

/* All routes; *ret_count of them. */
const struct route *route_all(size_t *ret_count);
/*
 * Finds the route of a target.  method is the request's; HEAD stands for GET
 * where the answer is an object or a list.  ERR_NOT_FOUND: no such path;
 * ERR_DENIED: the path knows other methods, named in allow.
 */
#define ROUTE_ALLOW_BYTES 64
int must_check route_find(const struct target *target, const char *method,
    struct route_match *ret_match, char allow[ROUTE_ALLOW_BYTES]);
/* "GET" and so on. */
const char *route_method_name(const struct route *route);
/* Is the path one of uploads that outlive a cut, by whatever method? */
bool route_is_tus(const struct target *target);
/* The value of a path variable, or NULL. */
const struct target_text *route_variable(
    const struct route_match *match, const char *name);
/* May HEAD ask for it? */
bool route_has_head(const struct route *route);

#endif
