/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.c - GET /metrics as text that Prometheus reads. */
#include "web/metrics.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <inttypes.h>

#define OPENMETRICS	 "application/openmetrics-text"
#define OPENMETRICS_TYPE OPENMETRICS "; version=1.0.0; charset=utf-8"
#define PLAIN_TYPE	 "text/plain; version=0.0.4; charset=utf-8"

/* Columns of METRICS. */
enum {
	NAME,
	TYPE,
	UNIT,
	HELP,
	LABELS,
	VALUE,
	COLUMNS
};

static bool
is_open(const struct exchange *x)
{
	const char *accept = http_req_header(x->http, "Accept");

	return accept != NULL && strstr(accept, OPENMETRICS) != NULL;
}

static void
put(struct exchange *x, const char *text)
{
	wire_put_raw(&x->out, text, strlen(text));
}

/* The lines over a family; 0.0.4 names counters as their series. */
static void
put_head(struct exchange *x, const struct values *row)
{
	auto_free char *name = values_text_dup(row, NAME);
	auto_free char *type = values_text_dup(row, TYPE);
	auto_free char *unit = values_text_dup(row, UNIT);
	auto_free char *help = values_text_dup(row, HELP);
	const char *ending =
	    !is_open(x) && strcmp(type, "counter") == 0 ? "_total" : "";
	auto_free char *text = xasprintf("# HELP %s%s %s\n# TYPE %s%s %s\n",
	    name, ending, help, name, ending, type);
	auto_free char *units = xasprintf("# UNIT %s %s\n", name, unit);

	put(x, text);
	if (is_open(x) && unit[0] != '\0')
		put(x, units);
}

static void
on_row(void *arg, const struct values *row)
{
	struct exchange *x = arg;
	auto_free char *name = NULL;
	auto_free char *type = NULL;
	auto_free char *labels = NULL;
	auto_free char *text = NULL;

	if (row->count != COLUMNS)
		return;
	name = values_text_dup(row, NAME);
	type = values_text_dup(row, TYPE);
	labels = values_text_dup(row, LABELS);
	x->row_count++;
	/* x->cursor holds the family that the last row was of. */
	if (x->cursor == NULL || strcmp(x->cursor, name) != 0) {
		free(x->cursor);
		x->cursor = xstrdup(name);
		put_head(x, row);
	}
	if (row->v[VALUE].type == VALUE_NULL)
		return;
	text = xasprintf("%s%s%s%s%s %" PRId64 "\n", name,
	    strcmp(type, "counter") == 0 ? "_total" : "",
	    labels[0] != '\0' ? "{" : "", labels, labels[0] != '\0' ? "}" : "",
	    row->v[VALUE].i);
	put(x, text);
}

static void
on_end(void *arg, enum err err, const char *why, int fd)
{
	struct exchange *x = arg;

	if (fd != -1)
		(void)close(fd);
	x->call = 0;
	if (err != ERR_OK) {
		exchange_fail(x, err, why);
		return;
	}
	if (is_open(x))
		put(x, "# EOF\n");
	http_answer_header(x->http, "Vary", "Accept");
	exchange_answer(x, 200, is_open(x) ? OPENMETRICS_TYPE : PLAIN_TYPE);
}

void
metrics_start(struct exchange *x)
{
	exchange_call(x, CALL_METRICS, &x->params.values, on_row, on_end);
}
