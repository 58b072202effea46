/* SPDX-License-Identifier: Apache-2.0 */
/* types.c - libmagic's words about some bytes. */
#include "analysers/identify/types.h"

#include "analysers/identify/magictest.h"
#include "analysers/identify/shortlist.h"

#include <stdbool.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static magic_t whole;		    /* all of the database */
static struct shortlist *shortlist; /* or NULL */

/*
 * Bounds of libmagic, each as tight as real files allow.  Those on regular
 * expressions and encodings stay as they are: they change answers.
 */
static const struct {
	int name;
	size_t value;
} params[] = {
    {MAGIC_PARAM_BYTES_MAX, TYPES_HEAD_BYTES},
    {MAGIC_PARAM_ELF_PHNUM_MAX, 512},
    {MAGIC_PARAM_ELF_SHNUM_MAX, 4096},
    {MAGIC_PARAM_ELF_NOTES_MAX, 64},
    {MAGIC_PARAM_INDIR_MAX, 20},
    {MAGIC_PARAM_NAME_MAX, 50},
    /* As they are; the short list must know them. */
    {MAGIC_PARAM_ENCODING_MAX, TEXTLIST_BYTES},
    {MAGIC_PARAM_REGEX_MAX, MAGICTEST_REGEX_BYTES},
};

/*
 * For plain text and for data no entry of the database matched: the MIME type
 * then follows from the description, and a second look is saved.
 */
static const struct {
	const char *magic;
	bool is_whole;
	const char *mime;
	const char *encoding;
} plain[] = {
    {"data", true, "application/octet-stream", "binary"},
    {"ASCII text", false, "text/plain", "us-ascii"},
    {"Unicode text, UTF-8 text", false, "text/plain", "utf-8"},
    {"Unicode text, UTF-8 (with BOM) text", false, "text/plain", "utf-8"},
    {"ISO-8859 text", false, "text/plain", "iso-8859-1"},
    {"Non-ISO extended-ASCII text", false, "text/plain", "unknown-8bit"},
};

static int
set_params(magic_t handle)
{
	for (size_t i = 0; i < COUNT(params); i++) {
		size_t value = params[i].value;

		if (magic_setparam(handle, params[i].name, &value) == -1)
			return ERR_NOT_FOUND;
	}
	return ERR_OK;
}

/* Touches the entries of texts and of data, so that children share them. */
static void
warm(void)
{
	static const char text[] =
	    "a line of words, with a (bracket) and = signs;\n"
	    "\tanother line: 1 + 2 \"quoted\" <tag> #comment\n\n"
	    "key = value\nlast line.\n";
	static const unsigned char data[256] = {0x7f, 0x01, 0x80, 0xff};

	for (int flags = MAGIC_NONE;; flags = MAGIC_MIME) {
		(void)magic_setflags(whole, flags);
		(void)magic_buffer(whole, text, sizeof(text) - 1);
		(void)magic_buffer(whole, data, sizeof(data));
		if (flags == MAGIC_MIME)
			break;
	}
}

/*
 * What libmagic and the C library make of regular expressions when they are
 * first met is made here, once, instead of in each child.
 */
static void
warm_shortlist(void)
{
	static const char *const texts[] = {
	    "plain words, and more of them.\nSome 10 lines\tor so\n0 1 2\n",
	    "import os\nfrom a import b\n\nclass A(object):\n"
	    "    def f(self, x):\n\treturn {'a': [1, 2], \"b\": x == 0}\n",
	    "#!/bin/sh\n# comment\nif [ -f x ]; then\n\techo \"$1\"\nfi\n",
	    "#include <stdio.h>\n#define A 1\nint main(void)\n{\n"
	    "\treturn 0; /* x */\n}\nstruct s { char *p; };\n",
	    "module A\n  class B\n    def c; end\n  end\nend\nrequire 'x'\n",
	    "<html><!-- x --><a href=\"y\">z</a></html>\n",
	    "const a = require(\"b\");\nexport function c() {}\n",
	    ".TH A 1\n.SH NAME\na \\- b\n",
	};
	struct types types;

	/* Twice: what is met twice is made faster still. */
	for (size_t i = 0; i < 2 * COUNT(texts); i++)
		(void)types_of(texts[i % COUNT(texts)],
		    strlen(texts[i % COUNT(texts)]), -1, &types);
}

