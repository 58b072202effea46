/* SPDX-License-Identifier: Apache-2.0 */
/* strand.c - the runs of bytes that every match of a pattern holds. */
#include "rules/strand.h"

#include <string.h>

/* Bytes of a class that are followed one by one. */
#define CLASS_BYTES_MAX 8
/* What stays of a text that is as long as it may be: no gram is lost. */
#define OVERLAP ((uint8_t)(COND_RUN_MIN - 1))

static void
level_init(struct strand_level *level)
{
	level->open.count = 1;
	level->open.texts[0].len = 0;
	level->is_exact = true;
	level->form_count = 0;
}

void
strand_init(struct strand *strand, struct form *form, bool is_wide)
{
	strand->form = form;
	strand->is_wide = is_wide;
	strand->depth = 0;
	strand->groups[0].has_finished = false;
	level_init(&strand->groups[0].level);
}

/* An OR of the set's texts; TRUE where one is too short. */
static form_id
set_form(struct strand *strand, const struct strand_set *set)
{
	form_id ids[STRAND_TEXTS_MAX];

	for (size_t i = 0; i < set->count; i++) {
		if (set->texts[i].len < COND_RUN_MIN)
			return FORM_TRUE;
		ids[i] = form_run(strand->form, set->texts[i].bytes,
		    set->texts[i].len, strand->is_wide);
	}
	return set->count == 0 ? FORM_TRUE
			       : form_or(strand->form, ids, set->count);
}

static void
level_take(struct strand_level *level, form_id id)
{
	level->is_exact = false;
	if (id != FORM_TRUE && level->form_count < STRAND_FORMS_MAX)
		level->forms[level->form_count++] = id;
}

/* Closes the open set and opens a new one with the empty text. */
static void
level_break(struct strand *strand, struct strand_level *level)
{
	level_take(level, set_form(strand, &level->open));
	level->open.count = 1;
	level->open.texts[0].len = 0;
}

static form_id
level_form(struct strand *strand, struct strand_level *level)
{
	level_break(strand, level);
	return form_and(strand->form, level->forms, level->form_count);
}

static bool
has_text(const struct strand_set *set, const struct strand_text *text)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->texts[i].len == text->len &&
		    memcmp(set->texts[i].bytes, text->bytes, text->len) == 0)
			return true;
	}
	return false;
}

static bool
set_add(struct strand_set *set, const struct strand_text *text)
{
	if (has_text(set, text))
		return true;
	if (set->count == STRAND_TEXTS_MAX)
		return false;
	set->texts[set->count++] = *text;
	return true;
}

/* Each text of a followed by each of b; false where they are too many. */
static bool
set_join(const struct strand_set *a, const struct strand_set *b,
    struct strand_set *ret_set)
{
	struct strand_text text;

	ret_set->count = 0;
	if ((size_t)a->count * b->count > STRAND_TEXTS_MAX)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		for (size_t j = 0; j < b->count; j++) {
			const struct strand_text *x = &a->texts[i];
			const struct strand_text *y = &b->texts[j];

			if ((size_t)x->len + y->len > COND_RUN_MAX)
				return false;
			memcpy(text.bytes, x->bytes, x->len);
			memcpy(text.bytes + x->len, y->bytes, y->len);
			text.len = (uint8_t)(x->len + y->len);
			if (!set_add(ret_set, &text))
				return false;
		}
	}
	return true;
}

/* What stays of each text when a set of long ones is closed. */
static void
set_tails(const struct strand_set *set, struct strand_set *ret_tails)
{
	struct strand_text text;

	ret_tails->count = 0;
	for (size_t i = 0; i < set->count; i++) {
		const struct strand_text *x = &set->texts[i];

		text.len = x->len < OVERLAP ? x->len : OVERLAP;
		memcpy(text.bytes, x->bytes + x->len - text.len, text.len);
		(void)set_add(ret_tails, &text);
	}
}

/* Adds an exact piece once. */
static void
add_exact(struct strand *strand, const struct strand_set *set)
{
	struct strand_level *level = &strand->groups[strand->depth].level;
	struct strand_set joined, tails;

	if (set_join(&level->open, set, &joined)) {
		level->open = joined;
		return;
	}
	set_tails(&level->open, &tails);
	level_break(strand, level);
	level->open = set_join(&tails, set, &joined) ? joined : *set;
}

/* One of too many bytes to follow. */
static void
large_class(struct strand_piece *ret_piece, const uint8_t set[32])
{
	strand_unknown(ret_piece);
	ret_piece->is_class = true;
	memcpy(ret_piece->class, set, FORM_SET_BYTES);
	for (unsigned int c = 'a'; c <= 'z'; c++) {
		unsigned int upper = c & ~0x20u;
		bool is_in = (set[c / 8] & 1u << c % 8) != 0 ||
			     (set[upper / 8] & 1u << upper % 8) != 0;

		if (!is_in)
			continue;
		ret_piece->class[c / 8] |= (uint8_t)(1u << c % 8);
		ret_piece->class[upper / 8] |= (uint8_t)(1u << upper % 8);
	}
}

