/* SPDX-License-Identifier: Apache-2.0 */
/* derive_value.c - what follows from values: numbers, places, modules. */
#include "rules/derive.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* Parts of one sum that are looked into. */
#define PARTS_MAX 32

/* First bytes without which a module knows nothing. */
static const struct {
	const char *module;
	const char *bytes;
	size_t len;
} heads[] = {
    {"pe", "MZ", 2},
    {"elf",
	"\x7f"
	"ELF",
	4},
    {"dotnet", "MZ", 2},
};

static bool
span_is(const char *text, struct span span, const char *word)
{
	size_t len = strlen(word);

	return span.end - span.start == len &&
	       memcmp(text + span.start, word, len) == 0;
}

static form_id
head_of(struct form *form, const char *bytes, size_t len)
{
	static const uint8_t mask[4] = {0xff, 0xff, 0xff, 0xff};

	return form_head(form, 0, (const uint8_t *)bytes, mask, len);
}

form_id
derive_module(struct form *form, const char *text, const struct expr_node *node,
    bool is_truth)
{
	if (node->member.end == 0)
		return FORM_TRUE;
	/* Constants are always there, and so is the answer whether it is a
	 * file of the kind. */
	if (text[node->member.start] < 'a' || text[node->member.start] > 'z' ||
	    (!is_truth && (span_is(text, node->member, "is_pe") ||
			      span_is(text, node->member, "is_dotnet"))))
		return FORM_TRUE;
	for (size_t i = 0; i < COUNT(heads); i++) {
		if (span_is(text, node->name, heads[i].module))
			return head_of(form, heads[i].bytes, heads[i].len);
	}
	return FORM_TRUE;
}

/* Bytes that uint32be() and its like read; 0 for none of them. */
static unsigned int
read_width(const char *text, struct span name, bool *ret_signed, bool *ret_big)
{
	static const struct {
		const char *word;
		unsigned int width;
		bool is_signed;
		bool is_big;
	} reads[] = {
	    {"uint8", 1, false, false},
	    {"uint16", 2, false, false},
	    {"uint32", 4, false, false},
	    {"uint8be", 1, false, true},
	    {"uint16be", 2, false, true},
	    {"uint32be", 4, false, true},
	    {"int8", 1, true, false},
	    {"int16", 2, true, false},
	    {"int32", 4, true, false},
	    {"int8be", 1, true, true},
	    {"int16be", 2, true, true},
	    {"int32be", 4, true, true},
	};

	for (size_t i = 0; i < COUNT(reads); i++) {
		if (span_is(text, name, reads[i].word)) {
			*ret_signed = reads[i].is_signed;
			*ret_big = reads[i].is_big;
			return reads[i].width;
		}
	}
	return 0;
}

/* Reading at a fixed offset needs a file that is so large. */
static form_id
read_defined(struct derive *derive, const struct expr_node *node)
{
	const struct expr_node *offset = &derive->expr->nodes[node->first];
	bool is_signed, is_big;
	unsigned int width =
	    read_width(derive->rule->text, node->name, &is_signed, &is_big);

	if (offset->op != EXPR_NUMBER || offset->value < 0 ||
	    offset->value > INT32_MAX || width == 0)
		return FORM_TRUE;
	return form_size(
	    &derive->form, (uint64_t)offset->value + width, UINT64_MAX);
}

static form_id
name_defined(struct derive *derive, const struct expr_node *node)
{
	if (expr_is_variable(derive->expr, derive->rule->text, node->name)) {
		derive_note(derive, NOTE_VALUE);
		return FORM_TRUE;
	}
	derive_note(
	    derive, node->member.end == 0 ? NOTE_EXTERNAL : NOTE_MODULE);
	return derive_module(&derive->form, derive->rule->text, node, false);
}

static form_id
entrypoint_defined(struct derive *derive)
{
	return form_or2(&derive->form, head_of(&derive->form, "MZ", 2),
	    head_of(&derive->form,
		"\x7f"
		"ELF",
		4));
}

