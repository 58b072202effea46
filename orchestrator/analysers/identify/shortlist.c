/* SPDX-License-Identifier: Apache-2.0 */
/* shortlist.c - which of libmagic's entries can match. */
#include "analysers/identify/shortlist.h"

#include "analysers/identify/handle.h"
#include "analysers/identify/textlist.h"
#include "lib/xalloc.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

/* Handles that are kept; many files need the same entries. */
#define HANDLES_MAX 96

/* What is seen at a glance of a group: bytes that differ cannot match. */
struct glance {
	uint64_t mask; /* 0: nothing */
	uint64_t value;
	uint32_t offset;
	uint32_t group;
};

struct shortlist {
	struct dbgroups db;
	struct textlist *texts;
	/* Groups to be looked at for each first byte, in order. */
	struct glance *by_byte[256];
	size_t by_byte_count[256];
	uint32_t *found; /* room for all groups */
	struct handle handles[HANDLES_MAX];
	size_t next_handle;
	char words[1024]; /* an answer that was put in other words */
	/* What is neither JSON, CSV nor tar at a glance is so for libmagic. */
	bool is_plain_known;
};

static struct glance
glance_at(const struct shortlist *list, size_t group)
{
	const struct group *g = &list->db.groups[group];
	struct glance glance = {.group = (uint32_t)group};

	if (g->kind != TEST_WORD || g->is_from_end || g->pointer.width > 0 ||
	    g->offset > UINT32_MAX)
		return glance;
	glance.mask = g->mask;
	glance.value = g->value & g->mask;
	glance.offset = (uint32_t)g->offset;
	return glance;
}

static void
index_bytes(struct shortlist *list)
{
	for (size_t byte = 0; byte < 256; byte++) {
		struct glance *members =
		    xcalloc(list->db.group_count + 1, sizeof(*members));
		size_t n = 0;

		for (size_t i = 0; i < list->db.group_count; i++) {
			const struct group *g = &list->db.groups[i];

			if ((g->modes & MAGICDB_BINARY) != 0 &&
			    magictest_may_begin(g, (uint8_t)byte))
				members[n++] = glance_at(list, i);
		}
		list->by_byte[byte] =
		    xreallocarray(members, n + 1, sizeof(*members));
		list->by_byte_count[byte] = n;
	}
}

/* --- one file --- */

static bool
differs(const struct glance *glance, const uint8_t *p, size_t len)
{
	uint64_t word;

	/* What is cut by the end is for a closer look. */
	if (len < sizeof(word) || glance->offset > len - sizeof(word))
		return false;
	memcpy(&word, p + glance->offset, sizeof(word));
	return (le64toh(word) & glance->mask) != glance->value;
}

/* Fills list->found with what may match, and be it without a word. */
static size_t
choose_all(struct shortlist *list, const uint8_t *p, size_t len)
{
	const struct glance *members = list->by_byte[p[0]];
	size_t n = 0;

	for (size_t i = 0; i < list->by_byte_count[p[0]]; i++) {
		if (!differs(&members[i], p, len) &&
		    magictest_may_match(
			&list->db.groups[members[i].group], p, len))
			list->found[n++] = members[i].group;
	}
	return n;
}

/* Fills list->found with what may say something, of the tests for all files. */
static size_t
choose(struct shortlist *list, const uint8_t *p, size_t len)
{
	const struct glance *members = list->by_byte[p[0]];
	size_t n = 0;

	for (size_t i = 0; i < list->by_byte_count[p[0]]; i++) {
		const struct group *g = &list->db.groups[members[i].group];

		if (differs(&members[i], p, len) ||
		    !magictest_may_say(g, p, len))
			continue;
		if (g->may_go_on)
			return choose_all(list, p, len);
		list->found[n++] = members[i].group;
	}
	return n;
}

/* --- what libmagic looks for beside its database --- */

static bool
may_be_json(const uint8_t *p, size_t len)
{
	size_t at = 0;

	while (at < len && (p[at] == ' ' || p[at] == '\t' || p[at] == '\r' ||
			       p[at] == '\n'))
		at++;
	return at < len && (p[at] == '{' || p[at] == '[');
}

