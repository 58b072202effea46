/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xalloc.h - allocation that ends the program when memory is exhausted.
 * Legal because every size was checked against lib/limits.h first.
 */
#ifndef LIB_XALLOC_H
#define LIB_XALLOC_H

#include <stddef.h>

/*
 * Something short to do when memory is exhausted, before the process ends
 * with status 70.  It must not allocate.
 */
void xalloc_set_last_words(void (*fn)(void));
/* Zeroed memory; the caller frees. */
void *xcalloc(size_t count, size_t size);
void *xmalloc(size_t size);
void *xrealloc(void *p, size_t size);
/* Resizes to count * size; ends the program when the product overflows. */
void *xreallocarray(void *p, size_t count, size_t size);
char *xstrdup(const char *s);
/* A NUL-terminated copy of len bytes. */
char *xstrndup(const char *s, size_t len);
void *xmemdup(const void *p, size_t len);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
