/* SPDX-License-Identifier: Apache-2.0 */
/* gather_place.c - where a repository is, as people write it. */
#include "cli/api.h"
#include "cli/gather.h"
#include "cli/text.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <string.h>
#include <unistd.h>

static bool
has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

const char *
gather_local(const char *place)
{
	return has_prefix(place, "file:///") ? place + strlen("file://")
					     : place;
}

bool
gather_is_remote(const char *place)
{
	const char *path = gather_local(place);
	const char *colon = strchr(path, ':');
	const char *slash = strchr(path, '/');

	if (strstr(path, "://") != NULL)
		return true;
	/* As git reads it: a colon before the first slash names a host. */
	return colon != NULL && colon > path &&
	       (slash == NULL || colon < slash) && access(path, F_OK) != 0;
}

void
gather_check_remote(const char *place)
{
	auto_free char *shown = gather_shown(place);
	char clean[512];

	(void)text_clean(clean, sizeof(clean), shown);
	/* "TRANSPORT::..." runs a program of that name. */
	if (strstr(place, "::") == NULL &&
	    (strstr(place, "://") == NULL || has_prefix(place, "https://") ||
		has_prefix(place, "ssh://")))
		return;
	fail(EXIT_DENIED,
	    "%s is not fetched: rules come over https or ssh only, so that "
	    "nobody on the way can change them",
	    clean);
}

/* What follows "://", up to the "@" of its host; NULL = nothing. */
static const char *
end_of_user(const char *user)
{
	const char *slash = strchr(user, '/');
	const char *end = NULL;

	for (const char *p = user; *p != '\0' && p != slash; p++) {
		if (*p == '@')
			end = p;
	}
	return end;
}

char *
gather_shown(const char *place)
{
	const char *user = strstr(place, "://");
	const char *end = user == NULL ? NULL : end_of_user(user + 3);
	const char *colon;

	if (end == NULL)
		return xstrdup(place);
	user += 3;
	colon = memchr(user, ':', (size_t)(end - user));
	/* Over https a token may stand alone; over ssh it is only a name. */
	if (has_prefix(place, "https://"))
		colon = user;
	if (colon == NULL)
		return xstrdup(place);
	return xasprintf("%.*s%s", (int)(colon - place), place,
	    colon == user ? end + 1 : end);
}
