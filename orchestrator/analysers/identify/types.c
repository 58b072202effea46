/* SPDX-License-Identifier: Apache-2.0 */
/* types.c - the only file that includes libmagic. */
#include "analysers/identify/types.h"

#include <magic.h>
#include <stdbool.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static magic_t cookie;

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

/* Touches the entries of texts and of data, so that children share them. */
static void
warm(void)
{
	static const char text[] =
	    "a line of words, with a (bracket) and = signs;\n"
	    "\tanother line: 1 + 2 \"quoted\" <tag> #comment\n\n"
	    "key = value\nlast line.\n";
	static const unsigned char data[256] = {0x7f, 0x01, 0x80, 0xff};
	struct types types;

	(void)types_of(text, sizeof(text) - 1, -1, &types);
	(void)types_of(data, sizeof(data), -1, &types);
	(void)magic_setflags(cookie, MAGIC_MIME);
	(void)magic_buffer(cookie, text, sizeof(text) - 1);
	(void)magic_buffer(cookie, data, sizeof(data));
}

int
types_load(char *why, size_t why_size)
{
	cookie = magic_open(MAGIC_NONE);
	if (cookie == NULL || magic_load(cookie, NULL) == -1) {
		(void)snprintf(why, why_size, "libmagic's database: %s",
		    cookie == NULL ? "no memory" : magic_error(cookie));
		return ERR_NOT_FOUND;
	}
	for (size_t i = 0; i < COUNT(params); i++) {
		size_t value = params[i].value;

		if (magic_setparam(cookie, params[i].name, &value) == -1) {
			(void)snprintf(why, why_size,
			    "libmagic does not know parameter %d",
			    params[i].name);
			return ERR_NOT_FOUND;
		}
	}
	warm();
	return ERR_OK;
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

static const char *
look(const void *p, size_t len, int fd, int flags)
{
	(void)magic_setflags(cookie, flags);
	/* libmagic reads on from where the file stands. */
	if (fd != -1 && types_need_fd(p, len) && lseek(fd, 0, SEEK_SET) == 0)
		return magic_descriptor(cookie, fd);
	return magic_buffer(cookie, p, len);
}

bool
types_of(const void *p, size_t len, int fd, struct types *ret_types)
{
	const char *words;

	if (len > TYPES_HEAD_BYTES)
		len = TYPES_HEAD_BYTES;
	*ret_types = (struct types){
	    .mime = "application/octet-stream",
	    .encoding = "binary",
	};
	words = look(p, len, fd, MAGIC_NONE);
	if (words == NULL) {
		words = magic_error(cookie);
		(void)snprintf(ret_types->magic, sizeof(ret_types->magic), "%s",
		    words == NULL ? "no reason given" : words);
		return false;
	}
	(void)snprintf(ret_types->magic, sizeof(ret_types->magic), "%s", words);
	if (is_plain(ret_types))
		return true;
	words = look(p, len, fd, MAGIC_MIME);
	if (words != NULL)
		split_mime(words, ret_types);
	return true;
}
