/* SPDX-License-Identifier: Apache-2.0 */
/* shortlist.c - which of libmagic's entries can match. */
#include "analysers/identify/shortlist.h"

#include "analysers/identify/magictest.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <stdbool.h>
#include <string.h>

/* Handles that are kept; many files need the same entries. */
#define HANDLES_MAX 96
/* See is_common(). */
#define COMMON_RANGE_MIN   ((size_t)256)
#define COMMON_LITERAL_MAX ((size_t)12)
#define COMMON_BEGIN_MIN   ((size_t)3)
#define COMMON_BEGIN_MAX   ((size_t)5)
/* Words that no database has. */
static const char mark_text[] = "loep-nothing-else";
static const char mark_mime[] = "application/x-loep-nothing-else";
static const char other_data_mime[] = "application/x-loep-octet-stream";
/* What libmagic says of data that it knows nothing of. */
static const char data_mime[] = "application/octet-stream";

struct handle {
	magic_t magic;	/* NULL: unused */
	bool is_marked; /* the mark is its last entry */
	uint64_t hash;
	size_t count;
	uint32_t *groups;
	struct magicdb_entry *entries;
};

struct shortlist {
	struct magicdb db;
	struct group *groups;
	size_t group_count;
	struct group *names; /* of named entries */
	size_t name_count;
	/* Groups to be looked at for each first byte, in order. */
	uint32_t *by_byte[256];
	size_t by_byte_count[256];
	int (*setup)(magic_t handle);
	uint32_t *found; /* room for all groups */
	struct handle handles[HANDLES_MAX];
	size_t next_handle;
	/* For text that nothing else was found of: the tests that many texts
	 * make libmagic look closer at, and all. */
	struct handle few; /* common without switches */
	struct handle common;
	struct handle every;
	char words[1024]; /* an answer that was put in other words */
};

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
		magictest_understand(&groups[n], e);
		n++;
	}
	*ret_count = n;
	return groups;
}

/* The named group that an entry uses; name_count where there is none. */
static size_t
find_name(const struct shortlist *list, const struct magicdb_entry *user)
{
	const char *name = (const char *)user->value;
	size_t i;

	if (*name == '^')
		name++;
	for (i = 0; i < list->name_count; i++) {
		const struct magicdb_entry *e =
		    &list->db.entries[list->names[i].first];

		if (strncmp((const char *)e->value, name, sizeof(e->value)) ==
		    0)
			break;
	}
	return i;
}

static void
index_bytes(struct shortlist *list)
{
	for (size_t byte = 0; byte < 256; byte++) {
		uint32_t *members =
		    xcalloc(list->group_count + 1, sizeof(*members));
		size_t n = 0;

		for (size_t i = 0; i < list->group_count; i++) {
			if (magictest_may_begin(
				&list->groups[i], (uint8_t)byte))
				members[n++] = (uint32_t)i;
		}
		list->by_byte[byte] =
		    xreallocarray(members, n + 1, sizeof(*members));
		list->by_byte_count[byte] = n;
	}
}

/*
 * Short words in a text, which are often there, and what cannot be
 * looked at in advance: libmagic is always asked about these.
 */
static bool
is_common(const struct group *g)
{
	switch (g->kind) {
	case TEST_ANY:
		return true;
	case TEST_FIND:
		return !g->literal.is_folded &&
		       (g->range >= COMMON_RANGE_MIN || g->literal.len == 1) &&
		       g->literal.len <= COMMON_LITERAL_MAX;
	case TEST_REGEX:
		return g->literal.len < 2;
	case TEST_WORD:
	case TEST_BEGIN:
		return g->literal.len >= COMMON_BEGIN_MIN &&
		       g->literal.len <= COMMON_BEGIN_MAX;
	case TEST_ORDER:
	default:
		return true;
	}
}

static void
mark_common(struct group *g)
{
	g->is_common = is_common(g);
	g->is_switch = g->is_common && g->kind == TEST_REGEX &&
		       (g->literal.len > 0 || g->word_count > 0);
}

