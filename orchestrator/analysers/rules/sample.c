/* SPDX-License-Identifier: Apache-2.0 */
/* sample.c - samples that a rule must match, or must not. */
#include "analysers/rules/sample.h"

#include "lib/own.h"
#include "lib/xalloc.h"

static int
by_rule(const void *a, const void *b)
{
	const struct sample_of *x = a;
	const struct sample_of *y = b;

	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	return x->sample < y->sample ? -1 : x->sample > y->sample;
}

/* "namespace:name"; the namespace may hold colons, a name does not. */
static size_t
rule_of(const struct bundle *bundle, const char *text)
{
	const char *colon = strrchr(text, ':');
	size_t space;

	if (colon == NULL)
		return SIZE_MAX;
	space = bundle_space(bundle, text, (size_t)(colon - text));
	return space == SIZE_MAX
		   ? SIZE_MAX
		   : bundle_find(bundle, space, colon + 1, strlen(colon + 1));
}

void
samples_init(struct samples *samples, const struct bundle *bundle,
    struct record_out *out)
{
	*samples = (struct samples){.bundle = bundle};
	samples->list =
	    xcalloc(bundle->sample_count + 1, sizeof(*samples->list));
	for (size_t i = 0; i < bundle->sample_count; i++) {
		const struct bundle_sample *sample = &bundle->samples[i];
		size_t rule = rule_of(bundle, sample->rule);

		if (rule == SIZE_MAX) {
			record_error(out, "sample",
			    "sample %.200s is for %.300s, which is not there",
			    sample->name, sample->rule);
			continue;
		}
		samples->list[samples->count].rule = rule;
		samples->list[samples->count++].sample = i;
	}
	qsort(samples->list, samples->count, sizeof(*samples->list), by_rule);
}

void
samples_release(struct samples *samples)
{
	free(samples->list);
	*samples = (struct samples){0};
}

struct scan_of {
	const char *name;
	bool is_match;
};

static int
on_scan(YR_SCAN_CONTEXT *context, int message, void *data, void *arg)
{
	struct scan_of *scan = arg;

	(void)context;
	if (message == CALLBACK_MSG_RULE_MATCHING &&
	    strcmp(((YR_RULE *)data)->identifier, scan->name) == 0)
		scan->is_match = true;
	return CALLBACK_CONTINUE;
}

/* NULL where the sample does what it should. */
static const char *
test_one(YR_RULES *rules, const char *name, const struct bundle_sample *sample)
{
	struct scan_of scan = {.name = name};
	int error;

	if (rules == NULL)
		return "the rule is set aside";
	error = yr_rules_scan_mem(rules, sample->data, sample->len,
	    SCAN_FLAGS_NO_TRYCATCH, on_scan, &scan, SAMPLE_SECONDS_MAX);
	if (error == ERROR_SCAN_TIMEOUT)
		return "the scan takes too long";
	if (error != ERROR_SUCCESS)
		return "the scan fails";
	if (scan.is_match == sample->expects_match)
		return NULL;
	return sample->expects_match ? "no match" : "a match";
}

static size_t
first_of(const struct samples *samples, size_t rule)
{
	size_t low = 0, high = samples->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (samples->list[middle].rule < rule)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void
samples_test(
    struct samples *samples, struct try *try, size_t rule, json_t *body)
{
	const char *name = samples->bundle->rules[rule].name;
	size_t at = first_of(samples, rule);
	json_t *failed;
	YR_RULES *rules = NULL;
	json_int_t passed = 0, failures = 0;

	if (at == samples->count || samples->list[at].rule != rule)
		return;
	if (try->closures->list[rule].reason == NULL)
		rules = try_compile(try, rule);
	failed = json_array();
	for (; at < samples->count && samples->list[at].rule == rule; at++) {
		const struct bundle_sample *sample =
		    &samples->bundle->samples[samples->list[at].sample];
		const char *why = test_one(rules, name, sample);

		passed += why == NULL;
		failures += why != NULL;
		if (why != NULL && json_array_size(failed) < SAMPLE_NAMES_MAX)
			(void)json_array_append_new(failed,
			    json_pack("{s:o, s:s, s:s}", "sample",
				record_text(
				    sample->name, strnlen(sample->name, 200)),
				"expect",
				sample->expects_match ? "match" : "miss", "why",
				why));
	}
	if (rules != NULL)
		(void)yr_rules_destroy(rules);
	(void)json_object_set_new(body, "tests",
	    json_pack("{s:I, s:I, s:o}", "passed", passed, "failed", failures,
		"failures", failed));
}
