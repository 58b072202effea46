/* SPDX-License-Identifier: Apache-2.0 */
/* ruleset.c - the active rule set. */
#include "analysers/yara/ruleset.h"

#include "analysers/yara/check.h"
#include "analysers/yara/compile.h"
#include "analysers/yara/lean.h"
#include "analysers/yara/ruledir.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"

#include <malloc.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Set-aside rules that are logged one by one. */
#define LOGGED_MAX ((size_t)20)

/* Rules of no file of their own, that only make libyara parse. */
#define FACTS_NAMESPACE "(facts)"

static const struct {
	const char *name;
	bool has_rules; /* false: facts only */
	enum rule_need need;
	const char *facts;
} classes[CLASS_COUNT] = {
    [CLASS_ANY] = {"any", true, NEED_ANY, NULL},
    [CLASS_MZ] = {"mz", true, NEED_MZ,
	"import \"pe\" import \"dotnet\" "
	"private rule facts { condition: false }"},
    [CLASS_ELF] = {"elf", true, NEED_ELF,
	"import \"elf\" private rule facts { condition: false }"},
    [CLASS_MACHO] = {"macho", false, NEED_ANY,
	"import \"macho\" private rule facts { condition: false }"},
    [CLASS_DEX] = {"dex", false, NEED_ANY,
	"import \"dex\" private rule facts { condition: false }"},
};

static const struct {
	const char *bytes;
	enum rule_class class;
} heads[] = {
    {"\xcf\xfa\xed\xfe", CLASS_MACHO}, /* 64 bits, little-endian */
    {"\xce\xfa\xed\xfe", CLASS_MACHO},
    {"\xfe\xed\xfa\xcf", CLASS_MACHO},
    {"\xfe\xed\xfa\xce", CLASS_MACHO},
    {"\xca\xfe\xba\xbe", CLASS_MACHO}, /* universal; also Java classes */
    {"dex\n", CLASS_DEX},
};

enum rule_class
ruleset_class(const void *head, size_t len, int *ret_facts)
{
	*ret_facts = -1;
	if (len >= 2 && memcmp(head, "MZ", 2) == 0)
		return CLASS_MZ;
	if (len >= 4 && memcmp(head,
			    "\x7f"
			    "ELF",
			    4) == 0)
		return CLASS_ELF;
	for (size_t i = 0; i < COUNT(heads); i++) {
		if (len >= 4 && memcmp(head, heads[i].bytes, 4) == 0)
			*ret_facts = (int)heads[i].class;
	}
	return CLASS_ANY;
}

static void
keep_reason(struct ruleset *ruleset, json_t *entry)
{
	if (json_array_size(ruleset->set_aside) < LOGGED_MAX) {
		auto_free char *text = json_canonical(entry);

		log_line(LOG_WARN, "msg=\"rule set aside\" detail=%s", text);
	}
	if (json_array_size(ruleset->set_aside) < SET_ASIDE_SHOWN_MAX)
		(void)json_array_append_new(ruleset->set_aside, entry);
	else
		json_decref(entry);
}

static json_t *
entry_of(const char *name, const char *why)
{
	return json_pack("{s:o, s:o}", "file", record_text(name, strlen(name)),
	    "why", record_text(why, strlen(why)));
}

void
ruleset_note(struct ruleset *ruleset, const char *name, const char *why)
{
	ruleset->set_aside_files++;
	keep_reason(ruleset, entry_of(name, why));
}

void
ruleset_set_aside(struct ruleset *ruleset, size_t file, long unit, size_t line,
    const char *why)
{
	struct rule_file *f = ruleset->files[file];
	json_t *entry;

	if (f->is_set_aside || (unit != -1 && f->units[unit].is_set_aside))
		return;
	entry = entry_of(f->name, why);
	if (line > 0)
		(void)json_object_set_new(
		    entry, "line", json_integer((json_int_t)line));
	if (unit == -1) {
		f->is_set_aside = true;
		ruleset->set_aside_files++;
	} else {
		const char *name = f->units[unit].name;

		f->units[unit].is_set_aside = true;
		ruleset->set_aside_rules++;
		(void)json_object_set_new(
		    entry, "rule", record_text(name, strlen(name)));
	}
	keep_reason(ruleset, entry);
}