static struct shortlist *
load_groups(int (*setup)(magic_t handle))
{
	struct magicdb db;
	struct shortlist *list;

	if (!magicdb_read(&db))
		return NULL;
	list = xcalloc(1, sizeof(*list));
	list->db = db;
	list->setup = setup;
	list->groups =
	    make_groups(db.entries, 1, db.count[0], &list->group_count);
	list->names = make_groups(
	    db.entries, 1 + db.count[0], db.count[1], &list->name_count);
	index_bytes(list);
	list->found = xcalloc(list->group_count + 1, sizeof(*list->found));
	for (size_t i = 0; i < list->group_count; i++)
		mark_common(&list->groups[i]);
	return list;
}

/* --- one file --- */

/* What of its tests for text has to be looked at. */
enum text_class {
	TEXT_NONE,  /* surely no text */
	TEXT_ASCII, /* libmagic looks at these very bytes */
	TEXT_OTHER
};

static enum text_class
classify(const uint8_t *p, size_t len)
{
	size_t head =
	    len < SHORTLIST_ENCODING_BYTES ? len : SHORTLIST_ENCODING_BYTES;
	const uint8_t *nul = memchr(p, '\0', head);
	uint8_t bits = 0;

	/* Byte order marks: texts with NUL bytes. */
	if (len >= 4 &&
	    ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff) ||
		(p[0] == 0 && p[1] == 0 && p[2] == 0xfe)))
		return TEXT_OTHER;
	if (nul != NULL) {
		/* NUL bytes at the end are taken off before. */
		for (size_t i = len; i > 0; i--) {
			if (p[i - 1] != '\0')
				return p + i - 1 > nul ? TEXT_NONE : TEXT_OTHER;
		}
		return TEXT_OTHER;
	}
	for (size_t i = 0; i < head; i++)
		bits |= p[i];
	return bits < 0x80 ? TEXT_ASCII : TEXT_OTHER;
}

/* Fills list->found with what may match of the tests for all files. */
static size_t
choose(struct shortlist *list, const uint8_t *p, size_t len)
{
	const uint32_t *members = list->by_byte[p[0]];
	size_t n = 0;

	for (size_t i = 0; i < list->by_byte_count[p[0]]; i++) {
		const struct group *g = &list->groups[members[i]];

		if ((g->modes & MAGICDB_BINARY) != 0 &&
		    magictest_may_match(g, p, len))
			list->found[n++] = members[i];
	}
	return n;
}

/* Whether a test for text may match that is not among the common ones. */
static bool
is_uncommon(const struct shortlist *list, const uint8_t *p, size_t len)
{
	const uint32_t *members = list->by_byte[p[0]];

	/* libmagic sees no more of it than that. */
	if (len > SHORTLIST_ENCODING_BYTES)
		len = SHORTLIST_ENCODING_BYTES;
	for (size_t i = 0; i < list->by_byte_count[p[0]]; i++) {
		const struct group *g = &list->groups[members[i]];

		if ((g->modes & MAGICDB_TEXT) != 0 && !g->is_common &&
		    magictest_may_match(g, p, len))
			return true;
	}
	return false;
}

/* --- handles --- */

static void
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
choose_names(const struct shortlist *list, const struct handle *h,
    uint32_t *names, bool *is_named)
{
	size_t n = 0;
	size_t done = 0;

	for (size_t i = 0; i < h->count || done < n; i++) {
		const struct group *g = i < h->count
					    ? &list->groups[h->groups[i]]
					    : &list->names[names[done++]];

		for (size_t j = 0; j < g->count; j++) {
			const struct magicdb_entry *e =
			    &list->db.entries[g->first + j];
			size_t name;

			if (e->type != MAGICDB_USE)
				continue;
			name = find_name(list, e);
			if (name == list->name_count || is_named[name])
				continue;
			is_named[name] = true;
			names[n++] = (uint32_t)name;
		}
	}
	return n;
}

