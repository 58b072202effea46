/* SPDX-License-Identifier: Apache-2.0 */
/* textlist.c - libmagic's tests for text, of which few are ever needed. */
#include "analysers/identify/textlist.h"

#include "analysers/identify/plaintext.h"
#include "analysers/identify/words.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <string.h>

/* A test for text, and what must be in one for it to match. */
struct text_test {
	const struct group *group;
	uint32_t index; /* of the group */
	int literal;	/* a number of words.h; -1 = none */
	int words[LITERAL_WORDS_MAX];
	size_t word_count;    /* one of them; 0 = none */
	int flags;	      /* how its handle is asked */
	struct handle handle; /* of this group alone */
};

struct textlist {
	const struct dbgroups *db;
	struct text_test *tests; /* in order */
	size_t test_count;
	/* Those to be looked at for each first byte, in order. */
	struct text_test **by_byte[256];
	size_t by_byte_count[256];
	struct words *words;
	bool *is_there;	     /* of words */
	struct handle none;  /* no test at all */
	struct handle every; /* all of them */
	struct plaintext plain;
	uint8_t *converted;
};

/* --- which bytes are tested --- */

/* Control characters that texts have, in every version of libmagic. */
static bool
is_control(uint8_t c)
{
	return (c < 0x20 && !(c >= 7 && c <= 13 && c != 11) && c != 0x1b) ||
	       c == 0x7f;
}

/* The length of a character by its first byte, in UTF-8 as it once was. */
static size_t
utf8_length(uint8_t first)
{
	return first < 0x80   ? 1
	       : first < 0xc0 ? 0
	       : first < 0xe0 ? 2
	       : first < 0xf0 ? 3
	       : first < 0xf8 ? 4
	       : first < 0xfc ? 5
	       : first < 0xfe ? 6
			      : 0;
}

/* Of RFC 3629: in the shortest form, no surrogate, not too large. */
static bool
is_proper(const uint8_t *p, size_t n)
{
	return n == 1 || (n < 5 && p[0] >= 0xc2 && p[0] <= 0xf4 &&
			     !(p[0] == 0xe0 && p[1] < 0xa0) &&
			     !(p[0] == 0xf0 && p[1] < 0x90) &&
			     !(p[0] == 0xed && p[1] > 0x9f) &&
			     !(p[0] == 0xf4 && p[1] > 0x8f));
}

enum utf8 {
	UTF8_NOT,
	UTF8_MAYBE, /* versions of libmagic differ, or the end is cut off */
	UTF8_PROPER
};

static enum utf8
is_utf8(const uint8_t *p, size_t len)
{
	enum utf8 result = UTF8_PROPER;
	size_t n;

	for (size_t at = 0; at < len; at += n) {
		n = utf8_length(p[at]);
		if (n == 0)
			return UTF8_NOT;
		for (size_t i = 1; i < n; i++) {
			if (at + i == len)
				return UTF8_MAYBE;
			if ((p[at + i] & 0xc0) != 0x80)
				return UTF8_NOT;
		}
		if (!is_proper(p + at, n))
			result = UTF8_MAYBE;
	}
	return result;
}

/* Byte for byte a character of Latin-1, as UTF-8. */
static size_t
convert(uint8_t *dst, const uint8_t *p, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (p[i] < 0x80) {
			dst[n++] = p[i];
			continue;
		}
		dst[n++] = (uint8_t)(0xc0 | p[i] >> 6);
		dst[n++] = (uint8_t)(0x80 | (p[i] & 0x3f));
	}
	return n;
}

/* Encodings that are known by their first bytes. */
static bool
has_mark(const uint8_t *p, size_t len)
{
	return (len >= 2 && ((p[0] == 0xff && p[1] == 0xfe) ||
				(p[0] == 0xfe && p[1] == 0xff))) ||
	       (len >= 3 && (memcmp(p, "\0\0\xfe", 3) == 0 ||
				memcmp(p, "\xef\xbb\xbf", 3) == 0 ||
				memcmp(p, "+/v", 3) == 0));
}

