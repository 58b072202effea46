/* SPDX-License-Identifier: Apache-2.0 */
/* title.c - a case's name, of the names of files. */
#include "cli/title.h"

#include "lib/xalloc.h"

#include <stdbool.h>
#include <string.h>

/* Whether a name says nothing of what it names. */
static bool
is_void(const char *name, size_t len)
{
	return len == 0 || (len == 1 && (*name == '-' || *name == '.')) ||
	       (len == 2 && memcmp(name, "..", 2) == 0);
}

char *
title_of_paths(int count, char **paths)
{
	const char *path = count > 0 ? paths[0] : "";
	size_t end = strlen(path);
	size_t start;

	while (end > 0 && path[end - 1] == '/')
		end--;
	start = end;
	while (start > 0 && path[start - 1] != '/')
		start--;
	if (is_void(path + start, end - start))
		return xstrdup("");
	if (count == 1)
		return xstrndup(path + start, end - start);
	return xasprintf(
	    "%.*s and %d more", (int)(end - start), path + start, count - 1);
}
