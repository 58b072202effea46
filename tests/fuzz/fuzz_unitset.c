/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_unitset.c - any bytes as a set of compile units: what is read whole is
 * written back to the same bytes.
 *
 * fuzz-links:
 */
#include "lib/unitset.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unitset_out out;
	struct unitset set;
	struct unit unit;
	int err;

	if (unitset_init(&set, data, size) != ERR_OK)
		return 0;
	unitset_out_init(&out);
	while ((err = unitset_next(&set, &unit)) == ERR_OK) {
		assert(strlen(unit.text) == unit.text_len);
		assert(unit.name[0] != '\0');
		assert(unitset_add(&out, &unit) == ERR_OK);
	}
	if (err == ERR_NOT_FOUND) {
		assert(out.count == set.count && out.wire.len == size);
		assert(memcmp(out.wire.buf + 16, data + 16, size - 16) == 0);
	}
	unitset_out_release(&out);
	return 0;
}
