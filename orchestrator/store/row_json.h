/* SPDX-License-Identifier: Apache-2.0 */
/* row_json.h - a row as a JSON object, by the type letters of lib/call.def. */
#ifndef STORE_ROW_JSON_H
#define STORE_ROW_JSON_H

#include "lib/json.h"
#include "store/db.h"

/* "2026-11-21T20:07:31.123456Z" and the terminator. */
#define ROW_JSON_TIME_BYTES 40

/* RFC 3339, in UTC, with microseconds. */
void row_json_time(int64_t us, char ret_text[ROW_JSON_TIME_BYTES]);
/*
 * The current row of a statement whose columns are named "name:type" (i s t f
 * j h n, as in lib/call.def).  Nothing is JSON's null.  New reference.
 */
json_t *row_json(const struct query *q);

#endif
