/* SPDX-License-Identifier: Apache-2.0 */
/*
 * params.h - what a request says as the parameters of a call: path, query and
 * JSON body become typed values by the names of lib/call.def (route.def says
 * how).  Whatever the call does not know is an error, not silently dropped.
 */
#ifndef WEB_PARAMS_H
#define WEB_PARAMS_H

#include "lib/json.h"
#include "web/route.h"

#define PARAMS_BODY_BYTES ((size_t)(256 * 1024))
#define PARAMS_BODY_DEPTH ((size_t)16)
#define PARAMS_LIMIT_MAX  500
#define PARAMS_WHY_BYTES  ((size_t)320)

struct params {
	struct values values;
	char why[PARAMS_WHY_BYTES]; /* of a failure, for the client */
	/* the texts that values points to, where the request has none */
	void *owned[LIMIT_VALUES];
	size_t owned_count;
};

/*
 * Parses a body: one JSON object within the bounds above; an empty body is an
 * empty object.  ERR_FORMAT or ERR_LIMIT with line and column in why.
 */
int must_check params_parse_body(
    const void *p, size_t len, json_t **ret_body, char why[PARAMS_WHY_BYTES]);
/*
 * Parses a form (application/x-www-form-urlencoded) as an object with the
 * member of that name, if it is there; whatever else it has does not count.
 */
int must_check params_parse_form(const void *p, size_t len, const char *name,
    json_t **ret_body, char why[PARAMS_WHY_BYTES]);
/*
 * Fills the parameters of the route's call.  target and body (NULL = none)
 * must live as long as params.  ERR_FORMAT or ERR_LIMIT with params->why; to
 * be released in any case.
 */
int must_check params_fill(struct params *params,
    const struct route_match *match, const struct target *target,
    const json_t *body);
void params_release(struct params *params);
/* The value of one parameter, to be replaced; NULL if the call has none. */
struct value *params_value(
    struct params *params, enum call_op op, const char *name);

#endif
