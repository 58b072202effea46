/* SPDX-License-Identifier: Apache-2.0 */
/* cage_landlock.h - the file system and network part of a cage. */
#ifndef LIB_CAGE_LANDLOCK_H
#define LIB_CAGE_LANDLOCK_H

#include "lib/cage.h"

/*
 * Restricts the process to the cage's paths, closes TCP and, where the kernel
 * can, signals and abstract sockets.  Returns the Landlock version in force,
 * or -1 with errno.  A path of the list that does not exist is an error.
 */
int must_check cage_landlock(const struct cage *cage);

#endif
