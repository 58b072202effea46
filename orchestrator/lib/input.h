/* SPDX-License-Identifier: Apache-2.0 */
/*
 * input.h - an artefact's bytes, however the vault hands them out.
 *
 * Sealed memory (BLOB_MEMFD) can be mapped whole; a range socket (BLOB_RANGE,
 * lib/range.h) answers reads at any offset; a stream (BLOB_STREAM) only reads
 * forward.  Analysers that work with input_read_at() take the first two alike.
 */
#ifndef LIB_INPUT_H
#define LIB_INPUT_H

#include "lib/err.h"
#include "lib/proto.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct input;

/* Takes fd. */
struct input *input_new(int fd, enum blob_open how, uint64_t size);
/*
 * An input that lies in memory already, borrowed.  scratch_fd (borrowed; -1 =
 * none) is a memory file that its bytes are copied to should somebody ask for
 * a descriptor.
 */
struct input *input_new_in_memory(
    const uint8_t *p, size_t size, int scratch_fd);
void input_free(struct input *input);
uint64_t input_size(const struct input *input);
/*
 * Reads up to len bytes at offset; *ret_len is less only at the end.
 * ERR_SYS when the vault reports damage or is gone.
 */
int must_check input_read_at(
    struct input *input, uint64_t offset, void *p, size_t len, size_t *ret_len);
/*
 * The whole input as memory, or NULL where it is no BLOB_MEMFD.  Lives as
 * long as the input.
 */
const uint8_t *input_map(struct input *input);
/*
 * The descriptor of an input in memory, for libraries that want a file to seek
 * in; -1 for other inputs.  Stays the input's.
 */
int input_fd(struct input *input);

#endif
