/* SPDX-License-Identifier: Apache-2.0 */
/* params.c - what a request says as the parameters of a call. */
#include "web/params.h"

#include "lib/digest.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/utf8.h"
#include "lib/xalloc.h"
#include "web/stamp.h"

#include <errno.h>
#include <inttypes.h>

/* How route.def says that a parameter comes. */
struct source {
	char name[32]; /* in the catalogue */
	char api[32];  /* in the request */
	bool is_hex;
	bool is_json;
	bool is_whole_body;
	bool is_fixed;
	bool has_default;
	char fallback[64];
};

static void
copy_until(const char **p, const char *stops, char *dst, size_t dst_size)
{
	size_t len = strcspn(*p, stops);

	(void)snprintf(dst, dst_size, "%.*s", (int)len, *p);
	*p += len;
}

/* Reads one item of a route's parameters; returns what is behind it. */
static const char *
read_source(const char *p, struct source *s)
{
	*s = (struct source){0};
	copy_until(&p, "<!#@=: ", s->name, sizeof(s->name));
	(void)snprintf(s->api, sizeof(s->api), "%s", s->name);
	if (*p == '<') {
		p++;
		copy_until(&p, "!#@=: ", s->api, sizeof(s->api));
	}
	for (; *p != '\0' && strchr("!#@", *p) != NULL; p++) {
		s->is_hex |= *p == '!';
		s->is_json |= *p != '!';
		s->is_whole_body |= *p == '@';
	}
	if (*p == ':') {
		s->is_fixed = true;
		p++;
	}
	if (*p == '=') {
		s->has_default = true;
		p++;
		copy_until(&p, " ", s->fallback, sizeof(s->fallback));
	}
	while (*p == ' ')
		p++;
	return p;
}

/* What the route says about a parameter of the catalogue. */
static void
find_source(const struct route *route, const char *name, struct source *s)
{
	const char *p = route->params;

	while (*p != '\0') {
		p = read_source(p, s);
		if (strcmp(s->name, name) == 0)
			return;
	}
	*s = (struct source){0};
	(void)snprintf(s->name, sizeof(s->name), "%s", name);
	(void)snprintf(s->api, sizeof(s->api), "%s", name);
}

/* name may be foreign. */
static int
fail(struct params *params, int err, const char *name, const char *what)
{
	char quoted[160];

	(void)snprintf(params->why, sizeof(params->why), "\"%s\" %s",
	    log_quote(quoted, sizeof(quoted), name, strlen(name)), what);
	return err;
}

static void *
keep(struct params *params, void *p)
{
	params->owned[params->owned_count++] = p;
	return p;
}

static int
add_int(struct params *params, const struct source *s, int64_t i)
{
	if (strcmp(s->name, "limit") == 0 && (i < 1 || i > PARAMS_LIMIT_MAX))
		return fail(
		    params, ERR_FORMAT, s->api, "must be from 1 to 500");
	values_add_int(&params->values, i);
	return ERR_OK;
}

static int
add_bytes_hex(struct params *params, const struct source *s,
    const struct target_text *text)
{
	size_t len = text->len / 2;
	uint8_t *bytes;

	if (text->len % 2 != 0 || len != SHA256_BYTES)
		return fail(params, ERR_FORMAT, s->api,
		    "must be 64 hexadecimal digits");
	bytes = keep(params, xmalloc(len));
	if (hex_decode(text->p, bytes, len) != ERR_OK)
		return fail(params, ERR_FORMAT, s->api,
		    "must be 64 hexadecimal digits");
	values_add_bytes(&params->values, bytes, len);
	return ERR_OK;
}

static int
add_number(struct params *params, const struct source *s,
    const struct target_text *text)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text->p, &end, 10);
	if (text->len == 0 || errno != 0 || end != text->p + text->len ||
	    (text->p[0] != '-' && (text->p[0] < '0' || text->p[0] > '9')))
		return fail(params, ERR_FORMAT, s->api, "must be an integer");
	return add_int(params, s, n);
}

