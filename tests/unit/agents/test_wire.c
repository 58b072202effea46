/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire.c - frames and fields of the guest protocol. */
#include "agents/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static uint8_t buf[4 * WIRE_FRAME_BYTES];
static struct gwire_decoder dec;

static size_t
make_event(uint8_t *to, uint32_t sequence)
{
	struct gwire_builder b;

	gwire_begin(&b, to, WIRE_FRAME_BYTES, WIRE_EVENT);
	gwire_put_number(&b, WIRE_K_EVENT_KIND, WIRE_EV_EXEC);
	gwire_put_number(&b, WIRE_K_PID, 70000);
	gwire_put_number(&b, WIRE_K_MONO_NS, UINT64_MAX);
	gwire_put_number(&b, WIRE_K_SIZE, 300);
	gwire_put_bytes(&b, WIRE_K_PATH, "/bin/LOEP\0x", 11);
	gwire_put_bytes(&b, WIRE_K_ARGV, "", 0);
	return gwire_end(&b, sequence);
}

static void
check_event(const struct gwire_frame *frame)
{
	const uint8_t *p;
	size_t n;

	assert_int_equal(frame->type, WIRE_EVENT);
	assert_true(gwire_is_intact(frame));
	assert_int_equal(gwire_number(frame, WIRE_K_PID, 0), 70000);
	assert_int_equal(gwire_number(frame, WIRE_K_SIZE, 0), 300);
	assert_true(gwire_number(frame, WIRE_K_MONO_NS, 0) == UINT64_MAX);
	p = gwire_bytes(frame, WIRE_K_PATH, &n);
	assert_int_equal(n, 11);
	assert_memory_equal(p, "/bin/LOEP\0x", 11);
	p = gwire_bytes(frame, WIRE_K_ARGV, &n);
	assert_non_null(p);
	assert_int_equal(n, 0);
	/* Of the wrong kind or absent. */
	assert_int_equal(gwire_number(frame, WIRE_K_PATH, 5), 5);
	assert_null(gwire_bytes(frame, WIRE_K_PID, &n));
	assert_null(gwire_bytes(frame, WIRE_K_CWD, &n));
}

/* Everything in data as frames, in steps; returns how many events. */
static unsigned int
decode(const uint8_t *data, size_t size, size_t step)
{
	struct gwire_frame frame;
	unsigned int events = 0;
	size_t pos = 0;

	memset(&dec, 0, sizeof(dec));
	while (pos < size) {
		size_t n = size - pos < step ? size - pos : step;

		pos += gwire_push(&dec, data + pos, n);
		while (gwire_next(&dec, &frame))
			events += frame.type == WIRE_EVENT;
	}
	while (gwire_finish(&dec, &frame))
		events += frame.type == WIRE_EVENT;
	return events;
}

static void
test_round_trip(void **state)
{
	struct gwire_frame frame;
	size_t n = make_event(buf, 7);

	(void)state;
	assert_true(n > WIRE_HEADER_BYTES);
	memset(&dec, 0, sizeof(dec));
	assert_int_equal(gwire_push(&dec, buf, n), n);
	assert_true(gwire_next(&dec, &frame));
	assert_int_equal(frame.sequence, 7);
	check_event(&frame);
	assert_false(gwire_next(&dec, &frame));
	assert_int_equal(dec.malformed, 0);
}

static void
test_crc_is_castagnoli(void **state)
{
	(void)state;
	/* The check value of CRC-32C, and RFC 3720 B.4: 32 zeros. */
	assert_int_equal(gwire_crc32c(0, "123456789", 9), 0xE3069283);
	memset(buf, 0, 32);
	assert_int_equal(gwire_crc32c(0, buf, 32), 0x8A9136AA);
	/* In two parts as in one. */
	assert_int_equal(
	    gwire_crc32c(gwire_crc32c(0, "1234", 4), "56789", 5), 0xE3069283);
}