static size_t
copy_groups(const struct shortlist *list, const struct group *groups,
    const uint32_t *members, size_t count, struct magicdb_entry *dst)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		const struct group *g = &groups[members[i]];

		if (dst != NULL)
			memcpy(&dst[n], &list->db.entries[g->first],
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
 * The last entry, which always matches: where it is what was found, nothing
 * else was.  So that its MIME type is told from others, that of plain data,
 * which libmagic gives where nothing has one, is put in other words, too.
 */
static void
put_mark(struct magicdb_entry *entries, size_t tests, size_t named)
{
	struct magicdb_entry *mark = &entries[tests];

	for (size_t i = 0; i < tests + named + 1; i++) {
		if (i != tests && strncmp(entries[i].mime, data_mime,
				      sizeof(entries[i].mime)) == 0)
			memcpy(entries[i].mime, other_data_mime,
			    sizeof(other_data_mime));
	}
	*mark = (struct magicdb_entry){
	    .flag = MAGICDB_BINARY,
	    .relation = 'x',
	    .type = MAGICDB_BYTE,
	};
	memcpy(mark->description, mark_text, sizeof(mark_text));
	memcpy(mark->mime, mark_mime, sizeof(mark_mime));
}

/* Makes a handle of its groups; false where libmagic does not take them. */
static bool
handle_fill(struct shortlist *list, struct handle *h)
{
	auto_free bool *is_named = xcalloc(list->name_count + 1, sizeof(bool));
	auto_free uint32_t *names =
	    xcalloc(list->name_count + 1, sizeof(*names));
	size_t name_count = choose_names(list, h, names, is_named);
	size_t tests =
	    copy_groups(list, list->groups, h->groups, h->count, NULL);
	size_t named = copy_groups(list, list->names, names, name_count, NULL);
	size_t marks = h->is_marked ? 1 : 0;
	size_t bytes = (1 + tests + marks + named) * sizeof(*h->entries);
	void *buffers[1];

	h->entries = xmalloc(bytes);
	magicdb_put_header(h->entries, tests + marks, named);
	(void)copy_groups(
	    list, list->groups, h->groups, h->count, h->entries + 1);
	(void)copy_groups(list, list->names, names, name_count,
	    h->entries + 1 + tests + marks);
	guard(h->entries + 1, tests);
	guard(h->entries + 1 + tests + marks, named);
	if (h->is_marked)
		put_mark(h->entries + 1, tests, named);
	buffers[0] = h->entries;
	h->magic = magic_open(MAGIC_NONE);
	return h->magic != NULL && list->setup(h->magic) == ERR_OK &&
	       magic_load_buffers(h->magic, buffers, &bytes, 1) == 0;
}

static uint64_t
hash_of(const uint32_t *groups, size_t count)
{
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < count; i++)
		hash = (hash ^ groups[i]) * 1099511628211u;
	return hash;
}

/* The handle of list->found; NULL where libmagic does not take it. */
static magic_t
find_handle(struct shortlist *list, size_t count, bool is_marked)
{
	uint64_t hash = hash_of(list->found, count) + is_marked;
	struct handle *h;

	for (size_t i = 0; i < HANDLES_MAX; i++) {
		h = &list->handles[i];
		if (h->magic != NULL && h->hash == hash && h->count == count &&
		    h->is_marked == is_marked &&
		    memcmp(h->groups, list->found, count * sizeof(uint32_t)) ==
			0)
			return h->magic;
	}
	h = &list->handles[list->next_handle];
	list->next_handle = (list->next_handle + 1) % HANDLES_MAX;
	handle_release(h);
	h->hash = hash;
	h->count = count;
	h->is_marked = is_marked;
	h->groups = xmemdup(list->found, count * sizeof(uint32_t));
	if (!handle_fill(list, h)) {
		handle_release(h);
		return NULL;
	}
	return h->magic;
}

static bool
has_word(const struct group *g, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < g->word_count; i++) {
		if (literal_is_in(&g->words[i], p, len))
			return true;
	}
	return g->word_count == 0;
}

/* Whether a test may match that hangs on something to be in the text. */
static bool
is_switched(const struct shortlist *list, const uint8_t *p, size_t len)
{
	if (len > SHORTLIST_ENCODING_BYTES)
		len = SHORTLIST_ENCODING_BYTES;
	for (size_t i = 0; i < list->group_count; i++) {
		const struct group *g = &list->groups[i];

		if (g->is_switch && literal_is_in(&g->literal, p, len) &&
		    has_word(g, p, len))
			return true;
	}
	return false;
}