/* Without NUL bytes, unless all that follow are NUL, too. */
static enum text_class
classify_nul(const uint8_t *p, size_t len, const uint8_t *nul)
{
	/* NUL bytes at the end are taken off before. */
	for (size_t i = len; i > 0; i--) {
		if (p[i - 1] != '\0')
			return p + i - 1 > nul ? TEXT_NONE : TEXT_OTHER;
	}
	return TEXT_OTHER;
}

enum text_class
textlist_classify(struct textlist *list, const uint8_t *p, size_t len,
    struct text_view *ret_view)
{
	size_t head = len < TEXTLIST_BYTES ? len : TEXTLIST_BYTES;
	const uint8_t *nul = memchr(p, '\0', head);
	unsigned int bits = 0;
	bool has_control = false;
	enum utf8 utf8;

	if (has_mark(p, len))
		return TEXT_OTHER;
	if (nul != NULL)
		return classify_nul(p, len, nul);
	for (size_t i = 0; i < head; i++) {
		bits |= p[i];
		has_control |= is_control(p[i]);
	}
	/* Might be text in EBCDIC. */
	if (has_control)
		return TEXT_OTHER;
	*ret_view = (struct text_view){
	    .p = p,
	    .len = head,
	    .charset = bits < 0x80 ? "us-ascii" : "utf-8",
	    .is_ascii = bits < 0x80,
	};
	if (bits < 0x80)
		return TEXT_KNOWN;
	utf8 = is_utf8(p, head);
	if (utf8 == UTF8_MAYBE)
		return TEXT_OTHER;
	if (utf8 == UTF8_NOT)
		*ret_view = (struct text_view){
		    .p = list->converted,
		    .len = convert(list->converted, p, head),
		};
	return TEXT_KNOWN;
}

/* --- the tests --- */

static bool
make_handle(
    const struct textlist *list, struct handle *h, size_t from, size_t count)
{
	h->count = count;
	h->groups = xcalloc(count + 1, sizeof(*h->groups));
	for (size_t i = 0; i < count; i++)
		h->groups[i] = list->tests[from + i].index;
	return handle_fill(list->db, h);
}

/*
 * libmagic looks for the encoding once to tell text from data, and once more
 * for the tests for text: the first is for those that are for one alone.
 */
static int
flags_for(const struct dbgroups *db, const struct group *g)
{
	const struct magicdb_entry *e = &db->db.entries[g->first];
	const uint32_t one = MAGICDB_TEXT_ONLY | MAGICDB_BINARY_ONLY;

	for (size_t i = 0; i < g->count; i++) {
		if ((e[i].u.text.flags & one) != 0 ||
		    e[i].type == MAGICDB_USE || e[i].type == MAGICDB_INDIRECT)
			return MAGIC_NONE;
	}
	return MAGIC_NO_CHECK_ENCODING;
}

static void
add_test(struct textlist *list, uint32_t index)
{
	const struct group *g = &list->db->groups[index];
	struct text_test *test = &list->tests[list->test_count++];
	bool is_told = true;

	*test = (struct text_test){
	    .group = g,
	    .index = index,
	    .literal = -1,
	    .flags = flags_for(list->db, g),
	};
	if (g->kind != TEST_FIND && g->kind != TEST_REGEX)
		return;
	test->literal = words_add(list->words, &g->literal);
	for (size_t i = 0; i < g->word_count; i++) {
		test->words[i] = words_add(list->words, &g->words[i]);
		is_told = is_told && test->words[i] != -1;
	}
	test->word_count = is_told ? g->word_count : 0;
}

static void
index_bytes(struct textlist *list)
{
	for (size_t byte = 0; byte < 256; byte++) {
		size_t n = 0;

		list->by_byte[byte] =
		    xcalloc(list->test_count + 1, sizeof(*list->by_byte[byte]));
		for (size_t i = 0; i < list->test_count; i++) {
			if (magictest_may_begin(
				list->tests[i].group, (uint8_t)byte))
				list->by_byte[byte][n++] = &list->tests[i];
		}
		list->by_byte_count[byte] = n;
	}
}

const char *
textlist_ask(magic_t handle, const void *p, size_t len, int flags)
{
	const int done = MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR |
			 MAGIC_NO_CHECK_JSON | MAGIC_NO_CHECK_CSV |
			 MAGIC_NO_CHECK_CDF | MAGIC_NO_CHECK_ELF;

	(void)magic_setflags(handle, flags | done);
	return magic_buffer(handle, p, len);
}

