/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_json.c - JSON bodies of the API, and foreign JSON on its way out.
 * fuzz-links: web
 *
 * The first byte chooses the route that the body is for.
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

static void
fill(uint8_t choice, const json_t *body)
{
	size_t count;
	const struct route *routes = route_all(&count);
	struct route_match match = {.route = &routes[choice % count]};
	struct target target = {0};
	struct params params;
	int err;

	if (match.route->method != ROUTE_METHOD_POST)
		return;
	/* Whatever its path names is there. */
	for (const char *p = match.route->path; (p = strchr(p, '{')) != NULL;
	     p++) {
		(void)snprintf(match.variables[match.count].name,
		    sizeof(match.variables[0].name), "%.*s",
		    (int)strcspn(p + 1, "}"), p + 1);
		match.variables[match.count++].value =
		    (struct target_text){"id", 2};
	}
	err = params_fill(&params, &match, &target, body);
	if (err == ERR_OK &&
	    call_check(match.route->op, &params.values, false) != ERR_OK)
		abort();
	if (err != ERR_OK && params.why[0] == '\0')
		abort();
	params_release(&params);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[PARAMS_WHY_BYTES] = "";
	json_t *body = NULL;

	if (size == 0)
		return 0;
	check_scan(data + 1, size - 1);
	check_column('j', data + 1, size - 1);
	check_column('s', data + 1, size - 1);
	if (params_parse_body(data + 1, size - 1, &body, why) != ERR_OK) {
		if (body != NULL || why[0] == '\0')
			abort();
		return 0;
	}
	if (!json_is_object(body))
		abort();
	fill(data[0], body);
	json_decref(body);
	return 0;
}
