/* SPDX-License-Identifier: Apache-2.0 */
/* types.h - what libmagic says that some bytes are. */
#ifndef IDENTIFY_TYPES_H
#define IDENTIFY_TYPES_H

#include "lib/err.h"

#include <stddef.h>

/* How many of the first bytes decide about the type. */
#define TYPES_HEAD_BYTES ((size_t)1 << 20)

struct types {
	char magic[1024];  /* "ELF 64-bit LSB pie executable, x86-64 ..." */
	char mime[128];	   /* "application/x-pie-executable" */
	char encoding[64]; /* "binary", "us-ascii", "utf-8" ... */
};

/*
 * Loads the database and compiles what it compiles lazily: to be called once,
 * before the cage is entered.  ERR_NOT_FOUND with a sentence in why.
 */
int must_check types_load(char *why, size_t why_size);
/* For tests: whether libmagic is given only what can match (shortlist.h). */
void types_use_shortlist(_Bool is_used);
/* libmagic's version, "544" for 5.44. */
int types_version(void);
/* True where details come from all over the file: an ELF file. */
_Bool types_need_fd(const void *p, size_t len);
/*
 * Types the first len bytes at p.  fd is the whole input as a file that can
 * be sought in, or -1.
 * Never fails: what cannot be typed is application/octet-stream, and false
 * is returned with libmagic's reason in ret_types->magic.
 */
_Bool types_of(const void *p, size_t len, int fd, struct types *ret_types);

#endif
