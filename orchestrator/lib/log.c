/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - one line per event on standard error, key=value. */
#include "lib/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

static const char *log_program = "loep";
static enum log_level log_level_min = LOG_INFO;

void
log_init(const char *program)
{
	log_program = program;
}

void
log_set_level(enum log_level level)
{
	log_level_min = level;
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	char line[2048];
	va_list ap;
	int head, body;
	size_t len;

	if (level < log_level_min)
		return;
	head = snprintf(line, sizeof(line), "level=%s program=%s ",
	    names[level], log_program);
	if (head < 0 || (size_t)head >= sizeof(line))
		return;
	va_start(ap, fmt);
	body = vsnprintf(line + head, sizeof(line) - (size_t)head - 1, fmt, ap);
	va_end(ap);
	if (body < 0)
		return;
	len = strlen(line);
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	}
	line[len++] = '\n';
	(void)!write(STDERR_FILENO, line, len);
}

static const char *
quote(char *dst, size_t dst_size, const void *p, size_t len, const char *plain)
{
	const uint8_t *bytes = p;
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		bool is_plain = bytes[i] > 0x20 && bytes[i] < 0x7f &&
				bytes[i] != '"' && bytes[i] != '\\';

		if (bytes[i] != '\0' && strchr(plain, bytes[i]) != NULL)
			is_plain = true;
		/* The longest piece, the dots and the terminator must fit. */
		if (dst_size < 8 || at > dst_size - 8) {
			(void)snprintf(dst + at, dst_size - at, "...");
			return dst;
		}
		if (is_plain)
			dst[at++] = (char)bytes[i];
		else
			at += (size_t)snprintf(
			    dst + at, dst_size - at, "\\x%02x", bytes[i]);
	}
	if (dst_size > 0)
		dst[at] = '\0';
	return dst;
}

const char *
log_quote(char *dst, size_t dst_size, const void *p, size_t len)
{
	return quote(dst, dst_size, p, len, "");
}

const char *
log_quote_text(char *dst, size_t dst_size, const void *p, size_t len)
{
	return quote(dst, dst_size, p, len, " \"");
}
