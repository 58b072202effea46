/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c - conditions for the eyes of rule writers. */
#include "rules/explain.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <inttypes.h>
#include <stdarg.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A text that grows up to EXPLAIN_BYTES_MAX. */
struct text {
	char *p;
	size_t len;
	bool is_cut;
};

__attribute__((format(printf, 2, 3))) static void
add(struct text *text, const char *fmt, ...)
{
	char part[EXPLAIN_BYTES_MAX + 16];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(part, sizeof(part), fmt, ap);
	va_end(ap);
	if (text->is_cut || n < 0)
		return;
	if ((size_t)n >= sizeof(part) ||
	    (size_t)n > EXPLAIN_BYTES_MAX - text->len) {
		(void)snprintf(part, sizeof(part), " ...");
		n = 4;
		text->is_cut = true;
	}
	text->p = xrealloc(text->p, text->len + (size_t)n + 1);
	memcpy(text->p + text->len, part, (size_t)n + 1);
	text->len += (size_t)n;
}

static bool
is_plain(const uint8_t *p, size_t len)
{
	size_t plain = 0;

	for (size_t i = 0; i < len; i++)
		plain += p[i] >= 0x20 && p[i] < 0x7f;
	return plain * 4 >= len * 3;
}

static void
add_bytes(struct text *text, const uint8_t *p, size_t len)
{
	bool is_text = is_plain(p, len);

	add(text, is_text ? "\"" : "{");
	for (size_t i = 0; i < len; i++) {
		if (!is_text)
			add(text, " %02x", p[i]);
		else if (p[i] == '"' || p[i] == '\\')
			add(text, "\\%c", p[i]);
		else if (p[i] >= 0x20 && p[i] < 0x7f)
			add(text, "%c", p[i]);
		else
			add(text, "\\x%02x", p[i]);
	}
	add(text, is_text ? "\"" : " }");
}

static void
add_leaf(struct text *text, const struct cond_step *step)
{
	switch (step->op) {
	case COND_TRUE:
		add(text, "anything");
		return;
	case COND_FALSE:
		add(text, "nothing");
		return;
	case COND_RUN:
		if (step->flags & COND_WIDE)
			add(text, "wide ");
		add_bytes(text, step->p, step->len);
		return;
	case COND_SIZE:
		if (step->max == UINT64_MAX)
			add(text, "size >= %" PRIu64, step->min);
		else
			add(text, "size %" PRIu64 "..%" PRIu64, step->min,
			    step->max);
		return;
	default:
		add(text, "at %u: {", step->offset);
		for (size_t i = 0; i < step->len; i++) {
			if (step->p[step->len + i] == 0xff)
				add(text, " %02x", step->p[i]);
			else
				add(text, " %02x/%02x", step->p[i],
				    step->p[step->len + i]);
		}
		add(text, " }");
	}
}

/* The n topmost texts become one, in brackets. */
static void
join(struct text *stack, const struct cond_step *step)
{
	struct text all = {0};

	if (step->op == COND_MIN)
		add(&all, "%u of ", step->least);
	if (step->count > 1)
		add(&all, "(");
	for (size_t i = 0; i < step->count; i++) {
		add(&all, "%s%s",
		    i == 0		   ? ""
		    : step->op == COND_AND ? " and "
		    : step->op == COND_OR  ? " or "
					   : ", ",
		    stack[i].p);
		free(stack[i].p);
	}
	if (step->count > 1)
		add(&all, ")");
	stack[0] = all;
}

char *
explain_condition(const uint8_t *p, size_t len)
{
	struct text *stack;
	struct cond_step step;
	size_t depth = 0;
	size_t at = 0;
	char *text;

	if (cond_check(p, len) != ERR_OK)
		return xstrdup("anything");
	stack = xcalloc(COND_STACK_MAX + 1, sizeof(*stack));
	while (cond_next(p, len, &at, &step) == ERR_OK) {
		if (step.count == 0) {
			stack[depth] = (struct text){0};
			add_leaf(&stack[depth++], &step);
		} else {
			depth -= step.count;
			join(&stack[depth++], &step);
		}
	}
	text = stack[0].p;
	free(stack);
	return text;
}

const char *explain_class(enum form_class class)
{
	return class == FORM_RUNS     ? "runs"
	       : class == FORM_HEADER ? "header"
				      : "anything";
}

/* What nothing follows from, as far as it was noted. */
static void
add_reasons(struct text *text, const struct closures *closures, size_t rule)
{
	static const struct {
		enum derive_note note;
		const char *why;
	} reasons[] = {
	    {NOTE_SYNTAX, "the condition is not understood"},
	    {NOTE_LARGE, "the condition is too large"},
	    {NOTE_NOT, "it asks what must not be there"},
	    {NOTE_COUNT, "a count may be 0"},
	    {NOTE_LOOP, "how many must match is none, all of a range, or not "
			"known"},
	    {NOTE_MODULE, "it asks a module"},
	    {NOTE_EXTERNAL, "it asks a variable from outside"},
	    {NOTE_RULE, "it names a rule that may match anything"},
	    {NOTE_VALUE, "it compares values that the index does not know"},
	};
	const struct closure *closure = &closures->list[rule];
	const struct rule *r = &closures->bundle->rules[rule];
	const char *comma = "";

	if ((closure->notes & NOTE_STRING) != 0 &&
	    closure->short_string < r->string_count) {
		struct span name = r->strings[closure->short_string].name;

		add(text, "%.*s has no %zu bytes that are always the same",
		    (int)(name.end - name.start), r->text + name.start,
		    COND_RUN_MIN);
		comma = ", ";
	}
	for (size_t i = 0; i < COUNT(reasons); i++) {
		if ((closure->notes & reasons[i].note) == 0)
			continue;
		add(text, "%s%s", comma, reasons[i].why);
		comma = ", ";
	}
	if (comma[0] == '\0')
		add(text, "it asks nothing of the file");
}

char *
explain_rule(const struct closures *closures, size_t rule, const uint8_t *cond,
    size_t len, enum form_class class)
{
	auto_free char *needs = explain_condition(cond, len);
	struct text text = {0};

	if (class == FORM_RUNS) {
		add(&text, "needs %s", needs);
	} else if (class == FORM_HEADER) {
		add(&text, "only first bytes or the size are needed: %s",
		    needs);
	} else {
		add(&text, "may match anything, because ");
		add_reasons(&text, closures, rule);
		if (!(len == 2 && cond[1] == COND_TRUE))
			add(&text, "; needs %s", needs);
	}
	return text.p;
}