static int
by_name(const void *a, const void *b)
{
	const struct rule_file *const *x = a;
	const struct rule_file *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static void
take_text(void *arg, const char *p, size_t len)
{
	sha256_update(arg, p, len);
}

/* Of what is active, in the order of names: comments do not count. */
static void
make_digest(struct ruleset *ruleset)
{
	static const char engine[] = "libyara " YR_VERSION;
	struct sha256 *sha256 = sha256_new();
	uint8_t digest[SHA256_BYTES];

	sha256_update(sha256, engine, sizeof(engine));
	for (size_t i = 0; i < ruleset->file_count; i++) {
		struct rule_file *file = ruleset->files[i];

		if (rulefile_active(file) == 0)
			continue;
		sha256_update(sha256, file->name, strlen(file->name) + 1);
		for (size_t j = 0; j < file->unit_count; j++) {
			if (!file->units[j].is_set_aside)
				rulefile_normalise(file, j, take_text, sha256);
		}
	}
	sha256_final(sha256, digest);
	sha256_free(sha256);
	hex_encode(ruleset->digest, digest, sizeof(digest));
}

/* Adds the file's rules that can match files of the class. */
static int
add_file(struct ruleset *ruleset, struct compile *compile,
    struct rule_file *file, enum rule_class class)
{
	auto_free bool *keep = xcalloc(file->unit_count + 1, sizeof(bool));
	auto_free char *text = NULL;
	size_t count = 0;

	if (file->is_set_aside)
		return ERR_OK;
	for (size_t i = 0; i < file->unit_count; i++) {
		const struct rule_unit *unit = &file->units[i];

		keep[i] = !unit->is_set_aside &&
			  (unit->need == NEED_ANY ||
			      unit->need == classes[class].need);
		count += keep[i];
	}
	if (count == 0)
		return ERR_OK;
	text = rulefile_text(file, keep);
	ruleset->rule_counts[class] += count;
	return compile_add(compile, text, file->name);
}

static int
compile_class(
    struct ruleset *ruleset, enum rule_class class, struct compile *compile)
{
	int err = compile_init(compile);

	for (size_t i = 0; err == ERR_OK && classes[class].has_rules &&
			   i < ruleset->file_count;
	     i++)
		err = add_file(ruleset, compile, ruleset->files[i], class);
	if (err == ERR_OK && classes[class].facts != NULL)
		err =
		    compile_add(compile, classes[class].facts, FACTS_NAMESPACE);
	if (err == ERR_OK)
		err = compile_finish(compile, &ruleset->rules[class]);
	if (err == ERR_OK && yr_scanner_create(ruleset->rules[class],
				 &ruleset->scanners[class]) != ERROR_SUCCESS)
		err = ERR_LIMIT;
	return err;
}

static void
compile_all(struct ruleset *ruleset)
{
	struct compile compile;

	for (unsigned int i = 0; i < CLASS_COUNT; i++) {
		int err = compile_class(ruleset, i, &compile);

		compile_release(&compile);
		if (err == ERR_OK)
			continue;
		/* Each file did compile: this is libyara's own failure. */
		log_line(LOG_ERROR,
		    "msg=\"rules do not compile together\" class=%s "
		    "why=\"%s\"",
		    classes[i].name,
		    compile.error_count > 0 ? compile.errors[0].why : "");
		exit(1);
	}
}

/*
 * Each artefact's child begins as a copy of this process: what is not needed
 * for scanning would be copied thousands of times.
 */
static void
shrink(struct ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->file_count; i++)
		rulefile_free(ruleset->files[i]);
	free(ruleset->files);
	ruleset->files = NULL;
	ruleset->loaded_files = ruleset->file_count;
	ruleset->file_count = 0;
	(void)malloc_trim(0);
}

struct ruleset *
ruleset_load(const char *folders)
{
	struct ruleset *ruleset = xcalloc(1, sizeof(*ruleset));
	auto_free char *list = xstrdup(folders);
	char *rest = list;
	char *folder;

	ruleset->set_aside = json_array();
	while ((folder = strsep(&rest, ":")) != NULL) {
		if (folder[0] != '\0')
			ruledir_read(ruleset, folder);
	}
	if (ruleset->file_count > 0)
		qsort(ruleset->files, ruleset->file_count,
		    sizeof(struct rule_file *), by_name);
	check_all(ruleset);
	for (size_t i = 0; i < ruleset->file_count; i++)
		ruleset->rule_count += rulefile_active(ruleset->files[i]);
	make_digest(ruleset);
	compile_all(ruleset);
	shrink(ruleset);
	return ruleset;
}

/* --- compile units --- */

/* Where to say what went wrong. */
struct why {
	char *p;
	size_t size;
};

