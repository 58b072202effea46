/* SPDX-License-Identifier: Apache-2.0 */
/* fake.h - units and conditions for the tests of the index. */
#ifndef TESTS_INDEX_FAKE_H
#define TESTS_INDEX_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "index/column.h"
#include "index/index.h"
#include "index/merge.h"
#include "index/query.h"
#include "lib/candidates.h"
#include "lib/cond.h"
#include "lib/wire.h"

/* Numbers that look random and are the same each time. */
uint64_t rnd(uint64_t *state);

/* A batch that is being made. */
struct batch {
	uint64_t seqs[4096];
	size_t count;
	struct wire_out columns;
	struct column_maker *maker;
};

void batch_init(struct batch *b);
void batch_release(struct batch *b);
/* The column of these bytes. */
void batch_add(struct batch *b, uint64_t seq, const void *p, size_t len);
/* One that is always a candidate. */
void batch_add_always(struct batch *b, uint64_t seq);
/* The bytes of all, which the caller frees; the batch is empty again. */
uint8_t *batch_take(struct batch *b, size_t *ret_len);
/* Adds all to the index; the batch is empty again. */
void batch_to_index(struct batch *b, struct index *index);

/* A folder below /tmp. */
char *folder_new(void);
void folder_free(char *path);
struct index *open_index(const char *folder);
/* How many files there are whose name begins so. */
size_t count_files(const char *folder, const char *prefix);
/* Merges until there is nothing to do. */
void merge_all(struct index *index);

/* Conditions. */
void cond_begin(struct wire_out *out);
void cond_run(struct wire_out *out, const char *text, unsigned int flags);
void cond_size(struct wire_out *out, uint64_t min, uint64_t max);
void cond_head(struct wire_out *out, unsigned int offset, const char *bytes);
void cond_op(struct wire_out *out, enum cond_op op, unsigned int count);
void cond_min(struct wire_out *out, unsigned int count, unsigned int least);

/* Asks one condition about the units 1 to last. */
void ask_index(struct index *index, const struct wire_out *cond, uint64_t last,
    struct candidates *ret);
/* As text: "1-3,7"; the caller frees. */
char *ask_text(struct index *index, const struct wire_out *cond, uint64_t last);
/* The same for one run. */
char *ask_run(struct index *index, const char *text, uint64_t last);

#endif
