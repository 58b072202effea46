/* SPDX-License-Identifier: Apache-2.0 */
/* armor.h - armored blocks in a text (RFC 9580 section 6.2). */
#ifndef PGP_ARMOR_H
#define PGP_ARMOR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The first block in the len bytes at p, from its first line to its last one:
 * where it begins and its length.  What people paste has more around it, which
 * librnp takes for another block.  False: there is none that ends.
 */
bool armor_next(
    const char *p, size_t len, const char **ret_block, size_t *ret_len);

#endif
