/* SPDX-License-Identifier: Apache-2.0 */
/* rescan_show.c - proofs and changes of re-scans, as people read them. */
#include "cli/rescan.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* Places of a match that are shown. */
#define PLACES_MAX ((size_t)12)

static const struct table_column proof_object[] = {
    {"result", "state", 's'},
    {"because", "text", 's'},
    {"rule", "name", 's'},
    {"rule file", "namespace", 's'},
    {"rule set", "version", 'd'},
    {"meaning", "closure", 's'},
    {"artefact", "artefact", 's'},
    {"re-scan", "rescan", 'd'},
    {"analysis", "job", 's'},
    {"engine", "engine", 's'},
    {NULL, NULL, 0},
};

/* One thing that the artefact lacks. */
static void
print_reason(const json_t *reason)
{
	const char *absent = json_member_text(reason, "absent", NULL);
	const char *head = json_member_text(reason, "head", NULL);
	const char *run = json_member_text(reason, "run", "");
	char clean[256];

	if (absent != NULL) {
		printf("  absent: the bytes %s of \"%s\" (%s%s)\n", absent,
		    text_clean(clean, sizeof(clean),
			json_member_text(reason, "text", "")),
		    run,
		    json_is_true(json_object_get(reason, "wide")) ? ", wide"
								  : "");
	} else if (head != NULL) {
		printf("  its first bytes differ: not %s (mask %s) at %lld\n",
		    head, json_member_text(reason, "mask", ""),
		    (long long)json_member_int(reason, "offset", 0));
	} else if (json_object_get(reason, "size") != NULL) {
		printf("  its size of %lld bytes: %lld at least",
		    (long long)json_member_int(reason, "size", 0),
		    (long long)json_member_int(reason, "min", 0));
		if (json_is_integer(json_object_get(reason, "max")))
			printf(", %lld at most",
			    (long long)json_member_int(reason, "max", 0));
		printf("\n");
	} else {
		printf("  no file can match it\n");
	}
}

/* What the index says of the artefact. */
static void
print_index(const json_t *index)
{
	const json_t *reasons = json_object_get(index, "because");
	const json_t *reason;
	size_t i;

	if (!json_is_object(index))
		return;
	if (!json_is_true(json_object_get(index, "indexed"))) {
		printf("\nthe index does not hold the artefact yet\n");
		return;
	}
	if (json_is_true(json_object_get(index, "candidate"))) {
		printf("\nthe index cannot exclude it: it was scanned\n");
		return;
	}
	printf("\nthe index excludes it\n");
	json_array_foreach(reasons, i, reason)
	{
		print_reason(reason);
	}
}

static void
print_match(const json_t *match)
{
	const json_t *places = json_object_get(match, "strings");
	json_int_t total = json_member_int(match, "strings_total", 0);
	const json_t *place;
	char id[64], text[128];
	size_t i;

	if (json_array_size(places) == 0)
		return;
	printf("\nmatched strings\n");
	json_array_foreach(places, i, place)
	{
		const char *shown = json_member_text(place, "text", NULL);

		if (i == PLACES_MAX)
			break;
		if (shown == NULL)
			shown = json_member_text(place, "data", "");
		printf("  %-12s at %lld: %s\n",
		    text_clean(
			id, sizeof(id), json_member_text(place, "id", "")),
		    (long long)json_member_int(place, "offset", 0),
		    text_clean(text, sizeof(text), shown));
	}
	if (total > (json_int_t)i)
		printf("  and %lld more\n", (long long)total - (long long)i);
}

void
rescan_print_proof(const struct cli *cli, json_t *proof)
{
	auto_json json_t *owned = proof;

	if (cli->is_json) {
		print_json(owned);
		return;
	}
	object_print(owned, proof_object);
	print_index(json_object_get(owned, "index"));
	print_match(json_object_get(owned, "match"));
}

/* --- changes, added up --- */

static const struct by {
	const char *word;
	const char *key; /* what is one line */
	const char *title;
	const char *detail; /* shown beside it; "" = nothing */
} bys[] = {
    {"rule", "name", "rule", "namespace"},
    {"artefact", "artefact", "artefact", "artefact_name"},
    {"case", "case_number", "case", ""},
    {"organisation", "org", "organisation", ""},
};

static void
count_one(json_t *sums, const struct by *by, const json_t *change)
{
	static const char *const kinds[] = {"new", "lost", "changed", "same"};
	const char *name = json_member_text(change, by->key, "");
	const char *detail = json_member_text(change, by->detail, "");
	const char *what = json_member_text(change, "what", "");
	auto_free char *key = xasprintf("%s\n%s", name, detail);
	json_t *sum = json_object_get(sums, key);

	if (sum == NULL) {
		sum = json_pack("{s:s,s:s}", by->word, name, "where", detail);
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			(void)json_object_set_new(
			    sum, kinds[i], json_integer(0));
		(void)json_object_set_new(sums, key, sum);
	}
	(void)json_object_set_new(
	    sum, what, json_integer(json_member_int(sum, what, 0) + 1));
}

static int
by_count(const void *a, const void *b)
{
	json_int_t x = json_member_int(*(json_t *const *)a, "new", 0) +
		       json_member_int(*(json_t *const *)a, "lost", 0);
	json_int_t y = json_member_int(*(json_t *const *)b, "new", 0) +
		       json_member_int(*(json_t *const *)b, "lost", 0);

	return x < y ? 1 : x > y ? -1 : 0;
}

/* The sums, those with the most first. */
static json_t *
sorted(json_t *sums)
{
	size_t count = json_object_size(sums), n = 0;
	auto_free json_t **list = xcalloc(count + 1, sizeof(list[0]));
	json_t *rows = json_array();
	const char *key;
	json_t *sum;

	json_object_foreach(sums, key, sum)
	{
		list[n++] = sum;
	}
	qsort(list, n, sizeof(list[0]), by_count);
	for (size_t i = 0; i < n; i++)
		(void)json_array_append(rows, list[i]);
	return rows;
}

void
rescan_print_by(const struct cli *cli, json_t *changes, const char *word)
{
	auto_json json_t *owned = changes;
	auto_json json_t *sums = json_object();
	const struct by *by = NULL;
	const json_t *change;
	size_t i;

	for (i = 0; i < sizeof(bys) / sizeof(bys[0]); i++) {
		if (strcmp(bys[i].word, word) == 0)
			by = &bys[i];
	}
	if (by == NULL)
		fail(
		    EXIT_USAGE, "--by is rule, artefact, case or organisation");
	const struct table_column columns[] = {
	    {by->title, by->word, 's'},
	    {"where", "where", 's'},
	    {"new", "new", 'd'},
	    {"lost", "lost", 'd'},
	    {"changed", "changed", 'd'},
	    {NULL, NULL, 0},
	};
	json_array_foreach(owned, i, change)
	{
		count_one(sums, by, change);
	}
	print_rows(cli, sorted(sums), columns, "Nothing changed.");
}
