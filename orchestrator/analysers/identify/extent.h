/* SPDX-License-Identifier: Apache-2.0 */
/* extent.h - whether a program's headers name bytes behind the file's end. */
#ifndef IDENTIFY_EXTENT_H
#define IDENTIFY_EXTENT_H

#include "lib/analyser.h"

/*
 * Of ELF and PE files: writes an ERROR record, "truncated", that says where
 * the file ends and what of it should have followed; nothing where it is
 * whole or no such file.
 */
void extent_check(struct analysis *analysis);

#endif
