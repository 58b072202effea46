/* SPDX-License-Identifier: Apache-2.0 */
/* guard.c - a short look at a file before a slow rule. */
#include "rules/guard.h"

#include "lib/xalloc.h"

#include <string.h>

/* Around a span; two bytes on either side tell whether it is a word. */
#define GUARD_AROUND_BYTES ((size_t)16)
/* Windows are worth it below this part of a file. */
#define WORTH ((size_t)2)

/* One operation, in postfix order. */
struct guard_step {
	bool is_span;
	bool is_wide;
	uint32_t count; /* a span's bytes; else the operands of a join */
	uint32_t least; /* of them; without operands: 0 = true */
	uint8_t set[FORM_SET_BYTES];
};

struct guard {
	size_t count;
	size_t spans;
	struct guard_step steps[GUARD_STEPS_MAX];
};

/* What is being written: a formula, and the operand that comes next. */
struct level {
	form_id id;
	uint32_t next;
};

static bool
is_join(const struct form_node *node)
{
	return node->op == COND_AND || node->op == COND_OR ||
	       node->op == COND_MIN;
}

static struct guard_step
step_of(const struct form *form, const struct form_node *node)
{
	struct guard_step step = {.is_span = node->op == FORM_SPAN};

	if (step.is_span) {
		step.is_wide = (node->flags & COND_WIDE) != 0;
		step.count = node->len;
		memcpy(step.set, form->bytes + node->data, FORM_SET_BYTES);
	} else if (is_join(node)) {
		step.count = node->len;
		step.least = node->op == COND_AND  ? node->len
			     : node->op == COND_OR ? 1
						   : node->least;
	} else {
		step.least = node->op == COND_FALSE;
	}
	return step;
}

/* False where it is too much. */
static bool
write_all(const struct form *form, form_id id, struct guard *guard)
{
	struct level levels[GUARD_STEPS_MAX] = {{.id = id}};
	size_t depth = 1;

	while (depth > 0) {
		struct level *level = &levels[depth - 1];
		const struct form_node *node = &form->nodes[level->id];

		if (is_join(node) && level->next < node->len) {
			if (depth == GUARD_STEPS_MAX)
				return false;
			levels[depth++] = (struct level){
			    .id = form->kids[node->data + level->next++]};
			continue;
		}
		if (guard->count == GUARD_STEPS_MAX)
			return false;
		guard->steps[guard->count] = step_of(form, node);
		guard->spans += guard->steps[guard->count++].is_span;
		depth--;
	}
	return guard->spans > 0 && guard->spans <= GUARD_SPANS_MAX;
}

static bool
is_in(const struct guard_step *step, uint8_t c)
{
	return (step->set[c / 8] & 1u << c % 8) != 0;
}

/* Whether the i-th byte of a span that begins at p is as it must be. */
static bool
is_at(const struct guard_step *step, const uint8_t *p, size_t i)
{
	if (!step->is_wide)
		return is_in(step, p[i]);
	/* The NUL behind the last one may be missing. */
	return is_in(step, p[2 * i]) &&
	       (i + 1 == step->count || p[2 * i + 1] == 0);
}

/*
 * The first span from there on, or len.  From its last byte back (as Horspool
 * looks for a text): one that is not of the class ends every span that it
 * would be in.
 */
static size_t
find_from(
    const struct guard_step *step, const uint8_t *p, size_t len, size_t at)
{
	const size_t stride = step->is_wide ? 2 : 1;
	const size_t need = (step->count - 1) * stride + 1;

	while (at <= len && need <= len - at) {
		size_t i = step->count;

		while (i > 0 && is_at(step, p + at, i - 1))
			i--;
		if (i == 0)
			return at;
		at += i * stride;
	}
	return len;
}

static bool
find(const struct guard_step *step, const uint8_t *p, size_t len)
{
	return find_from(step, p, len, 0) < len ||
	       (step->is_wide && find_from(step, p, len, 1) < len);
}

