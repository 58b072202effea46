/* SPDX-License-Identifier: Apache-2.0 */
/* collect.c - the rules of a bundle's files, includes followed. */
#include "lib/own.h"
#include "lib/xalloc.h"
#include "rules/bundle_parts.h"
#include "rules/parse.h"

#define NO_SLOT UINT32_MAX

/* A root file and what it includes, innermost last. */
struct collect {
	struct bundle *bundle;
	size_t space;
	size_t depth;
	size_t includes; /* in all */
	struct {
		size_t file;
		struct parse parse;
	} stack[BUNDLE_INCLUDE_DEPTH];
};

static int
compare_paths(const struct bundle_file *a, const char *source, const char *path)
{
	int order = strcmp(a->source, source);

	return order != 0 ? order : strcmp(a->path, path);
}

static int
by_path(const void *a, const void *b, void *arg)
{
	const struct bundle *bundle = arg;
	size_t x = *(const size_t *)a;
	size_t y = *(const size_t *)b;
	int order = compare_paths(
	    &bundle->files[x], bundle->files[y].source, bundle->files[y].path);

	return order != 0 ? order : x < y ? -1 : 1;
}

static size_t
find_file(const struct bundle *bundle, const char *source, const char *path)
{
	size_t low = 0, high = bundle->file_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_paths(&bundle->files[bundle->by_path[middle]],
			source, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == bundle->file_count ||
	    compare_paths(&bundle->files[bundle->by_path[low]], source, path) !=
		0)
		return SIZE_MAX;
	return bundle->by_path[low];
}

/* Appends the parts of a path; ".." takes one away.  False: beyond the top. */
static bool
append_parts(char *dst, size_t *len, const char *path)
{
	while (*path != '\0') {
		size_t part = strcspn(path, "/\\");

		if (part == 2 && memcmp(path, "..", 2) == 0) {
			if (*len == 0)
				return false;
			while (*len > 0 && dst[--*len] != '/')
				;
		} else if (part > 0 && !(part == 1 && path[0] == '.')) {
			if (*len > 0)
				dst[(*len)++] = '/';
			memcpy(dst + *len, path, part);
			*len += part;
		}
		path += part + (path[part] != '\0');
	}
	dst[*len] = '\0';
	return true;
}

/* The file that an include names, seen from the including file; SIZE_MAX. */
static size_t
included(const struct bundle *bundle, const struct bundle_file *from,
    const char *name)
{
	size_t from_len = strlen(from->path);
	auto_free char *path = xmalloc(from_len + strlen(name) + 3);
	auto_free char *folder = xstrdup(from->path);
	char *slash = strrchr(folder, '/');
	size_t len = 0;

	if (slash == NULL)
		folder[0] = '\0';
	else
		*slash = '\0';
	if (name[0] == '/' || !append_parts(path, &len, folder) ||
	    !append_parts(path, &len, name))
		return SIZE_MAX;
	return find_file(bundle, from->source, path);
}

static void
enter(struct collect *collect, size_t file)
{
	const struct bundle_file *f = &collect->bundle->files[file];

	collect->stack[collect->depth].file = file;
	parse_init(&collect->stack[collect->depth].parse, f->text, f->len);
	collect->depth++;
}

static void
follow(struct collect *collect, const struct parse *parse)
{
	struct bundle *bundle = collect->bundle;
	const struct bundle_file *from =
	    &bundle->files[collect->stack[collect->depth - 1].file];
	size_t len = parse->name.end - parse->name.start;
	auto_free char *name = xstrndup(from->text + parse->name.start, len);
	auto_free char *why = NULL;
	size_t file = included(bundle, from, name);
	bool is_loop = false;

	for (size_t i = 0; i < collect->depth; i++)
		is_loop |= collect->stack[i].file == file;
	if (file == SIZE_MAX)
		why = xasprintf("includes %.200s, which is not there", name);
	else if (is_loop)
		why = xasprintf("includes itself by %.200s", name);
	else if (collect->depth == BUNDLE_INCLUDE_DEPTH ||
		 collect->includes++ == BUNDLE_INCLUDES_MAX)
		why = xasprintf("includes too much with %.200s", name);
	if (why != NULL)
		bundle_note(bundle, from, parse->name_line, why);
	else
		enter(collect, file);
}

static uint64_t
hash(const struct bundle *bundle, size_t space, const char *name, size_t len)
{
	/* FNV-1a from a start that nobody knows. */
	uint64_t h = bundle->seed ^ space * 0x9e3779b97f4a7c15u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)name[i]) * 1099511628211u;
	return h ^ h >> 29;
}

/* The slot of a name: its rule's, or a free one. */
static size_t
slot_of(const struct bundle *bundle, size_t space, const char *name, size_t len)
{
	size_t at =
	    (size_t)hash(bundle, space, name, len) & (bundle->slot_count - 1);

	while (bundle->slots[at] != NO_SLOT) {
		const struct rule *rule = &bundle->rules[bundle->slots[at]];

		if (rule->space == space && strlen(rule->name) == len &&
		    memcmp(rule->name, name, len) == 0)
			break;
		at = (at + 1) & (bundle->slot_count - 1);
	}
	return at;
}

