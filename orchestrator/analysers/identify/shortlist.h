/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shortlist.h - libmagic with only those entries that can match these bytes.
 *
 * libmagic tries thousands of tests for each file, one after another, almost
 * all of which compare a few bytes at a fixed place.  Whether such a test can
 * match is told here at a glance; what surely cannot is left out of a database
 * of its own, which libmagic then goes through in the same order.  The answers
 * are those of the whole database, to the letter:
 *
 *  - only whole entries are left out, with their continuations, which libmagic
 *    looks at only once the entry's own test has matched;
 *  - an entry stays wherever its test is not of a kind that is fully
 *    understood;
 *  - text is first looked at with the tests for all files and a mark behind
 *    them, then, where that was met, with one of those for text after another
 *    (textlist.h); the first look is left out where no such test can match and
 *    it is neither JSON, CSV nor tar, which libmagic knows without a database;
 *  - where an entry that stays would send libmagic through the database a
 *    second time for bytes inside (type indirect), it gives up instead, and the
 *    caller asks the whole database;
 *  - tests for text are made on the bytes as libmagic converts them: where it
 *    is not certain what these are, the whole database is asked; the tests are
 *    left out altogether only where there is a NUL byte before the last other
 *    byte, which no text has.
 *
 * Made for the format of libmagic 5.39 to 5.44 (magic(5), version 18); with any
 * other there is no short list, and everything is as libmagic does it.
 */
#ifndef IDENTIFY_SHORTLIST_H
#define IDENTIFY_SHORTLIST_H

#include "analysers/identify/textlist.h"
#include "lib/err.h"

#include <magic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shortlist;

/*
 * Reads the database behind libmagic's search path; NULL where there is none
 * of the known kind, or more than one.  setup is called for each new handle.
 */
struct shortlist *shortlist_load(int (*setup)(magic_t handle));
/* Which of libmagic's handles are asked about some bytes. */
struct shortlist_choice {
	struct shortlist *list;
	magic_t first; /* NULL: none of the tests for all files can match */
	bool is_text;  /* if the first knows nothing of it */
	bool is_odd;   /* the first may know only a MIME type */
	struct text_view view;
	struct text_answer text; /* where it was none of first's */
};

/*
 * For a file that begins with these bytes (all that libmagic is given of it).
 * False: use the whole database.  Holds until the next call.
 */
bool shortlist_choose(struct shortlist *list, const void *p, size_t len,
    struct shortlist_choice *ret_choice);
/*
 * libmagic's words; flags are MAGIC_NONE, and after that MAGIC_MIME.  fd is the
 * file or -1, as for magic_descriptor(); for text it is not used.  NULL: ask
 * the whole database.
 */
const char *shortlist_look(struct shortlist_choice *choice, const void *p,
    size_t len, int fd, int flags);

#endif
