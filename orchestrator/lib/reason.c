/* SPDX-License-Identifier: Apache-2.0 */
/* reason.c - why a call failed, for people and programs. */
#include "lib/reason.h"

#include <stdio.h>
#include <string.h>

/* Group separator: no sentence of ours has it. */
#define MARK '\x1d'

const char *
reason_put(char *dst, size_t dst_size, const char *kind, const char *members,
    const char *text)
{
	int n = snprintf(dst, dst_size, "%c%s%c%s%c%s", MARK, kind, MARK,
	    members, MARK, text);

	if (n < 0 || (size_t)n >= dst_size)
		(void)snprintf(
		    dst, dst_size, "%c%s%c%c%s", MARK, kind, MARK, MARK, text);
	return dst;
}

void
reason_split(const char *why, struct reason *ret_reason)
{
	const char *kind = why + 1;
	const char *members, *text;

	*ret_reason = (struct reason){.text = why};
	if (why[0] != MARK)
		return;
	members = strchr(kind, MARK);
	text = members == NULL ? NULL : strchr(members + 1, MARK);
	if (text == NULL || (size_t)(members - kind) >= REASON_KIND_BYTES ||
	    (size_t)(text - members) > REASON_BYTES_MAX ||
	    strspn(kind, "abcdefghijklmnopqrstuvwxyz-") !=
		(size_t)(members - kind))
		return;
	memcpy(ret_reason->kind, kind, (size_t)(members - kind));
	memcpy(ret_reason->members, members + 1, (size_t)(text - members - 1));
	ret_reason->text = text + 1;
}
