/* SPDX-License-Identifier: Apache-2.0 */
/* shortlist.c - which of libmagic's entries can match. */
#include "analysers/identify/shortlist.h"

#include "analysers/identify/literal.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <regex.h>
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
/* What libmagic takes for the length of a line (softmagic.c). */
#define REGEX_LINE_BYTES ((size_t)80)

enum test_kind {
	TEST_ANY,   /* may always match */
	TEST_WORD,  /* eight bytes under a mask */
	TEST_ORDER, /* a number is smaller or larger than another */
	TEST_BEGIN, /* a literal at a place */
	TEST_FIND,  /* a literal within a range */
	TEST_REGEX  /* a regular expression, that its literal is in */
};

/* One entry of level 0 and its continuations. */
struct group {
	size_t first; /* entry */
	size_t count;
	uint8_t modes; /* MAGICDB_BINARY, MAGICDB_TEXT */
	enum test_kind kind;
	size_t offset;
	size_t range; /* how far a literal is looked for */
	size_t lines; /* TEST_REGEX: only in so many; 0 = any number */
	uint64_t mask;
	uint64_t value;
	/* TEST_ORDER */
	uint8_t width;
	bool is_big;
	bool is_signed;
	bool is_less; /* the file's than value */
	struct literal literal;
	struct literal next_word;		 /* somewhere behind it */
	regex_t *regex;				 /* TEST_REGEX */
	struct literal words[LITERAL_WORDS_MAX]; /* one of them */
	size_t word_count;			 /* 0: of none */
	bool is_common; /* of texts: not looked at here */
	bool is_switch; /* common, unless its literal or words are not there */
};

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

static uint64_t
load_le(const uint8_t *p, size_t len)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 8 && i < len; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

/* Bytes of a numeric type as they lie in a file; 0 = not numeric. */
static size_t
number_width(uint8_t type, bool *ret_is_big)
{
	const bool is_big_here = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

	*ret_is_big = false;
	switch (type) {
	case MAGICDB_BYTE:
		return 1;
	case MAGICDB_SHORT:
		*ret_is_big = is_big_here;
		return 2;
	case MAGICDB_BESHORT:
		*ret_is_big = true;
		return 2;
	case MAGICDB_LESHORT:
		return 2;
	case MAGICDB_LONG:
		*ret_is_big = is_big_here;
		return 4;
	case MAGICDB_BELONG:
		*ret_is_big = true;
		return 4;
	case MAGICDB_LELONG:
		return 4;
	case MAGICDB_QUAD:
		*ret_is_big = is_big_here;
		return 8;
	case MAGICDB_BEQUAD:
		*ret_is_big = true;
		return 8;
	case MAGICDB_LEQUAD:
		return 8;
	default:
		return 0;
	}
}

/* The width low bytes of v, as the file's first bytes of a word. */
static uint64_t
to_word(uint64_t v, size_t width, bool is_big)
{
	uint64_t word = 0;

	for (size_t i = 0; i < width; i++) {
		size_t from = is_big ? width - 1 - i : i;

		word |= (v >> (8 * from) & 0xff) << (8 * i);
	}
	return word;
}

/* A number of a file; what is beyond its end is 0. */
static uint64_t
number_of(const struct group *g, const uint8_t *p, size_t len)
{
	uint64_t v = to_word(load_le(p, len), g->width, g->is_big);
	unsigned int unused = 64 - 8 * (unsigned int)g->width;

	return g->is_signed ? (uint64_t)((int64_t)(v << unused) >> unused) : v;
}

static bool
is_in_order(const struct group *g, const uint8_t *p, size_t len)
{
	uint64_t v = number_of(g, p, len);

	if (g->is_signed)
		return g->is_less ? (int64_t)v < (int64_t)g->value
				  : (int64_t)v > (int64_t)g->value;
	return g->is_less ? v < g->value : v > g->value;
}

static void
understand_order(struct group *g, const struct magicdb_entry *e)
{
	g->width = (uint8_t)number_width(e->type, &g->is_big);
	if (g->width == 0 || e->u.mask != 0 || e->mask_op != 0)
		return;
	memcpy(&g->value, e->value, sizeof(g->value));
	g->is_signed = (e->flag & MAGICDB_UNSIGNED) == 0;
	g->is_less = e->relation == '<';
	g->kind = TEST_ORDER;
}

