/* SPDX-License-Identifier: Apache-2.0 */
/*
 * externals.h - what rules are told of an artefact beside its bytes.
 *
 * The same artefact has the same values whenever it is scanned, so that a
 * re-scan says what the first scan would have said.
 */
#ifndef YARA_EXTERNALS_H
#define YARA_EXTERNALS_H

#include "lib/json.h"

#include <stddef.h>
#include <yara.h>

/* Of the first bytes; what is passed is what is there of so many. */
#define EXTERNALS_HEAD_BYTES ((size_t)8)

/*
 * filename, filepath, extension and owner are the context's name, path and
 * owner; filetype is its "filetype", or a word for what the first bytes are
 * ("EXE", "ELF", "PDF" ... as Thor and the public rules for it have them).
 */
void externals_define(
    YR_SCANNER *scanner, const json_t *context, const void *head, size_t len);

#endif
