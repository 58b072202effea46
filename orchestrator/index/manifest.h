/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest.h - which segments make up the index, and which units are gone.
 *
 * One small file, written anew beside the old one, synced and renamed over
 * it: at every moment there is one whole manifest, and only what it names
 * counts.  It is sealed, so that one that was cut or changed is noticed.
 */
#ifndef INDEX_MANIFEST_H
#define INDEX_MANIFEST_H

#include "index/segment.h"

#define MANIFEST_NAME	  "manifest"
#define MANIFEST_TMP_NAME "manifest.new"

struct manifest {
	uint64_t *ids; /* of the segments; owned */
	size_t ids_count;
	struct ranges gone; /* their artefacts were deleted */
};

void manifest_release(struct manifest *manifest);
OWN_RELEASE(manifest)
/* ERR_NOT_FOUND: there is none; ERR_FORMAT: it is not what it was. */
int must_check manifest_read(
    int folder, struct index_keys *keys, struct manifest *ret_manifest);
/* Durable when it returns ERR_OK; else the old one still counts. */
int must_check manifest_write(
    int folder, struct index_keys *keys, const struct manifest *manifest);

#endif
