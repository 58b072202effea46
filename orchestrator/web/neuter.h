/* SPDX-License-Identifier: Apache-2.0 */
/*
 * neuter.h - a sample on its way out as a ZIP that nothing opens by accident:
 * manifest.json and the bytes, sealed with the password "infected".
 */
#ifndef WEB_NEUTER_H
#define WEB_NEUTER_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

struct neuter;

/* name is what the sample is called inside, manifest the text about it. */
struct neuter *neuter_new(
    const char *name, const char *manifest, uint64_t size);
/* NULL is fine. */
void neuter_free(struct neuter *n);
/* The length of the whole. */
int64_t neuter_bytes(const struct neuter *n);
/* Takes what is due before more of the sample is; 0 = nothing. */
size_t neuter_take(struct neuter *n, uint8_t *buf, size_t size);
/* The next bytes of the sample, sealed in place; ERR_LIMIT: too many. */
int must_check neuter_data(struct neuter *n, uint8_t *p, size_t len);
/* The sample is whole: neuter_take() has the rest.  ERR_FORMAT: it is not. */
int must_check neuter_end(struct neuter *n);

#endif
