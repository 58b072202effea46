/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_guest - any bytes as a guest's stream.
 *
 * The first byte chooses the size of the pieces in which the rest arrives:
 * the result must not depend on it. fuzz-links: agents
 */
#include "agents/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	uint64_t frames;
	uint64_t malformed;
	uint64_t skipped;
	uint64_t hash;
};

static struct gwire_decoder dec;

static void
require(bool is_true, const char *what)
{
	if (!is_true) {
		(void)fprintf(stderr, "fuzz_guest: %s\n", what);
		abort();
	}
}

static void
look(const struct gwire_frame *frame, struct outcome *out)
{
	char name[WIRE_DNS_NAME_BYTES];
	struct gwire_cursor cur;
	struct gwire_field field;
	uint64_t used = 0;
	uint16_t type;

	require(frame->size <= WIRE_PAYLOAD_BYTES, "payload over the limit");
	out->hash =
	    gwire_crc32c((uint32_t)out->hash, frame->payload, frame->size);
	gwire_fields(frame, &cur);
	while (gwire_field_next(&cur, &field)) {
		used += 4;
		if (!field.is_bytes)
			continue;
		require(field.data >= frame->payload &&
			    field.size <= (size_t)(frame->payload +
						   frame->size - field.data),
		    "field outside of its payload");
		used += field.size;
		if (gwire_dns_question(field.data, field.size, name, &type))
			require(strlen(name) < sizeof(name), "name too long");
	}
	require(used <= frame->size, "fields larger than the payload");
	require(gwire_is_intact(frame) == !cur.is_damaged, "damage is unclear");
	(void)gwire_type_name(frame->type);
	(void)gwire_event_name(
	    (unsigned int)gwire_number(frame, WIRE_K_EVENT_KIND, 0));
}

static void
decode(const uint8_t *data, size_t size, size_t step, struct outcome *out)
{
	struct gwire_frame frame;
	size_t pos = 0;

	memset(out, 0, sizeof(*out));
	memset(&dec, 0, sizeof(dec));
	while (pos < size) {
		size_t n = size - pos < step ? size - pos : step;
		size_t took = gwire_push(&dec, data + pos, n);

		require(took > 0, "no progress");
		pos += took;
		while (gwire_next(&dec, &frame))
			look(&frame, out);
	}
	while (gwire_finish(&dec, &frame))
		look(&frame, out);
	out->frames = dec.frames;
	out->malformed = dec.malformed;
	out->skipped = dec.skipped_bytes;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, parts;

	if (size == 0)
		return 0;
	decode(data + 1, size - 1, 65536, &whole);
	decode(data + 1, size - 1, (size_t)data[0] + 1, &parts);
	require(memcmp(&whole, &parts, sizeof(whole)) == 0,
	    "the result depends on the pieces");
	require(whole.skipped <= size, "more skipped than there was");
	return 0;
}
