/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_policy.c - policy documents that people propose, and what is computed
 * from them.
 * fuzz-links: store
 */
#include "store/policy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const codes[] = {"C1", "C3", "C5", "CSIRT", "C1b"};
	static const char *const stages[] = {"ack", "triage", "report"};
	struct policy *policy;
	char why[256] = "";

	if (policy_parse((const char *)data, size, why, sizeof(why), &policy) !=
	    ERR_OK) {
		/* Whoever wrote it is told what is wrong. */
		if (why[0] == '\0')
			abort();
		return 0;
	}
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct policy_case c = {
		    codes[i], "low", INT64_C(1795255200) * 1000000, false};

		if (policy_rank(policy, codes[i]) < 1 ||
		    policy_rank(policy, codes[i]) > 9)
			abort();
		json_decref(policy_services(policy, codes[i]));
		for (size_t j = 0; j < sizeof(stages) / sizeof(stages[0]);
		     j++) {
			int64_t due = policy_due(policy, &c, stages[j]);

			/* After it came in, or not at all. */
			if (due != -1 && due <= c.at)
				abort();
		}
	}
	policy_free(policy);
	return 0;
}
