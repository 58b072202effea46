/* SPDX-License-Identifier: Apache-2.0 */
/* cage_seccomp.h - the system call part of a cage. */
#ifndef LIB_CAGE_SECCOMP_H
#define LIB_CAGE_SECCOMP_H

#include "lib/cage.h"

/*
 * Loads the allow-list of the cage's groups: unlisted calls kill the process,
 * those that libraries try in passing (open, socket, stat ...) fail with
 * EACCES.  With CAGE_ANYTHING a short deny-list instead.  Returns the number
 * of rules, or -1 with errno.
 */
int must_check cage_seccomp(const struct cage *cage);
/*
 * On top of it: no new processes, sockets or signals, and no memory files
 * where the cage has no CAGE_MEMFD.  Cheap: no library.
 */
int must_check cage_seccomp_narrow(const struct cage *cage);

#endif
