/* SPDX-License-Identifier: Apache-2.0 */
/* hunt.c - changed rules on one artefact. */
#include "analysers/hunt/hunt.h"

#include "analysers/yara/blocks.h"
#include "analysers/yara/compile.h"
#include "analysers/yara/externals.h"
#include "analysers/yara/lean.h"
#include "analysers/yara/match.h"
#include "analysers/yara/places.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/xalloc.h"

#include <malloc.h>

/* Parts of the time for one artefact: reading blocks, and scanning. */
#define READ_PERCENT 60
#define SCAN_PERCENT 85
/* What slow rules have of that for themselves. */
#define SLOW_PERCENT 25
/* Pairs of rule and artefact that are told of by name; then all are. */
#define LOUD_MAX ((size_t)64)

struct loud {
	const struct unit_rule *unit;
	char string[64];
	bool is_matched;
};

struct scan {
	struct record_out *out;
	const json_t *context;
	struct input *input; /* where map is NULL */
	const uint8_t *map;
	uint64_t size;
	uint64_t head_only; /* bytes that map has, where it is not all; or 0 */
	struct ruleset *ruleset;
	json_int_t unit;
	uint64_t seconds;
	uint8_t head[EXTERNALS_HEAD_BYTES];
	size_t head_len;
	struct loud loud[LOUD_MAX];
	size_t loud_count;
	bool is_slow; /* with the slow rules of a set */
};

void *
hunt_load(struct program *program)
{
	(void)program;
	compile_load();
	return xcalloc(1, sizeof(struct hunt));
}

void
hunt_info(void *data, char *engine, size_t engine_size, json_t **ret_detail)
{
	(void)data;
	(void)snprintf(engine, engine_size, "libyara %s", YR_VERSION);
	*ret_detail = json_pack("{s:i}", "sets", (int)HUNT_SETS_MAX);
}

static void
drop(struct hunt *hunt, size_t at)
{
	ruleset_free(hunt->sets[at].ruleset);
	memmove(&hunt->sets[at], &hunt->sets[at + 1],
	    (hunt->count - at - 1) * sizeof(hunt->sets[0]));
	hunt->count--;
}

int
hunt_ruleset(void *data, uint64_t number, const char *digest, int fd, char *why,
    size_t why_size)
{
	struct hunt *hunt = data;
	struct ruleset *ruleset;
	uint64_t start_ms = loop_now_ms();
	bool is_old = false;
	int err = ruleset_units(fd, false, why, why_size, &ruleset);

	if (err != ERR_OK)
		return err;
	for (size_t i = hunt->count; i > 0; i--) {
		bool is_other = strcmp(hunt->sets[i - 1].job, digest) != 0;

		is_old |= is_other;
		if (is_other || hunt->sets[i - 1].number == number)
			drop(hunt, i - 1);
	}
	if (hunt->count == HUNT_SETS_MAX)
		drop(hunt, 0);
	/* Each child begins as a copy of what is held here. */
	if (is_old)
		(void)malloc_trim(0);
	hunt->sets[hunt->count] =
	    (struct hunt_set){.number = number, .ruleset = ruleset};
	(void)snprintf(hunt->sets[hunt->count].job,
	    sizeof(hunt->sets[hunt->count].job), "%s", digest);
	hunt->count++;
	ruleset_explain(ruleset, why, why_size);
	log_line(LOG_DEBUG, "msg=\"rules loaded\" set=%llu rules=%zu ms=%llu",
	    (unsigned long long)number, ruleset->rule_count,
	    (unsigned long long)(loop_now_ms() - start_ms));
	return ERR_OK;
}

/* --- what is found --- */

static void
put_error(struct scan *scan, const struct unit_rule *unit, const char *what,
    const char *text)
{
	json_t *body = json_pack("{s:I, s:s, s:o}", "unit", scan->unit, "what",
	    what, "text", record_text(text, strlen(text)));

	if (unit != NULL) {
		const char *ns = unit->namespace_name;

		(void)json_object_set_new(
		    body, "rule", json_string(unit->name));
		(void)json_object_set_new(
		    body, "namespace", record_text(ns, strlen(ns)));
	}
	record_put(scan->out, RECORD_ERROR, body);
}

