/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uuid5.h - identifiers that follow from what they name: UUID version 5
 * (RFC 9562 section 5.5).
 */
#ifndef LIB_UUID5_H
#define LIB_UUID5_H

#include <stddef.h>

/* 36 characters and the terminator. */
#define UUID5_BYTES ((size_t)37)

/*
 * The identifier of len bytes within a namespace (the text of a UUID; one that
 * is none is a mistake of ours).  Lower case.
 */
void uuid5(const char *namespace, const void *name, size_t len,
    char ret_id[UUID5_BYTES]);

#endif
