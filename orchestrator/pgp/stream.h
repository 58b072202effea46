/* SPDX-License-Identifier: Apache-2.0 */
/* stream.h - what librnp reads from and writes to: descriptors, with bounds. */
#ifndef PGP_STREAM_H
#define PGP_STREAM_H

#include "lib/input.h"

#include <rnp/rnp.h>
#include <rnp/rnp_err.h>
#include <stdbool.h>

struct source {
	struct input *input; /* NULL: fd is read to its end */
	int fd;
	uint64_t pos;
	uint64_t bytes_max; /* the end, as far as librnp is told */
	bool is_random;	    /* it can be read from anywhere */
	bool is_failed;	    /* it could not be read */
};

struct sink {
	int fd;
	uint64_t bytes;
	uint64_t bytes_max;
	bool is_over;	/* bytes_max was met */
	bool is_failed; /* nobody reads it, or there is no room */
};

/* Takes fd.  size PGP_SIZE_UNKNOWN: a stream to its end. */
void source_init(
    struct source *source, int fd, enum blob_open how, uint64_t size);
void source_release(struct source *source);
/*
 * Of a mail (RFC 3156, or a message in its text): goes to where the armor
 * begins, which librnp does not look for.  Elsewhere nothing happens.
 */
void source_seek_armor(struct source *source);
/* The caller destroys them; source and sink live longer. */
int must_check source_open(struct source *source, rnp_input_t *ret_input);
int must_check sink_open(struct sink *sink, rnp_output_t *ret_output);

#endif