static void
on_match(struct scan *scan, YR_SCAN_CONTEXT *context, YR_RULE *rule)
{
	const struct unit_rule *unit = unitrules_of(scan->ruleset->units, rule);
	json_t *body;

	if (unit == NULL || RULE_IS_PRIVATE(rule))
		return;
	for (size_t i = 0; i < scan->loud_count; i++)
		scan->loud[i].is_matched |= scan->loud[i].unit == unit;
	body = match_record(context, rule, unit);
	(void)json_object_set_new(body, "unit", json_integer(scan->unit));
	record_put(scan->out, RECORD_MATCH, body);
}

/* A string that is found too often is not looked for any further: whether
 * its rule matches is not known, unless it does already. */
static void
on_loud(struct scan *scan, YR_SCAN_CONTEXT *context, const YR_STRING *string)
{
	const YR_RULE *rule = &context->rules->rules_table[string->rule_idx];
	const struct unit_rule *unit =
	    unitrules_around(scan->ruleset->units, rule);
	struct loud *loud;

	if (unit == NULL)
		return;
	for (size_t i = 0; i < scan->loud_count; i++) {
		if (scan->loud[i].unit == unit)
			return;
	}
	if (scan->loud_count == LOUD_MAX) {
		put_error(scan, unit, "too_many_matches",
		    "a string was found too often");
		return;
	}
	loud = &scan->loud[scan->loud_count++];
	*loud = (struct loud){.unit = unit};
	(void)snprintf(
	    loud->string, sizeof(loud->string), "%s", string->identifier);
}

static int
on_message(YR_SCAN_CONTEXT *context, int message, void *data, void *arg)
{
	if (message == CALLBACK_MSG_RULE_MATCHING)
		on_match(arg, context, data);
	else if (message == CALLBACK_MSG_TOO_MANY_MATCHES)
		on_loud(arg, context, data);
	return CALLBACK_CONTINUE;
}

static void
tell_loud(struct scan *scan)
{
	char text[160];

	for (size_t i = 0; i < scan->loud_count; i++) {
		if (scan->loud[i].is_matched)
			continue;
		(void)snprintf(text, sizeof(text),
		    "string %s was found more than %d times and not looked "
		    "for any further",
		    scan->loud[i].string, YR_MAX_STRING_MATCHES);
		put_error(scan, scan->loud[i].unit, "too_many_matches", text);
	}
}

static void
tell_aside(struct scan *scan)
{
	const struct unit_rules *units = scan->ruleset->units;

	for (size_t i = 0; units->aside_count > 0 && i < units->count; i++) {
		if (units->list[i].is_aside)
			put_error(scan, &units->list[i], "not_compiled",
			    "the rule does not compile here");
	}
}

/* A scan that has no result is a gap of all rules, or of each slow one. */
static int
put_untold(struct scan *scan, const char *what, const char *text)
{
	const struct unit_rules *units = scan->ruleset->units;

	if (!scan->is_slow) {
		put_error(scan, NULL, what, text);
		return ERR_LIMIT;
	}
	for (size_t i = 0; i < units->count; i++)
		put_error(scan, &units->list[i], what, text);
	return ERR_OK;
}

static int
explain(struct scan *scan, YR_SCANNER *scanner, int error)
{
	const YR_RULE *rule = yr_scanner_last_error_rule(scanner);
	char text[256];

	if (error == ERROR_SUCCESS) {
		tell_loud(scan);
		return ERR_OK;
	}
	if (error == ERROR_SCAN_TIMEOUT)
		(void)snprintf(text, sizeof(text),
		    "the scan was not done after %llu s",
		    (unsigned long long)scan->seconds);
	else
		(void)snprintf(text, sizeof(text),
		    "libyara stopped with its error %d%s%s", error,
		    rule == NULL ? "" : " in rule ",
		    rule == NULL ? "" : rule->identifier);
	return put_untold(
	    scan, error == ERROR_SCAN_TIMEOUT ? "timeout" : "scan", text);
}

