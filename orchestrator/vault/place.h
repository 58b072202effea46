/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place.h - where things are in the vault's folder, and how a finished file
 * gets to its name.
 *
 *	STATE/vault/keys/			site.key, sign.key, org-ORG.key
 *	STATE/vault/tmp/			files that are being written; those
 *						of unfinished uploads stay
 *	STATE/vault/blobs/ORG/aa/bb/SHA256	blobs; aa, bb start the digest
 *
 * All names are used relative to one open descriptor of STATE/vault.  That an
 * administrator moved or unmounted the folder is noticed (place_check()), and
 * no folder of the first level is made again silently: a missing one is an
 * error that a person must see.
 */
#ifndef VAULT_PLACE_H
#define VAULT_PLACE_H

#include "vault/blob.h"
#include "vault/fault.h"

#include <stdbool.h>
#include <sys/types.h>

/* Room for any name below the folder. */
#define PLACE_NAME_BYTES ((size_t)160)
/* Folders that one group of commits may touch. */
#define PLACE_DIRS_MAX ((size_t)256)

struct place {
	int fd;
	char *path;
	dev_t dev;
	ino_t ino;
};

/* Folders that must be synced before what was linked is durable. */
struct place_dirs {
	size_t count;
	bool is_full; /* more than that: the whole file system is synced */
	char names[PLACE_DIRS_MAX][PLACE_NAME_BYTES];
};

/*
 * Is this the id of an organisation or an upload: a UUID in lower-case text?
 * Nothing else may become part of a name.
 */
bool place_org_is_valid(const char *org);

/* Makes STATE/vault and its folders; ERR_CONFLICT where keys/ is there. */
int must_check place_make(const char *state_dir, struct fault *fault);
/* Opens the folder of STATE; the caller frees with place_free(). */
int must_check place_open(
    const char *state_dir, struct fault *fault, struct place **ret_place);
void place_free(struct place *place);
/* ERR_CONFLICT while another process has the folder. */
int must_check place_lock(struct place *place, struct fault *fault);
/* ERR_UNAVAILABLE when the folder is not at its path any more. */
int must_check place_check(const struct place *place, struct fault *fault);
/* True when another folder has taken its path: start anew to use it. */
bool place_is_replaced(const struct place *place);

void place_tmp_name(char dst[PLACE_NAME_BYTES], uint64_t id);
/* A file of an unfinished upload, which place_sweep() leaves alone; id is a
 * UUID, suffix tells its files apart. */
void place_part_name(
    char dst[PLACE_NAME_BYTES], const char *id, const char *suffix);
void place_blob_name(char dst[PLACE_NAME_BYTES], const char *org,
    const uint8_t sha256[SHA256_BYTES]);

/*
 * Links a synced file in tmp/ to the name of its digest and removes the first
 * name.  Adds the folders that need a sync to dirs.  Where the name is taken,
 * *ret_is_new is false and the file in tmp/ stays.
 */
int must_check place_link(const struct place *place, const char *tmp,
    const char *name, struct place_dirs *dirs, bool *ret_is_new);
/* The same, but the name in tmp/ stays beside the other. */
int must_check place_link_also(const struct place *place, const char *tmp,
    const char *name, struct place_dirs *dirs, bool *ret_is_new);
/* Puts a file of tmp/ in the place of a damaged one. */
int must_check place_replace(
    const struct place *place, const char *tmp, const char *name);
/* Adds a folder's name, once. */
void place_dirs_add(struct place_dirs *dirs, const char *name);
/* The number of syncs that make all links in these folders durable ... */
size_t place_sync_count(const struct place_dirs *dirs);
/* ... and one of them, below that number; any thread may do it. */
int must_check place_sync(
    const struct place *place, const struct place_dirs *dirs, size_t index);
/* All of them, one after the other. */
int must_check place_sync_all(
    const struct place *place, const struct place_dirs *dirs);
/* Removes a blob durably.  ERR_NOT_FOUND when there is none. */
int must_check place_remove(
    const struct place *place, const char *name, struct fault *fault);

/* Moves the blobs of an organisation to tmp/ for place_sweep_erased(). */
int must_check place_erase(
    const struct place *place, const char *org, struct fault *fault);
/* Makes what was created, renamed or removed in tmp/ durable. */
int must_check place_sync_tmp(const struct place *place);
/* Removes the files that a previous process left in tmp/, but for those of
 * unfinished uploads. */
void place_sweep(const struct place *place);
/* Removes what place_erase() moved; may take long. */
void place_sweep_erased(const struct place *place);

#endif
