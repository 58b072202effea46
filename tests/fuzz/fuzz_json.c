/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_json.c - JSON bodies of the API, and foreign JSON on its way out.
 * fuzz-links: web
 *
 * The body is for every route; and the same bytes choose values for the
 * members that each route knows.
 */
#include "lib/json.h"
#include "lib/json_scan.h"
#include "web/params.h"
#include "web/rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever a column holds, the answer is one JSON value. */
static void
check_column(char type, const uint8_t *data, size_t size)
{
	struct value v = {VALUE_TEXT, 0, data, size};
	struct wire_out out;
	json_t *json = NULL;

	wire_out_init(&out, 8 * MIB);
	rows_put_literal(&out, "[");
	rows_put_value(&out, type, &v);
	rows_put_literal(&out, "]");
	if (json_parse(out.buf, out.len, out.len, ROWS_DEPTH_MAX + 2, &json) !=
		ERR_OK ||
	    json_array_size(json) != 1) {
		/* jansson takes no NUL in texts: "s" columns have none. */
		if (memchr(data, '\0', size) == NULL &&
		    memmem(data, size, "\\u0000", 6) == NULL)
			abort();
	}
	json_decref(json);
	wire_out_release(&out);
}

/* What is scanned is an object, with the texts that the parser finds. */
static void
check_scan(const uint8_t *data, size_t size)
{
	struct json_scan_member m = {.name = "a"};
	json_t *json = NULL;

	if (!json_scan(data, size, 16, &m, 1))
		return;
	if (json_parse(data, size, size, 16, &json) != ERR_OK ||
	    !json_is_object(json))
		abort();
	if (m.kind == JSON_SCAN_TEXT &&
	    (json_string_length(json_object_get(json, "a")) != m.len ||
		memcmp(json_string_value(json_object_get(json, "a")), m.p,
		    m.len) != 0))
		abort();
	json_decref(json);
}

/* Fills the call of a route that takes a body, whatever its path names. */
static void
fill(const struct route *route, const json_t *body)
{
	struct route_match match = {.route = route};
	struct target target = {0};
	struct params params;
	int err;

	for (const char *p = route->path; (p = strchr(p, '{')) != NULL; p++) {
		(void)snprintf(match.variables[match.count].name,
		    sizeof(match.variables[0].name), "%.*s",
		    (int)strcspn(p + 1, "}"), p + 1);
		match.variables[match.count++].value =
		    (struct target_text){"id", 2};
	}
	err = params_fill(&params, &match, &target, body);
	if (err == ERR_OK &&
	    call_check(route->op, &params.values, false) != ERR_OK)
		abort();
	if (err != ERR_OK && params.why[0] == '\0')
		abort();
	params_release(&params);
}

/* One value of the input's bytes, of any JSON type. */
static json_t *
make_value(const uint8_t **p, const uint8_t *end)
{
	static const char *const texts[] = {"", "id", "TLP:RED",
	    "2026-01-31T23:59:59Z", "\xc3\xa9\xf0\x9f\x94\x8d", "\x1b[31m",
	    "<script>"};
	uint8_t choice = *p < end ? *(*p)++ : 0;
	char text[2] = {(char)(1 + choice % 127), '\0'};

	switch (choice % 8) {
	case 0:
		return json_null();
	case 1:
		return json_boolean(choice & 8);
	case 2:
		return json_integer(choice & 8 ? choice : INT64_MIN + choice);
	case 3:
		return json_real(choice);
	case 4:
		return json_string(text);
	case 5:
		return json_string(
		    texts[choice / 8 % (sizeof(texts) / sizeof(texts[0]))]);
	case 6:
		return json_pack("[s,[i]]", text, choice);
	default:
		return json_pack("{s:{s:n}}", text, text);
	}
}

/*
 * A body with the members that this route knows, which nothing but the tables
 * say: a new route is reached by being there.
 */
static void
fill_known(const struct route *route, const uint8_t *p, const uint8_t *end)
{
	const struct call_spec *spec = call_spec(route->op);
	json_t *body = json_object();

	for (size_t i = 0; spec != NULL && i < spec->param_count; i++) {
		const char *name = spec->params[i].name;
		const char *as = strstr(route->params, name);
		char api[32];

		(void)snprintf(api, sizeof(api), "%s", name);
		/* name<API: by another name in the request. */
		if (as != NULL && as[strlen(name)] == '<')
			(void)snprintf(api, sizeof(api), "%.*s",
			    (int)strcspn(as + strlen(name) + 1, "!#@=: "),
			    as + strlen(name) + 1);
		if (p < end && *p++ % 4 != 0)
			(void)json_object_set_new(
			    body, api, make_value(&p, end));
	}
	fill(route, body);
	json_decref(body);
}

/* A form has its member as a text, or has none. */
static void
check_form(const uint8_t *p, size_t len)
{
	char why[PARAMS_WHY_BYTES] = "";
	json_t *body = NULL;

	if (params_parse_form(p, len, "a", &body, why) != ERR_OK) {
		if (body != NULL || why[0] == '\0')
			abort();
		return;
	}
	if (json_object_size(body) > 1 ||
	    (json_object_size(body) == 1 &&
		!json_is_string(json_object_get(body, "a"))))
		abort();
	json_decref(body);
}

/* Every route that takes a body. */
static void
fill_all(const json_t *body, const uint8_t *p, size_t len)
{
	size_t count;
	const struct route *routes = route_all(&count);

	for (size_t i = 0; i < count; i++) {
		if (routes[i].method != ROUTE_METHOD_POST)
			continue;
		if (body != NULL)
			fill(&routes[i], body);
		fill_known(&routes[i], p, p + len);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[PARAMS_WHY_BYTES] = "";
	json_t *body = NULL;
	int err;

	if (size == 0)
		return 0;
	check_scan(data, size);
	check_form(data, size);
	check_column('j', data, size);
	check_column('s', data, size);
	err = params_parse_body(data, size, &body, why);
	if (err != ERR_OK && (body != NULL || why[0] == '\0'))
		abort();
	if (err == ERR_OK && !json_is_object(body))
		abort();
	fill_all(body, data, size);
	json_decref(body);
	return 0;
}
