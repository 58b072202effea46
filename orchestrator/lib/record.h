/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - what an analyser writes on descriptor 4, and how it is read.
 *
 * A record is a frame: u8 type, u32 length (little-endian), body.  The body
 * is a JSON object in UTF-8 (at most LIMIT_RECORD_BYTES, nested at most
 * LIMIT_RECORD_DEPTH deep), except for DATA, which is raw bytes (at most
 * LIMIT_DATA_BYTES).  Mandatory members by type:
 *
 *   FACT   key (text), value (anything)             a typed fact
 *   MATCH  rule, namespace (text); free: version, tags, meta, strings ...
 *   CHILD  name (text), name_hex (the name's bytes, where they are not UTF-8),
 *          relation (domain.md 5.3), kind; free: path, mode, mtime_us,
 *          password_index ...        then DATA frames with its bytes
 *   CHILD_END  size                  the child is complete; a child without
 *          it is dropped and counted as an error
 *   EVENT  time_us, class; Sigma field names beside them.  Events are not
 *          rows: the scheduler stores them, one JSON object a line, as a
 *          child of relation "events"
 *   FINDING  name, score (0-100), title; free: attack (list), evidence ...
 *          a conclusion that is no rule match (behaviour, traits)
 *   LIMIT  limit (which bound), text (where, in words)
 *   ERROR  what, text (where it stopped, in words)
 *   RULE   namespace, name, state ("ok" or "rejected"); of one that is
 *          rejected reason, else closure (hexadecimal) and condition (Base64
 *          of lib/cond.h; none = TRUE).  Free: source, path, line,
 *          condition_text, modules (list), meta (object), tags (list), tests
 *          (object: passed, failed, failures), score, cost_ms, cost_string,
 *          is_private, is_global, uses_externals, is_volatile.  One that is ok
 *          is followed by DATA frames with its compile unit, and by CHILD_END
 *          (loep-rules alone)
 *   DONE   counts (object); the last frame.  Without it the run is partial
 *
 * An optional "score" (0-100) in FACT and MATCH counts toward the artefact's.
 */
#ifndef LIB_RECORD_H
#define LIB_RECORD_H

#include "lib/err.h"
#include "lib/json.h"
#include "lib/json_scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum record_type {
	RECORD_FACT = 1,
	RECORD_MATCH,
	RECORD_CHILD,
	RECORD_DATA,
	RECORD_CHILD_END,
	RECORD_EVENT,
	RECORD_FINDING,
	RECORD_LIMIT,
	RECORD_ERROR,
	RECORD_DONE,
	RECORD_RULE,
	RECORD_TYPE_COUNT
};

#define RECORD_HEADER_BYTES ((size_t)5)

/* "fact", "match" ...; NULL where type is unknown. */
const char *record_type_name(unsigned int type);

/* --- the analyser's side --- */

/* Buffers frames and writes them to fd; exits the process when fd fails. */
struct record_out;

struct record_out *record_out_new(int fd);
/* Flushes; does not close fd. */
void record_out_free(struct record_out *out);
void record_flush(struct record_out *out);
/*
 * The same from a signal handler of a dying process: whole frames only, and
 * nothing when the signal came in the middle of a write.
 */
void record_flush_dying(struct record_out *out);
/*
 * Writes one record; takes the reference of body.  A body that is too large
 * is replaced by a LIMIT record that names it.
 */
void record_put(struct record_out *out, enum record_type type, json_t *body);
void record_fact(struct record_out *out, const char *key, json_t *value);
/*
 * The same, without a tree where they can do without, as most facts can.  text
 * is foreign: see record_text().  key is one of ours: plain letters.
 */
void record_fact_text(
    struct record_out *out, const char *key, const char *text);
void record_fact_int(struct record_out *out, const char *key, int64_t value);
void record_limit(struct record_out *out, const char *limit, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));
void record_error(struct record_out *out, const char *what, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));
void record_data(struct record_out *out, const void *p, size_t len);
/* The last record: how many of each type were written, and bytes of DATA. */
void record_done(struct record_out *out);
/*
 * For the child of a pack (lib/pack.h): what is written between the two is one
 * item's, and counted from 0 again.  frame is one of lib/pack.h's.
 */
void record_item_begin(struct record_out *out, const void *frame, size_t len);
void record_item_end(struct record_out *out, const void *frame, size_t len);
/*
 * A JSON text for foreign bytes: valid UTF-8 as it is (control characters and
 * all: JSON escapes them), NUL and other bytes as U+FFFD.  Cut at
 * LIMIT_TEXT_BYTES, as record_hex() is.  New reference.
 */
json_t *record_text(const void *p, size_t len);
/* Lower-case hexadecimal text.  New reference. */
json_t *record_hex(const void *p, size_t len);

/* --- the scheduler's side --- */

struct record {
	enum record_type type;
	json_t *body; /* borrowed; NULL for DATA, see record_in_spare_trees() */
	/* Where it is NULL: the member that names a finding; borrowed. */
	struct json_scan_member name;
	const uint8_t *data; /* DATA, or the body's raw bytes; borrowed */
	size_t len;
};

/* ERR_OK to go on; anything else stops record_feed() with that result. */
typedef int record_fn(void *arg, const struct record *record);

/*
 * Checks the body of one record (not DATA): JSON, bounds, mandatory members,
 * score.  ERR_FORMAT when it is not as said above; new reference otherwise.
 */
int must_check record_parse(
    enum record_type type, const void *p, size_t len, json_t **ret_body);

struct record_in;

struct record_in *record_in_new(record_fn *fn, void *arg);
void record_in_free(struct record_in *in);
/*
 * From now on facts, matches, findings, limits and errors that are plain
 * (lib/json_scan.h) come without a body: they are checked all the same.
 */
void record_in_spare_trees(struct record_in *in);
/*
 * Takes bytes as they come from the pipe; calls fn for each whole, valid
 * record.  ERR_FORMAT: the analyser lies or is broken; feed no more.
 */
int must_check record_feed(struct record_in *in, const void *p, size_t len);
/* True when nothing is left unfinished and the last record was DONE. */
bool record_in_is_complete(const struct record_in *in);

#endif
