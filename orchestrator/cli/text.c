/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - foreign text, sizes and tables on a terminal. */
#include "cli/text.h"

#include "cli/api.h"
#include "lib/own.h"
#include "lib/utf8.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <inttypes.h>
#include <wchar.h>

bool
text_is_terminal(void)
{
	return isatty(STDOUT_FILENO) == 1;
}

bool
text_is_error_terminal(void)
{
	return isatty(STDERR_FILENO) == 1;
}

const char *
text_style(const char *codes)
{
	const char *term = getenv("TERM");

	/* https://no-color.org */
	if (!text_is_terminal() || getenv("NO_COLOR") != NULL || term == NULL ||
	    strcmp(term, "dumb") == 0)
		return "";
	return codes;
}

/* The character that a terminated text begins with; 0 bytes = not UTF-8. */
static size_t
character(const unsigned char *s, uint32_t *ret_c)
{
	return utf8_sequence(s, strnlen((const char *)s, 4), ret_c);
}

/* Characters that change how others are shown, or cannot be seen. */
static bool
is_tricky(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

const char *
text_clean(char *dst, size_t dst_size, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t at = 0;

	while (*p != '\0') {
		char piece[16];
		uint32_t c = 0;
		size_t len = character(p, &c);
		int n;

		if (len == 0)
			n = snprintf(piece, sizeof(piece), "\\x%02x", *p);
		else if (is_tricky(c) && c < 0x100)
			n = snprintf(piece, sizeof(piece), "\\x%02x", c);
		else if (is_tricky(c))
			n = snprintf(piece, sizeof(piece), "\\u{%x}", c);
		else
			n = snprintf(piece, sizeof(piece), "%.*s", (int)len, p);
		if ((size_t)n >= dst_size - at)
			break;
		memcpy(dst + at, piece, (size_t)n);
		at += (size_t)n;
		p += len == 0 ? 1 : len;
	}
	dst[at] = '\0';
	return dst;
}

size_t
text_width(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t width = 0;

	while (*p != '\0') {
		uint32_t c = 0;
		size_t len = character(p, &c);
		int w = len == 0 ? 1 : wcwidth((wchar_t)c);

		width += w > 0 ? (size_t)w : 0;
		p += len == 0 ? 1 : len;
	}
	return width;
}

const char *
text_size(char *dst, size_t dst_size, uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double n = (double)bytes;
	size_t unit = 0;

	while (n >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		n /= 1024;
		unit++;
	}
	if (unit == 0)
		(void)snprintf(
		    dst, dst_size, "%llu B", (unsigned long long)bytes);
	else
		(void)snprintf(dst, dst_size, "%.1f %s", n, units[unit]);
	return dst;
}

const char *
text_duration(char *dst, size_t dst_size, int64_t seconds)
{
	int64_t minutes = seconds / 60;
	int64_t hours = minutes / 60;

	if (seconds < 60)
		(void)snprintf(dst, dst_size, "%" PRId64 " s", seconds);
	else if (minutes < 60)
		(void)snprintf(dst, dst_size, "%" PRId64 " min %02" PRId64 " s",
		    minutes, seconds % 60);
	else if (hours < 48)
		(void)snprintf(dst, dst_size, "%" PRId64 " h %02" PRId64 " min",
		    hours, minutes % 60);
	else
		(void)snprintf(dst, dst_size, "%" PRId64 " d %" PRId64 " h",
		    hours / 24, hours % 24);
	return dst;
}

/* The member at a path such as "environment.accel". */
static const json_t *
member_at(const json_t *object, const char *path)
{
	char name[64];

	for (;;) {
		size_t len = strcspn(path, ".");

		if (len >= sizeof(name))
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		object = json_object_get(object, name);
		if (path[len] == '\0')
			return object;
		path += len + 1;
	}
}

/* "2026-11-21T19:43:01.123456Z" as "2026-11-21 19:43:01". */
static void
show_time(char *dst, size_t dst_size, const char *s)
{
	(void)text_clean(dst, dst_size, s);
	if (strlen(dst) >= 19 && dst[10] == 'T') {
		dst[10] = ' ';
		dst[19] = '\0';
	}
}

const char *
member_show(char *dst, size_t dst_size, const json_t *object,
    const struct table_column *column)
{
	const json_t *value = member_at(object, column->member);

	(void)snprintf(dst, dst_size, "-");
	if (json_is_string(value) && json_string_length(value) > 0) {
		if (column->how == 't')
			show_time(dst, dst_size, json_string_value(value));
		else
			(void)text_clean(
			    dst, dst_size, json_string_value(value));
	} else if (json_is_integer(value)) {
		json_int_t n = json_integer_value(value);

		if (column->how == 'z')
			(void)text_size(dst, dst_size, (uint64_t)n);
		else if (column->how == 'u')
			(void)text_duration(dst, dst_size, (int64_t)n);
		else if (column->how != 'c' || n > 0)
			(void)snprintf(dst, dst_size, "%lld", (long long)n);
	} else if (json_is_boolean(value)) {
		(void)snprintf(
		    dst, dst_size, "%s", json_is_true(value) ? "yes" : "no");
	} else if (json_is_object(value) || json_is_array(value)) {
		auto_free char *text = json_canonical(value);

		(void)text_clean(dst, dst_size, text);
	}
	return dst;
}

#define CELL_BYTES 512

static void
print_cell(const char *text, size_t width, bool is_right, bool is_last)
{
	size_t own = text_width(text);
	int pad = own < width ? (int)(width - own) : 0;

	if (is_right)
		printf("%*s%s", pad, "", text);
	else
		printf("%s%*s", text, is_last ? 0 : pad, "");
	printf("%s", is_last ? "\n" : "  ");
}

static bool
is_number(char how)
{
	return how == 'd' || how == 'z' || how == 'u' || how == 'c';
}

void
table_print(
    const json_t *rows, const struct table_column *columns, const char *none)
{
	size_t widths[24];
	size_t count = 0;
	size_t at;
	json_t *row;
	char cell[CELL_BYTES];

	if (json_array_size(rows) == 0) {
		if (none != NULL)
			printf("%s\n", none);
		return;
	}
	for (; count < 24 && columns[count].title != NULL; count++)
		widths[count] = text_width(columns[count].title);
	json_array_foreach(rows, at, row)
	{
		for (size_t i = 0; i < count; i++) {
			size_t width = text_width(
			    member_show(cell, sizeof(cell), row, &columns[i]));

			if (width > widths[i])
				widths[i] = width;
		}
	}
	printf("%s", text_style("\033[1m"));
	for (size_t i = 0; i < count; i++)
		print_cell(columns[i].title, widths[i],
		    is_number(columns[i].how), i + 1 == count);
	printf("%s", text_style("\033[0m"));
	json_array_foreach(rows, at, row)
	{
		for (size_t i = 0; i < count; i++)
			print_cell(
			    member_show(cell, sizeof(cell), row, &columns[i]),
			    widths[i], is_number(columns[i].how),
			    i + 1 == count);
	}
}

void
object_print(const json_t *object, const struct table_column *columns)
{
	size_t width = 0;
	char cell[4096];

	for (const struct table_column *c = columns; c->title != NULL; c++) {
		if (strlen(c->title) > width)
			width = strlen(c->title);
	}
	for (const struct table_column *c = columns; c->title != NULL; c++)
		printf("%s%-*s%s  %s\n", text_style("\033[1m"), (int)width,
		    c->title, text_style("\033[0m"),
		    member_show(cell, sizeof(cell), object, c));
}

json_int_t
text_number(const char *text, const char *what)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0' || n < 0)
		fail(EXIT_USAGE, "%s takes a number, not \"%s\"", what, text);
	return n;
}
