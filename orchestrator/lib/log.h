/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - one line per event on standard error, key=value.
 *
 * Used by programs, never by lib/ itself: a failure is logged once, where it
 * is handled.  Foreign bytes go through %s only after log_quote().
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stddef.h>

enum log_level {
	LOG_DEBUG,
	LOG_INFO,
	LOG_WARN,
	LOG_ERROR
};

/* The program's name for each line; kept, not copied. */
void log_init(const char *program);
void log_set_level(enum log_level level);
/*
 * fmt makes the "key=value" part, starting with msg: log_line(LOG_INFO,
 * "msg=started pid=%d", pid).  Control bytes that slip through are replaced.
 */
void log_line(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/*
 * Quotes foreign bytes: printable ASCII stays, everything else becomes \xNN.
 * Returns dst, always terminated, cut with "..." where it does not fit.
 */
const char *log_quote(char *dst, size_t dst_size, const void *p, size_t len);
/*
 * The same for texts that stand alone (a value in JSON, a message): spaces and
 * double quotes stay as well.
 */
const char *log_quote_text(
    char *dst, size_t dst_size, const void *p, size_t len);

#endif
