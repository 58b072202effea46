/* SPDX-License-Identifier: Apache-2.0 */
/* line.h - one entry of the audit chain as a message of syslog (RFC 5424). */
#ifndef SYSLOG_LINE_H
#define SYSLOG_LINE_H

#include "lib/digest.h"
#include "lib/wire.h"

#include <stdbool.h>
#include <stdint.h>

/* Of any message; receivers take 2048 and should take more (RFC 5424, 6.1). */
#define LINE_BYTES_MAX ((size_t)2048)

/* Who says it. */
struct line_from {
	const char *host;  /* "" = not known */
	const char *sd_id; /* name@number of the structured data */
};

struct line_row {
	int64_t seq;
	int64_t at; /* microseconds since 1970 UTC */
	const char *action;
	const char *outcome;
	const char *actor_kind;
	const char *account; /* these four may be "" */
	const char *object_kind;
	const char *object;
	const char *org;
	uint8_t hash[SHA256_BYTES];
};

/*
 * Appends the message: facility 13 (log audit), severity informational, or
 * warning where the outcome is not "ok"; MSGID is the action.  With is_framed
 * its length and a blank stand before it (RFC 5425 section 4.3.1).
 */
void line_put(struct wire_out *out, const struct line_from *from,
    const struct line_row *row, bool is_framed);
/* SD-ID (RFC 5424 section 6.3.2): name@number of 32 characters at most. */
bool line_sd_id_is_valid(const char *text);

#endif
