/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values.h - a short list of typed values: parameters of a call, or a row.
 *
 * A value is an integer, a text, a byte string or nothing.  A list borrows
 * the bytes that it points to.  On the wire: u16 count, then per value a tag
 * byte and the value.
 */
#ifndef LIB_VALUES_H
#define LIB_VALUES_H

#include "lib/err.h"
#include "lib/limits.h"
#include "lib/wire.h"

enum value_type {
	VALUE_NULL = 0,
	VALUE_INT = 1,
	VALUE_TEXT,
	VALUE_BYTES
};

struct value {
	enum value_type type;
	int64_t i;	  /* VALUE_INT */
	const uint8_t *p; /* VALUE_TEXT (not terminated), VALUE_BYTES */
	size_t len;
};

struct values {
	size_t count;
	bool is_failed; /* more than LIMIT_VALUES were added */
	struct value v[LIMIT_VALUES];
};

void values_init(struct values *values);
void values_add_null(struct values *values);
void values_add_int(struct values *values, int64_t i);
/* NULL adds nothing-at-all (VALUE_NULL).  The text is borrowed. */
void values_add_text(struct values *values, const char *s);
void values_add_text_len(struct values *values, const char *s, size_t len);
void values_add_bytes(struct values *values, const void *p, size_t len);

void values_put(const struct values *values, struct wire_out *out);
/* The list borrows from in's buffer.  ERR_FORMAT when it is malformed. */
int must_check values_get(struct values *ret_values, struct wire_in *in);

/*
 * Getters for checked rows: the wrong type or index gives 0, "" or NULL.
 * values_text() needs the caller's buffer because texts are not terminated;
 * it cuts what does not fit.
 */
int64_t values_int(const struct values *values, size_t at);
bool values_is_null(const struct values *values, size_t at);
const char *values_text(
    const struct values *values, size_t at, char *dst, size_t dst_size);
/* A copy that the caller frees; never NULL. */
char *values_text_dup(const struct values *values, size_t at);
const uint8_t *values_bytes(
    const struct values *values, size_t at, size_t *ret_len);

#endif
