/* SPDX-License-Identifier: Apache-2.0 */
/* rulefile.c - a file of YARA rules, taken apart. */
#include "analysers/yara/rulefile.h"

#include "analysers/yara/need.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "rules/lexer.h"

/* The parser's state while it goes over a file. */
struct parser {
	struct rule_file *file;
	struct lexer lexer;
	struct token token; /* the next one */
	size_t start;	    /* of the first modifier of the next rule */
	size_t start_line;
	bool has_start;
	bool is_global;
	size_t capacity;
	struct tokens condition; /* of the rule at hand */
};

static bool
is(const struct parser *parser, const char *word)
{
	return token_is(parser->file->text, &parser->token, word);
}

static void
advance(struct parser *parser)
{
	parser->token = lexer_next(&parser->lexer);
}

static struct rule_unit *
add_unit(struct parser *parser)
{
	struct rule_file *file = parser->file;
	struct rule_unit *unit;

	if (file->unit_count == parser->capacity) {
		parser->capacity = parser->capacity * 2 + 16;
		file->units = xreallocarray(
		    file->units, parser->capacity, sizeof(*file->units));
	}
	unit = &file->units[file->unit_count++];
	*unit = (struct rule_unit){
	    .start = parser->has_start ? parser->start : parser->token.start,
	    .line_first =
		parser->has_start ? parser->start_line : parser->token.line,
	    .is_global = parser->is_global,
	};
	parser->has_start = parser->is_global = false;
	return unit;
}

/* Notes a module's name before a dot, and collects the condition. */
static void
take_condition(
    struct parser *parser, struct rule_unit *unit, const struct token *token)
{
	struct tokens *tokens = &parser->condition;
	const struct token *last;

	tokens_add(tokens, token);
	if (tokens->count < 2)
		return;
	last = &tokens->list[tokens->count - 2];
	if (last->kind != TOKEN_WORD ||
	    !token_is(parser->file->text, token, "."))
		return;
	for (unsigned int i = 0; i < MODULE_COUNT; i++) {
		if (token_is(parser->file->text, last, module_name(i)))
			unit->modules |= 1u << i;
	}
}

/* From '{' to its '}', or to where the next rule must have begun. */
static void
parse_body(struct parser *parser, struct rule_unit *unit)
{
	bool is_condition = false;
	size_t depth = 0;

	do {
		if (is(parser, "{"))
			depth++;
		else if (is(parser, "}"))
			depth--;
		else if (parser->token.kind == TOKEN_WORD && is(parser, "rule"))
			return; /* a brace is missing */
		if (is_condition && depth > 0)
			take_condition(parser, unit, &parser->token);
		if (depth == 1 && is(parser, "condition"))
			is_condition = true;
		unit->end = parser->token.end;
		unit->line_last = parser->lexer.line;
		advance(parser);
	} while (depth > 0 && parser->token.kind != TOKEN_END);
}

static void
copy_name(struct parser *parser, struct rule_unit *unit)
{
	size_t len = parser->token.end - parser->token.start;

	if (len >= sizeof(unit->name))
		len = sizeof(unit->name) - 1;
	memcpy(unit->name, parser->file->text + parser->token.start, len);
	unit->name[len] = '\0';
}

static void
parse_rule(struct parser *parser)
{
	struct rule_unit *unit = add_unit(parser);

	unit->end = parser->token.end;
	unit->line_last = parser->token.line;
	advance(parser);
	if (parser->token.kind == TOKEN_WORD)
		copy_name(parser, unit);
	parser->condition.count = 0;
	while (parser->token.kind != TOKEN_END && !is(parser, "{")) {
		if (is(parser, "rule"))
			return;
		unit->end = parser->token.end;
		unit->line_last = parser->token.line;
		advance(parser);
	}
	if (parser->token.kind == TOKEN_END)
		return;
	parse_body(parser, unit);
	unit->need = need_of(parser->file->text, &parser->condition);
	need_mark_references(parser->file, &parser->condition);
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

static void
parse(struct parser *parser)
{
	while (parser->token.kind != TOKEN_END) {
		bool is_modifier =
		    is(parser, "private") || is(parser, "global");

		if (is(parser, "rule")) {
			parse_rule(parser);
			continue;
		}
		if (is_modifier && !parser->has_start) {
			parser->has_start = true;
			parser->start = parser->token.start;
			parser->start_line = parser->token.line;
		} else if (!is_modifier) {
			parser->has_start = parser->is_global = false;
		}
		parser->is_global |= is(parser, "global");
		parser->file->includes += is(parser, "include");
		advance(parser);
	}
}

struct rule_file *
rulefile_new(const char *name, char *text, size_t len)
{
	struct rule_file *file = xcalloc(1, sizeof(*file));
	struct parser parser = {.file = file};

	file->name = xstrdup(name);
	file->text = text;
	file->len = len;
	lexer_init(&parser.lexer, text, len);
	advance(&parser);
	parse(&parser);
	tokens_release(&parser.condition);
	settle(file);
	return file;
}

void
rulefile_free(struct rule_file *file)
{
	if (file == NULL)
		return;
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
