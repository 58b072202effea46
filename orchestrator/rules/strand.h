/* SPDX-License-Identifier: Apache-2.0 */
/*
 * strand.h - the runs of bytes that every match of a pattern holds, while the
 * pattern is read from left to right.
 *
 * A level is one alternative of a group.  Its open set holds what may stand
 * directly before the reader: one of a few texts, exactly.  Whatever is not
 * worth following closes the set (its texts become an OR of runs) and opens a
 * new one with the empty text.  Case does not matter anywhere.
 */
#ifndef RULES_STRAND_H
#define RULES_STRAND_H

#include "rules/form.h"

/* Texts of an open set. */
#define STRAND_TEXTS_MAX 16
/* Groups inside each other; libyara's own bound is lower. */
#define STRAND_DEPTH_MAX 64
/* So many bytes of a class in a row are told of (form_span()), and no more. */
#define STRAND_SPAN_MIN ((uint32_t)16)
#define STRAND_SPAN_MAX ((uint32_t)255)
/* Runs of one level that are kept. */
#define STRAND_FORMS_MAX 64

struct strand_text {
	uint8_t len;
	uint8_t bytes[COND_RUN_MAX];
};

struct strand_set {
	uint8_t count;
	struct strand_text texts[STRAND_TEXTS_MAX];
};

/* What a piece of a pattern is to its neighbours. */
struct strand_piece {
	/* Exactly one of the texts; else something that implies form. */
	bool is_exact;
	struct strand_set set;
	form_id form;
	/* Not exact, but one byte of this class (with both cases of letters);
	 * lost in a group. */
	bool is_class;
	uint8_t class[FORM_SET_BYTES];
};

struct strand_level {
	struct strand_set open;
	bool is_exact; /* nothing was closed yet */
	form_id forms[STRAND_FORMS_MAX];
	size_t form_count;
};

struct strand {
	struct form *form;
	bool is_wide; /* the runs of a wide string */
	size_t depth; /* groups that are open */
	struct group {
		struct strand_level level;    /* the alternative being read */
		struct strand_piece finished; /* those before, united */
		bool has_finished;
	} groups[STRAND_DEPTH_MAX];
};

void strand_init(struct strand *strand, struct form *form, bool is_wide);
/* One of the bytes whose bit is set: set[c / 8] & 1 << c % 8. */
void strand_class(struct strand_piece *ret_piece, const uint8_t set[32]);
void strand_byte(struct strand_piece *ret_piece, uint8_t byte);
/* Something that nothing is known about. */
void strand_unknown(struct strand_piece *ret_piece);
/*
 * Adds a piece min to max times (max UINT32_MAX: any number); the piece is
 * used up.
 */
void strand_add(struct strand *strand, struct strand_piece *piece, uint32_t min,
    uint32_t max);
/* "(": false where they stand too deep. */
bool strand_open(struct strand *strand);
/* "|" of the innermost group, or of the whole. */
void strand_or(struct strand *strand);
/* ")": the group as a piece, to be added to what is around it. */
bool strand_close(struct strand *strand, struct strand_piece *ret_piece);
/* The end: what every match implies.  FORM_TRUE where a group is open. */
form_id strand_end(struct strand *strand);

#endif
