/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_rules_parse.c - any bytes as a file of YARA rules: parts lie inside of
 * the text, conditions are well-formed, units are bounded.
 *
 *
 * fuzz-links: rules
 */
#include "lib/own.h"
#include "lib/xalloc.h"
#include "rules/closure.h"
#include "rules/explain.h"
#include "rules/meta.h"
#include "rules/parse.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const externals[] = {"filename", "owner"};

static void
check_span(const struct span *span, size_t len)
{
	assert(span->start <= span->end && span->end <= len);
}

static void
check_rule(const struct rule *rule, size_t len)
{
	bool is_cut;

	check_span(&rule->whole, len);
	for (size_t i = 0; i < rule->string_count; i++) {
		check_span(&rule->strings[i].name, len);
		check_span(&rule->strings[i].value, len);
	}
	if (!rule->is_odd) {
		check_span(&rule->condition, len);
		check_span(&rule->body, len);
	}
	json_decref(meta_json(rule, &is_cut));
	json_decref(meta_tags(rule));
}

static void
check_closure(struct closures *closures, size_t rule)
{
	uint8_t cond[COND_BYTES_MAX];
	enum form_class class;
	size_t cond_len, len, line;
	auto_free char *unit = NULL;
	auto_free char *said = NULL;

	closures_link(closures, rule);
	closures_seal(closures, rule);
	cond_len = closures_condition(closures, rule, cond, &class);
	assert(cond_check(cond, cond_len) == ERR_OK);
	said = explain_rule(closures, rule, cond, cond_len, class);
	assert(strlen(said) < 3 * EXPLAIN_BYTES_MAX);
	unit = closures_unit(closures, rule, &len, &line);
	assert(unit == NULL || strlen(unit) == len);
}

/* A bundle without JSON around it. */
static struct bundle *
bundle_of(const char *text, size_t len)
{
	auto_json json_t *file = json_pack("{s:s, s:s, s:s%}", "namespace", "n",
	    "path", "p", "text", text, len);
	auto_free char *line = file == NULL ? NULL : json_canonical(file);
	auto_free char *lines = NULL;

	if (line == NULL)
		return NULL;
	lines = xasprintf("{\"loep_bundle\": 1}\n%s\n", line);
	return bundle_read(lines, strlen(lines));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = xstrndup((const char *)data, size);
	size_t len = strlen(text);
	struct bundle *bundle = bundle_of(text, len);
	struct closures *closures;

	if (bundle == NULL) {
		/* No UTF-8: the parser alone. */
		struct parse parse;
		struct rule rule;
		enum parse_item item;

		parse_init(&parse, text, len);
		while ((item = parse_next(&parse, &rule)) != PARSE_END) {
			if (item != PARSE_RULE)
				continue;
			check_rule(&rule, len);
			rule_release(&rule);
		}
		return 0;
	}
	closures = closures_new(bundle, "fuzz", externals, 2);
	for (size_t i = 0; i < bundle->rule_count; i++)
		check_rule(&bundle->rules[i], len);
	for (size_t i = 0; i < bundle->rule_count; i++)
		check_closure(closures, i);
	closures_free(closures);
	bundle_free(bundle);
	return 0;
}