static void
test_any_step_gives_the_same(void **state)
{
	size_t size = 0, step;
	uint32_t i;

	(void)state;
	for (i = 0; i < 20; i++)
		size += make_event(buf + size, i);
	for (step = 1; step < 200; step += 7) {
		assert_int_equal(decode(buf, size, step), 20);
		assert_int_equal(dec.malformed, 0);
		assert_int_equal(dec.gaps, 0);
	}
}

static void
test_every_truncation_is_seen(void **state)
{
	size_t first = make_event(buf, 0), cut;
	uint8_t copy[1024];

	(void)state;
	(void)make_event(buf + first, 1);
	for (cut = 0; cut < first; cut++) {
		size_t rest = make_event(copy + cut, 1);

		memcpy(copy, buf, cut);
		/* The rest of one frame is missing; the next is whole. */
		assert_int_equal(decode(copy, cut + rest, 4096), 1);
		assert_int_equal(dec.malformed, cut > 0);
		/* At the very end. */
		assert_int_equal(decode(copy, cut, 4096), 0);
		assert_int_equal(dec.malformed, cut > 0);
	}
}

static void
test_every_bit_flip_is_seen(void **state)
{
	size_t first = make_event(buf, 0), size, bit;

	(void)state;
	size = first + make_event(buf + first, 1);
	for (bit = 0; bit < first * 8; bit++) {
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(decode(buf, size, 4096), 1);
		assert_int_equal(dec.malformed, 1);
		assert_int_equal(dec.skipped_bytes, first);
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_int_equal(decode(buf, size, 4096), 2);
}

static void
test_noise_between_frames(void **state)
{
	size_t size = 0, i;

	(void)state;
	for (i = 0; i < 1000; i++)
		buf[size++] = (uint8_t) "LOEP"[i % 4];
	size += make_event(buf + size, 0);
	memset(buf + size, 'L', 100);
	size += 100;
	size += make_event(buf + size, 1);
	assert_int_equal(decode(buf, size, 13), 2);
	assert_int_equal(dec.malformed, 2);
	assert_int_equal(dec.skipped_bytes, 1100);
}

static void
test_length_over_the_limit(void **state)
{
	struct gwire_builder b;
	size_t n;

	(void)state;
	/* An intact header that announces too much is damage at once. */
	gwire_begin(&b, buf, sizeof(buf), WIRE_EVENT);
	n = gwire_end(&b, 0);
	buf[8] = 1;
	buf[10] = 1;
	n += make_event(buf + n, 1);
	assert_int_equal(decode(buf, n, 4096), 1);
	assert_int_equal(dec.malformed, 1);
}

/* Headers nested in each other's payloads: bounded work, and recovery. */
static void
test_nested_headers_are_bounded(void **state)
{
	struct gwire_builder b;
	size_t size = 0, i;

	(void)state;
	while (size < 2 * WIRE_FRAME_BYTES) {
		gwire_begin(&b, buf + size, WIRE_FRAME_BYTES, WIRE_EVENT);
		/* An intact header for a payload that is not like that. */
		b.size = WIRE_FRAME_BYTES;
		(void)gwire_end(&b, 0);
		size += WIRE_HEADER_BYTES;
	}
	memset(buf + size, 0, WIRE_FRAME_BYTES);
	for (i = 0; i < 4; i++)
		size += make_event(buf + size, (uint32_t)i);
	assert_true(decode(buf, size + 1000, 4096) <= 4);
	assert_int_equal(dec.decoded_bytes + dec.skipped_bytes, size + 1000);
	assert_true(dec.summed_bytes < 6 * (size + WIRE_FRAME_BYTES));
}

static void
test_largest_frame(void **state)
{
	static uint8_t data[WIRE_PAYLOAD_BYTES];
	struct gwire_builder b;
	size_t n;

	(void)state;
	gwire_begin(&b, buf, sizeof(buf), WIRE_EVENT);
	gwire_put_bytes(&b, WIRE_K_DATA, data, WIRE_PAYLOAD_BYTES - 7);
	n = gwire_end(&b, 0);
	assert_int_equal(n, WIRE_FRAME_BYTES);
	n += make_event(buf + n, 1);
	assert_int_equal(decode(buf, n, 65536), 2);
	/* One byte more fails, and the failure sticks. */
	gwire_begin(&b, buf, sizeof(buf), WIRE_EVENT);
	gwire_put_bytes(&b, WIRE_K_DATA, data, WIRE_PAYLOAD_BYTES - 6);
	gwire_put_number(&b, WIRE_K_PID, 1);
	assert_int_equal(gwire_end(&b, 0), 0);
	gwire_begin(&b, buf, WIRE_HEADER_BYTES - 1, WIRE_EVENT);
	assert_int_equal(gwire_end(&b, 0), 0);
	gwire_begin(&b, buf, WIRE_HEADER_BYTES + 3, WIRE_EVENT);
	gwire_put_number(&b, WIRE_K_PID, 1);
	assert_int_equal(gwire_end(&b, 0), 0);
}

static void
test_gaps_are_counted(void **state)
{
	size_t size = 0;

	(void)state;
	size += make_event(buf + size, 10);
	size += make_event(buf + size, 11);
	size += make_event(buf + size, 15);
	/* A step back is a peer that began again. */
	size += make_event(buf + size, 2);
	size += make_event(buf + size, 3);
	assert_int_equal(decode(buf, size, 4096), 5);
	assert_int_equal(dec.gaps, 3);
}

/* A frame inside the payload of one that never ended is found at the end. */
static void
test_finish_looks_inside(void **state)
{
	uint8_t inner[512];
	struct gwire_builder b;
	size_t n = make_event(inner, 3), size;

	(void)state;
	gwire_begin(&b, buf, sizeof(buf), WIRE_CONSOLE);
	gwire_put_bytes(&b, WIRE_K_DATA, inner, n);
	gwire_put_number(&b, WIRE_K_STREAM, 1);
	size = gwire_end(&b, 0);
	assert_int_equal(decode(buf, size, 4096), 0);
	assert_int_equal(decode(buf, size - 1, 4096), 1);
	assert_int_equal(dec.malformed, 2);
}

static void
test_damaged_fields_stick(void **state)
{
	struct gwire_frame frame = {.type = WIRE_EVENT};
	struct gwire_cursor cur;
	struct gwire_field field;
	size_t n = make_event(buf, 0) - WIRE_HEADER_BYTES, cut, whole = 0;

	(void)state;
	frame.payload = buf + WIRE_HEADER_BYTES;
	for (cut = 0; cut <= n; cut++) {
		frame.size = cut;
		gwire_fields(&frame, &cur);
		while (gwire_field_next(&cur, &field))
			assert_true(
			    !field.is_bytes ||
			    field.data + field.size <= frame.payload + cut);
		assert_false(gwire_field_next(&cur, &field));
		assert_int_equal(cur.is_damaged, !gwire_is_intact(&frame));
		whole += !cur.is_damaged;
	}
	/* Intact only at the six ends of fields, and empty. */
	assert_int_equal(whole, 7);
}

static void
test_unknown_width(void **state)
{
	const uint8_t payload[] = {1, 0, 3, 1, 2, 3};
	const struct gwire_frame frame = {
	    .payload = payload, .size = sizeof(payload)};

	(void)state;
	assert_false(gwire_is_intact(&frame));
	assert_int_equal(gwire_number(&frame, WIRE_K_VERSION, 9), 9);
}

static size_t
make_query(uint8_t *msg, const char *labels, size_t size)
{
	const uint8_t head[12] = {1, 2, 1, 0, 0, 1};

	memcpy(msg, head, 12);
	memcpy(msg + 12, labels, size);
	memcpy(msg + 12 + size, "\0\x1c\0\1", 4);
	return 16 + size;
}

static void
test_dns_question(void **state)
{
	char name[WIRE_DNS_NAME_BYTES];
	uint8_t msg[600];
	uint16_t type = 0;
	size_t n = make_query(msg, "\4evil\7example\3com", 18), cut;

	(void)state;
	assert_true(gwire_dns_question(msg, n, name, &type));
	assert_string_equal(name, "evil.example.com");
	assert_int_equal(type, 28);
	for (cut = 0; cut < n - 2; cut++)
		assert_false(gwire_dns_question(msg, cut, name, &type));
	msg[2] |= 0x80;
	assert_false(gwire_dns_question(msg, n, name, &type));
	n = make_query(msg, "", 1);
	assert_true(gwire_dns_question(msg, n, name, &type));
	assert_string_equal(name, "");
	/* What could be taken for structure or for a terminal escape. */
	n = make_query(msg, "\6a.\\\033\0b\1c", 10);
	assert_true(gwire_dns_question(msg, n, name, &type));
	assert_string_equal(name, "a\\046\\092\\027\\000b.c");
	/* A pointer, and a label that is too long. */
	n = make_query(msg, "\300\014", 3);
	assert_false(gwire_dns_question(msg, n, name, &type));
	n = make_query(msg, "\100xxxx", 6);
	assert_false(gwire_dns_question(msg, n, name, &type));
}

static void
test_dns_name_is_bounded(void **state)
{
	char name[WIRE_DNS_NAME_BYTES];
	uint8_t msg[2048];
	char labels[1200];
	uint16_t type;
	size_t i, n;

	(void)state;
	for (i = 0; i + 64 < 1100; i += 64) {
		labels[i] = 63;
		memset(labels + i + 1, 1, 63);
	}
	labels[i++] = 0;
	n = make_query(msg, labels, i);
	assert_false(gwire_dns_question(msg, n, name, &type));
}

static void
test_names(void **state)
{
	unsigned int i, kinds = 0;

	(void)state;
	assert_string_equal(gwire_type_name(WIRE_EVENT), "EVENT");
	assert_string_equal(gwire_key_name(WIRE_K_ARGV), "ARGV");
	assert_string_equal(gwire_event_name(WIRE_EV_DNS_QUERY), "dns_query");
	assert_true(gwire_key_is_bytes(WIRE_K_PATH));
	assert_false(gwire_key_is_bytes(WIRE_K_PID));
	assert_null(gwire_type_name(0));
	assert_null(gwire_event_name(0));
	assert_null(gwire_refusal_name(0));
	for (i = 1; i < 256; i++)
		kinds += gwire_event_name(i) != NULL;
	assert_true(kinds > 40);
	for (i = WIRE_R_EMPTY; i <= WIRE_R_GUEST; i++)
		assert_non_null(gwire_refusal_name(i));
	for (i = WIRE_FR_WRITTEN; i <= WIRE_FR_ASKED; i++)
		assert_non_null(gwire_file_reason_name(i));
	for (i = WIRE_S_RING; i <= WIRE_S_FANOTIFY; i++)
		assert_non_null(gwire_source_name(i));
	for (i = WIRE_C_ENDED; i <= WIRE_C_NOT_EXECUTED; i++)
		assert_non_null(gwire_cause_name(i));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_crc_is_castagnoli),
	    cmocka_unit_test(test_any_step_gives_the_same),
	    cmocka_unit_test(test_every_truncation_is_seen),
	    cmocka_unit_test(test_every_bit_flip_is_seen),
	    cmocka_unit_test(test_noise_between_frames),
	    cmocka_unit_test(test_length_over_the_limit),
	    cmocka_unit_test(test_nested_headers_are_bounded),
	    cmocka_unit_test(test_largest_frame),
	    cmocka_unit_test(test_gaps_are_counted),
	    cmocka_unit_test(test_finish_looks_inside),
	    cmocka_unit_test(test_damaged_fields_stick),
	    cmocka_unit_test(test_unknown_width),
	    cmocka_unit_test(test_dns_question),
	    cmocka_unit_test(test_dns_name_is_bounded),
	    cmocka_unit_test(test_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
