/* SPDX-License-Identifier: Apache-2.0 */
/* route.c - the routes of the API, and which one is meant. */
#include "web/route.h"

#define ROUTE_PAGE "limit=50 cursor="
#define ROUTE(method, path, call, params, kind, location) \
 {ROUTE_METHOD_##method, path, CALL_##call, params, kind, location},
static const struct route routes[] = {
#include "web/route.def"
};
#undef ROUTE
#define ROUTE_COUNT (sizeof(routes) / sizeof(routes[0]))

/* An id, a number of a case: nothing else stands for an object. */
#define NAME_BYTES_MAX 64

const struct route *
route_all(size_t *ret_count)
{
	*ret_count = ROUTE_COUNT;
	return routes;
}

bool
route_has_head(const struct route *route)
{
	switch (route->kind) {
	case ROUTE_OBJECT:
	case ROUTE_MAP:
	case ROUTE_LIST:
	case ROUTE_PROGRESS:
	case ROUTE_WHOAMI:
	case ROUTE_HEALTH:
	case ROUTE_FILE:
	case ROUTE_SECURITY:
	case ROUTE_PUBLIC_KEY:
		return true;
	default:
		return false;
	}
}

static bool
is_object_name(const struct target_text *text)
{
	if (text->len == 0 || text->len > NAME_BYTES_MAX || text->p[0] == '.')
		return false;
	for (size_t i = 0; i < text->len; i++) {
		char c = text->p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.')
			return false;
	}
	return true;
}

/* Keeps "{name}" of the template's part as a variable. */
static bool
take_variable(struct route_match *match, const char *part, size_t len,
    const struct target_text *value)
{
	size_t at = match->count;

	if (at == ROUTE_VARIABLES || !is_object_name(value))
		return false;
	(void)snprintf(match->variables[at].name,
	    sizeof(match->variables[at].name), "%.*s", (int)len - 2, part + 1);
	match->variables[at].value = *value;
	match->count++;
	return true;
}

static bool
is_match(const struct route *route, const struct target *target,
    struct route_match *match)
{
	const char *part = route->path;

	match->route = route;
	match->count = 0;
	for (size_t i = 0; i < target->segment_count; i++) {
		const struct target_text *text = &target->segments[i];
		size_t len;

		if (*part != '/')
			return false;
		part++;
		len = strcspn(part, "/");
		if (part[0] == '{') {
			if (!take_variable(match, part, len, text))
				return false;
		} else if (text->len != len ||
			   memcmp(text->p, part, len) != 0) {
			return false;
		}
		part += len;
	}
	return *part == '\0';
}

const char *
route_method_name(const struct route *route)
{
	static const char *const names[] = {
	    [ROUTE_METHOD_GET] = "GET",
	    [ROUTE_METHOD_POST] = "POST",
	    [ROUTE_METHOD_HEAD] = "HEAD",
	    [ROUTE_METHOD_PATCH] = "PATCH",
	    [ROUTE_METHOD_DELETE] = "DELETE",
	};

	return names[route->method];
}

static bool
is_method(const struct route *route, const char *method)
{
	return strcmp(method, route_method_name(route)) == 0 ||
	       (strcmp(method, "HEAD") == 0 && route_has_head(route));
}

bool
route_is_tus(const struct target *target)
{
	struct route_match match;

	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		if (routes[i].kind == ROUTE_TUS &&
		    is_match(&routes[i], target, &match))
			return true;
	}
	return false;
}

int
route_find(const struct target *target, const char *method,
    struct route_match *ret_match, char allow[ROUTE_ALLOW_BYTES])
{
	/* In the order of enum route_method. */
	bool has[ROUTE_METHOD_DELETE + 1] = {false};
	bool is_known = false;
	struct route_match match;

	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		if (!is_match(&routes[i], target, &match))
			continue;
		if (is_method(&routes[i], method)) {
			*ret_match = match;
			return ERR_OK;
		}
		is_known = true;
		has[routes[i].method] = true;
		has[ROUTE_METHOD_HEAD] |= route_has_head(&routes[i]);
	}
	if (!is_known)
		return ERR_NOT_FOUND;
	(void)snprintf(allow, ROUTE_ALLOW_BYTES, "%s%s%s%s%sOPTIONS",
	    has[ROUTE_METHOD_GET] ? "GET, " : "",
	    has[ROUTE_METHOD_HEAD] ? "HEAD, " : "",
	    has[ROUTE_METHOD_POST] ? "POST, " : "",
	    has[ROUTE_METHOD_PATCH] ? "PATCH, " : "",
	    has[ROUTE_METHOD_DELETE] ? "DELETE, " : "");
	return ERR_DENIED;
}

const struct target_text *
route_variable(const struct route_match *match, const char *name)
{
	for (size_t i = 0; i < match->count; i++) {
		if (strcmp(match->variables[i].name, name) == 0)
			return &match->variables[i].value;
	}
	return NULL;
}
