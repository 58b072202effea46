/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.h - answered rows as JSON text, by the columns of lib/call.def.
 *
 * Everything goes into a struct wire_out, whose size_max bounds the answer.
 * Integers are written digit by digit: all 64 bits arrive.
 */
#ifndef WEB_ROWS_H
#define WEB_ROWS_H

#include "lib/call.h"

/* How deep a JSON column may nest. */
#define ROWS_DEPTH_MAX ((size_t)32)

/* Text as it is. */
void rows_put_literal(struct wire_out *out, const char *text);
/* A JSON string; what is not UTF-8 becomes U+FFFD. */
void rows_put_text(struct wire_out *out, const void *p, size_t len);
/* One value of a column of this type (call.def). */
void rows_put_value(struct wire_out *out, char type, const struct value *value);
/* "name":value, without braces or commas; n gives a second member. */
void rows_put_member(struct wire_out *out, const struct call_field *field,
    const struct value *value);
/* A row as an object.  The column "cursor" is left out: it is not data. */
void rows_put_object(
    struct wire_out *out, enum call_op op, const struct values *row);
/* The column that the next page starts behind, or -1. */
int rows_cursor_column(enum call_op op);

#endif
