/* SPDX-License-Identifier: Apache-2.0 */
/* match.c - a rule that matched. */
#include "analysers/yara/match.h"

#include "lib/record.h"
#include "lib/unitset.h"

#include <strings.h>

/* Meta names under which rule writers put ATT&CK techniques. */
static const char *const attack_names[] = {"attack", "mitre_attack",
    "mitre_att", "mitre", "technique", "mitre_technique"};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The length of T1234 or T1234.001 at p; 0 = none. */
static size_t
technique_len(const char *p)
{
	size_t n = 1;

	if (*p != 'T' && *p != 't')
		return 0;
	for (; n < 5; n++) {
		if (!is_digit(p[n]))
			return 0;
	}
	if (p[5] == '.' && is_digit(p[6]) && is_digit(p[7]) && is_digit(p[8]))
		n = 9;
	return is_alnum(p[n]) ? 0 : n;
}

void
match_add_techniques(json_t *list, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		size_t n = p > text && is_alnum(p[-1]) ? 0 : technique_len(p);
		bool is_new = n > 0;
		char id[16];

		if (n == 0)
			continue;
		memcpy(id, p, n);
		id[0] = 'T';
		id[n] = '\0';
		for (size_t i = 0; i < json_array_size(list); i++)
			is_new &= strcmp(id, json_string_value(
						 json_array_get(list, i))) != 0;
		if (is_new)
			(void)json_array_append_new(list, json_string(id));
	}
}

static json_t *
meta_value(const YR_META *meta)
{
	size_t len;

	if (meta->type == META_TYPE_INTEGER)
		return json_integer(meta->integer);
	if (meta->type == META_TYPE_BOOLEAN)
		return json_boolean(meta->integer);
	len = strlen(meta->string);
	return record_text(meta->string,
	    len < MATCH_META_BYTES_MAX ? len : MATCH_META_BYTES_MAX);
}

/* A name that comes twice has a list of values. */
static void
add_meta(json_t *metas, const YR_META *meta)
{
	json_t *old = json_object_get(metas, meta->identifier);
	json_t *list;

	if (old == NULL) {
		(void)json_object_set_new(
		    metas, meta->identifier, meta_value(meta));
		return;
	}
	if (json_is_array(old)) {
		(void)json_array_append_new(old, meta_value(meta));
		return;
	}
	list = json_pack("[O, o]", old, meta_value(meta));
	(void)json_object_set_new(metas, meta->identifier, list);
}

static void
put_metas(json_t *body, YR_RULE *rule)
{
	json_int_t score = MATCH_SCORE_DEFAULT;
	json_t *metas = json_object();
	json_t *attack = json_array();
	size_t left = MATCH_META_BYTES_MAX * 8;
	size_t count = 0;
	YR_META *meta;

	yr_rule_metas_foreach(rule, meta)
	{
		size_t len =
		    meta->type == META_TYPE_STRING ? strlen(meta->string) : 0;

		if (len > MATCH_META_BYTES_MAX)
			len = MATCH_META_BYTES_MAX;
		if (count++ < MATCH_META_MAX && len <= left) {
			left -= len;
			add_meta(metas, meta);
		}
		if (meta->type == META_TYPE_INTEGER &&
		    strcmp(meta->identifier, "score") == 0)
			score = meta->integer;
		for (size_t i = 0;
		     meta->type == META_TYPE_STRING &&
		     i < sizeof(attack_names) / sizeof(attack_names[0]);
		     i++) {
			if (strcasecmp(meta->identifier, attack_names[i]) == 0)
				match_add_techniques(attack, meta->string);
		}
	}
	score = score < 0 ? 0 : score > 100 ? 100 : score;
	(void)json_object_set_new(body, "score", json_integer(score));
	(void)json_object_set_new(body, "meta", metas);
	if (json_array_size(attack) > 0)
		(void)json_object_set_new(body, "attack", attack);
	else
		json_decref(attack);
}

/* Readable as it is: for people, beside the bytes. */
static bool
is_printable(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] < 0x20 || p[i] > 0x7e)
			return false;
	}
	return len > 0;
}

/* As put_strings(). */
__attribute__((no_sanitize("alignment"))) static json_t *
place(const YR_STRING *string, const YR_MATCH *match)
{
	size_t len = match->data_length > 0 ? (size_t)match->data_length : 0;
	json_t *body;

	if (len > MATCH_DATA_BYTES_MAX)
		len = MATCH_DATA_BYTES_MAX;
	body = json_pack("{s:s, s:I, s:I, s:o}", "id", string->identifier,
	    "offset", (json_int_t)match->base + (json_int_t)match->offset,
	    "length", (json_int_t)match->match_length, "data",
	    record_hex(match->data, len));
	if (is_printable(match->data, len))
		(void)json_object_set_new(
		    body, "text", record_text(match->data, len));
	return body;
}

/* libyara packs its matches without regard for their alignment. */
__attribute__((no_sanitize("alignment"))) static void
put_strings(json_t *body, YR_SCAN_CONTEXT *context, YR_RULE *rule)
{
	json_t *places = json_array();
	json_int_t total = 0;
	YR_STRING *string;

	yr_rule_strings_foreach(rule, string)
	{
		size_t shown = 0;
		YR_MATCH *match;

		if (STRING_IS_PRIVATE(string))
			continue;
		yr_string_matches_foreach(context, string, match)
		{
			total++;
			if (shown++ < MATCH_PLACES_PER_STRING &&
			    json_array_size(places) < MATCH_PLACES_PER_RULE)
				(void)json_array_append_new(
				    places, place(string, match));
		}
	}
	(void)json_object_set_new(body, "strings", places);
	(void)json_object_set_new(body, "strings_total", json_integer(total));
}

static void
put_unit(json_t *body, const struct unit_rule *unit)
{
	(void)json_object_set_new(body, "closure", json_string(unit->closure));
	(void)json_object_set_new(
	    body, "text_sha256", json_string(unit->text_digest));
	if ((unit->flags & UNIT_NOISY) == 0)
		return;
	(void)json_object_set_new(body, "score", json_integer(0));
	(void)json_object_set_new(body, "is_noisy", json_true());
}

json_t *
match_record(
    YR_SCAN_CONTEXT *context, YR_RULE *rule, const struct unit_rule *unit)
{
	const char *ns = unit == NULL ? rule->ns->name : unit->namespace_name;
	json_t *body = json_pack("{s:s, s:o}", "rule", rule->identifier,
	    "namespace", record_text(ns, strlen(ns)));
	json_t *tags = json_array();
	const char *tag;

	yr_rule_tags_foreach(rule, tag)
	{
		(void)json_array_append_new(tags, json_string(tag));
	}
	(void)json_object_set_new(body, "tags", tags);
	put_metas(body, rule);
	put_strings(body, context, rule);
	if (unit != NULL)
		put_unit(body, unit);
	return body;
}
