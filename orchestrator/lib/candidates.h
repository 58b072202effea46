/* SPDX-License-Identifier: Apache-2.0 */
/*
 * candidates.h - what the scheduler asks loep-index, and what it answers, in
 * sealed memory (INDEX_QUERY, INDEX_FOUND).
 *
 * A question, little-endian: "LOEPASKS", u32 count; then each condition
 * (lib/cond.h) as u32 length and bytes.
 *
 * An answer: "LOEPFIND", u32 count; then count + 1 lists, each as u32 length
 * and bytes.  The first list holds the units that are not in the index:
 * candidates of everything.  List i + 1 holds what the index found for
 * condition i.  The bytes of a list are pairs of numbers, 7
 * bits a byte, the least first, the last byte below 128: how many units are
 * passed over (from 1 on), how many follow that are candidates.
 */
#ifndef LIB_CANDIDATES_H
#define LIB_CANDIDATES_H

#include "lib/err.h"
#include "lib/limits.h"
#include "lib/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Conditions in one question. */
#define CANDIDATES_CONDS_MAX ((size_t)200000)
/* A question, and an answer. */
#define CANDIDATES_BYTES_MAX (512 * MIB)

/* --- the question --- */

struct candidates_ask {
	struct wire_out wire;
	uint32_t count;
};

void candidates_ask_init(struct candidates_ask *ask);
void candidates_ask_release(struct candidates_ask *ask);
/* ERR_LIMIT: it is full; ask for the rest in another. */
int must_check candidates_ask_add(
    struct candidates_ask *ask, const uint8_t *cond, size_t len);
/* As sealed memory; *ret_fd is the caller's. */
int must_check candidates_ask_seal(struct candidates_ask *ask, int *ret_fd);

/* Reads a question: *ret_count, then that many times candidates_ask_next(). */
int must_check candidates_ask_open(
    struct wire_in *in, const uint8_t *p, size_t len, uint32_t *ret_count);
int must_check candidates_ask_next(
    struct wire_in *in, const uint8_t **ret_cond, size_t *ret_len);

/* --- the answer --- */

/* One list that is being written. */
struct candidates_list {
	struct wire_out wire;
	uint64_t next;	/* behind what was written */
	uint64_t first; /* the range that may still grow */
	uint64_t count;
};

void candidates_list_init(struct candidates_list *list);
void candidates_list_release(struct candidates_list *list);
/* first is behind all that was added. */
void candidates_list_add(
    struct candidates_list *list, uint64_t first, uint64_t count);
/* Writes all lists as sealed memory; ERR_LIMIT where that is too much. */
int must_check candidates_seal(
    struct candidates_list *lists, size_t count, int *ret_fd);

/* A mapped answer. */
struct candidates {
	const uint8_t *map;
	size_t map_len;
	size_t count;	       /* of conditions */
	struct wire_in *lists; /* count + 1 of them; owned */
};

/*
 * Maps and checks an answer; takes fd.  ERR_FORMAT: it is none, or it is for
 * another number of conditions.
 */
int must_check candidates_open(
    int fd, size_t count, struct candidates *ret_candidates);
void candidates_release(struct candidates *candidates);

/* Goes through the candidates of a condition, those that are not indexed
 * included, as rising ranges that do not touch. */
struct candidates_iter {
	struct wire_in in[2];
	uint64_t next[2];  /* behind what was read */
	uint64_t first[2]; /* the range that was read; */
	uint64_t count[2]; /* 0 = the list is over */
};

void candidates_begin(const struct candidates *candidates, size_t cond,
    struct candidates_iter *ret_iter);
bool candidates_next(
    struct candidates_iter *iter, uint64_t *ret_first, uint64_t *ret_count);
/* How many units a condition's list holds, those not indexed left out;
 * at most the number of the question's last unit. */
uint64_t candidates_total(const struct candidates *candidates, size_t cond);
/* How many units are not in the index. */
uint64_t candidates_unindexed(const struct candidates *candidates);

#endif