size_t
bundle_find(
    const struct bundle *bundle, size_t space, const char *name, size_t len)
{
	uint32_t found;

	if (bundle->slot_count == 0)
		return SIZE_MAX;
	found = bundle->slots[slot_of(bundle, space, name, len)];
	return found == NO_SLOT ? SIZE_MAX : found;
}

/* Keeps the table at most half full. */
static void
make_slots(struct bundle *bundle)
{
	if (bundle->rule_count * 2 < bundle->slot_count)
		return;
	bundle->slot_count =
	    bundle->slot_count == 0 ? 1024 : bundle->slot_count * 4;
	bundle->slots =
	    xreallocarray(bundle->slots, bundle->slot_count, sizeof(uint32_t));
	memset(bundle->slots, 0xff, bundle->slot_count * sizeof(uint32_t));
	for (uint32_t i = 0; i < bundle->rule_count; i++) {
		const struct rule *rule = &bundle->rules[i];
		size_t at = slot_of(
		    bundle, rule->space, rule->name, strlen(rule->name));

		if (bundle->slots[at] == NO_SLOT)
			bundle->slots[at] = i;
	}
}

static void
add_rule(struct collect *collect, struct rule *rule)
{
	struct bundle *bundle = collect->bundle;
	struct bundle_space *space = &bundle->spaces[collect->space];
	size_t file = collect->stack[collect->depth - 1].file;
	size_t taken;
	size_t slot;

	if (bundle->rule_count == BUNDLE_RULES_MAX) {
		bundle_note(bundle, &bundle->files[file], rule->line,
		    "more rules than a bundle may hold: left out");
		rule_release(rule);
		return;
	}
	make_slots(bundle);
	slot = slot_of(bundle, collect->space, rule->name, strlen(rule->name));
	taken = bundle->slots[slot];
	/* The same file, listed and included. */
	if (taken != NO_SLOT && bundle->rules[taken].file == file &&
	    bundle->rules[taken].whole.start == rule->whole.start) {
		rule_release(rule);
		return;
	}
	if (taken == NO_SLOT)
		bundle->slots[slot] = (uint32_t)bundle->rule_count;
	GROW(bundle->rules, bundle->rule_count, bundle->rule_capacity);
	rule->file = file;
	rule->space = collect->space;
	rule->clash = taken == NO_SLOT ? SIZE_MAX : taken;
	if ((rule->flags & RULE_GLOBAL) != 0 && taken == NO_SLOT) {
		GROW(space->globals, space->global_count,
		    space->global_capacity);
		space->globals[space->global_count++] = bundle->rule_count;
	}
	bundle->rules[bundle->rule_count++] = *rule;
}

static void
collect_root(struct collect *collect, size_t root)
{
	struct bundle *bundle = collect->bundle;

	collect->depth = 0;
	enter(collect, root);
	while (collect->depth > 0) {
		struct parse *parse = &collect->stack[collect->depth - 1].parse;
		struct rule rule;
		enum rule_module module;

		switch (parse_next(parse, &rule)) {
		case PARSE_RULE:
			add_rule(collect, &rule);
			break;
		case PARSE_IMPORT:
			module =
			    module_of(parse->lexer.text + parse->name.start,
				parse->name.end - parse->name.start);
			if (module != MODULE_COUNT)
				bundle->spaces[collect->space].imports |=
				    1u << module;
			break;
		case PARSE_INCLUDE:
			follow(collect, parse);
			break;
		case PARSE_END:
		default:
			collect->depth--;
		}
	}
}

size_t
bundle_space(const struct bundle *bundle, const char *name, size_t len)
{
	uint64_t h = hash(bundle, 0, name, len);

	for (size_t i = bundle->space_count; i > 0; i--) {
		const struct bundle_space *space = &bundle->spaces[i - 1];

		if (space->hash == h && strlen(space->name) == len &&
		    memcmp(space->name, name, len) == 0)
			return i - 1;
	}
	return SIZE_MAX;
}

void
collect_rules(struct bundle *bundle)
{
	struct collect *collect = xcalloc(1, sizeof(*collect));

	collect->bundle = bundle;
	random_bytes(&bundle->seed, sizeof(bundle->seed));
	bundle->by_path = xcalloc(bundle->file_count + 1, sizeof(size_t));
	for (size_t i = 0; i < bundle->file_count; i++)
		bundle->by_path[i] = i;
	qsort_r(bundle->by_path, bundle->file_count, sizeof(size_t), by_path,
	    bundle);
	for (size_t i = 0; i < bundle->file_count; i++) {
		const struct bundle_file *file = &bundle->files[i];

		if (file->is_include_only)
			continue;
		collect->space =
		    bundle_space(bundle, file->space, strlen(file->space));
		if (collect->space == SIZE_MAX) {
			GROW(bundle->spaces, bundle->space_count,
			    bundle->space_capacity);
			collect->space = bundle->space_count;
			bundle->spaces[bundle->space_count++] =
			    (struct bundle_space){.name = xstrdup(file->space),
				.hash = hash(bundle, 0, file->space,
				    strlen(file->space))};
		}
		collect_root(collect, i);
	}
	free(collect);
}
