/* SPDX-License-Identifier: Apache-2.0 */
/* handle.c - libmagic with some entries of its database. */
#include "analysers/identify/handle.h"

#include "lib/err.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <string.h>

static const char mark_text[] = HANDLE_MARK_TEXT;
static const char mark_mime[] = HANDLE_MARK_MIME;
static const char data_mime[] = HANDLE_DATA_MIME;
static const char other_data_mime[] = HANDLE_OTHER_DATA_MIME;

/* --- the database's groups --- */

static struct group *
make_groups(const struct magicdb_entry *entries, size_t from, size_t count,
    size_t *ret_count)
{
	struct group *groups = xcalloc(count + 1, sizeof(*groups));
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		const struct magicdb_entry *e = &entries[from + i];

		if (e->level != 0 && n > 0) {
			groups[n - 1].count++;
			continue;
		}
		groups[n].first = from + i;
		groups[n].count = 1;
		groups[n].modes = e->flag & (MAGICDB_BINARY | MAGICDB_TEXT);
		n++;
	}
	for (size_t i = 0; i < n; i++)
		magictest_understand_group(
		    &groups[i], &entries[groups[i].first]);
	*ret_count = n;
	return groups;
}

bool
dbgroups_load(struct dbgroups *db, int (*setup)(magic_t handle))
{
	*db = (struct dbgroups){.setup = setup};
	if (!magicdb_read(&db->db))
		return false;
	db->groups =
	    make_groups(db->db.entries, 1, db->db.count[0], &db->group_count);
	db->names = make_groups(db->db.entries, 1 + db->db.count[0],
	    db->db.count[1], &db->name_count);
	return true;
}

/* --- handles --- */

/* The named group that an entry uses; name_count where there is none. */
static size_t
find_name(const struct dbgroups *db, const struct magicdb_entry *user)
{
	const char *name = (const char *)user->value;
	size_t i;

	if (*name == '^')
		name++;
	for (i = 0; i < db->name_count; i++) {
		const struct magicdb_entry *e =
		    &db->db.entries[db->names[i].first];

		if (strncmp((const char *)e->value, name, sizeof(e->value)) ==
		    0)
			break;
	}
	return i;
}

void
handle_release(struct handle *h)
{
	if (h->magic != NULL)
		magic_close(h->magic);
	free(h->groups);
	free(h->entries);
	*h = (struct handle){.magic = NULL};
}

/* Named groups that the chosen ones use, and that those use. */
static size_t
choose_names(const struct dbgroups *db, const struct handle *h, uint32_t *names,
    bool *is_named)
{
	size_t n = 0;
	size_t done = 0;

	for (size_t i = 0; i < h->count || done < n; i++) {
		const struct group *g = i < h->count
					    ? &db->groups[h->groups[i]]
					    : &db->names[names[done++]];

		for (size_t j = 0; j < g->count; j++) {
			const struct magicdb_entry *e =
			    &db->db.entries[g->first + j];
			size_t name;

			if (e->type != MAGICDB_USE)
				continue;
			name = find_name(db, e);
			if (name == db->name_count || is_named[name])
				continue;
			is_named[name] = true;
			names[n++] = (uint32_t)name;
		}
	}
	return n;
}

static size_t
copy_groups(const struct dbgroups *db, const struct group *groups,
    const uint32_t *members, size_t count, struct magicdb_entry *dst)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		const struct group *g = &groups[members[i]];

		if (dst != NULL)
			memcpy(&dst[n], &db->db.entries[g->first],
			    g->count * sizeof(*dst));
		n += g->count;
	}
	return n;
}

/*
 * An entry that goes through the database again, for bytes inside, would miss
 * what was left out: in its place stands the use of a name that there is not,
 * which makes libmagic give up exactly when it comes there.
 */
static void
guard(struct magicdb_entry *entries, size_t count)
{
	static const char nothing[] = "\1";

	for (size_t i = 0; i < count; i++) {
		struct magicdb_entry *e = &entries[i];

		if (e->type != MAGICDB_INDIRECT)
			continue;
		e->type = MAGICDB_USE;
		e->value_len = 0;
		memcpy(e->value, nothing, sizeof(nothing));
	}
}

/*
 * So that the mark's MIME type is told from others, that of plain data, which
 * libmagic gives where nothing has one, is put in other words, too.
 */
static void
rename_data(struct magicdb_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strncmp(entries[i].mime, data_mime,
			sizeof(entries[i].mime)) == 0)
			memcpy(entries[i].mime, other_data_mime,
			    sizeof(other_data_mime));
	}
}

/* Where the mark is what was found, nothing else was. */
static void
put_mark(struct magicdb_entry *mark, enum handle_mark what)
{
	*mark = (struct magicdb_entry){
	    .flag = what == MARK_TEXT ? MAGICDB_TEXT : MAGICDB_BINARY,
	    .relation = 'x',
	    .type = MAGICDB_BYTE,
	};
	memcpy(mark->description, mark_text, sizeof(mark_text));
	memcpy(mark->mime, mark_mime, sizeof(mark_mime));
}

bool
handle_fill(const struct dbgroups *db, struct handle *h)
{
	auto_free bool *is_named = xcalloc(db->name_count + 1, sizeof(bool));
	auto_free uint32_t *names = xcalloc(db->name_count + 1, sizeof(*names));
	size_t name_count = choose_names(db, h, names, is_named);
	size_t tests = copy_groups(db, db->groups, h->groups, h->count, NULL);
	size_t named = copy_groups(db, db->names, names, name_count, NULL);
	size_t marks = h->mark == MARK_NONE ? 0 : 1;
	size_t bytes = (1 + tests + marks + named) * sizeof(*h->entries);
	void *buffers[1];

	h->entries = xmalloc(bytes);
	magicdb_put_header(h->entries, tests + marks, named);
	(void)copy_groups(db, db->groups, h->groups, h->count, h->entries + 1);
	(void)copy_groups(
	    db, db->names, names, name_count, h->entries + 1 + tests + marks);
	guard(h->entries + 1, tests);
	guard(h->entries + 1 + tests + marks, named);
	if (h->mark == MARK_ALL_FILES)
		rename_data(h->entries + 1, tests + marks + named);
	if (h->mark != MARK_NONE)
		put_mark(h->entries + 1 + tests, h->mark);
	buffers[0] = h->entries;
	h->magic = magic_open(MAGIC_NONE);
	return h->magic != NULL && db->setup(h->magic) == ERR_OK &&
	       magic_load_buffers(h->magic, buffers, &bytes, 1) == 0;
}
