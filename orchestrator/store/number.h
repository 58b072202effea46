/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number.h - case numbers: BE-YYYY-XXXX-XXXX-C.
 *
 * Eight random characters of Crockford's base 32 (no I, L, O, U), so that a
 * number can be read over the phone, cannot be guessed and shows no volume;
 * C is the check symbol modulo 37 over year and characters.
 */
#ifndef STORE_NUMBER_H
#define STORE_NUMBER_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

#define NUMBER_BYTES 20 /* with the terminator */

/* A fresh one for the year of now_us (microseconds since 1970 UTC). */
void number_new(int64_t now_us, char ret_number[NUMBER_BYTES]);
/*
 * Reads a number as people write it: any case, O for 0, I and L for 1, dashes
 * and spaces anywhere or nowhere.  ERR_FORMAT, and a sentence in why, where a
 * character is wrong.
 */
int must_check number_parse(const char *text, size_t len,
    char ret_number[NUMBER_BYTES], char *why, size_t why_size);

#endif
