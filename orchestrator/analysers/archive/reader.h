/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader.h - libarchive over an artefact, with everything that it reads by
 * itself and nothing for which it would start another program.
 */
#ifndef ARCHIVE_READER_H
#define ARCHIVE_READER_H

#include "lib/input.h"
#include "lib/json.h"

#include <archive.h>
#include <archive_entry.h>

enum reader_kind {
	READER_ARCHIVE, /* every format with members */
	READER_STREAM,	/* one compressed stream: gzip, xz ... */
	/* The same, but its outermost layer alone: where more layers lie in
	 * each other than libarchive takes at once (a gzip quine). */
	READER_LAYER
};

struct reader;

/*
 * Once, before the cage: finds out which formats this libarchive has and
 * loads what it converts names with.
 */
void reader_load(void);
/* {"formats": [...], "filters": [...]} that are enabled.  New reference. */
json_t *reader_info(void);
/*
 * Opens input (kept, not taken) with at most one password (NULL = none).
 * ERR_FORMAT: reader_why() says why; *ret_reader is to be freed all the same.
 */
int must_check reader_open(struct input *input, enum reader_kind kind,
    const char *password, struct reader **ret_reader);
void reader_free(struct reader *reader);
struct archive *reader_archive(struct reader *reader);
/* libarchive's last reason, or the input's; never NULL. */
const char *reader_why(const struct reader *reader);
/* The bytes of the input that were consumed. */
uint64_t reader_position(const struct reader *reader);
/* ERR_SYS once the input itself could not be read. */
int reader_input_error(const struct reader *reader);

#endif
