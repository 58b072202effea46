/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.h - a guest image and how to run it, as vm-images/NAME/ built it.
 *
 * The folder holds profile.conf ("key = value"), manifest.json (digests of
 * what was built) and the files that they name.  All of it is trusted: the
 * site made it; the digests find damage and mark each run with what it ran.
 */
#ifndef VM_PROFILE_H
#define VM_PROFILE_H

#include "lib/digest.h"
#include "lib/err.h"
#include "lib/json.h"

#include <stdbool.h>

#define PROFILES_MAX	   ((size_t)16)
#define PROFILE_NAME_BYTES 64
#define PROFILE_TEXT_BYTES 512
#define PROFILE_PATH_BYTES 1024
#define PROFILE_WHY_BYTES  ((size_t)256)

struct profile {
	char name[PROFILE_NAME_BYTES];
	char title[PROFILE_NAME_BYTES];
	char os[PROFILE_NAME_BYTES];
	char arch[PROFILE_NAME_BYTES];
	char machine[PROFILE_NAME_BYTES];
	char cpu[PROFILE_NAME_BYTES];
	char disk[PROFILE_PATH_BYTES];	 /* absolute, as the next two */
	char kernel[PROFILE_PATH_BYTES]; /* "" where it boots from its disk */
	char initrd[PROFILE_PATH_BYTES];
	char cmdline[PROFILE_TEXT_BYTES];
	char channel[PROFILE_NAME_BYTES];
	char accepts[PROFILE_TEXT_BYTES];
	unsigned int memory_mib;
	unsigned int vcpus;
	unsigned int boot_timeout_s;
	/* SHA-256 of manifest.json and profile.conf: names the whole. */
	char digest[SHA256_HEX_BYTES];
	char image_digest[SHA256_HEX_BYTES];
	char kernel_digest[SHA256_HEX_BYTES];
	char initrd_digest[SHA256_HEX_BYTES];
	/* The disk as it was found: inode, size, time of change. */
	char disk_id[96];
};

/*
 * Reads DIR/NAME.  why (PROFILE_WHY_BYTES) says which file or key is wrong;
 * *ret_profile is then untouched.
 */
int must_check profile_load(
    const char *dir, const char *name, char *why, struct profile *ret_profile);
/* Parses profile.conf; paths become DIR/NAME/file.  For profile_load(). */
int must_check profile_parse(const char *text, size_t len, const char *folder,
    char *why, struct profile *ret_profile);
/*
 * Hashes disk, kernel and initrd (seconds for large ones) and compares them
 * with the manifest: ERR_FORMAT names the file that differs.
 */
int must_check profile_verify(const struct profile *profile, char *why);
/*
 * False when the disk was replaced since: what was saved over the old one
 * must not meet the new one.
 */
bool profile_is_current(const struct profile *profile);
/*
 * All profiles below dir, sorted by name; those that cannot be read are told
 * to on_bad and left out.  Returns the count.
 */
size_t profile_list(const char *dir, struct profile *profiles,
    size_t profiles_max, void (*on_bad)(const char *name, const char *why));
/* What people and runs are told about it; a new reference. */
json_t *profile_summary(const struct profile *profile);

#endif