static form_id
part_defined(struct derive *derive, const struct expr_node *node, uint32_t at)
{
	switch (node->op) {
	case EXPR_PLACE:
	case EXPR_LENGTH:
		return derive_string(
		    derive, node->string == EXPR_NONE ? at : node->string);
	case EXPR_READ:
		return read_defined(derive, node);
	case EXPR_NAME:
		return name_defined(derive, node);
	case EXPR_ENTRYPOINT:
		return entrypoint_defined(derive);
	default:
		return FORM_TRUE;
	}
}

form_id
derive_defined(struct derive *derive, uint32_t node, uint32_t at)
{
	const struct expr_node *nodes = derive->expr->nodes;
	uint32_t waiting[PARTS_MAX] = {node};
	size_t count = 1;
	form_id all = FORM_TRUE;

	while (count > 0) {
		const struct expr_node *part = &nodes[waiting[--count]];

		derive->steps++;
		all = form_and2(
		    &derive->form, all, part_defined(derive, part, at));
		if (part->op != EXPR_ADD && part->op != EXPR_MATH &&
		    part->op != EXPR_READ && part->op != EXPR_RANGE)
			continue;
		/* What does not fit any more is left out. */
		if (part->first != EXPR_NONE && count < PARTS_MAX)
			waiting[count++] = part->first;
		if (part->last != part->first && count < PARTS_MAX)
			waiting[count++] = part->last;
	}
	return all;
}

/*
 * When the sum of counts of strings is above 0, one of them matches: fills
 * *ret_form.  False where it is no such sum.
 */
static bool
sum_form(struct derive *derive, uint32_t node, uint32_t at, form_id *ret_form)
{
	const struct expr_node *nodes = derive->expr->nodes;
	uint32_t waiting[PARTS_MAX] = {node};
	size_t count = 1;
	form_id any = FORM_FALSE;

	while (count > 0) {
		const struct expr_node *part = &nodes[waiting[--count]];

		if (part->op == EXPR_ADD && count < PARTS_MAX - 1) {
			waiting[count++] = part->first;
			waiting[count++] = part->last;
		} else if (part->op == EXPR_COUNT) {
			any = form_or2(&derive->form, any,
			    derive_string(derive,
				part->string == EXPR_NONE ? at : part->string));
		} else {
			return false;
		}
	}
	*ret_form = any;
	return true;
}

/* Whether "a value that is no less than 0 op limit" cannot be true of 0. */
static bool
is_above_zero(enum expr_compare op, int64_t limit)
{
	switch (op) {
	case EXPR_GT:
		return limit >= 0;
	case EXPR_GE:
	case EXPR_EQ:
		return limit >= 1;
	case EXPR_NE:
		return limit == 0;
	case EXPR_LT:
	case EXPR_LE:
	default:
		return false;
	}
}

static form_id
size_form(struct form *form, enum expr_compare op, int64_t limit)
{
	uint64_t value = limit < 0 ? 0 : (uint64_t)limit;

	switch (op) {
	case EXPR_EQ:
		return limit < 0 ? FORM_FALSE : form_size(form, value, value);
	case EXPR_LT:
		return limit <= 0 ? FORM_FALSE : form_size(form, 0, value - 1);
	case EXPR_LE:
		return limit < 0 ? FORM_FALSE : form_size(form, 0, value);
	case EXPR_GT:
		return limit < 0 ? FORM_TRUE
				 : form_size(form, value + 1, UINT64_MAX);
	case EXPR_GE:
		return form_size(form, value, UINT64_MAX);
	case EXPR_NE:
	default:
		return FORM_TRUE;
	}
}

/* read(offset) == value, both of them known. */
static form_id
read_form(struct derive *derive, const struct expr_node *node, int64_t value)
{
	static const uint8_t mask[4] = {0xff, 0xff, 0xff, 0xff};
	const struct expr_node *offset = &derive->expr->nodes[node->first];
	bool is_signed = false, is_big = false;
	unsigned int width =
	    read_width(derive->rule->text, node->name, &is_signed, &is_big);
	int64_t most = ((int64_t)1 << (8 * width)) - 1;
	uint8_t bytes[4];

	if (is_signed && value < 0)
		value = value < -(most / 2) - 1 ? -1 : value + most + 1;
	else if (is_signed && value > most / 2)
		value = -1;
	if (offset->op != EXPR_NUMBER || offset->value < 0 || width == 0 ||
	    offset->value > (int64_t)COND_HEAD_MAX - width || value < 0 ||
	    value > most)
		return FORM_TRUE;
	for (unsigned int i = 0; i < width; i++)
		bytes[is_big ? width - 1 - i : i] = (uint8_t)(value >> (8 * i));
	return form_head(
	    &derive->form, (size_t)offset->value, bytes, mask, width);
}

