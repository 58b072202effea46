/* SPDX-License-Identifier: Apache-2.0 */
/* text.h - foreign text on a terminal, sizes, times, tables, progress. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include "lib/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Copies text so that a terminal shows it and does not obey it: control
 * characters (C0, C1, DEL), bidirectional overrides and bytes that are not
 * UTF-8 become \xNN or \u{NNNN}.  Returns dst, cut where it does not fit.
 */
const char *text_clean(char *dst, size_t dst_size, const char *s);
/* "1.5 GiB".  Returns dst. */
const char *text_size(char *dst, size_t dst_size, uint64_t bytes);
/* "59 s", "1 h 05 min", "3 d 4 h".  Returns dst. */
const char *text_duration(char *dst, size_t dst_size, int64_t seconds);
/* Columns that cleaned text takes on a terminal. */
size_t text_width(const char *s);
/* True where standard output (error) is a terminal. */
bool text_is_terminal(void);
bool text_is_error_terminal(void);
/* "\033[1m" and so on where the terminal has colours, else "". */
const char *text_style(const char *codes);

/* --- tables --- */

struct table_column {
	const char *title;
	const char *member; /* of the row's object; "a.b" goes into objects */
	/* s text, d number, z size, u seconds, t time, f yes/no, c score */
	char how;
};

/*
 * Prints an array of objects as a table; columns end with a NULL title.  What
 * there is nothing of shows as "-"; an empty array prints `none` if not NULL.
 */
void table_print(
    const json_t *rows, const struct table_column *columns, const char *none);
/* Prints one object as "title  value" lines. */
void object_print(const json_t *object, const struct table_column *columns);
/* The value of a member as cleaned text.  Returns dst. */
const char *member_show(char *dst, size_t dst_size, const json_t *object,
    const struct table_column *column);

/* --- progress on standard error --- */

/* One line that is written over (terminal), or nothing. */
void progress_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A bar with rate and time left; total -1 = not known. */
void progress_bar(
    const char *what, uint64_t done, int64_t total, uint64_t started_ms);
/* Removes the line. */
void progress_clear(void);

/* A number of 0 or more; what names the option where it is none, and ends. */
json_int_t text_number(const char *text, const char *what);

#endif