/* --- one artefact --- */

static int
scan_blocks(struct scan *scan, YR_SCANNER *scanner)
{
	struct blocks blocks;
	int error, err;

	blocks_init(&blocks, scan->input,
	    loop_now_ms() + scan->seconds * 10 * READ_PERCENT);
	error = yr_scanner_scan_mem_blocks(scanner, &blocks.iterator);
	if (blocks.is_late || blocks.error != ERR_OK) {
		err = put_untold(scan, blocks.is_late ? "timeout" : "read",
		    "it could not be read to its end in time");
	} else {
		err = explain(scan, scanner, error);
	}
	blocks_release(&blocks);
	return err;
}

/* The scanner of a class is another one now; other classes may borrow it. */
static void
renew(struct ruleset *ruleset, YR_SCANNER *old, YR_SCANNER *scanner)
{
	for (size_t i = 0; i < CLASS_COUNT; i++) {
		if (ruleset->scanners[i] == old)
			ruleset->scanners[i] = scanner;
	}
}

/* Whether the first bytes are enough; where not, that is what it says. */
static int
scan_head(struct scan *scan, enum rule_class class)
{
	struct ruleset *ruleset = scan->ruleset;
	YR_SCANNER *old = ruleset->scanners[class];
	YR_SCANNER *scanner = old;
	bool is_known = false;
	int error = ERROR_SUCCESS;

	if (ruleset->is_lean[class])
		error = lean_scan_head(&scanner, scan->map,
		    (size_t)scan->head_only, scan->size, &is_known);
	/* Without memory for another scanner nothing more can be told. */
	if (!is_known && error != ERROR_SUCCESS)
		abort();
	renew(ruleset, old, scanner);
	if (is_known) {
		tell_aside(scan);
		return explain(scan, scanner, error);
	}
	put_error(scan, NULL, HUNT_HEAD, "its first bytes are not enough");
	return ERR_LIMIT;
}

static int
scan_set(struct scan *scan)
{
	struct ruleset *ruleset = scan->ruleset;
	enum rule_class class;
	YR_SCANNER *scanner;
	int facts;

	scan->loud_count = 0;
	class = ruleset_class(scan->head, scan->head_len, &facts);
	scanner = ruleset->scanners[class];
	if (scan->head_only == 0 || scanner == NULL)
		tell_aside(scan);
	/* None: nothing of the set can match such a file. */
	if (scanner == NULL)
		return ERR_OK;
	yr_scanner_set_flags(
	    scanner, SCAN_FLAGS_NO_TRYCATCH | SCAN_FLAGS_REPORT_RULES_MATCHING);
	yr_scanner_set_callback(scanner, on_message, scan);
	yr_scanner_set_timeout(scanner, (int)scan->seconds);
	/* libyara 4.2.3 keeps that of the file before. */
	scanner->entry_point = YR_UNDEFINED;
	externals_define(scanner, scan->context, scan->head, scan->head_len);
	if (scan->head_only != 0)
		return scan_head(scan, class);
	if (ruleset->is_lean[class] && (scan->map != NULL || scan->size == 0))
		return explain(scan, scanner,
		    lean_scan(scanner,
			scan->size == 0 ? (const uint8_t *)"" : scan->map,
			(size_t)scan->size));
	if (scan->map == NULL && scan->size > 0)
		return scan_blocks(scan, scanner);
	return explain(scan, scanner,
	    places_scan(scanner, ruleset->places,
		scan->size == 0 ? (const uint8_t *)"" : scan->map,
		(size_t)scan->size));
}