/* x == value, or (x & mask) == value: what differs there cannot match. */
static void
understand_number(struct group *g, const struct magicdb_entry *e)
{
	bool is_big;
	size_t width = number_width(e->type, &is_big);
	uint64_t mask = UINT64_MAX;
	uint64_t value;

	/* "and" is operation 0; no mask at all is stored as one of 0. */
	if (width == 0 || e->mask_op != 0)
		return;
	if (e->u.mask != 0)
		mask = e->u.mask;
	memcpy(&value, e->value, sizeof(value));
	g->kind = TEST_WORD;
	g->mask = to_word(mask, width, is_big);
	g->value = to_word(value, width, is_big);
	/* Bits outside of the mask can never be there: leave it to libmagic. */
	if ((g->value & ~g->mask) != 0)
		g->kind = TEST_ANY;
}

static void
understand_string(struct group *g, const struct magicdb_entry *e)
{
	const uint32_t known = MAGICDB_SPACES | MAGICDB_FOLD |
			       MAGICDB_TEXT_ONLY | MAGICDB_BINARY_ONLY |
			       MAGICDB_TRIM | MAGICDB_FULL_WORD;
	size_t len;

	if ((e->u.text.flags & ~known) != 0 || e->u.text.range != 0)
		return;
	g->literal = literal_of_text(e);
	g->next_word = literal_of_next_word(e);
	len = g->literal.len < 8 ? g->literal.len : 8;
	if (len == 0)
		return;
	if (g->literal.is_folded) {
		g->kind = TEST_BEGIN;
		return;
	}
	g->kind = TEST_WORD;
	g->mask = len == 8 ? UINT64_MAX : ((uint64_t)1 << (8 * len)) - 1;
	g->value = load_le(g->literal.p, len);
}

static void
understand_search(struct group *g, const struct magicdb_entry *e)
{
	const uint32_t known = MAGICDB_SPACES | MAGICDB_FOLD |
			       MAGICDB_TEXT_ONLY | MAGICDB_BINARY_ONLY |
			       MAGICDB_TRIM | MAGICDB_FULL_WORD;

	if ((e->u.text.flags & ~known) != 0)
		return;
	g->literal = literal_of_text(e);
	g->next_word = literal_of_next_word(e);
	/* It begins at one of so many places, or (memmem()) one more. */
	g->range = e->u.text.range == 0
		       ? SIZE_MAX
		       : (size_t)e->u.text.range + g->literal.len;
	if (g->literal.len > 0)
		g->kind = TEST_FIND;
}

/*
 * Compiled as libmagic does it, but once: its own handles come and go.  What
 * text is looked at is known for plain ASCII only.
 */
static void
understand_regex(struct group *g, const struct magicdb_entry *e)
{
	const int flags = REG_EXTENDED | REG_NEWLINE |
			  (e->u.text.flags & MAGICDB_FOLD ? REG_ICASE : 0);

	if (g->modes != MAGICDB_TEXT ||
	    memchr(e->value, '\0', sizeof(e->value)) == NULL)
		return;
	g->regex = xmalloc(sizeof(*g->regex));
	if (regcomp(g->regex, (const char *)e->value, flags) != 0) {
		free(take_ptr(g->regex));
		return;
	}
	g->literal = literal_of_regex(e);
	if (g->literal.len < 2)
		g->word_count = literal_words_of_regex(e, g->words);
	g->range = e->u.text.range;
	if ((e->u.text.flags & MAGICDB_LINES) != 0) {
		g->lines = e->u.text.range;
		g->range = g->lines * REGEX_LINE_BYTES;
	}
	g->kind = TEST_REGEX;
}