/* Commas of the line at p; false where there are quotes, or no end. */
static bool
count_commas(const uint8_t *p, const uint8_t *end, size_t *ret_commas,
    const uint8_t **ret_next)
{
	const uint8_t *lf = memchr(p, '\n', (size_t)(end - p));

	*ret_commas = 0;
	if (lf == NULL)
		return false;
	for (; p < lf; p++) {
		if (*p == '"')
			return false;
		*ret_commas += *p == ',';
	}
	*ret_next = lf + 1;
	return true;
}

/* Lines with the same number of commas, but for what is quoted. */
static bool
may_be_csv(const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;
	size_t first, second;

	if (memchr(p, ',', len) == NULL)
		return false;
	if (!count_commas(p, end, &first, &p))
		return true;
	return first > 0 &&
	       (!count_commas(p, end, &second, &p) || first == second);
}

/* The sum in its header is in octal digits. */
static bool
may_be_tar(const uint8_t *p, size_t len)
{
	const size_t header = 512, sum = 148, sum_end = 156;
	size_t at = sum;

	if (len < header)
		return false;
	while (at < sum_end && (p[at] == ' ' || (p[at] >= 9 && p[at] <= 13)))
		at++;
	return at < sum_end && p[at] >= '0' && p[at] <= '7';
}

static bool
may_be_coded(const uint8_t *p, size_t len)
{
	return may_be_json(p, len) || may_be_csv(p, len) || may_be_tar(p, len);
}

/* --- handles --- */

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
find_handle(struct shortlist *list, size_t count, enum handle_mark mark)
{
	uint64_t hash = hash_of(list->found, count) + mark;
	struct handle *h;

	for (size_t i = 0; i < HANDLES_MAX; i++) {
		h = &list->handles[i];
		if (h->magic != NULL && h->hash == hash && h->count == count &&
		    h->mark == mark &&
		    memcmp(h->groups, list->found, count * sizeof(uint32_t)) ==
			0)
			return h->magic;
	}
	h = &list->handles[list->next_handle];
	list->next_handle = (list->next_handle + 1) % HANDLES_MAX;
	handle_release(h);
	h->hash = hash;
	h->count = count;
	h->mark = mark;
	h->groups = xmemdup(list->found, count * sizeof(uint32_t));
	if (!handle_fill(&list->db, h)) {
		handle_release(h);
		return NULL;
	}
	return h->magic;
}

/*
 * libmagic agrees on some texts that are no JSON, CSV or tar, though others
 * than this version might take them for that.
 */
static bool
learn_plain(struct shortlist *list)
{
	static const char *const texts[] = {"words\n", "true\n", "null\n",
	    "false", "12\n", "-1.5e3\n", "\"text\"\n", " \"text\" ",
	    "0\n0\n0\n", "a\nb\nc\nd\n", "a,b\nc\nd,e\nf,g\nh,i\n",
	    "a;b\nc;d\ne;f\ng;h\n", "a\tb\nc\td\ne\tf\ng\th\n", "a,b\n",
	    ",\n,,\n,\n,\n", "\na,b\nc,d\ne,f\ng,h\n"};
	const magic_t handle = find_handle(list, 0, MARK_ALL_FILES);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const size_t len = strlen(texts[i]);
		const uint8_t *p = (const uint8_t *)texts[i];
		const char *words;

		if (handle == NULL)
			return false;
		(void)magic_setflags(handle, MAGIC_NO_CHECK_TEXT);
		words = magic_buffer(handle, p, len);
		if (words == NULL || (!may_be_coded(p, len) &&
					 strcmp(words, HANDLE_MARK_TEXT) != 0))
			return false;
	}
	return true;
}

