/* SPDX-License-Identifier: Apache-2.0 */
/* archive.h - the members of an archive, or what a compressed file holds. */
#ifndef ARCHIVE_ARCHIVE_H
#define ARCHIVE_ARCHIVE_H

#include "lib/analyser.h"
#include "lib/limits.h"

/* Encrypted members up to this size are kept until they are known to be
 * right: a wrong password passes ZIP's own check once in 256 times. */
#define ARCHIVE_HOLD_BYTES_MAX (16 * MIB)
/* Damaged members that are told of one by one; all are counted. */
#define ARCHIVE_ERRORS_MAX 20

void *archive_load(struct program *program);
void archive_info(
    void *data, char *engine, size_t engine_size, json_t **ret_detail);
/*
 * Unpacks one level.  Uses of the context: name, depth, passwords (list),
 * limits (object, see budget.h).
 */
int archive_analyse(struct analysis *analysis);

#endif