static void
understand(struct group *g, const struct magicdb_entry *e)
{
	g->kind = TEST_ANY;
	if ((e->flag & (MAGICDB_INDIRECT_OFFSET | MAGICDB_FROM_END)) != 0 ||
	    e->offset < 0)
		return;
	g->offset = (size_t)e->offset;
	if (e->relation == '<' || e->relation == '>') {
		understand_order(g, e);
		return;
	}
	if (e->relation != '=')
		return;
	switch (e->type) {
	case MAGICDB_STRING:
		understand_string(g, e);
		return;
	case MAGICDB_SEARCH:
		understand_search(g, e);
		return;
	case MAGICDB_REGEX:
		understand_regex(g, e);
		return;
	default:
		understand_number(g, e);
	}
}

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
		understand(&groups[n], e);
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

static bool
may_begin(const struct group *g, uint8_t byte)
{
	if (g->offset != 0)
		return true;
	if (g->kind == TEST_WORD)
		return ((byte ^ g->value) & g->mask & 0xff) == 0;
	if (g->kind == TEST_BEGIN) {
		struct literal first = g->literal;

		first.len = 1;
		return literal_begins(&first, &byte, 1);
	}
	return true;
}

static void
index_bytes(struct shortlist *list)
{
	for (size_t byte = 0; byte < 256; byte++) {
		uint32_t *members =
		    xcalloc(list->group_count + 1, sizeof(*members));
		size_t n = 0;

		for (size_t i = 0; i < list->group_count; i++) {
			if (may_begin(&list->groups[i], (uint8_t)byte))
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

/* Behind so many lines of p, as libmagic counts them; end where fewer. */
static const uint8_t *
after_lines(const uint8_t *p, const uint8_t *end, size_t lines)
{
	const uint8_t *last = p;
	const uint8_t *b = p;

	while (lines > 0 && b < end) {
		const uint8_t *c = b;

		b = memchr(c, '\n', (size_t)(end - c));
		if (b == NULL)
			b = memchr(c, '\r', (size_t)(end - c));
		if (b == NULL)
			break;
		if (b < end - 1 && b[0] == '\r' && b[1] == '\n')
			b++;
		if (b < end - 1 && b[0] == '\n')
			b++;
		last = b;
		lines--;
		b++;
	}
	return lines > 0 ? end : last;
}

/* The expression on the bytes that libmagic would give it, all but the last. */
static bool
matches_regex(const struct group *g, const uint8_t *p, size_t len)
{
	char text[SHORTLIST_REGEX_BYTES + 1];
	regmatch_t place;

	if (g->range > 0 && g->range < len)
		len = g->range;
	if (len > SHORTLIST_REGEX_BYTES)
		len = SHORTLIST_REGEX_BYTES;
	if (g->lines > 0)
		len = (size_t)(after_lines(p, p + len, g->lines) - p);
	if (!literal_is_in(&g->literal, p, len))
		return false;
	if (len > 0)
		len--;
	memcpy(text, p, len);
	text[len] = '\0';
	return regexec(g->regex, text, 1, &place, 0) != REG_NOMATCH;
}

static bool
may_match(const struct group *g, const uint8_t *p, size_t len)
{
	size_t left = g->offset < len ? len - g->offset : 0;
	const uint8_t *at = p + (len - left);

	switch (g->kind) {
	case TEST_WORD:
		return ((load_le(at, left) ^ g->value) & g->mask) == 0 &&
		       literal_is_in(&g->next_word, at, left);
	case TEST_ORDER:
		return is_in_order(g, at, left);
	case TEST_BEGIN:
		return literal_begins(&g->literal, at, left);
	case TEST_FIND:
		return literal_is_in(
		    &g->literal, at, left < g->range ? left : g->range);
	case TEST_REGEX:
		return matches_regex(g, at, left);
	case TEST_ANY:
	default:
		return true;
	}
}

/* Fills list->found with what may match of the tests for all files. */
static size_t
choose(struct shortlist *list, const uint8_t *p, size_t len)
{
	const uint32_t *members = list->by_byte[p[0]];
	size_t n = 0;

	for (size_t i = 0; i < list->by_byte_count[p[0]]; i++) {
		const struct group *g = &list->groups[members[i]];

		if ((g->modes & MAGICDB_BINARY) != 0 && may_match(g, p, len))
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
		    may_match(g, p, len))
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
