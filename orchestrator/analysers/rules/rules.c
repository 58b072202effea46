/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c - one bundle, from its bytes to RULE records. */
#include "analysers/rules/rules.h"

#include "analysers/rules/put.h"
#include "lib/limits.h"
#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <malloc.h>

/* Of the time for the bundle: the rest is for writing. */
#define TRY_PERCENT 80

/*
 * All that the same text may mean something else under: a digest of a rule
 * is one under this engine.
 */
static const char engine[] =
    "libyara " YR_VERSION "; externals filename, filepath, extension, "
    "filetype, owner: text; scan flags 0";

void *
rules_load(struct program *program)
{
	(void)program;
	compile_load();
	/* A compiler takes megabytes and gives them back, thousands of times:
	 * the kernel would clear them each time. */
	(void)mallopt(M_MMAP_THRESHOLD, (int)(32 * MIB));
	(void)mallopt(M_TRIM_THRESHOLD, (int)GIB);
	return NULL;
}

void
rules_info(void *data, char *name, size_t name_size, json_t **ret_detail)
{
	json_t *modules = json_array();

	(void)data;
	for (unsigned int i = 0; i < MODULE_COUNT; i++)
		(void)json_array_append_new(
		    modules, json_string(module_name(i)));
	(void)snprintf(name, name_size, "libyara %s", YR_VERSION);
	*ret_detail =
	    json_pack("{s:s, s:o}", "engine", engine, "modules", modules);
}

static int
read_all(struct input *input, uint8_t **ret_bytes, size_t *ret_len)
{
	uint64_t size = input_size(input);
	auto_free uint8_t *bytes = NULL;
	size_t done = 0;

	if (size > RULES_BUNDLE_BYTES_MAX)
		return ERR_LIMIT;
	bytes = xmalloc((size_t)size + 1);
	while (done < size) {
		size_t n = 0;
		int err = input_read_at(
		    input, done, bytes + done, (size_t)size - done, &n);

		if (err != ERR_OK)
			return err;
		if (n == 0)
			return ERR_EOF;
		done += n;
	}
	*ret_len = done;
	*ret_bytes = take_ptr(bytes);
	return ERR_OK;
}

static uint64_t
limit_of(const json_t *context, const char *name, uint64_t fallback)
{
	json_int_t value = json_member_int(
	    json_object_get(context, "limits"), name, (json_int_t)fallback);

	return value < 0 ? fallback : (uint64_t)value;
}

static void
put_all(struct record_out *out, struct bundle *bundle, struct try *try)
{
	struct samples samples;

	samples_init(&samples, bundle, out);
	put_notes(out, bundle);
	for (size_t i = 0; i < bundle->rule_count; i++)
		put_rule(out, try, &samples, i);
	samples_release(&samples);
}

int
rules_analyse(struct analysis *analysis)
{
	static const char *names[EXTERNAL_COUNT];
	auto_free uint8_t *bytes = NULL;
	struct closures *closures;
	struct bundle *bundle;
	struct try try;
	size_t len = 0;
	int err = read_all(analysis->input, &bytes, &len);

	if (err == ERR_LIMIT)
		record_limit(analysis->out, "bundle",
		    "a bundle may have %zu MiB", RULES_BUNDLE_BYTES_MAX / MIB);
	else if (err != ERR_OK)
		record_error(
		    analysis->out, "input", "the bundle cannot be read");
	if (err != ERR_OK)
		return err;
	for (unsigned int i = 0; i < EXTERNAL_COUNT; i++)
		names[i] = external_name(i);
	bundle = bundle_read(bytes, len);
	free(take_ptr(bytes));
	closures = closures_new(bundle, engine, names, EXTERNAL_COUNT);
	try_init(&try, closures);
	try.rule_us_max = limit_of(analysis->context, "rule_cost_ms", 0) * 1000;
	try.end_ms = loop_now_ms() + limit_of(analysis->context, "seconds",
					 LIMIT_ANALYSER_SECONDS) *
					 1000 * TRY_PERCENT / 100;
	try_all(&try);
	put_all(analysis->out, bundle, &try);
	try_release(&try);
	closures_free(closures);
	bundle_free(bundle);
	return ERR_OK;
}
