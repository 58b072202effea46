/* SPDX-License-Identifier: Apache-2.0 */
/* rulefile.c - a file of YARA rules, taken apart. */
#include "analysers/yara/rulefile.h"

#include "analysers/yara/need.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "rules/parse.h"

/* A file while it is taken apart. */
struct reading {
	struct rule_file *file;
	struct derive derive;
	size_t capacity;
};

static void
mark(struct rule_file *file, const char *name, size_t len, bool is_prefix)
{
	for (size_t i = 0; i < file->unit_count; i++) {
		struct rule_unit *unit = &file->units[i];

		if (unit->name[0] == name[0] &&
		    strncmp(unit->name, name, len) == 0 &&
		    (is_prefix || unit->name[len] == '\0'))
			unit->is_referenced = true;
	}
}

/* Notes the modules before a dot, and the rules that are named. */
static void
take_names(struct rule_file *file, struct rule_unit *unit, struct span span)
{
	struct lexer lexer;
	struct token token, next;

	lexer_init(&lexer, file->text, span.end);
	lexer.at = span.start;
	token = lexer_next(&lexer);
	for (; token.kind != TOKEN_END; token = next) {
		const char *name = file->text + token.start;
		size_t len = token.end - token.start;
		enum rule_module module = module_of(name, len);

		next = lexer_next(&lexer);
		if (token.kind != TOKEN_WORD)
			continue;
		if (module != MODULE_COUNT && token_is(file->text, &next, "."))
			unit->modules |= 1u << module;
		mark(file, name, len, token_is(file->text, &next, "*"));
	}
}

static size_t
count_lines(const char *p, size_t len)
{
	size_t lines = 0;

	for (size_t i = 0; i < len; i++)
		lines += p[i] == '\n';
	return lines;
}

static void
add_unit(struct reading *reading, const struct rule *rule)
{
	struct rule_file *file = reading->file;
	struct rule_unit *unit;
	struct rule_look look;

	if (file->unit_count == reading->capacity) {
		reading->capacity = reading->capacity * 2 + 16;
		file->units = xreallocarray(
		    file->units, reading->capacity, sizeof(*file->units));
	}
	unit = &file->units[file->unit_count++];
	*unit = (struct rule_unit){
	    .start = rule->whole.start,
	    .end = rule->whole.end,
	    .line_first = rule->line,
	    .line_last =
		rule->line + count_lines(file->text + rule->whole.start,
				 rule->whole.end - rule->whole.start),
	    .is_global = (rule->flags & RULE_GLOBAL) != 0,
	};
	look = look_at_rule(&reading->derive, rule);
	unit->need = look.need;
	unit->guard = look.guard;
	unit->places = look.places;
	(void)snprintf(unit->name, sizeof(unit->name), "%s", rule->name);
	take_names(file, unit, rule->is_odd ? rule->whole : rule->condition);
}

/* A rule that others refer to must be wherever they may be. */
static void
settle(struct rule_file *file)
{
	bool has_global = false;

	for (size_t i = 0; i < file->unit_count; i++)
		has_global |= file->units[i].is_global;
	for (size_t i = 0; i < file->unit_count; i++) {
		/* A global rule silences others of its namespace, whatever
		 * it needs itself. */
		if (has_global || file->units[i].is_referenced)
			file->units[i].need = NEED_ANY;
	}
}

struct rule_file *
rulefile_new(const char *name, char *text, size_t len)
{
	struct rule_file *file = xcalloc(1, sizeof(*file));
	struct reading reading = {.file = file};
	enum parse_item item;
	struct parse parse;
	struct rule rule;

	file->name = xstrdup(name);
	file->text = text;
	file->len = len;
	derive_init(&reading.derive);
	reading.derive.form.has_spans = true;
	parse_init(&parse, text, len);
	while ((item = parse_next(&parse, &rule)) != PARSE_END) {
		file->includes += item == PARSE_INCLUDE;
		if (item != PARSE_RULE)
			continue;
		add_unit(&reading, &rule);
		rule_release(&rule);
	}
	derive_release(&reading.derive);
	settle(file);
	return file;
}

void
rulefile_free(struct rule_file *file)
{
	if (file == NULL)
		return;
	for (size_t i = 0; i < file->unit_count; i++) {
		guard_free(file->units[i].guard);
		guard_free(file->units[i].places);
	}
	free(file->name);
	free(file->text);
	free(file->units);
	free(file);
}

long
rulefile_unit_at(const struct rule_file *file, size_t line)
{
	long found = -1;

	for (size_t i = 0; i < file->unit_count; i++) {
		if (file->units[i].line_first <= line)
			found = (long)i;
	}
	return found;
}

static void
blank(char *text, size_t start, size_t end)
{
	for (size_t i = start; i < end; i++) {
		if (text[i] != '\n')
			text[i] = ' ';
	}
}

/* Blanks includes, and imports of modules that nothing left needs. */
static void
blank_directives(const struct rule_file *file, char *text, unsigned int needed)
{
	struct lexer lexer;
	struct token token, name;

	lexer_init(&lexer, file->text, file->len);
	for (token = lexer_next(&lexer); token.kind != TOKEN_END;) {
		bool is_import = token_is(file->text, &token, "import");
		bool is_unneeded = token_is(file->text, &token, "include");

		if (!is_import && !is_unneeded) {
			token = lexer_next(&lexer);
			continue;
		}
		name = lexer_next(&lexer);
		if (name.kind != TOKEN_TEXT) {
			token = name;
			continue;
		}
		for (unsigned int i = 0; is_import && i < MODULE_COUNT; i++) {
			struct token bare = {
			    .start = name.start + 1, .end = name.end - 1};

			if (token_is(file->text, &bare, module_name(i)))
				is_unneeded = (needed & 1u << i) == 0;
		}
		if (is_unneeded)
			blank(text, token.start, name.end);
		token = lexer_next(&lexer);
	}
}

char *
rulefile_text(const struct rule_file *file, const bool *keep)
{
	char *text = xmemdup(file->text, file->len + 1);
	unsigned int needed = 0;

	for (size_t i = 0; i < file->unit_count; i++) {
		if (keep[i])
			needed |= file->units[i].modules;
		else
			blank(text, file->units[i].start, file->units[i].end);
	}
	blank_directives(file, text, needed);
	return text;
}

size_t
rulefile_active(const struct rule_file *file)
{
	size_t count = 0;

	if (file->is_set_aside)
		return 0;
	for (size_t i = 0; i < file->unit_count; i++)
		count += !file->units[i].is_set_aside;
	return count;
}

void
rulefile_normalise(const struct rule_file *file, size_t unit,
    void (*take)(void *arg, const char *p, size_t len), void *arg)
{
	const struct rule_unit *u = &file->units[unit];
	struct lexer lexer;
	struct token token;

	lexer_init(&lexer, file->text + u->start, u->end - u->start);
	while ((token = lexer_next(&lexer)).kind != TOKEN_END) {
		take(arg, file->text + u->start + token.start,
		    token.end - token.start);
		take(arg, " ", 1);
	}
}
