/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_http.c - what is ours in the head of a request: target, path, query,
 * their values as parameters of a call, and times.
 * fuzz-links: web
 *
 * The first byte chooses the method.
 */
#include "lib/own.h"
#include "lib/xalloc.h"
#include "web/params.h"
#include "web/stamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_inside(const struct target *t, const struct target_text *text)
{
	/* Every text lies in the buffer and is terminated. */
	if (text->p < t->buf || text->p[text->len] != '\0')
		abort();
}

static void
fill(const struct target *t, const char *method)
{
	struct route_match match;
	char allow[ROUTE_ALLOW_BYTES];
	struct params params;
	int err;

	if (route_find(t, method, &match, allow) != ERR_OK ||
	    match.route->op == CALL_NONE_)
		return;
	err = params_fill(&params, &match, t, NULL);
	/* What is taken fits the call; what is not says why. */
	if (err == ERR_OK &&
	    call_check(match.route->op, &params.values, false) != ERR_OK)
		abort();
	if (err != ERR_OK && params.why[0] == '\0')
		abort();
	params_release(&params);
}

/*
 * The same bytes as parameters of every route that is asked by its query,
 * under the names of the tables: a new route is reached by being there.
 */
static void
fill_all(const char *text)
{
	size_t count;
	const struct route *routes = route_all(&count);

	for (size_t i = 0; i < count; i++) {
		const struct call_spec *spec = call_spec(routes[i].op);
		auto_free char *asked = xstrdup(routes[i].path);
		const char *rest = text;
		struct target t;
		const char *why = NULL;

		if (routes[i].method != ROUTE_METHOD_GET)
			continue;
		/* Braces in a path are as good an id as any. */
		for (size_t j = 0; spec != NULL && j < spec->param_count; j++) {
			size_t len = strcspn(rest, "&");
			char *longer = xasprintf("%s%s%s=%.*s", asked,
			    strchr(asked, '?') == NULL ? "?" : "&",
			    spec->params[j].name, (int)len, rest);

			free(asked);
			asked = longer;
			rest += len + (rest[len] == '&');
		}
		if (target_parse(&t, asked, &why) != ERR_OK) {
			if (why == NULL)
				abort();
			continue;
		}
		fill(&t, "GET");
		target_release(&t);
	}
}

static void
check_stamp(const uint8_t *data, size_t size)
{
	char text[STAMP_BYTES];
	int64_t time_us, again;

	if (stamp_get((const char *)data, size, &time_us) != ERR_OK)
		return;
	(void)stamp_put(text, time_us);
	/* An offset may lead out of the four digits of a year. */
	if (stamp_get(text, strlen(text), &again) != ERR_OK ||
	    (again != time_us && strncmp(text, "0000", 4) != 0 &&
		strncmp(text, "9999", 4) != 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const methods[] = {"GET", "POST", "HEAD", "X"};
	auto_free char *text = NULL;
	struct target t;
	const char *why = NULL;

	if (size == 0)
		return 0;
	check_stamp(data + 1, size - 1);
	text = xstrndup((const char *)data + 1, size - 1);
	fill_all(text);
	if (target_parse(&t, text, &why) != ERR_OK) {
		if (why == NULL || t.buf != NULL)
			abort();
		return 0;
	}
	for (size_t i = 0; i < t.segment_count; i++)
		check_inside(&t, &t.segments[i]);
	for (size_t i = 0; i < t.parameter_count; i++) {
		check_inside(&t, &t.parameters[i].name);
		check_inside(&t, &t.parameters[i].value);
	}
	fill(&t, methods[data[0] % 4]);
	target_release(&t);
	return 0;
}
