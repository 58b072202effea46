/* SPDX-License-Identifier: Apache-2.0 */
/* sealed.h - bytes in sealed memory, to be handed to another program. */
#ifndef LIB_SEALED_H
#define LIB_SEALED_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

/* Copies len bytes; nobody can change them any more.  *ret_fd is the
 * caller's. */
int must_check sealed_make(
    const char *name, const void *p, size_t len, int *ret_fd);
/*
 * Maps what another program sealed (fd is borrowed); 1 to len_max bytes, else
 * ERR_FORMAT, also when it could still be changed.  sealed_unmap() ends it.
 */
int must_check sealed_map(
    int fd, size_t len_max, const uint8_t **ret_map, size_t *ret_len);
void sealed_unmap(const uint8_t *map, size_t len);

#endif
