/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h - little-endian encoding and decoding with sticky failure.
 *
 * Do ten puts or gets, check once: after the first failure every later
 * operation does nothing (gets return zeros).  Byte strings are a u32 length
 * followed by the bytes.  Nothing is copied on the way in: pointers that a
 * wire_in gives out live as long as the buffer behind it.
 */
#ifndef LIB_WIRE_H
#define LIB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire_out {
	uint8_t *buf; /* owned; grows up to size_max */
	size_t len;
	size_t size;
	size_t size_max;
	bool is_failed; /* size_max was met */
};

struct wire_in {
	const uint8_t *buf; /* borrowed */
	size_t len;
	size_t pos;
	bool is_failed; /* read past the end, or a bad length */
};

void wire_out_init(struct wire_out *out, size_t size_max);
void wire_out_release(struct wire_out *out);
/* Forget the contents, keep the memory and clear the failure. */
void wire_out_reset(struct wire_out *out);
void wire_put_u8(struct wire_out *out, uint8_t v);
void wire_put_u16(struct wire_out *out, uint16_t v);
void wire_put_u32(struct wire_out *out, uint32_t v);
void wire_put_u64(struct wire_out *out, uint64_t v);
void wire_put_i64(struct wire_out *out, int64_t v);
/* Raw bytes without a length. */
void wire_put_raw(struct wire_out *out, const void *p, size_t len);
void wire_put_bytes(struct wire_out *out, const void *p, size_t len);
void wire_put_str(struct wire_out *out, const char *s);

void wire_in_init(struct wire_in *in, const void *buf, size_t len);
uint8_t wire_get_u8(struct wire_in *in);
uint16_t wire_get_u16(struct wire_in *in);
uint32_t wire_get_u32(struct wire_in *in);
uint64_t wire_get_u64(struct wire_in *in);
int64_t wire_get_i64(struct wire_in *in);
/* len bytes without a length, or NULL after a failure. */
const uint8_t *wire_get_raw(struct wire_in *in, size_t len);
/* A byte string; never NULL unless failed.  *ret_len is 0 after a failure. */
const uint8_t *wire_get_bytes(struct wire_in *in, size_t *ret_len);
/*
 * A byte string without NUL bytes copied into dst as a C string.  Fails when
 * it does not fit or holds a NUL; dst is then "".
 */
void wire_get_str(struct wire_in *in, char *dst, size_t dst_size);
/* True when nothing failed and no byte is left over. */
bool wire_in_is_done(const struct wire_in *in);

#endif
