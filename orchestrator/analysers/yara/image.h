/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image.h - a compiled rule set as bytes, so that it is compiled once: by a
 * caged child of loep-yara, for its parent half, which goes on with the rules
 * from before until it has the image; and for every start after that.
 *
 * "LOEPYIMG", u32 version, u32 length and the engine's name, SHA-256 of the
 * unit set that it was made of; u32 units, a byte each (need, plain, aside); u32
 * length and JSON of what was set aside; per class u64 rules, u64 length and
 * libyara's stream (0 = it has no rules of its own); last the SHA-256 of all
 * before it.  Slow rules are few, and are compiled by whoever reads it.
 *
 * What libyara wrote it believes when it reads it.  So an image is never
 * foreign: it comes from the child that parsed the rules, or from the store,
 * which gives out only what was such an image (store/rules_image.c).  Engine,
 * units and SHA-256 are looked at before libyara sees a byte.
 */
#ifndef YARA_IMAGE_H
#define YARA_IMAGE_H

#include "analysers/yara/ruleset.h"

#define IMAGE_BYTES_MAX (2 * GIB)

/* Appends the set, made of the units in sealed memory, to a file. */
int must_check image_write(
    const struct ruleset *ruleset, int units_fd, int image_fd);
/*
 * The set of these units, without compiling anything.  ERR_FORMAT where the
 * image is of other units or another engine, or is not whole; ERR_SYS,
 * ERR_LIMIT.  Both descriptors stay the caller's.
 */
int must_check image_read(
    int image_fd, int units_fd, struct ruleset **ret_ruleset);

#endif