static enum expr_compare
turned(enum expr_compare op)
{
	static const enum expr_compare other[] = {[EXPR_EQ] = EXPR_EQ,
	    [EXPR_NE] = EXPR_NE,
	    [EXPR_LT] = EXPR_GT,
	    [EXPR_LE] = EXPR_GE,
	    [EXPR_GT] = EXPR_LT,
	    [EXPR_GE] = EXPR_LE};

	return other[op];
}

static enum expr_compare
denied(enum expr_compare op)
{
	static const enum expr_compare other[] = {[EXPR_EQ] = EXPR_NE,
	    [EXPR_NE] = EXPR_EQ,
	    [EXPR_LT] = EXPR_GE,
	    [EXPR_LE] = EXPR_GT,
	    [EXPR_GT] = EXPR_LE,
	    [EXPR_GE] = EXPR_LT};

	return other[op];
}

/* Nothing of these is ever below 0. */
static bool
is_natural(const struct expr_node *node)
{
	return node->op == EXPR_COUNT || node->op == EXPR_FILESIZE ||
	       (node->op == EXPR_NUMBER && node->value >= 0);
}

/* left op right is true; the number, if one is, is on the right. */
static form_id
compared(struct derive *derive, uint32_t left, enum expr_compare op,
    uint32_t right, uint32_t at)
{
	const struct expr_node *a = &derive->expr->nodes[left];
	const struct expr_node *b = &derive->expr->nodes[right];
	form_id id;

	if (b->op != EXPR_NUMBER) {
		/* #a > #b: at least one of $a. */
		if (op == EXPR_GT && is_natural(b) &&
		    sum_form(derive, left, at, &id))
			return id;
		return FORM_TRUE;
	}
	if (a->op == EXPR_FILESIZE)
		return size_form(&derive->form, op, b->value);
	if (a->op == EXPR_READ && op == EXPR_EQ)
		return read_form(derive, a, b->value);
	if (is_above_zero(op, b->value) && sum_form(derive, left, at, &id))
		return id;
	return FORM_TRUE;
}

form_id
derive_compare(
    struct derive *derive, uint32_t node, uint32_t at, enum derive_how how)
{
	const struct expr_node *nodes = derive->expr->nodes;
	uint32_t left = nodes[node].first;
	uint32_t right = nodes[node].last;
	enum expr_compare op = nodes[node].detail;
	form_id ids[3];

	if (nodes[left].op == EXPR_NUMBER ||
	    (op == EXPR_LT && nodes[right].op == EXPR_COUNT)) {
		uint32_t other = left;

		left = right;
		right = other;
		op = turned(op);
	}
	if (how == DERIVE_FALSE)
		op = denied(op);
	if (how == DERIVE_NOT_TRUE) {
		/* Only a file's size is never undefined. */
		if (nodes[left].op != EXPR_FILESIZE ||
		    nodes[right].op != EXPR_NUMBER)
			return FORM_TRUE;
		return compared(derive, left, denied(op), right, at);
	}
	ids[2] = compared(derive, left, op, right, at);
	/* Bytes at an offset say how large the file is as well. */
	if (nodes[left].op == EXPR_READ && ids[2] != FORM_TRUE)
		return ids[2];
	ids[0] = derive_defined(derive, left, at);
	ids[1] = derive_defined(derive, right, at);
	if (ids[2] == FORM_TRUE)
		derive_note(derive,
		    nodes[left].op == EXPR_COUNT ? NOTE_COUNT : NOTE_VALUE);
	return form_and(&derive->form, ids, 3);
}
