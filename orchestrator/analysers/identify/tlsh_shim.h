/* SPDX-License-Identifier: Apache-2.0 */
/* tlsh_shim.h - the TLSH library, whose interface is C++, for C. */
#ifndef IDENTIFY_TLSH_SHIM_H
#define IDENTIFY_TLSH_SHIM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "T1", 70 digits, NUL. */
#define TLSH_TEXT_BYTES ((size_t)73)

struct tlsh;

struct tlsh *tlsh_new(void);
void tlsh_free(struct tlsh *tlsh);
void tlsh_update(struct tlsh *tlsh, const void *p, size_t len);
/*
 * Writes the digest in its present notation (T1 before 70 upper-case digits);
 * "" where the bytes are too few or too alike for one.
 */
void tlsh_final(struct tlsh *tlsh, char ret_text[TLSH_TEXT_BYTES]);

#ifdef __cplusplus
}
#endif

#endif