struct shortlist *
shortlist_load(int (*setup)(magic_t handle))
{
	struct shortlist *list = xcalloc(1, sizeof(*list));

	/* It is for good: nothing is given back where libmagic refuses. */
	if (!dbgroups_load(&list->db, setup))
		return NULL;
	index_bytes(list);
	list->found = xcalloc(list->db.group_count + 1, sizeof(*list->found));
	list->texts = textlist_new(&list->db);
	if (list->texts == NULL)
		return NULL;
	list->is_plain_known = learn_plain(list);
	return list;
}

/* Whether one of list->found may give a MIME type and no description. */
static bool
has_odd(const struct shortlist *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (list->db.groups[list->found[i]].is_odd)
			return true;
	}
	return false;
}

bool
shortlist_choose(struct shortlist *list, const void *p, size_t len,
    struct shortlist_choice *ret_choice)
{
	struct shortlist_choice *c = ret_choice;
	struct text_view view = {.p = NULL};
	enum text_class text;
	size_t count;

	if (list == NULL || len < 2)
		return false;
	text = textlist_classify(list->texts, p, len, &view);
	if (text == TEXT_OTHER)
		return false;
	count = choose(list, p, len);
	*c = (struct shortlist_choice){
	    .list = list,
	    .is_text = text == TEXT_KNOWN,
	    .view = view,
	    .is_odd = has_odd(list, count),
	};
	if (c->is_text && count == 0 && list->is_plain_known &&
	    !may_be_coded(p, len))
		return true;
	c->first =
	    find_handle(list, count, c->is_text ? MARK_ALL_FILES : MARK_NONE);
	return c->first != NULL;
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
	(void)snprintf(list->words, sizeof(list->words), "%s%s",
	    HANDLE_DATA_MIME, words + strlen(HANDLE_OTHER_DATA_MIME));
	return list->words;
}

/* The MIME type of what the tests for text described, or would. */
static const char *
text_mime(const struct shortlist_choice *c, const void *p, size_t len)
{
	struct shortlist *list = c->list;
	magic_t handle = c->text.handle != NULL ? c->text.handle
						: textlist_every(list->texts);

	if (c->text.mime == NULL || c->view.charset == NULL)
		return textlist_ask(handle, p, len, MAGIC_MIME);
	(void)snprintf(list->words, sizeof(list->words), "%s; charset=%s",
	    c->text.mime, c->view.charset);
	return list->words;
}

static const char *
look_at_text(struct shortlist_choice *c, const void *p, size_t len, int flags)
{
	const char *words;

	/* No test for all files said a word of it: none has a type for it. */
	if (flags == MAGIC_MIME && c->text.handle != NULL && !c->is_odd)
		return text_mime(c, p, len);
	if (c->first == NULL)
		return flags == MAGIC_NONE ? textlist_look(c->list->texts,
						 &c->view, p, len, &c->text)
					   : NULL;
	(void)magic_setflags(c->first, flags | MAGIC_NO_CHECK_TEXT);
	words = magic_buffer(c->first, p, len);
	if (words == NULL)
		return NULL;
	if (flags == MAGIC_NONE && strcmp(words, HANDLE_MARK_TEXT) == 0)
		return textlist_look(
		    c->list->texts, &c->view, p, len, &c->text);
	/* What has a description may have no type: the tests for text go on. */
	if (flags == MAGIC_MIME && (begins(words, HANDLE_MARK_MIME) ||
				       begins(words, HANDLE_DATA_MIME)))
		return text_mime(c, p, len);
	/* Something was said before the mark was met: who knows what for. */
	if (strstr(words, HANDLE_MARK_TEXT) != NULL)
		return NULL;
	return begins(words, HANDLE_OTHER_DATA_MIME)
		   ? other_data(c->list, words)
		   : words;
}

const char *
shortlist_look(struct shortlist_choice *choice, const void *p, size_t len,
    int fd, int flags)
{
	if (choice->is_text)
		return look_at_text(choice, p, len, flags);
	/* It is no text in any encoding. */
	(void)magic_setflags(choice->first,
	    flags | MAGIC_NO_CHECK_ENCODING | MAGIC_NO_CHECK_TEXT);
	return fd == -1 ? magic_buffer(choice->first, p, len)
			: magic_descriptor(choice->first, fd);
}
