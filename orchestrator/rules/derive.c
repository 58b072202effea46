/* SPDX-License-Identifier: Apache-2.0 */
/* derive.c - from a condition's tree to the formula that it implies. */
#include "rules/derive.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "rules/literal.h"

/* Rules of one set that are looked at. */
#define RULES_MAX ((size_t)2000)

enum mode {
	MODE_TRUE,
	MODE_NOT,
	MODE_FALSE /* as MODE_NOT, and known: what "not" makes true */
};

struct frame {
	uint32_t node;
	uint32_t at;	/* the string of the innermost loop */
	uint32_t kid;	/* the next one */
	uint32_t stage; /* items of a loop that are done */
	enum mode mode;
	bool has_begun;
	size_t base; /* values below */
};

struct walk {
	struct derive *derive;
	struct frame *frames;
	size_t frame_count, frame_capacity;
	form_id *values;
	size_t value_count, value_capacity;
};

void
derive_init(struct derive *derive)
{
	*derive = (struct derive){0};
	form_init(&derive->form);
}

void
derive_release(struct derive *derive)
{
	form_release(&derive->form);
	free(derive->strings);
	*derive = (struct derive){0};
}

void
derive_note(struct derive *derive, enum derive_note note)
{
	derive->notes |= note;
}

form_id
derive_string(struct derive *derive, uint32_t string)
{
	form_id id;

	if (string >= derive->rule->string_count)
		return FORM_TRUE;
	if (derive->strings[string] == UINT32_MAX)
		derive->strings[string] =
		    literal_form(&derive->strand, &derive->form,
			derive->rule->text, &derive->rule->strings[string]);
	id = derive->strings[string];
	if (id == FORM_TRUE && (derive->notes & NOTE_STRING) == 0) {
		derive_note(derive, NOTE_STRING);
		derive->short_string = string;
	}
	return id;
}

static void
push(struct walk *walk, uint32_t node, uint32_t at, enum mode mode)
{
	if (walk->frame_count == walk->frame_capacity) {
		walk->frame_capacity = walk->frame_capacity * 2 + 64;
		walk->frames = xreallocarray(
		    walk->frames, walk->frame_capacity, sizeof(*walk->frames));
	}
	walk->frames[walk->frame_count++] = (struct frame){
	    .node = node, .at = at, .mode = mode, .base = walk->value_count};
}

static void
give(struct walk *walk, form_id id)
{
	if (walk->value_count == walk->value_capacity) {
		walk->value_capacity = walk->value_capacity * 2 + 64;
		walk->values = xreallocarray(
		    walk->values, walk->value_capacity, sizeof(*walk->values));
	}
	walk->values[walk->value_count++] = id;
}

static const struct expr_node *
node_of(const struct walk *walk, uint32_t node)
{
	return &walk->derive->expr->nodes[node];
}

/* The formulas of the rules that an item names; how many. */
static size_t
rules_forms(struct walk *walk, const struct expr_item *item, form_id *ids,
    size_t ids_max)
{
	struct derive *derive = walk->derive;
	size_t count;

	if (derive->rules == NULL)
		return 0;
	count = derive->rules(derive->arg, &derive->form, item, ids, ids_max);
	for (size_t i = 0; i < count; i++) {
		if (form_class_of(&derive->form, ids[i]) == FORM_ANYTHING)
			derive_note(derive, NOTE_RULE);
	}
	return count;
}

/* At least so many of the values, as the words in front of "of" say. */
static form_id
quantified(struct walk *walk, const struct expr_node *node, const form_id *ids,
    size_t count)
{
	struct form *form = &walk->derive->form;
	const struct expr_node *many = node_of(walk, node->first);

	if (node->op == EXPR_PERCENT_OF) {
		if (many->op == EXPR_NUMBER && many->value >= 1 &&
		    many->value <= 100)
			return form_min(form, ids, count,
			    (count * (uint64_t)many->value + 99) / 100);
	} else if (many->op == EXPR_ALL) {
		return form_and(form, ids, count);
	} else if (many->op == EXPR_ANY) {
		return form_or(form, ids, count);
	} else if (many->op == EXPR_NUMBER && many->value >= 1) {
		return form_min(form, ids, count, (uint64_t)many->value);
	}
	derive_note(walk->derive, NOTE_LOOP);
	return FORM_TRUE;
}

static form_id
of_form(struct walk *walk, const struct expr_node *node)
{
	struct derive *derive = walk->derive;
	size_t capacity = node->item_count + RULES_MAX;
	auto_free form_id *ids = xcalloc(capacity, sizeof(*ids));
	size_t count = 0;

	for (uint32_t i = 0; i < node->item_count; i++) {
		const struct expr_item *item =
		    &derive->expr->items[node->items + i];
		size_t n;

		if (item->string != EXPR_NONE) {
			ids[count++] = derive_string(derive, item->string);
			continue;
		}
		n = rules_forms(walk, item, ids + count,
		    capacity - count - (node->item_count - i));
		/* A rule that is not there is not known here. */
		if (n == 0)
			return FORM_TRUE;
		count += n;
	}
	derive->steps += count;
	return quantified(walk, node, ids, count);
}

