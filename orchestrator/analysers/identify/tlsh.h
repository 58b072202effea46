/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tlsh.h - the similarity digest TLSH (Oliver, Cheng, Chen: "TLSH - A Locality
 * Sensitive Hash", 2013), with 128 buckets and a checksum of one byte, as
 * libtlsh computes it, to the bit; at several times its speed.
 */
#ifndef IDENTIFY_TLSH_H
#define IDENTIFY_TLSH_H

#include "analysers/identify/md5.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "T1", 70 digits, NUL. */
#define TLSH_TEXT_BYTES ((size_t)73)
/* Equal neighbours are counted apart: they would wait for each other. */
#define TLSH_LANES 4
/* Pairs of bytes of a window that are counted, beside its newest byte. */
#define TLSH_TRIPLES 6

struct tlsh {
	uint64_t len;
	uint8_t window[4]; /* the last bytes, the newest first */
	uint8_t checksum;
	bool is_plain; /* without the processor's wide registers (tests) */
	/* One table a triple, so that equal ones do not wait for each other. */
	uint32_t counts[TLSH_TRIPLES][256];
	/* Beside it, in the same steps, each of which waits for the last: MD5,
	 * and how often each byte is there (to be added up). */
	struct md5 md5;
	uint32_t bytes[TLSH_LANES][256];
};

void tlsh_init(struct tlsh *tlsh);
/* All of them together fewer than 2^32 bytes. */
void tlsh_update(struct tlsh *tlsh, const void *p, size_t len);
/* MD5 and the bytes' counts alone. */
void tlsh_update_beside(struct tlsh *tlsh, const void *p, size_t len);
/*
 * Writes the digest in its present notation (T1 before 70 upper-case digits);
 * "" where the bytes are too few or too alike for one.
 */
void tlsh_final(const struct tlsh *tlsh, char ret_text[TLSH_TEXT_BYTES]);

#endif
