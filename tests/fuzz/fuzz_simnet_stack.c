/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_simnet_stack.c - any frames from a guest: each with a length of two
 * bytes and a byte for the time that passes before it.
 *
 * fuzz-links: simnet
 */
#include "simnet/pcap.h"
#include "simnet/stack.h"
#include "simnet/summary.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
on_send(void *arg, const uint8_t *frame, size_t len)
{
	(void)arg;
	(void)frame;
	if (len > FRAME_OUT_BYTES || len < ETHER_BYTES)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct stack_ops ops = {on_send, NULL};
	struct stack_time time = {1000, 1700000000000000};
	struct stack *stack = stack_new(&ops);
	struct pcap pcap = {.fd = -1};

	while (size > 3) {
		size_t len = (size_t)data[0] << 8 | data[1];

		time.now_ms += (uint64_t)data[2] * 10;
		data += 3;
		size -= 3;
		if (len > size)
			len = size;
		stack_input(stack, &time, data, len);
		stack_tick(stack, &time);
		data += len;
		size -= len;
	}
	free(summary_make(stack, &pcap));
	stack_free(stack);
	return 0;
}