/* p NULL: no file has any span. */
static bool
evaluate(const struct guard *guard, const uint8_t *p, size_t len)
{
	bool stack[GUARD_STEPS_MAX];
	size_t depth = 0;

	for (size_t i = 0; i < guard->count; i++) {
		const struct guard_step *step = &guard->steps[i];
		uint32_t found = 0;

		if (step->is_span) {
			stack[depth++] = p != NULL && find(step, p, len);
			continue;
		}
		for (uint32_t k = 0; k < step->count; k++)
			found += stack[--depth];
		stack[depth++] = found >= step->least;
	}
	return stack[0];
}

struct guard *
guard_new(const struct form *form, form_id id)
{
	struct guard *guard = xcalloc(1, sizeof(*guard));

	if (write_all(form, id, guard) && !evaluate(guard, NULL, 0))
		return guard;
	free(guard);
	return NULL;
}

void
guard_free(struct guard *guard)
{
	free(guard);
}

bool
guard_is_same(const struct guard *a, const struct guard *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	for (size_t i = 0; a->count == b->count && i < a->count; i++) {
		const struct guard_step *x = &a->steps[i];
		const struct guard_step *y = &b->steps[i];

		if (x->is_span != y->is_span || x->is_wide != y->is_wide ||
		    x->count != y->count || x->least != y->least ||
		    memcmp(x->set, y->set, FORM_SET_BYTES) != 0)
			return false;
	}
	return a->count == b->count;
}

/* Where the span that begins at `at` ends, as far as it can be drawn out. */
static size_t
end_of(const struct guard_step *step, const uint8_t *p, size_t len, size_t at)
{
	if (!step->is_wide) {
		while (at < len && is_in(step, p[at]))
			at++;
		return at;
	}
	while (at < len && is_in(step, p[at])) {
		if (len - at == 1 || p[at + 1] != 0)
			return at + 1;
		at += 2;
	}
	return at;
}

struct windows {
	struct guard_window *list;
	size_t count;
	size_t max;
	size_t bytes;
	size_t len; /* of the file */
};

/* False where it is too much. */
static bool
add_window(struct windows *windows, size_t start, size_t end)
{
	if (windows->count == windows->max)
		return false;
	start = start < GUARD_AROUND_BYTES ? 0 : start - GUARD_AROUND_BYTES;
	end = windows->len - end < GUARD_AROUND_BYTES
		  ? windows->len
		  : end + GUARD_AROUND_BYTES;
	windows->list[windows->count++] = (struct guard_window){start, end};
	windows->bytes += end - start;
	return windows->bytes < windows->len / WORTH;
}

static bool
add_spans(struct windows *windows, const struct guard_step *step,
    const uint8_t *p, size_t first)
{
	const size_t len = windows->len;
	size_t at = first;

	while ((at = find_from(step, p, len, at)) < len) {
		size_t end = end_of(step, p, len, at);

		if (!add_window(windows, at, end))
			return false;
		/* The same parity, where that counts. */
		at = end + ((end - first) & (step->is_wide ? 1 : 0));
	}
	return true;
}

static int
by_start(const void *a, const void *b)
{
	const struct guard_window *x = a;
	const struct guard_window *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

bool
guard_windows(const struct guard *guard, const uint8_t *p, size_t len,
    struct guard_window *windows, size_t max, size_t *ret_count)
{
	struct windows all = {.list = windows, .max = max, .len = len};
	size_t count = 0;

	for (size_t i = 0; i < guard->count; i++) {
		const struct guard_step *step = &guard->steps[i];

		if (step->is_span &&
		    (!add_spans(&all, step, p, 0) ||
			(step->is_wide && !add_spans(&all, step, p, 1))))
			return false;
	}
	if (all.count > 0)
		qsort(windows, all.count, sizeof(windows[0]), by_start);
	for (size_t i = 0; i < all.count; i++) {
		if (count > 0 && windows[i].start <= windows[count - 1].end) {
			if (windows[i].end > windows[count - 1].end)
				windows[count - 1].end = windows[i].end;
		} else {
			windows[count++] = windows[i];
		}
	}
	*ret_count = count;
	return true;
}

bool
guard_allows(const struct guard *guard, const uint8_t *p, size_t len)
{
	return guard == NULL || evaluate(guard, p, len);
}