/* A value that came as bytes: from the path, the query, or route.def. */
static int
add_text(struct params *params, const struct call_field *field,
    const struct source *s, const struct target_text *text)
{
	int64_t time_us;

	switch (field->type) {
	case 'i':
		return add_number(params, s, text);
	case 'f':
		if (!target_text_is(text, "true") &&
		    !target_text_is(text, "false"))
			return fail(params, ERR_FORMAT, s->api,
			    "must be true or false");
		values_add_int(&params->values, text->p[0] == 't');
		return ERR_OK;
	case 't':
		if (stamp_get(text->p, text->len, &time_us) != ERR_OK)
			return fail(params, ERR_FORMAT, s->api,
			    "must be a time such as 2026-01-31T23:59:59Z");
		values_add_int(&params->values, time_us);
		return ERR_OK;
	case 'b':
		if (s->is_hex)
			return add_bytes_hex(params, s, text);
		if (text->len > LIMIT_NAME_BYTES)
			return fail(params, ERR_LIMIT, s->api,
			    "is longer than 4096 bytes");
		values_add_bytes(&params->values, text->p, text->len);
		return ERR_OK;
	default:
		break;
	}
	if (text->len > LIMIT_TEXT_BYTES)
		return fail(
		    params, ERR_LIMIT, s->api, "is longer than 8192 bytes");
	if (memchr(text->p, '\0', text->len) != NULL ||
	    !utf8_is_valid(text->p, text->len))
		return fail(params, ERR_FORMAT, s->api,
		    "must be UTF-8 text without NUL");
	values_add_text_len(&params->values, text->p, text->len);
	return ERR_OK;
}

/* JSON that the store gets as its text. */
static int
add_json(struct params *params, const struct source *s, const json_t *json)
{
	char *text = keep(params, json_canonical(json));
	size_t len = strlen(text);

	/* A call must fit into one message. */
	if (len > LIMIT_MSG_BYTES / 2)
		return fail(params, ERR_LIMIT, s->api, "is longer than 32 KiB");
	values_add_text_len(&params->values, text, len);
	return ERR_OK;
}

static int
add_member(struct params *params, const struct call_field *field,
    const struct source *s, const json_t *json)
{
	struct target_text text;

	if (s->is_json)
		return add_json(params, s, json);
	if (json_is_null(json) && field->is_nullable) {
		values_add_null(&params->values);
		return ERR_OK;
	}
	if (field->type == 'i') {
		if (!json_is_integer(json))
			return fail(
			    params, ERR_FORMAT, s->api, "must be an integer");
		return add_int(params, s, json_integer_value(json));
	}
	if (field->type == 'f') {
		if (!json_is_boolean(json))
			return fail(params, ERR_FORMAT, s->api,
			    "must be true or false");
		values_add_int(&params->values, json_is_true(json));
		return ERR_OK;
	}
	if (!json_is_string(json))
		return fail(params, ERR_FORMAT, s->api, "must be a text");
	text.p = json_string_value(json);
	text.len = json_string_length(json);
	return add_text(params, field, s, &text);
}

static int
add_missing(struct params *params, const struct call_field *field,
    const struct source *s)
{
	struct target_text text;

	if (!s->has_default && field->is_nullable) {
		values_add_null(&params->values);
		return ERR_OK;
	}
	if (!s->has_default)
		return fail(params, ERR_FORMAT, s->api, "is missing");
	text.len = strlen(s->fallback);
	text.p = keep(params, xstrdup(s->fallback));
	return add_text(params, field, s, &text);
}

static bool
is_from_query(const struct route *route)
{
	return route->method == ROUTE_METHOD_GET || route->kind == ROUTE_UPLOAD;
}

static int
add_one(struct params *params, const struct route_match *match,
    const struct target *target, const json_t *body,
    const struct call_field *field)
{
	const struct target_text *text;
	const json_t *member;
	struct source s;

	find_source(match->route, field->name, &s);
	text = route_variable(match, s.api);
	if (s.is_fixed)
		return add_missing(params, field, &s);
	if (text != NULL)
		return add_text(params, field, &s, text);
	if (is_from_query(match->route)) {
		text = target_parameter(target, s.api);
		return text == NULL ? add_missing(params, field, &s)
				    : add_text(params, field, &s, text);
	}
	member = s.is_whole_body ? body : json_object_get(body, s.api);
	return member == NULL ? add_missing(params, field, &s)
			      : add_member(params, field, &s, member);
}

/* May the request name this, outside its path? */
static bool
is_known(const struct route_match *match, const char *name, size_t len)
{
	const struct call_spec *spec = call_spec(match->route->op);
	bool is_cut = false;

	for (size_t i = 0; spec != NULL && i < spec->param_count; i++) {
		struct source s;

		find_source(match->route, spec->params[i].name, &s);
		is_cut |= strcmp(s.api, "limit") == 0;
		if (s.is_whole_body && !is_from_query(match->route))
			return true;
		if (!s.is_fixed && strlen(s.api) == len &&
		    memcmp(s.api, name, len) == 0)
			return route_variable(match, s.api) == NULL;
	}
	/* Providers add what they like. */
	if (match->route->kind == ROUTE_OIDC_BACK)
		return true;
	/* Lists that are short by nature come whole, whoever asks for pages;
	   the best of what was found has no second page. */
	return match->route->kind == ROUTE_LIST && !is_cut &&
	       ((len == 5 && memcmp(name, "limit", 5) == 0) ||
		   (len == 6 && memcmp(name, "cursor", 6) == 0));
}

