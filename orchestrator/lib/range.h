/* SPDX-License-Identifier: Apache-2.0 */
/*
 * range.h - reading ranges of a large blob over a SOCK_SEQPACKET pair.
 *
 * Request (12 bytes): u64 offset, u32 length (at most LIMIT_MSG_BYTES - 8).
 * Answer: u32 status (0 = ok, else an enum err), u32 length, the bytes.
 * One request at a time; the server closes on anything malformed.
 */
#ifndef LIB_RANGE_H
#define LIB_RANGE_H

#include "lib/err.h"
#include "lib/limits.h"

#include <stddef.h>
#include <stdint.h>

#define RANGE_REQUEST_BYTES ((size_t)12)
#define RANGE_ANSWER_BYTES  ((size_t)8)
#define RANGE_BYTES_MAX	    (LIMIT_MSG_BYTES - RANGE_ANSWER_BYTES)

/* Client that has other things to do: a request of at most that many bytes,
 * and its answer once the socket is readable. */
int must_check range_ask(int sock, uint64_t offset, size_t len);
int must_check range_take(int sock, void *p, size_t len, size_t *ret_len);
/* Client: one request and its answer; *ret_len may be less than len. */
int must_check range_read(
    int sock, uint64_t offset, void *p, size_t len, size_t *ret_len);

/* Server: decodes a request; ERR_PEER when it is malformed. */
int must_check range_get_request(
    const void *p, size_t len, uint64_t *ret_offset, uint32_t *ret_len);
/* Server: fills the head of an answer. */
void range_put_answer(
    uint8_t head[RANGE_ANSWER_BYTES], enum err status, uint32_t len);

#endif
