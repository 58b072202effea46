/* SPDX-License-Identifier: Apache-2.0 */
/* names.c - member names of archives. */
#include "analysers/archive/names.h"

#include "lib/limits.h"

#include <stdint.h>
#include <strings.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The longest component of a path (POSIX NAME_MAX on every file system). */
#define COMPONENT_BYTES_MAX 255
/* Fewer spaces happen by accident. */
#define PADDING_SPACES 5

static const char *const words[TRICK_COUNT] = {"absolute", "parent", "drive",
    "control", "long", "empty", "bidi", "padded", "double_extension",
    "link_out"};

/* What opens when somebody clicks on it, and what people take for harmless. */
static const char *const programs[] = {".exe", ".scr", ".com", ".pif", ".bat",
    ".cmd", ".js", ".jse", ".vbs", ".vbe", ".wsf", ".hta", ".lnk", ".ps1",
    ".msi", ".jar", ".cpl", ".dll", ".sh"};
static const char *const documents[] = {".pdf", ".doc", ".docx", ".xls",
    ".xlsx", ".ppt", ".pptx", ".rtf", ".txt", ".csv", ".jpg", ".jpeg", ".png",
    ".gif", ".mp3", ".mp4", ".avi", ".htm", ".html", ".odt", ".eml"};

static const struct {
	const char *suffix;
	const char *instead;
} suffixes[] = {
    {".tgz", ".tar"},
    {".tbz", ".tar"},
    {".tbz2", ".tar"},
    {".txz", ".tar"},
    {".tlz", ".tar"},
    {".tzst", ".tar"},
    {".taz", ".tar"},
    {".svgz", ".svg"},
    {".gz", ""},
    {".bz2", ""},
    {".xz", ""},
    {".lzma", ""},
    {".lz", ""},
    {".lz4", ""},
    {".zst", ""},
    {".zstd", ""},
    {".z", ""},
    {".bz", ""},
    {".uu", ""},
    {".uue", ""},
    {".b64", ""},
};

const char *
name_trick_word(unsigned int bit)
{
	for (size_t i = 0; i < TRICK_COUNT; i++) {
		if (bit == 1u << i)
			return words[i];
	}
	return "unknown";
}

static bool
is_separator(char c)
{
	return c == '/' || c == '\\';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Components: ".." ones, and those that are too long. */
static unsigned int
component_tricks(const char *name, size_t len)
{
	unsigned int tricks = 0;
	size_t start = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && !is_separator(name[i]))
			continue;
		if (i - start == 2 && memcmp(name + start, "..", 2) == 0)
			tricks |= TRICK_PARENT;
		if (i - start > COMPONENT_BYTES_MAX)
			tricks |= TRICK_LONG;
		start = i + 1;
	}
	return tricks;
}

/* U+202A-U+202E, U+2066-U+2069, U+200E, U+200F in UTF-8. */
static bool
is_bidi(const uint8_t *p, size_t left)
{
	if (left < 3 || p[0] != 0xe2)
		return false;
	if (p[1] == 0x80)
		return (p[2] >= 0xaa && p[2] <= 0xae) || p[2] == 0x8e ||
		       p[2] == 0x8f;
	return p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9;
}

static unsigned int
byte_tricks(const char *name, size_t len)
{
	const uint8_t *p = (const uint8_t *)name;
	unsigned int tricks = 0;
	size_t spaces = 0;

	for (size_t i = 0; i < len; i++) {
		if (p[i] < 0x20 || p[i] == 0x7f)
			tricks |= TRICK_CONTROL;
		if (is_bidi(p + i, len - i))
			tricks |= TRICK_BIDI;
		if (p[i] == '.' && spaces >= PADDING_SPACES)
			tricks |= TRICK_PADDED;
		spaces = p[i] == ' ' ? spaces + 1 : 0;
	}
	return tricks;
}

static bool
ends_with(const char *name, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len > n && strncasecmp(name + len - n, suffix, n) == 0;
}

static unsigned int
extension_tricks(const char *name, size_t len)
{
	for (size_t i = 0; i < COUNT(programs); i++) {
		size_t rest;

		if (!ends_with(name, len, programs[i]))
			continue;
		rest = len - strlen(programs[i]);
		while (rest > 0 && name[rest - 1] == ' ')
			rest--;
		for (size_t j = 0; j < COUNT(documents); j++) {
			if (ends_with(name, rest, documents[j]))
				return TRICK_EXTENSION;
		}
	}
	return 0;
}

unsigned int
name_tricks(const char *name, size_t len)
{
	unsigned int tricks;

	if (len == 0)
		return TRICK_EMPTY;
	tricks = component_tricks(name, len) | byte_tricks(name, len) |
		 extension_tricks(name, len);
	if (len > LIMIT_NAME_BYTES)
		tricks |= TRICK_LONG;
	if (is_separator(name[0]))
		tricks |= TRICK_ABSOLUTE;
	if (len >= 2 && is_letter(name[0]) && name[1] == ':')
		tricks |= TRICK_DRIVE;
	if (len >= 4 && memcmp(name, "\\\\?\\", 4) == 0)
		tricks |= TRICK_DRIVE;
	return tricks;
}

unsigned int
name_target_tricks(const char *target, size_t len)
{
	const unsigned int out = TRICK_ABSOLUTE | TRICK_PARENT | TRICK_DRIVE;

	return len > 0 && (name_tricks(target, len) & out) != 0 ? TRICK_LINK_OUT
								: 0;
}

const char *
name_base(const char *name, size_t len, size_t *ret_len)
{
	size_t start;

	while (len > 0 && is_separator(name[len - 1]))
		len--;
	for (start = len; start > 0 && !is_separator(name[start - 1]); start--)
		;
	*ret_len = len - start;
	if ((*ret_len == 1 && name[start] == '.') ||
	    (*ret_len == 2 && memcmp(name + start, "..", 2) == 0))
		*ret_len = 0;
	return name + start;
}

void
name_unpacked(const char *name, char *ret_name, size_t size)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < COUNT(suffixes); i++) {
		if (!ends_with(name, len, suffixes[i].suffix))
			continue;
		len -= strlen(suffixes[i].suffix);
		(void)snprintf(ret_name, size, "%.*s%s",
		    (int)(len < LIMIT_NAME_BYTES ? len : LIMIT_NAME_BYTES),
		    name, suffixes[i].instead);
		return;
	}
	(void)snprintf(
	    ret_name, size, "%s.unpacked", name[0] == '\0' ? "data" : name);
}
