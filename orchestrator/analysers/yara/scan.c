/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c - an artefact under the active rule set. */
#include "analysers/yara/scan.h"

#include "analysers/yara/blocks.h"
#include "analysers/yara/compile.h"
#include "analysers/yara/externals.h"
#include "analysers/yara/facts.h"
#include "analysers/yara/image.h"
#include "analysers/yara/match.h"
#include "analysers/yara/places.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/own.h"

/* Parts of the time for one artefact: reading blocks, and scanning. */
#define READ_PERCENT 60
#define SCAN_PERCENT 85
/* What slow rules get of that, where the others leave less; all of it that is
 * left, where they leave more. */
#define SLOW_PERCENT 25
/* Slow rules that are named when there was no time for them. */
#define SLOW_NAMED_MAX ((size_t)8)

struct scan {
	struct analysis *analysis;
	const struct ruleset *ruleset;
	uint64_t seconds;
	size_t matches;
	size_t loud_strings;
	uint8_t head[EXTERNALS_HEAD_BYTES];
	size_t head_len;
	bool is_facts; /* matches of this set do not count */
	bool is_slow;  /* its facts are told of already */
};

void *
scan_load(struct program *program)
{
	const char *folders = program_conf(program, "rules_dir", "");
	uint64_t start_ms = loop_now_ms();
	struct ruleset *ruleset;

	compile_load();
	ruleset = ruleset_load(folders);
	log_line(ruleset->rule_count > 0 ? LOG_INFO : LOG_WARN,
	    "msg=\"rules loaded\" rules=%zu files=%zu set_aside_rules=%zu "
	    "set_aside_files=%zu ms=%llu",
	    ruleset->rule_count, ruleset->loaded_files,
	    ruleset->set_aside_rules, ruleset->set_aside_files,
	    (unsigned long long)(loop_now_ms() - start_ms));
	return ruleset;
}

void
scan_info(void *data, char *engine, size_t engine_size, json_t **ret_detail)
{
	(void)snprintf(engine, engine_size, "libyara %s", YR_VERSION);
	*ret_detail = ruleset_info(data);
}

int
scan_compile(void *data, int units_fd, int image_fd, char *why, size_t why_size)
{
	struct ruleset *next;
	int err = ruleset_units(units_fd, true, why, why_size, &next);

	(void)data;
	if (err == ERR_OK)
		err = image_write(next, units_fd, image_fd);
	/* The process ends with it: nothing is taken apart. */
	return err;
}

int
scan_adopt(void *data, const struct analyser_rules *rules, int image_fd,
    char *why, size_t why_size)
{
	struct ruleset *ruleset = data;
	struct ruleset *next, old;
	uint64_t start_ms = loop_now_ms();
	int err = image_read(image_fd, rules->units_fd, &next);

	if (err != ERR_OK) {
		(void)snprintf(why, why_size,
		    "the compiled rules are of "
		    "another engine or damaged");
		return err;
	}
	next->version = rules->number;
	(void)snprintf(next->digest, sizeof(next->digest), "%s", rules->digest);
	old = *ruleset;
	*ruleset = *next;
	*next = old;
	ruleset_free(next);
	ruleset_explain(ruleset, why, why_size);
	log_line(LOG_INFO,
	    "msg=\"rules loaded\" version=%llu rules=%zu set_aside=%zu ms=%llu",
	    (unsigned long long)rules->number, ruleset->rule_count,
	    ruleset->set_aside_rules,
	    (unsigned long long)(loop_now_ms() - start_ms));
	return ERR_OK;
}

static void
on_match(struct scan *scan, YR_SCAN_CONTEXT *context, YR_RULE *rule)
{
	const struct unit_rules *units = scan->ruleset->units;
	const struct unit_rule *unit =
	    units == NULL ? NULL : unitrules_of(units, rule);

	if (scan->is_facts || RULE_IS_PRIVATE(rule) ||
	    (units != NULL && unit == NULL))
		return;
	if (scan->matches++ < SCAN_MATCHES_MAX)
		record_put(scan->analysis->out, RECORD_MATCH,
		    match_record(context, rule, unit));
}

static void
on_loud(struct scan *scan, YR_SCAN_CONTEXT *context, const YR_STRING *string)
{
	const YR_RULE *rule = &context->rules->rules_table[string->rule_idx];
	const struct unit_rules *units = scan->ruleset->units;
	const struct unit_rule *unit =
	    units == NULL ? NULL : unitrules_around(units, rule);

	if (scan->loud_strings++ < SCAN_STRINGS_MAX)
		record_error(scan->analysis->out, "too_many_matches",
		    "string %s of rule %s (%s) was found more than %d times "
		    "and not looked for any further",
		    string->identifier, rule->identifier,
		    unit == NULL ? rule->ns->name : unit->namespace_name,
		    YR_MAX_STRING_MATCHES);
}

