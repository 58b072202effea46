/* SPDX-License-Identifier: Apache-2.0 */
/* unitrules.c - rules that came as compile units. */
#include "analysers/yara/unitrules.h"

#include "lib/own.h"
#include "lib/record.h"
#include "lib/unitset.h"
#include "lib/xalloc.h"

#include <inttypes.h>

/* "u" and the unit's number in the list, or "p" and a plain one's place. */
#define NAMESPACE_BYTES 32

/* What the subject's condition proves about the first bytes, and whether the
 * unit is nothing else. */
static void
look_at(struct unit_rule *rule)
{
	struct rule_file *file = rulefile_new(
	    "", xmemdup(rule->text, rule->text_len + 1), rule->text_len);

	for (size_t i = 0; i < file->unit_count; i++) {
		if (strcmp(file->units[i].name, rule->name) != 0)
			continue;
		rule->need = file->units[i].need;
		guard_free(rule->guard);
		rule->guard = take_ptr(file->units[i].guard);
		if (file->unit_count == 1)
			rule->places = take_ptr(file->units[i].places);
	}
	rule->is_plain = file->unit_count == 1 && !file->units[0].is_global;
	rulefile_free(file);
}

static void
take_unit(struct unit_rule *rule, const struct unit *unit, bool has_text)
{
	*rule = (struct unit_rule){
	    .namespace_name = xstrdup(unit->namespace_name),
	    .name = xstrdup(unit->name),
	    .text = has_text ? xmemdup(unit->text, unit->text_len + 1) : NULL,
	    .text_len = unit->text_len,
	    .flags = unit->flags,
	};
	hex_encode(rule->closure, unit->closure, SHA256_BYTES);
	hex_encode(rule->text_digest, unit->text_digest, SHA256_BYTES);
	if (has_text)
		look_at(rule);
}

static int
by_name(const void *a, const void *b)
{
	const struct unit_rule *const *x = a;
	const struct unit_rule *const *y = b;
	int order = strcmp((*x)->name, (*y)->name);

	/* Where names agree, as they came. */
	return order != 0 ? order : (*x > *y) - (*x < *y);
}

void
unitrules_place(struct unit_rules *rules)
{
	free(rules->plain);
	rules->plain = xcalloc(rules->count + 1, sizeof(*rules->plain));
	rules->plain_count = 0;
	for (size_t i = 0; i < rules->count; i++) {
		rules->list[i].place = 0;
		if (rules->list[i].is_plain)
			rules->plain[rules->plain_count++] = &rules->list[i];
	}
	if (rules->plain_count == 0)
		return;
	qsort(rules->plain, rules->plain_count, sizeof(*rules->plain), by_name);
	for (size_t i = 1; i < rules->plain_count; i++) {
		const struct unit_rule *last = rules->plain[i - 1];
		struct unit_rule *rule =
		    &rules->list[rules->plain[i] - rules->list];

		if (strcmp(last->name, rule->name) == 0)
			rule->place = last->place + 1;
	}
}

static int
read_units(int fd, bool is_slow, bool has_text, struct unit_rules **ret_rules)
{
	struct unit_rules *rules;
	struct unitset set;
	struct unit unit;
	int err = unitset_open(&set, fd);

	if (err != ERR_OK)
		return err;
	rules = xcalloc(1, sizeof(*rules));
	rules->set_aside = json_array();
	rules->list = xcalloc((size_t)set.count + 1, sizeof(*rules->list));
	while ((err = unitset_next(&set, &unit)) == ERR_OK) {
		if (((unit.flags & UNIT_SLOW) != 0) != is_slow)
			continue;
		take_unit(&rules->list[rules->count++], &unit, has_text);
		rules->has_entry_point |=
		    strstr(unit.text, "entrypoint") != NULL;
	}
	unitset_release(&set);
	if (err != ERR_NOT_FOUND) {
		unitrules_free(rules);
		return err;
	}
	*ret_rules = rules;
	return ERR_OK;
}

int
unitrules_read(int fd, bool is_slow, struct unit_rules **ret_rules)
{
	int err = read_units(fd, is_slow, true, ret_rules);

	if (err == ERR_OK)
		unitrules_place(*ret_rules);
	return err;
}

int
unitrules_list(int fd, bool is_slow, struct unit_rules **ret_rules)
{
	return read_units(fd, is_slow, false, ret_rules);
}