static int
check_known(struct params *params, const struct route_match *match,
    const struct target *target, const json_t *body)
{
	bool is_query = is_from_query(match->route);
	const char *name;
	json_t *member;

	for (size_t i = 0; i < target->parameter_count; i++) {
		const struct target_text *t = &target->parameters[i].name;

		if (!is_query || !is_known(match, t->p, t->len))
			return fail(params, ERR_FORMAT, t->p,
			    "is not a query parameter of this path");
	}
	/* jansson has no iterator over a const object; nothing is changed. */
	json_object_foreach((json_t *)(uintptr_t)body, name, member)
	{
		if (!is_known(match, name, strlen(name)))
			return fail(params, ERR_FORMAT, name,
			    "is not a member that this path knows");
	}
	return ERR_OK;
}

int
params_fill(struct params *params, const struct route_match *match,
    const struct target *target, const json_t *body)
{
	const struct call_spec *spec = call_spec(match->route->op);
	int err;

	params->owned_count = 0;
	params->why[0] = '\0';
	values_init(&params->values);
	err = check_known(params, match, target, body);
	for (size_t i = 0;
	     spec != NULL && err == ERR_OK && i < spec->param_count; i++)
		err = add_one(params, match, target, body, &spec->params[i]);
	return err;
}

void
params_release(struct params *params)
{
	for (size_t i = 0; i < params->owned_count; i++)
		free(params->owned[i]);
	params->owned_count = 0;
	values_init(&params->values);
}

struct value *
params_value(struct params *params, enum call_op op, const char *name)
{
	const struct call_spec *spec = call_spec(op);

	for (size_t i = 0; i < spec->param_count && i < params->values.count;
	     i++) {
		if (strcmp(spec->params[i].name, name) == 0)
			return &params->values.v[i];
	}
	return NULL;
}

/* Where jansson stopped: the bounds were checked before. */
static void
say_where(const void *p, size_t len, char why[PARAMS_WHY_BYTES])
{
	auto_json json_t *json = NULL;
	json_error_t error = {.line = 1, .column = 0};
	char quoted[160];

	json = json_loadb(p, len, JSON_REJECT_DUPLICATES, &error);
	(void)snprintf(why, PARAMS_WHY_BYTES,
	    "the body is not JSON: line %d, column %d: %s", error.line,
	    error.column,
	    log_quote(quoted, sizeof(quoted), error.text, strlen(error.text)));
}

int
params_parse_body(
    const void *p, size_t len, json_t **ret_body, char why[PARAMS_WHY_BYTES])
{
	auto_json json_t *json = NULL;
	int err;

	if (len == 0) {
		*ret_body = json_object();
		return ERR_OK;
	}
	err = json_parse(p, len, PARAMS_BODY_BYTES, PARAMS_BODY_DEPTH, &json);
	if (err == ERR_LIMIT)
		(void)snprintf(why, PARAMS_WHY_BYTES,
		    "the body is longer than 256 KiB or nested deeper than 16");
	else if (err != ERR_OK)
		say_where(p, len, why);
	if (err != ERR_OK)
		return err;
	if (!json_is_object(json)) {
		(void)snprintf(
		    why, PARAMS_WHY_BYTES, "the body must be a JSON object");
		return ERR_FORMAT;
	}
	*ret_body = take_ptr(json);
	return ERR_OK;
}

int
params_parse_form(const void *p, size_t len, const char *name,
    json_t **ret_body, char why[PARAMS_WHY_BYTES])
{
	auto_free char *text = NULL;
	const struct target_text *value;
	const char *reason = "";
	struct target form;
	json_t *member = NULL;
	int err;

	/* What a query is (URL Standard, section 5.1). */
	if (len >= TARGET_BYTES_MAX - 2 || memchr(p, '\0', len) != NULL ||
	    memchr(p, '#', len) != NULL) {
		(void)snprintf(why, PARAMS_WHY_BYTES, "the body is no form");
		return ERR_FORMAT;
	}
	text = xasprintf("/?%.*s", (int)len, (const char *)p);
	err = target_parse(&form, text, &reason);
	if (err != ERR_OK) {
		(void)snprintf(
		    why, PARAMS_WHY_BYTES, "the body is no form: %s", reason);
		return err;
	}
	*ret_body = json_object();
	value = target_parameter(&form, name);
	if (value != NULL)
		member = json_stringn(value->p, value->len);
	if (member != NULL)
		(void)json_object_set_new(*ret_body, name, member);
	target_release(&form);
	return ERR_OK;
}