int
types_load(char *why, size_t why_size)
{
	whole = magic_open(MAGIC_NONE);
	if (whole == NULL || magic_load(whole, NULL) == -1) {
		(void)snprintf(why, why_size, "libmagic's database: %s",
		    whole == NULL ? "no memory" : magic_error(whole));
		return ERR_NOT_FOUND;
	}
	if (set_params(whole) != ERR_OK) {
		(void)snprintf(why, why_size,
		    "libmagic does not know a parameter that bounds it");
		return ERR_NOT_FOUND;
	}
	warm();
	shortlist = shortlist_load(set_params);
	warm_shortlist();
	return ERR_OK;
}

void
types_use_shortlist(bool is_used)
{
	static struct shortlist *aside;

	if (!is_used && shortlist != NULL) {
		aside = shortlist;
		shortlist = NULL;
	} else if (is_used && shortlist == NULL) {
		shortlist = aside;
	}
}

int
types_version(void)
{
	return magic_version();
}

/* "text/plain; charset=us-ascii" in two. */
static void
split_mime(const char *both, struct types *types)
{
	static const char middle[] = "; charset=";
	const char *at = strstr(both, middle);
	size_t len = at == NULL ? strlen(both) : (size_t)(at - both);

	(void)snprintf(types->mime, sizeof(types->mime), "%.*s",
	    (int)(len < sizeof(types->mime) ? len : 0), both);
	(void)snprintf(types->encoding, sizeof(types->encoding), "%s",
	    at == NULL ? "binary" : at + strlen(middle));
}

static bool
is_plain(struct types *types)
{
	for (size_t i = 0; i < COUNT(plain); i++) {
		size_t len = strlen(plain[i].magic);
		char next;

		if (strncmp(types->magic, plain[i].magic, len) != 0)
			continue;
		next = types->magic[len];
		if (next != '\0' && (plain[i].is_whole || next != ','))
			continue;
		(void)snprintf(
		    types->mime, sizeof(types->mime), "%s", plain[i].mime);
		(void)snprintf(types->encoding, sizeof(types->encoding), "%s",
		    plain[i].encoding);
		return true;
	}
	return false;
}

bool
types_need_fd(const void *p, size_t len)
{
	static const char elf[] = {0x7f, 'E', 'L', 'F'};

	return len > sizeof(elf) && memcmp(p, elf, sizeof(elf)) == 0;
}

/* How the words about one file are come by. */
struct looker {
	const void *p;
	size_t len;
	int fd; /* -1: the bytes say it all */
	bool is_short;
	struct shortlist_choice choice;
};

static bool
rewind_file(const struct looker *l)
{
	/* libmagic reads on from where the file stands. */
	return l->fd != -1 && lseek(l->fd, 0, SEEK_SET) == 0;
}

static const char *
look(struct looker *l, int flags)
{
	const char *words = NULL;
	int fd = rewind_file(l) ? l->fd : -1;

	if (l->is_short)
		words = shortlist_look(&l->choice, l->p, l->len, fd, flags);
	if (words != NULL)
		return words;
	l->is_short = false;
	(void)magic_setflags(whole, flags);
	if (rewind_file(l))
		return magic_descriptor(whole, l->fd);
	return magic_buffer(whole, l->p, l->len);
}

bool
types_of(const void *p, size_t len, int fd, struct types *ret_types)
{
	struct looker looker = {.p = p};
	const char *words;

	if (len > TYPES_HEAD_BYTES)
		len = TYPES_HEAD_BYTES;
	*ret_types = (struct types){
	    .mime = "application/octet-stream",
	    .encoding = "binary",
	};
	looker.len = len;
	looker.fd = types_need_fd(p, len) ? fd : -1;
	looker.is_short = shortlist_choose(shortlist, p, len, &looker.choice);
	words = look(&looker, MAGIC_NONE);
	if (words == NULL) {
		words = magic_error(whole);
		(void)snprintf(ret_types->magic, sizeof(ret_types->magic), "%s",
		    words == NULL ? "no reason given" : words);
		return false;
	}
	(void)snprintf(ret_types->magic, sizeof(ret_types->magic), "%s", words);
	if (is_plain(ret_types))
		return true;
	words = look(&looker, MAGIC_MIME);
	if (words != NULL)
		split_mime(words, ret_types);
	return true;
}