static form_id
name_form(struct walk *walk, const struct expr_node *node)
{
	struct derive *derive = walk->derive;
	const char *text = derive->rule->text;
	const struct expr_item item = {.string = EXPR_NONE, .name = node->name};
	form_id id;
	size_t n;

	if (expr_is_variable(derive->expr, text, node->name)) {
		derive_note(derive, NOTE_VALUE);
		return FORM_TRUE;
	}
	if (node->member.end != 0 || node->is_call) {
		id = derive_module(&derive->form, text, node, true);
		if (id == FORM_TRUE)
			derive_note(derive, NOTE_MODULE);
		return id;
	}
	n = rules_forms(walk, &item, &id, 1);
	if (n == 1)
		return id;
	derive_note(derive, NOTE_EXTERNAL);
	return FORM_TRUE;
}

static form_id
at_form(struct walk *walk, const struct expr_node *node, uint32_t at)
{
	struct derive *derive = walk->derive;
	const struct expr_node *string = node_of(walk, node->first);
	const struct expr_node *place = node_of(walk, node->last);
	uint32_t which = string->string == EXPR_NONE ? at : string->string;
	form_id ids[3] = {FORM_TRUE, FORM_TRUE, FORM_TRUE};

	if (string->op != EXPR_STRING || which == EXPR_NONE)
		return FORM_TRUE;
	ids[0] = derive_defined(derive, node->last, at);
	if (place->op == EXPR_NUMBER && place->value >= 0)
		ids[1] = literal_head(&derive->form, derive->rule->text,
		    &derive->rule->strings[which], (uint64_t)place->value);
	ids[2] = derive_string(derive, which);
	return form_and(&derive->form, ids, 3);
}

/* What has no parts that are true or false. */
static form_id
leaf_form(struct walk *walk, const struct frame *frame)
{
	struct derive *derive = walk->derive;
	const struct expr_node *node = node_of(walk, frame->node);

	switch (node->op) {
	case EXPR_TRUE:
		return FORM_TRUE;
	case EXPR_FALSE:
		return FORM_FALSE;
	case EXPR_NUMBER:
		return node->value == 0 ? FORM_FALSE : FORM_TRUE;
	case EXPR_STRING:
	case EXPR_COUNT:
	case EXPR_PLACE:
	case EXPR_LENGTH:
		return derive_string(derive,
		    node->string == EXPR_NONE ? frame->at : node->string);
	case EXPR_AT:
		return at_form(walk, node, frame->at);
	case EXPR_FILESIZE:
		return form_size(&derive->form, 1, UINT64_MAX);
	case EXPR_NAME:
		return name_form(walk, node);
	case EXPR_OF:
	case EXPR_PERCENT_OF:
		return of_form(walk, node);
	case EXPR_COMPARE:
		return derive_compare(
		    derive, frame->node, frame->at, DERIVE_TRUE);
	case EXPR_TEXT_TEST:
		derive_note(derive, NOTE_VALUE);
		return form_and2(&derive->form,
		    derive_defined(derive, node->first, frame->at),
		    derive_defined(derive, node->last, frame->at));
	case EXPR_DEFINED:
		return derive_defined(derive, node->first, frame->at);
	default:
		derive_note(derive, NOTE_VALUE);
		return derive_defined(derive, frame->node, frame->at);
	}
}

/* The same, when it is not true. */
static form_id
not_form(struct walk *walk, const struct frame *frame)
{
	const struct expr_node *node = node_of(walk, frame->node);
	form_id id = FORM_TRUE;

	if (node->op == EXPR_TRUE)
		return FORM_FALSE;
	if (node->op == EXPR_COMPARE)
		id = derive_compare(walk->derive, frame->node, frame->at,
		    frame->mode == MODE_FALSE ? DERIVE_FALSE : DERIVE_NOT_TRUE);
	if (id == FORM_TRUE)
		derive_note(walk->derive, NOTE_NOT);
	return id;
}

static void
finish(struct walk *walk, form_id id)
{
	walk->value_count = walk->frames[walk->frame_count - 1].base;
	walk->frame_count--;
	give(walk, id);
}

static void
step_junction(struct walk *walk, struct frame *frame, bool is_and)
{
	struct form *form = &walk->derive->form;
	const struct expr_node *node = node_of(walk, frame->node);
	const form_id *ids;
	size_t count;

	if (!frame->has_begun)
		frame->kid = node->first;
	frame->has_begun = true;
	if (frame->kid != EXPR_NONE) {
		uint32_t kid = frame->kid;

		frame->kid = node_of(walk, kid)->next;
		/* "and" and "or" take what is undefined for false. */
		push(walk, kid, frame->at,
		    frame->mode == MODE_TRUE ? MODE_TRUE : MODE_NOT);
		return;
	}
	ids = walk->values + frame->base;
	count = walk->value_count - frame->base;
	finish(walk,
	    is_and ? form_and(form, ids, count) : form_or(form, ids, count));
}

