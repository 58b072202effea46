/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tlshdiff.h - how far two TLSH digests are from each other (Oliver, Cheng,
 * Chen: "TLSH - A Locality Sensitive Hash", 2013, section III): 0 = alike,
 * below 30 nearly the same, above 100 hardly related.
 */
#ifndef LIB_TLSHDIFF_H
#define LIB_TLSHDIFF_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

/* Checksum, length, quartiles, 32 bytes of buckets. */
#define TLSHDIFF_BYTES 35

/*
 * Reads the text of a digest: 70 hexadecimal digits, T1 before them or not.
 * ERR_FORMAT where it is something else.
 */
int must_check tlshdiff_parse(
    const char *text, size_t len, uint8_t ret_digest[TLSHDIFF_BYTES]);
/* The distance, the length of the files taken into account. */
int tlshdiff(const uint8_t *a, const uint8_t *b);

#endif
