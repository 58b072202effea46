/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.h - what libyara's modules (pe, dotnet, elf, macho, dex) have read
 * from an artefact, as FACT records.
 *
 * Each module's structure is walked as libyara declares it: whatever has a
 * value is told, under libyara's own names, so that rule writers find here
 * what their rules see.
 */
#ifndef YARA_FACTS_H
#define YARA_FACTS_H

#include "lib/record.h"

#include <yara.h>

/*
 * JSON bytes of one fact, about; what comes after them is cut, and the
 * module's own fact then names the fact that was cut in a list "cut".
 */
#define FACTS_BYTES_MAX ((size_t)36 * 1024)
/* Items of one list. */
#define FACTS_ITEMS_MAX 256
/* Bytes of one text. */
#define FACTS_TEXT_BYTES_MAX ((size_t)256)

/*
 * Writes the facts of a module that was loaded (CALLBACK_MSG_MODULE_IMPORTED)
 * if the artefact is of its kind.
 */
void facts_put(
    YR_SCAN_CONTEXT *context, YR_OBJECT *module, struct record_out *out);

#endif