static void
step_for_of(struct walk *walk, struct frame *frame)
{
	const struct expr_node *node = node_of(walk, frame->node);
	const struct expr_item *item;

	if (frame->stage == node->item_count) {
		finish(walk, quantified(walk, node, walk->values + frame->base,
				 walk->value_count - frame->base));
		return;
	}
	item = &walk->derive->expr->items[node->items + frame->stage++];
	if (item->string == EXPR_NONE)
		give(walk, FORM_TRUE);
	else
		push(walk, node->last, item->string, MODE_TRUE);
}

/* Values that the loop goes over: they must be there for it to begin. */
static form_id
over_form(struct walk *walk, const struct expr_node *over, uint32_t at)
{
	struct derive *derive = walk->derive;
	form_id ids[3] = {FORM_TRUE, FORM_TRUE, FORM_TRUE};
	const struct expr_node *low, *high;

	if (over->op == EXPR_NAME)
		return derive_module(
		    &derive->form, derive->rule->text, over, false);
	if (over->op != EXPR_RANGE || over->first == over->last)
		return FORM_TRUE;
	low = node_of(walk, over->first);
	high = node_of(walk, over->last);
	ids[0] = derive_defined(derive, over->first, at);
	ids[1] = derive_defined(derive, over->last, at);
	/* (1..#a) is empty without $a. */
	if (low->op == EXPR_NUMBER && low->value >= 1 && high->op == EXPR_COUNT)
		ids[2] = derive_string(
		    derive, high->string == EXPR_NONE ? at : high->string);
	return form_and(&derive->form, ids, 3);
}

static void
step_for_in(struct walk *walk, struct frame *frame)
{
	const struct expr_node *node = node_of(walk, frame->node);
	const struct expr_node *many = node_of(walk, node->first);
	const struct expr_node *over = node_of(walk, many->next);
	/* libyara 4.2 takes a loop over nothing for false, "all" as well. */
	bool is_once = many->op == EXPR_ANY ||
		       (many->op == EXPR_NUMBER && many->value >= 1) ||
		       (many->op == EXPR_ALL &&
			   (over->op == EXPR_LIST || over->op == EXPR_RANGE));

	if (!is_once) {
		derive_note(walk->derive, NOTE_LOOP);
		finish(walk, FORM_TRUE);
	} else if (!frame->has_begun) {
		frame->has_begun = true;
		push(walk, node->last, frame->at, MODE_TRUE);
	} else {
		form_id body = walk->values[walk->value_count - 1];

		finish(walk, form_and2(&walk->derive->form, body,
				 over_form(walk, over, frame->at)));
	}
}

static void
step(struct walk *walk)
{
	struct frame *frame = &walk->frames[walk->frame_count - 1];
	const struct expr_node *node = node_of(walk, frame->node);
	bool is_true = frame->mode == MODE_TRUE;

	if (node->op == EXPR_AND || node->op == EXPR_OR) {
		step_junction(walk, frame, (node->op == EXPR_AND) == is_true);
	} else if (node->op == EXPR_NOT && is_true) {
		if (frame->has_begun) {
			finish(walk, walk->values[walk->value_count - 1]);
			return;
		}
		frame->has_begun = true;
		push(walk, node->first, frame->at, MODE_FALSE);
	} else if (!is_true) {
		finish(walk, not_form(walk, frame));
	} else if (node->op == EXPR_FOR_OF) {
		step_for_of(walk, frame);
	} else if (node->op == EXPR_FOR_IN) {
		step_for_in(walk, frame);
	} else {
		finish(walk, leaf_form(walk, frame));
	}
}

static form_id
walk_all(struct derive *derive)
{
	struct walk walk = {.derive = derive};
	form_id id = FORM_TRUE;

	push(&walk, derive->expr->root, EXPR_NONE, MODE_TRUE);
	while (walk.frame_count > 0 && derive->steps++ < DERIVE_STEPS_MAX)
		step(&walk);
	if (walk.frame_count == 0)
		id = walk.values[0];
	else
		derive_note(derive, NOTE_LARGE);
	free(walk.frames);
	free(walk.values);
	return id;
}

form_id
derive_rule(struct derive *derive, const struct rule *rule)
{
	struct expr expr;
	form_id id = FORM_TRUE;

	form_reset(&derive->form);
	derive->rule = rule;
	derive->expr = &expr;
	derive->steps = 0;
	derive->notes = 0;
	derive->strings = xreallocarray(
	    derive->strings, rule->string_count + 1, sizeof(form_id));
	memset(
	    derive->strings, 0xff, (rule->string_count + 1) * sizeof(form_id));
	if (!rule->is_odd && expr_parse(&expr, rule) == ERR_OK) {
		id = walk_all(derive);
	} else {
		derive_note(derive, NOTE_SYNTAX);
		if (rule->is_odd)
			expr = (struct expr){0};
	}
	derive->expr = NULL;
	expr_release(&expr);
	return id;
}