static int
compile_units_class(struct ruleset *ruleset, enum rule_class class,
    bool has_facts, struct compile *compile)
{
	size_t count = 0;
	int err = compile_init(compile);

	if (err == ERR_OK && classes[class].has_rules)
		err = unitrules_compile(
		    ruleset->units, classes[class].need, compile, &count);
	if (err == ERR_OK && has_facts && classes[class].facts != NULL)
		err =
		    compile_add(compile, classes[class].facts, FACTS_NAMESPACE);
	if (err != ERR_OK)
		return err;
	ruleset->rule_counts[class] = count;
	if (count == 0 && !has_facts)
		return ERR_OK;
	err = compile_finish(compile, &ruleset->rules[class]);
	if (err == ERR_OK && yr_scanner_create(ruleset->rules[class],
				 &ruleset->scanners[class]) != ERROR_SUCCESS)
		err = ERR_LIMIT;
	ruleset->is_lean[class] = err == ERR_OK &&
				  !ruleset->units->has_entry_point &&
				  lean_suits(ruleset->rules[class]);
	return err;
}

static bool
has_need(const struct unit_rules *units, enum rule_need need)
{
	for (size_t i = 0; i < units->count; i++) {
		if (units->list[i].need == need)
			return true;
	}
	return false;
}

/* Without rules or facts of its own a class uses the set for any file. */
static int
compile_units(
    struct ruleset *ruleset, bool has_facts, char *why, size_t why_size)
{
	int err = ERR_OK;

	for (unsigned int i = 0; err == ERR_OK && i < CLASS_COUNT; i++) {
		struct compile compile;

		if (i != CLASS_ANY && !has_facts &&
		    (!classes[i].has_rules ||
			!has_need(ruleset->units, classes[i].need))) {
			ruleset->rules[i] = NULL;
			ruleset->scanners[i] = ruleset->scanners[CLASS_ANY];
			ruleset->is_lean[i] = ruleset->is_lean[CLASS_ANY];
			continue;
		}
		err = compile_units_class(ruleset, i, has_facts, &compile);
		if (err != ERR_OK)
			(void)snprintf(why, why_size, "%s",
			    compile.error_count > 0 ? compile.errors[0].why
						    : "libyara has no room");
		compile_release(&compile);
	}
	return err;
}

static void
drop_compiled(struct ruleset *ruleset)
{
	for (size_t i = 0; i < CLASS_COUNT; i++) {
		/* A borrowed scanner has no rules beside it. */
		if (ruleset->scanners[i] != NULL && ruleset->rules[i] != NULL)
			yr_scanner_destroy(ruleset->scanners[i]);
		if (ruleset->rules[i] != NULL)
			(void)yr_rules_destroy(ruleset->rules[i]);
		ruleset->scanners[i] = NULL;
		ruleset->rules[i] = NULL;
	}
}

/* Counts and reasons, once all is compiled. */
static void
count_part(struct ruleset *ruleset)
{
	json_decref(ruleset->set_aside);
	ruleset->set_aside = json_copy(ruleset->units->set_aside);
	ruleset->set_aside_rules = ruleset->units->aside_count;
	ruleset->rule_count =
	    ruleset->units->count - ruleset->units->aside_count;
	unitrules_shrink(ruleset->units);
}

int
ruleset_complete(struct ruleset *ruleset)
{
	for (unsigned int i = 0; i < CLASS_COUNT; i++) {
		YR_RULES *rules = ruleset->rules[i];

		if (rules == NULL) {
			ruleset->scanners[i] = ruleset->scanners[CLASS_ANY];
			ruleset->is_lean[i] = ruleset->is_lean[CLASS_ANY];
			continue;
		}
		if (yr_scanner_create(rules, &ruleset->scanners[i]) !=
		    ERROR_SUCCESS)
			return ERR_LIMIT;
		ruleset->is_lean[i] =
		    !ruleset->units->has_entry_point && lean_suits(rules);
	}
	count_part(ruleset);
	return ERR_OK;
}

static int
read_units(int fd, bool is_slow, struct why *why, struct unit_rules **ret_units)
{
	int err = unitrules_read(fd, is_slow, ret_units);

	if (err != ERR_OK)
		(void)snprintf(why->p, why->size, "this is no set of rules");
	return err;
}

/* Takes the units. */
static int
make_part(struct unit_rules *units, bool has_facts, struct why *why,
    struct ruleset **ret_ruleset)
{
	struct ruleset *ruleset = xcalloc(1, sizeof(*ruleset));
	int err;

	ruleset->units = units;
	ruleset->set_aside = json_array();
	err = compile_units(ruleset, has_facts, why->p, why->size);
	if (err == ERR_FORMAT) {
		drop_compiled(ruleset);
		unitrules_sift(ruleset->units);
		err = compile_units(ruleset, has_facts, why->p, why->size);
	}
	if (err != ERR_OK) {
		ruleset_free(ruleset);
		return err;
	}
	count_part(ruleset);
	*ret_ruleset = ruleset;
	return ERR_OK;
}

