/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.h - which units can match, of conditions that another program asks.
 */
#ifndef INDEX_QUERY_H
#define INDEX_QUERY_H

#include "index/index.h"
#include "lib/json.h"

/*
 * Answers a question (lib/candidates.h) about the units 1 to last; *ret_fd is
 * sealed memory, the caller's.  Segments that turn out damaged are dropped,
 * and their units are candidates.  ERR_FORMAT: it is no question, or one of
 * its conditions is none; ERR_LIMIT: the answer is too large, ask for less.
 */
int must_check query_answer(struct index *index, const uint8_t *p, size_t len,
    uint64_t last, int *ret_fd);

/*
 * Says why one condition is true or false of one unit: an object with
 * "indexed" (false: then it is a candidate), "candidate", and where the
 * condition is false "because": a list of what is not there, each {"run"
 * (hexadecimal), "text", "wide", "absent" (four bytes of it, hexadecimal)},
 * {"size", "min", "max"} or {"head" (hexadecimal), "offset"}.
 */
int must_check query_explain(struct index *index, const uint8_t *cond,
    size_t len, uint64_t seq, json_t **ret_json);

#endif