void
strand_class(struct strand_piece *ret_piece, const uint8_t set[32])
{
	struct strand_text text = {.len = 1};

	*ret_piece = (struct strand_piece){.is_exact = true};
	for (unsigned int c = 0; c < 256; c++) {
		if ((set[c / 8] & 1u << c % 8) == 0)
			continue;
		text.bytes[0] = (uint8_t)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
		if (!set_add(&ret_piece->set, &text) ||
		    ret_piece->set.count > CLASS_BYTES_MAX) {
			large_class(ret_piece, set);
			return;
		}
	}
	/* No byte at all: such a pattern never matches. */
	if (ret_piece->set.count == 0)
		strand_unknown(ret_piece);
}

void
strand_byte(struct strand_piece *ret_piece, uint8_t byte)
{
	uint8_t set[32] = {0};

	set[byte / 8] = (uint8_t)(1u << byte % 8);
	strand_class(ret_piece, set);
}

void
strand_unknown(struct strand_piece *ret_piece)
{
	ret_piece->is_exact = false;
	ret_piece->form = FORM_TRUE;
	ret_piece->set.count = 0;
	ret_piece->is_class = false;
}

static void
add_inexact(struct strand *strand, form_id id)
{
	struct strand_level *level = &strand->groups[strand->depth].level;

	level_break(strand, level);
	level_take(level, id);
}

void
strand_add(struct strand *strand, struct strand_piece *piece, uint32_t min,
    uint32_t max)
{
	struct strand_level *level = &strand->groups[strand->depth].level;
	/* More copies than a run has bytes tell nothing new. */
	uint32_t copies = min < COND_RUN_MAX ? min : COND_RUN_MAX;

	if (max == 0)
		return;
	if (min == 0 && max == 1 && piece->is_exact) {
		const struct strand_text none = {.len = 0};

		if (!set_add(&piece->set, &none))
			strand_unknown(piece);
		else
			copies = min = 1;
	}
	if (min == 0) {
		add_inexact(strand, FORM_TRUE);
		return;
	}
	if (!piece->is_exact) {
		add_inexact(strand,
		    piece->is_class && min >= STRAND_SPAN_MIN
			? form_span(strand->form, piece->class,
			      min < STRAND_SPAN_MAX ? min : STRAND_SPAN_MAX,
			      strand->is_wide)
			: piece->form);
		return;
	}
	for (uint32_t i = 0; i < copies; i++)
		add_exact(strand, &piece->set);
	if (copies == max)
		return;
	/* The last of them stand directly before what follows. */
	level_break(strand, level);
	for (uint32_t i = 0; i < copies && i < OVERLAP + 1; i++)
		add_exact(strand, &piece->set);
}

bool
strand_open(struct strand *strand)
{
	if (strand->depth == STRAND_DEPTH_MAX - 1)
		return false;
	strand->depth++;
	strand->groups[strand->depth].has_finished = false;
	level_init(&strand->groups[strand->depth].level);
	return true;
}

/* Unites the alternative that ends here with those before. */
static void
finish(struct strand *strand, struct group *group)
{
	struct strand_piece *all = &group->finished;
	struct strand_level *level = &group->level;

	if (!group->has_finished) {
		all->is_exact = level->is_exact;
		all->is_class = false;
		all->set = level->open;
		if (!level->is_exact)
			all->form = level_form(strand, level);
		group->has_finished = true;
		return;
	}
	for (size_t i = 0;
	     all->is_exact && level->is_exact && i < level->open.count; i++) {
		if (!set_add(&all->set, &level->open.texts[i])) {
			all->is_exact = false;
			all->form = set_form(strand, &all->set);
		}
	}
	if (all->is_exact && level->is_exact)
		return;
	if (all->is_exact) {
		all->is_exact = false;
		all->form = set_form(strand, &all->set);
	}
	all->form =
	    form_or2(strand->form, all->form, level_form(strand, level));
}

void
strand_or(struct strand *strand)
{
	struct group *group = &strand->groups[strand->depth];

	finish(strand, group);
	level_init(&group->level);
}

bool
strand_close(struct strand *strand, struct strand_piece *ret_piece)
{
	struct group *group = &strand->groups[strand->depth];

	if (strand->depth == 0)
		return false;
	finish(strand, group);
	*ret_piece = group->finished;
	strand->depth--;
	return true;
}

form_id
strand_end(struct strand *strand)
{
	struct group *group = &strand->groups[0];

	if (strand->depth != 0)
		return FORM_TRUE;
	finish(strand, group);
	return group->finished.is_exact ? set_form(strand, &group->finished.set)
					: group->finished.form;
}