static int
on_message(YR_SCAN_CONTEXT *context, int message, void *data, void *arg)
{
	struct scan *scan = arg;

	switch (message) {
	case CALLBACK_MSG_RULE_MATCHING:
		on_match(scan, context, data);
		break;
	case CALLBACK_MSG_MODULE_IMPORTED:
		if (!scan->is_slow)
			facts_put(context, data, scan->analysis->out);
		break;
	case CALLBACK_MSG_TOO_MANY_MATCHES:
		on_loud(scan, context, data);
		break;
	default:
		break;
	}
	return CALLBACK_CONTINUE;
}

/* A scan that did not come to its end is told of, and why. */
static int
explain(struct scan *scan, YR_SCANNER *scanner, int error)
{
	const YR_RULE *rule = yr_scanner_last_error_rule(scanner);
	const char *name = rule == NULL ? "" : rule->identifier;

	switch (error) {
	case ERROR_SUCCESS:
		return ERR_OK;
	case ERROR_SCAN_TIMEOUT:
		record_error(scan->analysis->out, "timeout",
		    "the scan was not done after %llu s: no matches are "
		    "known",
		    (unsigned long long)scan->seconds);
		return ERR_LIMIT;
	default:
		record_error(scan->analysis->out, "scan",
		    "libyara stopped with its error %d%s%s: no matches are "
		    "known",
		    error, name[0] == '\0' ? "" : " in rule ", name);
		return ERR_FORMAT;
	}
}

static YR_SCANNER *
prepare(struct scan *scan, enum rule_class class)
{
	YR_SCANNER *scanner = scan->ruleset->scanners[class];

	/* A crash is the child's end, which its parent sees: libyara is not
	 * to catch it. */
	yr_scanner_set_flags(
	    scanner, SCAN_FLAGS_NO_TRYCATCH | SCAN_FLAGS_REPORT_RULES_MATCHING);
	yr_scanner_set_callback(scanner, on_message, scan);
	/* libyara 4.2.3 keeps that of the file before. */
	scanner->entry_point = YR_UNDEFINED;
	yr_scanner_set_timeout(scanner, (int)scan->seconds);
	externals_define(
	    scanner, scan->analysis->context, scan->head, scan->head_len);
	return scanner;
}

static int
scan_map(
    struct scan *scan, enum rule_class class, const uint8_t *map, size_t size)
{
	YR_SCANNER *scanner = prepare(scan, class);

	return explain(scan, scanner, yr_scanner_scan_mem(scanner, map, size));
}

static void
explain_blocks(struct scan *scan, const struct blocks *blocks)
{
	struct record_out *out = scan->analysis->out;
	uint64_t size = input_size(scan->analysis->input);

	record_limit(out, "scan_blocks",
	    "scanned in blocks of %zu bytes that overlap by %zu: a string "
	    "that is longer may be missed where they meet",
	    BLOCK_BYTES, BLOCK_OVERLAP_BYTES);
	if (blocks->is_late)
		record_limit(out, "seconds",
		    "the time was up: only the first %llu of %llu bytes were "
		    "scanned",
		    (unsigned long long)blocks->scanned,
		    (unsigned long long)size);
	if (blocks->error != ERR_OK)
		record_error(out, "read",
		    "the input could be read up to byte %llu only",
		    (unsigned long long)blocks->scanned);
}

static int
scan_blocks(struct scan *scan, enum rule_class class, uint64_t limit_seconds)
{
	YR_SCANNER *scanner = prepare(scan, class);
	struct blocks blocks;
	int error, err;

	blocks_init(&blocks, scan->analysis->input,
	    loop_now_ms() + limit_seconds * 10 * READ_PERCENT);
	error = yr_scanner_scan_mem_blocks(scanner, &blocks.iterator);
	explain_blocks(scan, &blocks);
	err = explain(scan, scanner, error);
	if (blocks.error != ERR_OK)
		err = ERR_SYS;
	else if (err == ERR_OK && blocks.is_late)
		err = ERR_LIMIT;
	blocks_release(&blocks);
	return err;
}

