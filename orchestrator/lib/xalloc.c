/* SPDX-License-Identifier: Apache-2.0 */
/* xalloc.c - allocation that ends the program when memory is exhausted. */
#include "lib/xalloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

static void (*last_words)(void);

void
xalloc_set_last_words(void (*fn)(void))
{
	last_words = fn;
}

__attribute__((noreturn)) static void
out_of_memory(void)
{
	static const char text[] = "level=error msg=\"out of memory\"\n";

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	if (last_words != NULL)
		last_words();
	_exit(70);
}

void *
xcalloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *
xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *
xrealloc(void *p, size_t size)
{
	p = realloc(p, size ? size : 1);
	if (p == NULL)
		out_of_memory();
	return p;
}

void *
xreallocarray(void *p, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		out_of_memory();
	return xrealloc(p, bytes);
}

char *
xstrdup(const char *s)
{
	return xmemdup(s, strlen(s) + 1);
}

char *
xstrndup(const char *s, size_t len)
{
	char *copy = xmalloc(len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

void *
xmemdup(const void *p, size_t len)
{
	void *copy = xmalloc(len);

	if (len > 0)
		memcpy(copy, p, len);
	return copy;
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n == -1)
		out_of_memory();
	return s;
}
