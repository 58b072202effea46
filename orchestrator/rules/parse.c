/* SPDX-License-Identifier: Apache-2.0 */
/* parse.c - rules, imports and includes of one file. */
#include "rules/parse.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "rules/number.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *word;
	unsigned int flag;
} modifiers[] = {
    {"ascii", STRING_ASCII},
    {"wide", STRING_WIDE},
    {"nocase", STRING_NOCASE},
    {"fullword", STRING_FULLWORD},
    {"private", STRING_PRIVATE},
    {"xor", STRING_XOR},
    {"base64", STRING_BASE64},
    {"base64wide", STRING_BASE64WIDE},
};

void
rule_release(struct rule *rule)
{
	free(rule->name);
	free(rule->strings);
	*rule = (struct rule){0};
}

static bool
is(const struct parse *parse, const char *word)
{
	return token_is(parse->lexer.text, &parse->token, word);
}

static bool
is_mark(const struct parse *parse, const char *mark)
{
	return parse->token.kind == TOKEN_MARK && is(parse, mark);
}

static bool
is_word(const struct parse *parse, const char *word)
{
	return parse->token.kind == TOKEN_WORD && is(parse, word);
}

static void
advance(struct parse *parse)
{
	parse->last_end = parse->token.end;
	parse->token = lexer_next(&parse->lexer);
}

/* Passes over a mark; false where it is not there. */
static bool
skip(struct parse *parse, const char *mark)
{
	if (!is_mark(parse, mark))
		return false;
	advance(parse);
	return true;
}

static struct span
span_of(const struct token *token)
{
	return (struct span){token->start, token->end};
}

void
parse_init(struct parse *parse, const char *text, size_t len)
{
	*parse = (struct parse){0};
	lexer_init(&parse->lexer, text, len);
	advance(parse);
}

/* "(1)", "(1-255)" behind xor. */
static bool
xor_range(struct parse *parse, struct rule_string *string)
{
	int64_t min, max;

	string->xor_min = 0;
	string->xor_max = 255;
	if (!skip(parse, "("))
		return true;
	if (!number_of(parse->lexer.text, &parse->token, &min))
		return false;
	advance(parse);
	max = min;
	if (skip(parse, "-")) {
		if (!number_of(parse->lexer.text, &parse->token, &max))
			return false;
		advance(parse);
	}
	if (min < 0 || max > 255 || min > max)
		return false;
	string->xor_min = (uint8_t)min;
	string->xor_max = (uint8_t)max;
	return skip(parse, ")");
}

/* ("alphabet") behind base64; one for both kinds. */
static bool
alphabet(struct parse *parse, struct rule_string *string)
{
	if (!skip(parse, "("))
		return true;
	if (parse->token.kind != TOKEN_TEXT)
		return false;
	string->alphabet = span_of(&parse->token);
	advance(parse);
	return skip(parse, ")");
}

static void
parse_modifiers(struct parse *parse, struct rule_string *string)
{
	while (parse->token.kind == TOKEN_WORD && !is(parse, "condition")) {
		unsigned int flag = 0;

		for (size_t i = 0; i < COUNT(modifiers); i++) {
			if (is(parse, modifiers[i].word))
				flag = modifiers[i].flag;
		}
		/* A rule whose end is missing. */
		if (flag == 0 && is(parse, "rule"))
			return;
		string->is_odd |= flag == 0;
		string->flags |= flag;
		advance(parse);
		if (flag == STRING_XOR)
			string->is_odd |= !xor_range(parse, string);
		else if (flag == STRING_BASE64 || flag == STRING_BASE64WIDE)
			string->is_odd |= !alphabet(parse, string);
	}
	if ((string->flags & (STRING_ASCII | STRING_WIDE)) == 0)
		string->flags |= STRING_ASCII;
}

/* $name = value modifiers; false where it is none. */
static bool
parse_string(struct parse *parse, struct rule_string *string)
{
	*string = (struct rule_string){.name = span_of(&parse->token)};
	advance(parse);
	if (!is_mark(parse, "="))
		return false;
	parse->token = lexer_value(&parse->lexer);
	string->value = span_of(&parse->token);
	switch (parse->token.kind) {
	case TOKEN_TEXT:
		string->kind = STRING_TEXT;
		break;
	case TOKEN_HEX:
		string->kind = STRING_HEX;
		break;
	case TOKEN_REGEX:
		string->kind = STRING_REGEX;
		break;
	default:
		return false;
	}
	advance(parse);
	parse_modifiers(parse, string);
	return true;
}

static bool
parse_strings(struct parse *parse, struct rule *rule)
{
	size_t capacity = 0;

	while (parse->token.kind == TOKEN_VAR &&
	       parse->lexer.text[parse->token.start] == '$') {
		if (rule->string_count == RULE_STRINGS_MAX)
			return false;
		if (rule->string_count == capacity) {
			capacity = capacity * 2 + 8;
			rule->strings = xreallocarray(
			    rule->strings, capacity, sizeof(*rule->strings));
		}
		if (!parse_string(parse, &rule->strings[rule->string_count]))
			return false;
		rule->string_count++;
	}
	return true;
}

