/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_rules_bundle.c - any bytes as a bundle of rules: lines, includes,
 * names that clash, samples.
 *
 * fuzz-links: rules
 */
#include "rules/closure.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bundle *bundle = bundle_read(data, size);

	for (size_t i = 0; i < bundle->file_count; i++)
		assert(strlen(bundle->files[i].text) == bundle->files[i].len);
	for (size_t i = 0; i < bundle->rule_count; i++) {
		const struct rule *rule = &bundle->rules[i];

		assert(rule->space < bundle->space_count);
		assert(rule->file < bundle->file_count);
		assert(rule->clash == SIZE_MAX || rule->clash < i);
		assert(rule->whole.end <= bundle->files[rule->file].len);
		assert(bundle_find(bundle, rule->space, rule->name,
			   strlen(rule->name)) ==
		       (rule->clash == SIZE_MAX ? i : rule->clash));
	}
	for (size_t i = 0; i < bundle->note_count; i++)
		assert(bundle->notes[i].why != NULL);
	bundle_free(bundle);
	return 0;
}
