/* SPDX-License-Identifier: Apache-2.0 */
/* Guest protocol: encoding and decoding of frames and fields. */
#include "wire.h"

#include <stdio.h>
#include <string.h>

/* A field's width byte: 1, 2, 4 or 8 for a number, this for bytes. */
#define WIDTH_BYTES 0x10u
/* How often, on average, a byte may be summed. */
#define SUM_RATIO 4u

enum header_offset {
	H_MAGIC = 0,
	H_VERSION = 4,
	H_TYPE = 5,
	H_RESERVED = 6,
	H_LENGTH = 8,
	H_SEQUENCE = 12,
	H_PAYLOAD_CRC = 16,
	H_HEADER_CRC = 20,
};

static void
put_le(uint8_t *p, uint64_t value, unsigned int width)
{
	unsigned int i;

	for (i = 0; i < width; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t
get_le(const uint8_t *p, unsigned int width)
{
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < width; i++)
		value |= (uint64_t)p[i] << (8 * i);
	return value;
}

static uint32_t
get_le32(const uint8_t *p)
{
	return (uint32_t)get_le(p, 4);
}

/*
 * Four bits at a time: 64 bytes of table, no initialisation at run time
 * that a cage or a second thread could disturb, and fast enough for a
 * channel of some 100 MB/s.
 */
uint32_t
gwire_crc32c(uint32_t crc, const void *data, size_t size)
{
	static const uint32_t table[16] = {0x00000000, 0x105EC76F, 0x20BD8EDE,
	    0x30E349B1, 0x417B1DBC, 0x5125DAD3, 0x61C69362, 0x7198540D,
	    0x82F63B78, 0x92A8FC17, 0xA24BB5A6, 0xB21572C9, 0xC38D26C4,
	    0xD3D3E1AB, 0xE330A81A, 0xF36E6F75};
	const uint8_t *p = data;
	size_t i;

	crc = ~crc;
	for (i = 0; i < size; i++) {
		crc ^= p[i];
		crc = (crc >> 4) ^ table[crc & 15];
		crc = (crc >> 4) ^ table[crc & 15];
	}
	return ~crc;
}

size_t
gwire_push(struct gwire_decoder *dec, const void *data, size_t n)
{
	size_t space;

	if (dec->start > 0) {
		memmove(dec->buf, dec->buf + dec->start, dec->end - dec->start);
		dec->end -= dec->start;
		dec->start = 0;
	}
	space = sizeof(dec->buf) - dec->end;
	if (n > space)
		n = space;
	if (n > 0)
		memcpy(dec->buf + dec->end, data, n);
	dec->end += n;
	return n;
}

static void
skip(struct gwire_decoder *dec, size_t n)
{
	if (!dec->is_skipping)
		dec->malformed++;
	dec->is_skipping = true;
	dec->skipped_bytes += n;
	dec->start += n;
}

/* To the next byte that can begin a magic, at least one byte on. */
static void
skip_to_magic(struct gwire_decoder *dec)
{
	const uint8_t *from = dec->buf + dec->start + 1;
	size_t left = dec->end - dec->start - 1;
	const uint8_t *found = NULL;

	if (left > 0)
		found = memchr(from, WIRE_MAGIC & 0xff, left);
	skip(dec, found == NULL ? left + 1 : (size_t)(found - from) + 1);
}

/*
 * The payload behind an intact header is damaged. Most likely bytes are
 * missing, and the next frame is already inside: look there. Hostile bytes
 * could make us sum the same range for every header that they nest in it;
 * past a budget that grows with the stream the payload is skipped whole.
 */
static void
skip_damaged(struct gwire_decoder *dec, size_t length)
{
	uint64_t done = dec->decoded_bytes + dec->skipped_bytes;

	if (dec->summed_bytes <= SUM_RATIO * (done + WIRE_FRAME_BYTES))
		skip_to_magic(dec);
	else
		skip(dec, WIRE_HEADER_BYTES + length);
}

static bool
header_is_intact(const uint8_t *h)
{
	return get_le32(h + H_MAGIC) == WIRE_MAGIC &&
	       h[H_VERSION] == WIRE_VERSION &&
	       get_le32(h + H_LENGTH) <= WIRE_PAYLOAD_BYTES &&
	       get_le32(h + H_HEADER_CRC) == gwire_crc32c(0, h, H_HEADER_CRC);
}

static void
count_sequence(struct gwire_decoder *dec, uint32_t sequence)
{
	/*
	 * A step back or a huge leap is not loss: the peer restarted or
	 * lies. Only a plausible gap is counted.
	 */
	if (dec->has_sequence) {
		uint32_t gap = sequence - dec->next_sequence;

		if (gap > 0 && gap < UINT32_MAX / 2)
			dec->gaps += gap;
	}
	dec->has_sequence = true;
	dec->next_sequence = sequence + 1;
}

bool
gwire_next(struct gwire_decoder *dec, struct gwire_frame *ret_frame)
{
	for (;;) {
		const uint8_t *h = dec->buf + dec->start;
		size_t have = dec->end - dec->start;
		size_t length;

		if (have < WIRE_HEADER_BYTES)
			return false;
		if (!header_is_intact(h)) {
			skip_to_magic(dec);
			continue;
		}
		length = get_le32(h + H_LENGTH);
		if (length > have - WIRE_HEADER_BYTES)
			return false;
		dec->summed_bytes += length;
		if (gwire_crc32c(0, h + WIRE_HEADER_BYTES, length) !=
		    get_le32(h + H_PAYLOAD_CRC)) {
			skip_damaged(dec, length);
			continue;
		}
		dec->is_skipping = false;
		dec->frames++;
		dec->start += WIRE_HEADER_BYTES + length;
		dec->decoded_bytes += WIRE_HEADER_BYTES + length;
		ret_frame->version = h[H_VERSION];
		ret_frame->type = h[H_TYPE];
		ret_frame->sequence = get_le32(h + H_SEQUENCE);
		ret_frame->payload = h + WIRE_HEADER_BYTES;
		ret_frame->size = length;
		count_sequence(dec, ret_frame->sequence);
		return true;
	}
}

bool
gwire_finish(struct gwire_decoder *dec, struct gwire_frame *ret_frame)
{
	while (!gwire_next(dec, ret_frame)) {
		if (dec->end == dec->start)
			return false;
		/* Nothing will complete this one; it may hide others. */
		skip_to_magic(dec);
	}
	return true;
}

void
gwire_fields(const struct gwire_frame *frame, struct gwire_cursor *ret_cur)
{
	ret_cur->pos = frame->payload;
	ret_cur->end = frame->payload + frame->size;
	ret_cur->is_damaged = false;
}

static bool
damaged(struct gwire_cursor *cur)
{
	cur->pos = cur->end;
	cur->is_damaged = true;
	return false;
}

bool
gwire_field_next(struct gwire_cursor *cur, struct gwire_field *ret_field)
{
	size_t left = (size_t)(cur->end - cur->pos);
	struct gwire_field field = {0};
	size_t width;

	if (left == 0)
		return false;
	if (left < 3)
		return damaged(cur);
	field.key = (uint16_t)get_le(cur->pos, 2);
	width = cur->pos[2];
	cur->pos += 3;
	left -= 3;
	if (width == WIDTH_BYTES) {
		if (left < 4)
			return damaged(cur);
		field.is_bytes = true;
		field.size = get_le32(cur->pos);
		cur->pos += 4;
		left -= 4;
		field.data = cur->pos;
		width = field.size;
	} else if (width != 1 && width != 2 && width != 4 && width != 8) {
		return damaged(cur);
	}
	if (width > left)
		return damaged(cur);
	if (!field.is_bytes)
		field.number = get_le(cur->pos, (unsigned int)width);
	cur->pos += width;
	*ret_field = field;
	return true;
}

bool
gwire_find(const struct gwire_frame *frame, enum gwire_key key,
    struct gwire_field *ret_field)
{
	struct gwire_cursor cur;
	struct gwire_field field;

	gwire_fields(frame, &cur);
	while (gwire_field_next(&cur, &field)) {
		if (field.key == (uint16_t)key) {
			*ret_field = field;
			return true;
		}
	}
	return false;
}

uint64_t
gwire_number(
    const struct gwire_frame *frame, enum gwire_key key, uint64_t fallback)
{
	struct gwire_field field;

	if (!gwire_find(frame, key, &field) || field.is_bytes)
		return fallback;
	return field.number;
}

const uint8_t *
gwire_bytes(
    const struct gwire_frame *frame, enum gwire_key key, size_t *ret_size)
{
	struct gwire_field field;

	*ret_size = 0;
	if (!gwire_find(frame, key, &field) || !field.is_bytes)
		return NULL;
	*ret_size = field.size;
	return field.data;
}

bool
gwire_is_intact(const struct gwire_frame *frame)
{
	struct gwire_cursor cur;
	struct gwire_field field;

	gwire_fields(frame, &cur);
	while (gwire_field_next(&cur, &field))
		;
	return !cur.is_damaged;
}

void
gwire_begin(
    struct gwire_builder *b, void *buf, size_t size_max, enum gwire_type type)
{
	b->buf = buf;
	b->size_max = size_max < WIRE_FRAME_BYTES ? size_max : WIRE_FRAME_BYTES;
	b->size = WIRE_HEADER_BYTES;
	b->has_failed = b->size_max < WIRE_HEADER_BYTES;
	if (b->has_failed)
		return;
	memset(b->buf, 0, WIRE_HEADER_BYTES);
	put_le(b->buf + H_MAGIC, WIRE_MAGIC, 4);
	b->buf[H_VERSION] = WIRE_VERSION;
	b->buf[H_TYPE] = (uint8_t)type;
}

static bool
has_room(struct gwire_builder *b, size_t n)
{
	if (b->has_failed || n > b->size_max - b->size)
		b->has_failed = true;
	return !b->has_failed;
}

void
gwire_put_number(struct gwire_builder *b, enum gwire_key key, uint64_t value)
{
	unsigned int width = 8;

	if (value <= UINT8_MAX)
		width = 1;
	else if (value <= UINT16_MAX)
		width = 2;
	else if (value <= UINT32_MAX)
		width = 4;
	if (!has_room(b, 3 + width))
		return;
	put_le(b->buf + b->size, (uint64_t)key, 2);
	b->buf[b->size + 2] = (uint8_t)width;
	put_le(b->buf + b->size + 3, value, width);
	b->size += 3 + width;
}

void
gwire_put_bytes(
    struct gwire_builder *b, enum gwire_key key, const void *data, size_t size)
{
	if (size > WIRE_PAYLOAD_BYTES || !has_room(b, 7 + size)) {
		b->has_failed = true;
		return;
	}
	put_le(b->buf + b->size, (uint64_t)key, 2);
	b->buf[b->size + 2] = WIDTH_BYTES;
	put_le(b->buf + b->size + 3, size, 4);
	if (size > 0)
		memcpy(b->buf + b->size + 7, data, size);
	b->size += 7 + size;
}

void
gwire_put_text(struct gwire_builder *b, enum gwire_key key, const char *text)
{
	if (text != NULL)
		gwire_put_bytes(b, key, text, strlen(text));
}

size_t
gwire_end(struct gwire_builder *b, uint32_t sequence)
{
	size_t length;

	if (b->has_failed)
		return 0;
	length = b->size - WIRE_HEADER_BYTES;
	put_le(b->buf + H_LENGTH, length, 4);
	put_le(b->buf + H_SEQUENCE, sequence, 4);
	put_le(b->buf + H_PAYLOAD_CRC,
	    gwire_crc32c(0, b->buf + WIRE_HEADER_BYTES, length), 4);
	put_le(b->buf + H_HEADER_CRC, gwire_crc32c(0, b->buf, H_HEADER_CRC), 4);
	return b->size;
}

/* One byte of a label into text that cannot be mistaken for structure. */
static size_t
put_label_byte(char *p, size_t size_max, uint8_t c)
{
	if (c > 0x20 && c < 0x7f && c != '.' && c != '\\') {
		if (size_max < 2)
			return 0;
		p[0] = (char)c;
		return 1;
	}
	if (size_max < 5)
		return 0;
	(void)snprintf(p, 5, "\\%03u", (unsigned int)c);
	return 4;
}

bool
gwire_dns_question(const uint8_t *msg, size_t size,
    char ret_name[WIRE_DNS_NAME_BYTES], uint16_t *ret_type)
{
	char name[WIRE_DNS_NAME_BYTES];
	size_t out = 0, pos = 12;

	/* QR set is an answer; QDCOUNT 0 asks nothing. */
	if (size < 12 || (msg[2] & 0x80) != 0 || (msg[4] | msg[5]) == 0)
		return false;
	for (;;) {
		size_t label;

		if (size - pos < 1)
			return false;
		label = msg[pos++];
		if (label == 0)
			break;
		/* No compression in a first question; labels are <= 63. */
		if (label > 63 || label > size - pos)
			return false;
		if (out > 0 && out < sizeof(name) - 1)
			name[out++] = '.';
		for (; label > 0; label--) {
			size_t n = put_label_byte(
			    name + out, sizeof(name) - out, msg[pos++]);

			if (n == 0)
				return false;
			out += n;
		}
	}
	if (size - pos < 4)
		return false;
	name[out] = '\0';
	memcpy(ret_name, name, out + 1);
	*ret_type = (uint16_t)(msg[pos] << 8 | msg[pos + 1]);
	return true;
}
