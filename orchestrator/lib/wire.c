/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c - little-endian encoding and decoding with sticky failure. */
#include "lib/wire.h"

#include "lib/xalloc.h"

void
wire_out_init(struct wire_out *out, size_t size_max)
{
	*out = (struct wire_out){.size_max = size_max};
}

void
wire_out_release(struct wire_out *out)
{
	free(out->buf);
	*out = (struct wire_out){.size_max = out->size_max};
}

void
wire_out_reset(struct wire_out *out)
{
	out->len = 0;
	out->is_failed = false;
}

/* Room for len more bytes, or NULL and the failure set. */
static uint8_t *
reserve(struct wire_out *out, size_t len)
{
	size_t size;
	uint8_t *at;

	if (out->is_failed || len > out->size_max - out->len) {
		out->is_failed = true;
		return NULL;
	}
	if (out->buf == NULL || len > out->size - out->len) {
		size = out->size ? out->size : 256;
		while (size - out->len < len)
			size *= 2;
		out->buf = xrealloc(out->buf, size);
		out->size = size;
	}
	at = out->buf + out->len;
	out->len += len;
	return at;
}

static void
put_le(struct wire_out *out, uint64_t v, size_t width)
{
	uint8_t *at = reserve(out, width);

	if (at == NULL)
		return;
	for (size_t i = 0; i < width; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

void
wire_put_u8(struct wire_out *out, uint8_t v)
{
	put_le(out, v, 1);
}

void
wire_put_u16(struct wire_out *out, uint16_t v)
{
	put_le(out, v, 2);
}

void
wire_put_u32(struct wire_out *out, uint32_t v)
{
	put_le(out, v, 4);
}

void
wire_put_u64(struct wire_out *out, uint64_t v)
{
	put_le(out, v, 8);
}

void
wire_put_i64(struct wire_out *out, int64_t v)
{
	put_le(out, (uint64_t)v, 8);
}

void
wire_put_raw(struct wire_out *out, const void *p, size_t len)
{
	uint8_t *at = reserve(out, len);

	if (at != NULL && len > 0)
		memcpy(at, p, len);
}

void
wire_put_bytes(struct wire_out *out, const void *p, size_t len)
{
	if (len > UINT32_MAX) {
		out->is_failed = true;
		return;
	}
	wire_put_u32(out, (uint32_t)len);
	wire_put_raw(out, p, len);
}

void
wire_put_str(struct wire_out *out, const char *s)
{
	wire_put_bytes(out, s, strlen(s));
}

void
wire_in_init(struct wire_in *in, const void *buf, size_t len)
{
	*in = (struct wire_in){.buf = buf, .len = len};
}

const uint8_t *
wire_get_raw(struct wire_in *in, size_t len)
{
	const uint8_t *at;

	if (in->is_failed || len > in->len - in->pos) {
		in->is_failed = true;
		return NULL;
	}
	/* An empty read of an empty buffer must still not look failed. */
	at = in->buf == NULL ? (const uint8_t *)"" : in->buf + in->pos;
	in->pos += len;
	return at;
}

static uint64_t
get_le(struct wire_in *in, size_t width)
{
	const uint8_t *at = wire_get_raw(in, width);
	uint64_t v = 0;

	if (at == NULL)
		return 0;
	for (size_t i = 0; i < width; i++)
		v |= (uint64_t)at[i] << (8 * i);
	return v;
}

uint8_t
wire_get_u8(struct wire_in *in)
{
	return (uint8_t)get_le(in, 1);
}

uint16_t
wire_get_u16(struct wire_in *in)
{
	return (uint16_t)get_le(in, 2);
}

uint32_t
wire_get_u32(struct wire_in *in)
{
	return (uint32_t)get_le(in, 4);
}

uint64_t
wire_get_u64(struct wire_in *in)
{
	return get_le(in, 8);
}

int64_t
wire_get_i64(struct wire_in *in)
{
	return (int64_t)get_le(in, 8);
}

const uint8_t *
wire_get_bytes(struct wire_in *in, size_t *ret_len)
{
	uint32_t len = wire_get_u32(in);
	const uint8_t *at = wire_get_raw(in, len);

	*ret_len = at == NULL ? 0 : len;
	return at;
}

void
wire_get_str(struct wire_in *in, char *dst, size_t dst_size)
{
	size_t len;
	const uint8_t *at = wire_get_bytes(in, &len);

	dst[0] = '\0';
	if (at == NULL)
		return;
	if (len >= dst_size || memchr(at, '\0', len) != NULL) {
		in->is_failed = true;
		return;
	}
	memcpy(dst, at, len);
	dst[len] = '\0';
}

bool
wire_in_is_done(const struct wire_in *in)
{
	return !in->is_failed && in->pos == in->len;
}
