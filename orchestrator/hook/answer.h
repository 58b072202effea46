/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - what a receiver's answer says: its status, and when to come again. */
#ifndef HOOK_ANSWER_H
#define HOOK_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Header lines of one answer, all together. */
#define ANSWER_HEAD_BYTES_MAX ((size_t)64 * 1024)
/* Nobody is waited for longer. */
#define ANSWER_RETRY_MAX_S ((int64_t)86400)

struct answer {
	size_t head_bytes;
	int64_t retry_after_s; /* 0 = it does not say */
};

/*
 * Takes one header line (RFC 9112 section 5), as libcurl gives it; those of an
 * interim answer are forgotten with the next status line.  false: there are
 * too many.
 */
bool answer_line(
    struct answer *answer, const char *line, size_t len, int64_t now_s);
/*
 * Seconds from now: delay-seconds or an HTTP-date in its one present form (RFC
 * 9110 section 10.2.3); 0 for what is neither or past, at most
 * ANSWER_RETRY_MAX_S.
 */
int64_t answer_retry_after(const char *value, size_t len, int64_t now_s);

#endif
