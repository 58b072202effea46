/* SPDX-License-Identifier: Apache-2.0 */
/* meta.c - a rule's meta section and tags, as JSON. */
#include "rules/meta.h"

#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"
#include "rules/lexer.h"
#include "rules/number.h"

/* The value at the token, and past it; NULL where it is none. */
static json_t *
value_of(const char *text, struct lexer *lexer, struct token *token)
{
	struct token at = *token;
	struct span span = {at.start, at.end};
	bool is_negative = token_is(text, &at, "-");
	auto_free uint8_t *bytes = NULL;
	int64_t number;
	size_t len;

	if (is_negative)
		at = lexer_next(lexer);
	*token = lexer_next(lexer);
	if (at.kind == TOKEN_NUMBER && number_of(text, &at, &number))
		return json_integer(is_negative ? -number : number);
	if (at.kind == TOKEN_WORD &&
	    (token_is(text, &at, "true") || token_is(text, &at, "false")))
		return json_boolean(token_is(text, &at, "true"));
	bytes = xmalloc(span.end - span.start + 1);
	if (at.kind != TOKEN_TEXT || !text_of(text, span, bytes, &len))
		return NULL;
	return record_text(bytes, len < META_TEXT_MAX ? len : META_TEXT_MAX);
}

/* A name that comes twice has a list of values; takes the value. */
static void
add(json_t *metas, const char *name, json_t *value)
{
	json_t *old = json_object_get(metas, name);

	if (old == NULL)
		(void)json_object_set_new(metas, name, value);
	else if (json_is_array(old))
		(void)json_array_append_new(old, value);
	else
		(void)json_object_set_new(
		    metas, name, json_pack("[O, o]", old, value));
}

json_t *
meta_json(const struct rule *rule, bool *ret_cut)
{
	json_t *metas = json_object();
	size_t left = META_BYTES_MAX;
	struct lexer lexer;
	struct token token;

	*ret_cut = false;
	lexer_init(&lexer, rule->text, rule->meta.end);
	lexer.at = rule->meta.start;
	token = lexer_next(&lexer);
	for (int i = 0; token.kind == TOKEN_WORD; i++) {
		auto_free char *name =
		    xstrndup(rule->text + token.start, token.end - token.start);
		json_t *value;
		size_t cost;

		token = lexer_next(&lexer);
		if (!token_is(rule->text, &token, "="))
			break;
		token = lexer_next(&lexer);
		value = value_of(rule->text, &lexer, &token);
		if (value == NULL)
			continue;
		cost = strlen(name) + 8;
		if (json_is_string(value))
			cost += json_string_length(value);
		if (i >= META_ENTRIES_MAX || cost > left) {
			*ret_cut = true;
			json_decref(value);
			continue;
		}
		left -= cost;
		add(metas, name, value);
	}
	return metas;
}

json_t *
meta_tags(const struct rule *rule)
{
	json_t *tags = json_array();
	struct lexer lexer;
	struct token token;

	lexer_init(&lexer, rule->text, rule->tags.end);
	lexer.at = rule->tags.start;
	while ((token = lexer_next(&lexer)).kind == TOKEN_WORD &&
	       json_array_size(tags) < META_ENTRIES_MAX)
		(void)json_array_append_new(
		    tags, record_text(rule->text + token.start,
			      token.end - token.start < RULE_NAME_MAX
				  ? token.end - token.start
				  : RULE_NAME_MAX));
	return tags;
}