/* name = text, number or truth. */
static bool
parse_meta(struct parse *parse, struct rule *rule)
{
	rule->meta.start = parse->token.start;
	while (!is_word(parse, "strings") && !is_word(parse, "condition")) {
		if (parse->token.kind != TOKEN_WORD)
			return false;
		advance(parse);
		if (!skip(parse, "="))
			return false;
		(void)skip(parse, "-");
		if (parse->token.kind != TOKEN_TEXT &&
		    parse->token.kind != TOKEN_NUMBER &&
		    parse->token.kind != TOKEN_WORD)
			return false;
		advance(parse);
	}
	rule->meta.end = parse->token.start;
	return true;
}

static bool
parse_head(struct parse *parse, struct rule *rule)
{
	size_t len = parse->token.end - parse->token.start;

	if (parse->token.kind != TOKEN_WORD || len > RULE_NAME_MAX)
		return false;
	free(rule->name);
	rule->name = xstrndup(parse->lexer.text + parse->token.start, len);
	advance(parse);
	if (skip(parse, ":")) {
		rule->tags.start = parse->token.start;
		while (parse->token.kind == TOKEN_WORD && !is(parse, "rule")) {
			rule->tags.end = parse->token.end;
			advance(parse);
		}
	}
	return skip(parse, "{");
}

/* Up to the brace, which is the next token then. */
static bool
parse_body(struct parse *parse, struct rule *rule)
{
	if (is_word(parse, "meta")) {
		advance(parse);
		if (!skip(parse, ":") || !parse_meta(parse, rule))
			return false;
	}
	rule->body.start = parse->token.start;
	if (is_word(parse, "strings")) {
		advance(parse);
		if (!skip(parse, ":") || !parse_strings(parse, rule))
			return false;
	}
	if (!is_word(parse, "condition"))
		return false;
	advance(parse);
	rule->condition.start = parse->token.end;
	if (!skip(parse, ":"))
		return false;
	while (!is_mark(parse, "}")) {
		if (parse->token.kind == TOKEN_END || is_word(parse, "rule") ||
		    is_mark(parse, "{"))
			return false;
		advance(parse);
	}
	rule->condition.end = rule->body.end = parse->token.start;
	return true;
}

/* To the brace that closes what is open, or to the next rule. */
static void
resync(struct parse *parse, struct rule *rule)
{
	size_t depth = 1;

	rule->is_odd = true;
	while (parse->token.kind != TOKEN_END && !is_word(parse, "rule") &&
	       !is_word(parse, "import") && !is_word(parse, "include")) {
		if (is_mark(parse, "{"))
			depth++;
		if (is_mark(parse, "}") && --depth == 0)
			break;
		advance(parse);
	}
}

static enum parse_item
parse_rule(struct parse *parse, struct rule *rule)
{
	advance(parse);
	if (!parse_head(parse, rule) || !parse_body(parse, rule))
		resync(parse, rule);
	if (is_mark(parse, "}"))
		advance(parse);
	rule->whole.end = parse->last_end;
	if (rule->name == NULL)
		rule->name = xstrdup("");
	return PARSE_RULE;
}

/* import "pe", include "a.yar"; false where no text follows. */
static bool
parse_name(struct parse *parse)
{
	size_t line = parse->token.line;

	advance(parse);
	if (parse->token.kind != TOKEN_TEXT ||
	    parse->token.end - parse->token.start < 2)
		return false;
	parse->name =
	    (struct span){parse->token.start + 1, parse->token.end - 1};
	parse->name_line = line;
	advance(parse);
	return true;
}

enum parse_item
parse_next(struct parse *parse, struct rule *ret_rule)
{
	struct rule rule = {.text = parse->lexer.text};
	bool has_start = false;

	while (parse->token.kind != TOKEN_END) {
		bool is_private = is_word(parse, "private");
		bool is_global = is_word(parse, "global");
		bool is_rule = is_word(parse, "rule");

		if ((is_private || is_global || is_rule) && !has_start) {
			has_start = true;
			rule.whole = span_of(&parse->token);
			rule.line = parse->token.line;
			rule.flags = 0;
		}
		if (is_private || is_global) {
			rule.flags |= is_private ? RULE_PRIVATE : RULE_GLOBAL;
			advance(parse);
		} else if (is_rule) {
			*ret_rule = rule;
			return parse_rule(parse, ret_rule);
		} else if (is_word(parse, "import")) {
			has_start = false;
			if (parse_name(parse))
				return PARSE_IMPORT;
		} else if (is_word(parse, "include")) {
			has_start = false;
			if (parse_name(parse))
				return PARSE_INCLUDE;
		} else {
			has_start = false;
			advance(parse);
		}
	}
	return PARSE_END;
}
