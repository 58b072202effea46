/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_openpgp.c - any bytes that may be an encrypted message.
 *
 * fuzz-links: analysers/identify
 */
#include "analysers/identify/openpgp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct openpgp o = {.form = NULL};

	if (!openpgp_is_encrypted(data, size, &o))
		return 0;
	/* What it says of a message is within its bounds. */
	if (o.form == NULL || o.keys_count > OPENPGP_KEYS_MAX ||
	    (o.keys_count + o.passwords == 0 && strcmp(o.form, "mail") != 0))
		abort();
	return 0;
}