/*
 * Regular expressions are compiled when they are first met: that is to be here,
 * once, and not in each child.
 */
static void
warm(const struct text_test *test)
{
	const struct group *g = test->group;
	uint8_t text[4 * LITERAL_BYTES_MAX] = "a b\n";
	size_t len = 4;

	memcpy(text + len, g->literal.p, g->literal.len);
	len += g->literal.len;
	for (size_t i = 0; i < 2; i++) {
		text[len++] = ' ';
		memcpy(text + len, g->later_words[i].p, g->later_words[i].len);
		len += g->later_words[i].len;
	}
	text[len++] = '\n';
	(void)textlist_ask(test->handle.magic, text, len, MAGIC_NONE);
}

static const char *
ask_none(void *arg, const void *p, size_t len)
{
	struct textlist *list = arg;

	return textlist_ask(list->none.magic, p, len, MAGIC_NONE);
}

struct textlist *
textlist_new(const struct dbgroups *db)
{
	struct textlist *list = xcalloc(1, sizeof(*list));

	list->db = db;
	list->words = words_new();
	list->tests = xcalloc(db->group_count + 1, sizeof(*list->tests));
	for (size_t i = 0; i < db->group_count; i++) {
		if ((db->groups[i].modes & MAGICDB_TEXT) != 0)
			add_test(list, (uint32_t)i);
	}
	index_bytes(list);
	for (size_t i = 0; i < list->test_count; i++) {
		list->tests[i].handle.mark = MARK_TEXT;
		if (!make_handle(list, &list->tests[i].handle, i, 1))
			return NULL;
		warm(&list->tests[i]);
	}
	list->is_there = xcalloc(words_count(list->words) + 1, sizeof(bool));
	list->converted = xmalloc(2 * TEXTLIST_BYTES);
	/* It is for good: nothing is given back where libmagic refuses. */
	if (!make_handle(list, &list->none, 0, 0) ||
	    !make_handle(list, &list->every, 0, list->test_count))
		return NULL;
	plaintext_learn(&list->plain, ask_none, list);
	return list;
}

/* --- one text --- */

magic_t
textlist_every(const struct textlist *list)
{
	return list->every.magic;
}

static bool
has_words(const struct textlist *list, const struct text_test *test)
{
	bool has_one = test->word_count == 0;

	if (test->literal != -1 && !list->is_there[test->literal])
		return false;
	for (size_t i = 0; i < test->word_count && !has_one; i++)
		has_one = list->is_there[test->words[i]];
	return has_one;
}

/* Text that no test has words for. */
static const char *
describe(const struct textlist *list, const struct text_view *view,
    const uint8_t *p, size_t len)
{
	const char *words = NULL;

	if (view->charset != NULL)
		words = plaintext_describe(
		    &list->plain, view->is_ascii, view->p, view->len);
	return words != NULL
		   ? words
		   : textlist_ask(list->none.magic, p, len, MAGIC_NONE);
}

const char *
textlist_look(struct textlist *list, const struct text_view *view,
    const uint8_t *p, size_t len, struct text_answer *ret_answer)
{
	static const char mark[] = HANDLE_MARK_TEXT;
	const uint8_t first = view->p[0];
	bool is_odd = false;

	words_find(list->words, view->p, view->len, list->is_there);
	for (size_t i = 0; i < list->by_byte_count[first]; i++) {
		struct text_test *test = list->by_byte[first][i];
		const char *words;

		if (!has_words(list, test) ||
		    !magictest_may_say(test->group, view->p, view->len))
			continue;
		words = textlist_ask(test->handle.magic, p, len, test->flags);
		if (words == NULL)
			return NULL;
		if (strncmp(words, mark, sizeof(mark) - 1) == 0) {
			/* No words, but maybe the type before all others. */
			is_odd = is_odd || test->group->is_odd;
			continue;
		}
		*ret_answer = (struct text_answer){
		    .handle = is_odd ? list->every.magic : test->handle.magic,
		    .mime = is_odd ? NULL : test->group->mime,
		};
		return words;
	}
	*ret_answer = (struct text_answer){
	    .handle = is_odd ? list->every.magic : list->none.magic,
	};
	return describe(list, view, p, len);
}