/* Only these: what the others found counts all the same. */
static int
explain_slow(const struct scan *scan)
{
	const struct unit_rules *units = scan->ruleset->units;
	char names[512] = "";
	size_t len = 0;

	for (size_t i = 0; i < units->count && i < SLOW_NAMED_MAX; i++) {
		int n = snprintf(names + len, sizeof(names) - len, "%s%s",
		    i == 0 ? "" : ", ", units->list[i].name);

		if (n < 0 || (size_t)n >= sizeof(names) - len)
			break;
		len += (size_t)n;
	}
	record_error(scan->analysis->out, "slow_rules",
	    "the %zu slow rules were not done after %llu s, and whether they "
	    "match is not known: %s%s",
	    units->count, (unsigned long long)scan->seconds, names,
	    units->count > SLOW_NAMED_MAX ? " and others" : "");
	return ERR_LIMIT;
}

/* With one set of slow rules. */
static int
scan_slow_set(struct scan *scan, enum rule_class class, uint64_t end_ms)
{
	struct input *input = scan->analysis->input;
	const uint8_t *map = input_map(input);
	uint64_t now_ms = loop_now_ms();
	uint64_t seconds = now_ms < end_ms ? (end_ms - now_ms) / 1000 : 0;
	struct blocks blocks = {.is_late = false};
	YR_SCANNER *scanner;
	int error;

	if (scan->ruleset->scanners[class] == NULL ||
	    !ruleset_allows(scan->ruleset, map, (size_t)input_size(input)))
		return ERR_OK;
	scan->seconds = seconds < 1 ? 1 : seconds;
	scanner = prepare(scan, class);
	if (map == NULL && input_size(input) > 0) {
		blocks_init(&blocks, input, end_ms);
		error = yr_scanner_scan_mem_blocks(scanner, &blocks.iterator);
		blocks_release(&blocks);
	} else {
		error = places_scan(scanner, scan->ruleset->places,
		    map == NULL ? (const uint8_t *)"" : map,
		    (size_t)input_size(input));
	}
	if (error == ERROR_SCAN_TIMEOUT || blocks.is_late)
		return explain_slow(scan);
	return blocks.error != ERR_OK ? (int)ERR_SYS
				      : explain(scan, scanner, error);
}

/* With the slow rules, in the time that the others have left; what one set
 * does not do in time says nothing of the next. */
static int
scan_slow(struct scan *scan, enum rule_class class, uint64_t end_ms)
{
	int err = ERR_OK;

	scan->is_slow = true;
	while ((scan->ruleset = scan->ruleset->slow) != NULL) {
		int set_err = scan_slow_set(scan, class, end_ms);

		if (err == ERR_OK)
			err = set_err;
	}
	return err;
}

static uint64_t
time_limit(const json_t *context)
{
	json_int_t seconds = json_member_int(json_object_get(context, "limits"),
	    "seconds", LIMIT_ANALYSER_SECONDS);

	return seconds < 2			 ? 2
	       : seconds > LIMIT_RUN_SECONDS_MAX ? LIMIT_RUN_SECONDS_MAX
						 : (uint64_t)seconds;
}

int
scan_analyse(struct analysis *analysis)
{
	const uint8_t *map = input_map(analysis->input);
	uint64_t size = input_size(analysis->input);
	uint64_t seconds = time_limit(analysis->context);
	struct scan scan = {
	    .analysis = analysis,
	    .ruleset = analysis->data,
	    .seconds = seconds * SCAN_PERCENT / 100,
	};
	uint64_t end_ms = loop_now_ms() + seconds * 10 * SCAN_PERCENT;
	enum rule_class class;
	int facts, err, slow_err;

	if (scan.ruleset->slow != NULL)
		scan.seconds = scan.seconds * (100 - SLOW_PERCENT) / 100;
	if (input_read_at(analysis->input, 0, scan.head, sizeof(scan.head),
		&scan.head_len) != ERR_OK) {
		record_error(
		    analysis->out, "read", "the input could not be read");
		return ERR_SYS;
	}
	class = ruleset_class(scan.head, scan.head_len, &facts);
	if (map == NULL && size > 0)
		err = scan_blocks(&scan, class, seconds);
	else
		err = scan_map(&scan, class,
		    size == 0 ? (const uint8_t *)"" : map, (size_t)size);
	if (facts != -1 && map != NULL) {
		scan.is_facts = true;
		(void)scan_map(
		    &scan, (enum rule_class)facts, map, (size_t)size);
		scan.is_facts = false;
	}
	slow_err = scan_slow(&scan, class, end_ms);
	if (err == ERR_OK)
		err = slow_err;
	if (scan.matches > SCAN_MATCHES_MAX)
		record_limit(analysis->out, "matches",
		    "%zu rules match; the first %d are told of", scan.matches,
		    SCAN_MATCHES_MAX);
	if (scan.loud_strings > SCAN_STRINGS_MAX)
		record_limit(analysis->out, "strings",
		    "%zu strings were found too often; the first %d are told "
		    "of",
		    scan.loud_strings, SCAN_STRINGS_MAX);
	return err;
}