/* The slow ones, by their guards. */
static int
make_slow(
    struct unit_rules *units, struct why *why, struct ruleset **ret_ruleset)
{
	struct ruleset *first = NULL;
	struct ruleset **end = &first;
	int err = ERR_OK;

	for (size_t i = 1; err == ERR_OK && units->count > 0; i++) {
		bool is_all = i == RULESET_SLOW_MAX;
		struct unit_rules *part = unitrules_take(units, is_all);

		err = make_part(part, false, why, end);
		if (err != ERR_OK)
			break;
		if (!is_all) {
			(*end)->guard = part->list[0].guard;
			(*end)->places = part->list[0].places;
		}
		end = &(*end)->slow;
	}
	if (err != ERR_OK) {
		ruleset_free(first);
		first = NULL;
	}
	*ret_ruleset = first;
	return err;
}

int
ruleset_add_slow(struct ruleset *ruleset, int fd, char *why, size_t why_size)
{
	struct why reason = {why, why_size};
	struct unit_rules *units;
	int err = read_units(fd, true, &reason, &units);

	if (err != ERR_OK)
		return err;
	err = make_slow(units, &reason, &ruleset->slow);
	unitrules_free(units);
	if (err != ERR_OK)
		return err;
	for (const struct ruleset *slow = ruleset->slow; slow != NULL;
	     slow = slow->slow) {
		ruleset->rule_count += slow->rule_count;
		ruleset->slow_count += slow->rule_count;
		ruleset->set_aside_rules += slow->set_aside_rules;
		(void)json_array_extend(ruleset->set_aside, slow->set_aside);
	}
	return ERR_OK;
}

int
ruleset_units(int fd, bool has_facts, char *why, size_t why_size,
    struct ruleset **ret_ruleset)
{
	struct why reason = {why, why_size};
	struct unit_rules *units;
	struct ruleset *ruleset;
	int err = read_units(fd, false, &reason, &units);

	if (err == ERR_OK)
		err = make_part(units, has_facts, &reason, &ruleset);
	if (err != ERR_OK)
		return err;
	err = ruleset_add_slow(ruleset, fd, why, why_size);
	if (err != ERR_OK) {
		ruleset_free(ruleset);
		return err;
	}
	*ret_ruleset = ruleset;
	return ERR_OK;
}

bool
ruleset_allows(const struct ruleset *ruleset, const uint8_t *map, size_t size)
{
	return map == NULL || guard_allows(ruleset->guard, map, size);
}

void
ruleset_free(struct ruleset *ruleset)
{
	while (ruleset != NULL) {
		struct ruleset *slow = ruleset->slow;

		drop_compiled(ruleset);
		for (size_t i = 0; i < ruleset->file_count; i++)
			rulefile_free(ruleset->files[i]);
		free(ruleset->files);
		json_decref(ruleset->set_aside);
		unitrules_free(ruleset->units);
		free(ruleset);
		ruleset = slow;
	}
}

void
ruleset_explain(const struct ruleset *ruleset, char *why, size_t size)
{
	const json_t *entry;
	size_t len = 0;
	size_t i;

	why[0] = '\0';
	json_array_foreach(ruleset->set_aside, i, entry)
	{
		int n = snprintf(why + len, size - len, "%s%s: %s",
		    i == 0 ? "set aside: " : "; ",
		    json_member_text(entry, "rule", "?"),
		    json_member_text(entry, "why", "?"));

		if (n < 0 || (size_t)n >= size - len)
			return;
		len += (size_t)n;
	}
}

json_t *
ruleset_info(const struct ruleset *ruleset)
{
	json_t *sets = json_object();

	for (size_t i = 0; i < CLASS_COUNT; i++) {
		if (classes[i].has_rules)
			(void)json_object_set_new(sets, classes[i].name,
			    json_integer((json_int_t)ruleset->rule_counts[i]));
	}
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:O, s:o}",
	    "digest", ruleset->digest, "version", (json_int_t)ruleset->version,
	    "files", (json_int_t)ruleset->loaded_files, "rules",
	    (json_int_t)ruleset->rule_count, "slow",
	    (json_int_t)ruleset->slow_count, "set_aside_files",
	    (json_int_t)ruleset->set_aside_files, "set_aside_rules",
	    (json_int_t)ruleset->set_aside_rules, "set_aside",
	    ruleset->set_aside, "sets", sets);
}