enum text_tests {
	TESTS_FEW,
	TESTS_COMMON,
	TESTS_EVERY
};

static bool
is_among(const struct group *g, enum text_tests tests)
{
	if ((g->modes & MAGICDB_TEXT) == 0)
		return false;
	return tests == TESTS_EVERY ||
	       (g->is_common && (tests == TESTS_COMMON || !g->is_switch));
}

static bool
make_text_handle(
    struct shortlist *list, struct handle *h, enum text_tests tests)
{
	size_t n = 0;

	for (size_t i = 0; i < list->group_count; i++) {
		if (is_among(&list->groups[i], tests))
			list->found[n++] = (uint32_t)i;
	}
	h->count = n;
	h->groups = xmemdup(list->found, n * sizeof(uint32_t));
	return handle_fill(list, h);
}

struct shortlist *
shortlist_load(int (*setup)(magic_t handle))
{
	struct shortlist *list = load_groups(setup);

	/* It is for good: nothing is given back where libmagic refuses. */
	if (list == NULL || !make_text_handle(list, &list->few, TESTS_FEW) ||
	    !make_text_handle(list, &list->common, TESTS_COMMON) ||
	    !make_text_handle(list, &list->every, TESTS_EVERY))
		return NULL;
	return list;
}

bool
shortlist_choose(struct shortlist *list, const void *p, size_t len,
    struct shortlist_choice *ret_choice)
{
	enum text_class text;
	size_t count;

	if (list == NULL || len < 2)
		return false;
	text = classify(p, len);
	if (text == TEXT_OTHER)
		return false;
	*ret_choice = (struct shortlist_choice){.list = list};
	count = choose(list, p, len);
	ret_choice->first = find_handle(list, count, text == TEXT_ASCII);
	if (text == TEXT_ASCII)
		ret_choice->second =
		    is_uncommon(list, p, len)	? list->every.magic
		    : is_switched(list, p, len) ? list->common.magic
						: list->few.magic;
	return ret_choice->first != NULL;
}

static const char *
look_for_text(magic_t handle, const void *p, size_t len, int flags)
{
	const int done = MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR |
			 MAGIC_NO_CHECK_JSON | MAGIC_NO_CHECK_CSV |
			 MAGIC_NO_CHECK_CDF | MAGIC_NO_CHECK_ELF;

	(void)magic_setflags(handle, flags | done);
	return magic_buffer(handle, p, len);
}

/* The answer's first word is not what a handle with a mark says for itself. */
static bool
begins(const char *words, const char *what)
{
	size_t len = strlen(what);

	return strncmp(words, what, len) == 0 &&
	       (words[len] == '\0' || words[len] == ';');
}

static const char *
other_data(struct shortlist *list, const char *words)
{
	(void)snprintf(list->words, sizeof(list->words), "%s%s", data_mime,
	    words + strlen(other_data_mime));
	return list->words;
}

const char *
shortlist_look(const struct shortlist_choice *choice, const void *p, size_t len,
    int fd, int flags)
{
	const char *words;

	if (choice->second == NULL) {
		(void)magic_setflags(choice->first, flags);
		return fd == -1 ? magic_buffer(choice->first, p, len)
				: magic_descriptor(choice->first, fd);
	}
	(void)magic_setflags(choice->first, flags | MAGIC_NO_CHECK_TEXT);
	words = magic_buffer(choice->first, p, len);
	if (words == NULL)
		return NULL;
	if (flags == MAGIC_NONE
		? strcmp(words, mark_text) == 0
		: begins(words, mark_mime) || begins(words, data_mime))
		return look_for_text(choice->second, p, len, flags);
	/* Something was said before the mark was met: who knows what for. */
	if (strstr(words, mark_text) != NULL)
		return NULL;
	return begins(words, other_data_mime) ? other_data(choice->list, words)
					      : words;
}
