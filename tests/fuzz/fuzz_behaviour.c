/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_behaviour.c - any bytes as the trace of a run.
 *
 * fuzz-links: analysers/behaviour agents
 */
#include "analysers/behaviour/behaviour.h"
#include "lib/xalloc.h"

#include <fcntl.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gwire_decoder *dec = xcalloc(1, sizeof(*dec));
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct record_out *out = record_out_new(fd);
	struct behaviour *b = behaviour_new(out);
	struct gwire_frame frame;

	while (size > 0) {
		size_t n = gwire_push(dec, data, size);

		data += n;
		size -= n;
		while (gwire_next(dec, &frame))
			behaviour_frame(b, &frame);
	}
	while (gwire_finish(dec, &frame))
		behaviour_frame(b, &frame);
	behaviour_finish(b, dec);
	behaviour_free(b);
	record_out_free(out);
	(void)close(fd);
	free(dec);
	return 0;
}
