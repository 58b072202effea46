/* SPDX-License-Identifier: Apache-2.0 */
/* http.h - parses a request head (RFC 9112) and makes a plausible answer. */
#ifndef SIMNET_HTTP_H
#define SIMNET_HTTP_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A head that is longer is no request for us. */
#define HTTP_HEAD_BYTES	  ((size_t)16384)
#define HTTP_ANSWER_BYTES ((size_t)4096)

/* Pointers go into the buffer that was parsed. */
struct http_text {
	const char *p;
	size_t len;
};

struct http_request {
	struct http_text method;
	struct http_text host; /* of the header, else of an absolute target */
	struct http_text path; /* with the query */
	struct http_text agent;
	uint64_t body_bytes;
	bool is_chunked;
	bool wants_continue;
	bool wants_close;  /* HTTP/1.0, or Connection: close */
	size_t head_bytes; /* with the empty line */
};

/* Could these first bytes be the start of a request? */
bool http_is_likely(const uint8_t *p, size_t len);
/*
 * Parses a complete head.  ERR_AGAIN while its end is not there, ERR_FORMAT
 * where it is none.
 */
int must_check http_parse(
    const uint8_t *p, size_t len, struct http_request *ret_request);
/*
 * An answer to it, by path: status line, headers, body.  Returns its length;
 * *ret_status is its code.
 */
size_t http_answer(const struct http_request *request,
    char answer[HTTP_ANSWER_BYTES], unsigned int *ret_status);

#endif
