/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_cond.c - any bytes as a necessary condition: what cond_check() takes
 * can be evaluated within its bounds.
 *
 * fuzz-links:
 */
#include "lib/cond.h"

#include <assert.h>
#include <stdbool.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool is_good = cond_check(data, size) == ERR_OK;
	struct cond_step step;
	size_t at = 0, depth = 0, ops = 0, sum = 0, before = 0;
	int err;

	while ((err = cond_next(data, size, &at, &step)) == ERR_OK) {
		assert(at > before && at <= size);
		before = at;
		ops++;
		for (size_t i = 0; i < step.len; i++)
			sum += step.p[i];
		if (step.op == COND_HEAD) {
			assert(step.p + 2 * (size_t)step.len <= data + size);
			assert(step.offset + step.len <= (int)COND_HEAD_MAX);
		}
		if (!is_good)
			continue;
		assert(step.count <= depth);
		depth = depth - step.count + 1;
		assert(depth <= COND_STACK_MAX);
	}
	if (is_good)
		assert(err == ERR_NOT_FOUND && depth == 1 && at == size &&
		       ops <= COND_OPS_MAX);
	return sum == SIZE_MAX;
}