struct unit_rules *
unitrules_take(struct unit_rules *rules, bool is_all)
{
	struct unit_rules *taken = xcalloc(1, sizeof(*taken));
	const struct unit_rule first = rules->list[0];
	size_t kept = 0;

	taken->set_aside = json_array();
	taken->list = xcalloc(rules->count + 1, sizeof(*taken->list));
	taken->has_entry_point = rules->has_entry_point;
	for (size_t i = 0; i < rules->count; i++) {
		const struct unit_rule rule = rules->list[i];

		if (is_all || (guard_is_same(rule.guard, first.guard) &&
				  guard_is_same(rule.places, first.places)))
			taken->list[taken->count++] = rule;
		else
			rules->list[kept++] = rule;
	}
	rules->count = kept;
	unitrules_place(rules);
	unitrules_place(taken);
	return taken;
}

void
unitrules_free(struct unit_rules *rules)
{
	if (rules == NULL)
		return;
	for (size_t i = 0; i < rules->count; i++) {
		free(rules->list[i].namespace_name);
		free(rules->list[i].name);
		free(rules->list[i].text);
		guard_free(rules->list[i].guard);
		guard_free(rules->list[i].places);
	}
	free(rules->list);
	free(rules->plain);
	json_decref(rules->set_aside);
	free(rules);
}

static int
add(const struct unit_rules *rules, size_t at, struct compile *compile)
{
	const struct unit_rule *rule = &rules->list[at];
	char name[NAMESPACE_BYTES];

	(void)snprintf(name, sizeof(name), "%c%zu", rule->is_plain ? 'p' : 'u',
	    rule->is_plain ? rule->place : at);
	return compile_add(compile, rule->text, name);
}

int
unitrules_compile(const struct unit_rules *rules, enum rule_need need,
    struct compile *compile, size_t *ret_count)
{
	size_t count = 0;
	int err = ERR_OK;

	for (size_t i = 0; err == ERR_OK && i < rules->count; i++) {
		const struct unit_rule *rule = &rules->list[i];

		if (rule->is_aside ||
		    (rule->need != NEED_ANY && rule->need != need))
			continue;
		err = add(rules, i, compile);
		count++;
	}
	*ret_count = count;
	return err;
}

static void
set_aside(struct unit_rules *rules, struct unit_rule *rule, const char *why)
{
	const char *ns = rule->namespace_name;

	rule->is_aside = true;
	rules->aside_count++;
	if (json_array_size(rules->set_aside) < UNITRULES_ASIDE_SHOWN_MAX)
		(void)json_array_append_new(rules->set_aside,
		    json_pack("{s:o, s:o, s:s, s:o}", "rule",
			record_text(rule->name, strlen(rule->name)),
			"namespace", record_text(ns, strlen(ns)), "closure",
			rule->closure, "why", record_text(why, strlen(why))));
}

/* Alone: which rule is at fault is plain then. */
static void
sift_one(struct unit_rules *rules, size_t at)
{
	struct compile compile;
	YR_RULES *compiled = NULL;
	int err = compile_init(&compile);

	if (err == ERR_OK)
		err = add(rules, at, &compile);
	if (err == ERR_OK)
		err = compile_finish(&compile, &compiled);
	if (err != ERR_OK)
		set_aside(rules, &rules->list[at],
		    compile.error_count > 0 ? compile.errors[0].why
					    : "libyara gives no reason");
	if (compiled != NULL)
		(void)yr_rules_destroy(compiled);
	compile_release(&compile);
}

void
unitrules_sift(struct unit_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (!rules->list[i].is_aside)
			sift_one(rules, i);
	}
}

void
unitrules_shrink(struct unit_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		free(rules->list[i].text);
		rules->list[i].text = NULL;
	}
}

/* The plain unit of that name and place. */
static const struct unit_rule *
find_plain(const struct unit_rules *rules, const char *name, size_t at)
{
	size_t low = 0, high = rules->plain_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct unit_rule *rule = rules->plain[middle];
		int order = strcmp(rule->name, name);

		if (order == 0 && rule->place == at)
			return rule;
		if (order < 0 || (order == 0 && rule->place < at))
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct unit_rule *
unitrules_around(const struct unit_rules *rules, const YR_RULE *rule)
{
	const char *name = rule->ns->name;
	size_t at;

	/* "(facts)" is no unit. */
	if (name[0] != 'u' && name[0] != 'p')
		return NULL;
	at = (size_t)strtoumax(name + 1, NULL, 10);
	if (name[0] == 'p')
		return find_plain(rules, rule->identifier, at);
	return at < rules->count ? &rules->list[at] : NULL;
}

const struct unit_rule *
unitrules_of(const struct unit_rules *rules, const YR_RULE *rule)
{
	const struct unit_rule *unit = unitrules_around(rules, rule);

	return unit != NULL && strcmp(unit->name, rule->identifier) == 0 ? unit
									 : NULL;
}
