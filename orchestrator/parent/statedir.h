/* SPDX-License-Identifier: Apache-2.0 */
/* statedir.h - the state folder: its layout, its lock, its first making. */
#ifndef PARENT_STATEDIR_H
#define PARENT_STATEDIR_H

#include "lib/err.h"

#include <stddef.h>
#include <sys/types.h>

/*
 * Takes the lock of the state folder for the life of this process.  *ret_fd
 * holds it (close-on-exec).  ERR_CONFLICT: another loepd has it; *ret_holder
 * is its process id (0 = not known).
 */
int must_check statedir_lock(
    const char *state_dir, int *ret_fd, pid_t *ret_holder);
/*
 * Makes STATE and the folder of each program in it (db, vault, vm, run), mode
 * 0700 (run: 0755), owned by the given user; keeps what is there.
 */
int must_check statedir_make(
    const char *state_dir, const char *name, mode_t mode, uid_t uid, gid_t gid);

#endif
