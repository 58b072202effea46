/* SPDX-License-Identifier: Apache-2.0 */
/* uuid.h - identifiers: UUID version 7 (RFC 9562 section 5.7). */
#ifndef STORE_UUID_H
#define STORE_UUID_H

#include <stdbool.h>
#include <stddef.h>

/* 36 characters and the terminator. */
#define UUID_BYTES 37

/*
 * A new one, in lower case.  Within this process each is greater than the one
 * before, also when the clock goes back: lists are ordered by them.
 */
void uuid7(char ret_id[UUID_BYTES]);
/* Has the form of one (any version). */
bool uuid_is_valid(const char *id, size_t len);

#endif
