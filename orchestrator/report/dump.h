/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dump.h - a case's dump as the store writes it: JSON lines, each an object
 * whose member "table" says what it is (ARCHITECTURE.md, "The life of a job").
 */
#ifndef REPORT_DUMP_H
#define REPORT_DUMP_H

#include "lib/err.h"
#include "lib/input.h"
#include "lib/json.h"

/*
 * Reads the whole dump: *ret_tables is an object of arrays by table name, in
 * the order of the lines.  New reference.  ERR_FORMAT where a line is no
 * object with a table, ERR_LIMIT where the dump is too large for a report.
 */
int must_check dump_read(struct input *input, json_t **ret_tables);
/*
 * Reads a document that loep-report made before (report.json).  New reference.
 * ERR_FORMAT where it is none.
 */
int must_check dump_read_document(struct input *input, json_t **ret_doc);
/* The rows of a table; an empty array where there are none.  Borrowed. */
json_t *dump_rows(json_t *tables, const char *name);

#endif