/* Slow rules come last, with a time of their own. */
static int
scan_slow(struct scan *scan, const struct ruleset *ruleset)
{
	uint64_t seconds = scan->seconds * SLOW_PERCENT / 100;
	bool may_match[RULESET_SLOW_MAX];
	size_t count = 0;
	size_t at = 0;
	int err = ERR_OK;

	for (struct ruleset *slow = ruleset->slow; slow != NULL;
	     slow = slow->slow) {
		may_match[at] =
		    ruleset_allows(slow, scan->map, (size_t)scan->size);
		count += may_match[at++];
	}
	at = 0;
	for (struct ruleset *slow = ruleset->slow;
	     err == ERR_OK && slow != NULL; slow = slow->slow) {
		scan->ruleset = slow;
		if (!may_match[at++]) {
			tell_aside(scan);
			continue;
		}
		scan->is_slow = true;
		scan->seconds = seconds / count;
		if (scan->seconds < 1)
			scan->seconds = 1;
		err = scan_set(scan);
		scan->is_slow = false;
	}
	return err;
}

static int
scan_with_slow(struct scan *scan)
{
	const struct ruleset *ruleset = scan->ruleset;
	uint64_t seconds = scan->seconds;
	int err;

	scan->seconds = seconds * (100 - SLOW_PERCENT) / 100;
	err = scan_set(scan);
	scan->seconds = seconds;
	if (err == ERR_OK)
		err = scan_slow(scan, ruleset);
	scan->seconds = seconds;
	return err;
}

/* One set, all of it. */
static int
scan_all(struct scan *scan)
{
	if (scan->ruleset->slow == NULL)
		return scan_set(scan);
	if (scan->head_only == 0)
		return scan_with_slow(scan);
	/* First bytes are never enough for slow rules. */
	put_error(scan, NULL, HUNT_HEAD, "its first bytes are not enough");
	return ERR_LIMIT;
}

static struct ruleset *
find_set(const struct hunt *hunt, json_int_t number)
{
	for (size_t i = 0; i < hunt->count; i++) {
		if (hunt->sets[i].number == (uint64_t)number)
			return hunt->sets[i].ruleset;
	}
	return NULL;
}

/* All sets that the context names. */
static int
scan_sets(struct scan *scan, const struct hunt *hunt)
{
	const json_t *sets = json_object_get(scan->context, "sets");
	json_int_t seconds =
	    json_member_int(json_object_get(scan->context, "limits"), "seconds",
		LIMIT_ANALYSER_SECONDS);
	const json_t *number;
	int err = ERR_OK;
	size_t i;

	json_int_t size = json_member_int(scan->context, "size", -1);

	scan->unit = json_member_int(scan->context, "unit", 0);
	if (size > 0 && (uint64_t)size > scan->size && scan->map != NULL) {
		scan->head_only = scan->size;
		scan->size = (uint64_t)size;
	}
	scan->seconds =
	    (uint64_t)(seconds < 2 ? 2 : seconds) * SCAN_PERCENT / 100;
	json_array_foreach(sets, i, number)
	{
		scan->ruleset = find_set(hunt, json_integer_value(number));
		if (scan->ruleset == NULL) {
			put_error(scan, NULL, "rules", "its rules are gone");
			return ERR_FORMAT;
		}
		if (err == ERR_OK)
			err = scan_all(scan);
	}
	return err;
}

int
hunt_analyse(struct analysis *analysis)
{
	struct scan scan = {
	    .out = analysis->out,
	    .context = analysis->context,
	    .input = analysis->input,
	    .map = input_map(analysis->input),
	    .size = input_size(analysis->input),
	    .unit = json_member_int(analysis->context, "unit", 0),
	};

	if (input_read_at(analysis->input, 0, scan.head, sizeof(scan.head),
		&scan.head_len) != ERR_OK) {
		put_error(&scan, NULL, "read", "it could not be read");
		return ERR_SYS;
	}
	return scan_sets(&scan, analysis->data);
}

int
hunt_bytes(const struct hunt *hunt, const uint8_t *p, size_t len,
    const json_t *context, struct record_out *out)
{
	struct scan scan = {
	    .out = out,
	    .context = context,
	    .map = p,
	    .size = len,
	    .head_len = len < EXTERNALS_HEAD_BYTES ? len : EXTERNALS_HEAD_BYTES,
	};

	memcpy(scan.head, p, scan.head_len);
	return scan_sets(&scan, hunt);
}
