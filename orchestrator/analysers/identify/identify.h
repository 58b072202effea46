/* SPDX-License-Identifier: Apache-2.0 */
/* identify.h - type, digests, similarity digest and entropy of an artefact. */
#ifndef IDENTIFY_IDENTIFY_H
#define IDENTIFY_IDENTIFY_H

#include "lib/analyser.h"

/* The largest input for which TLSH is computed: it is slow. */
#define IDENTIFY_TLSH_BYTES_MAX (64 * MIB)

/* Before the cage; exits with a log line where something is missing. */
void *identify_load(struct program *program);
void identify_info(
    void *data, char *engine, size_t engine_size, json_t **ret_detail);
/*
 * One pass over the input.  Writes the facts mime, magic, encoding, size,
 * sha256, sha1, md5, sha512, tlsh, entropy and entropy_milli.
 */
int identify_analyse(struct analysis *analysis);
/* Bits per byte (0 to 8) of a text with these counts; total > 0. */
double identify_entropy(const uint64_t counts[256], uint64_t total);

#endif
