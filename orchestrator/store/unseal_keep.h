/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unseal_keep.h - what may be kept of what an analysis of an opened seal says.
 *
 * Of a match: rule, namespace, score, and of each place its string's name,
 * offset and length.  Of facts: MIME type, size, and the digest, in the form
 * of an HMAC under the site's key, which confirms nothing to who has a list of
 * digests.  Of limits and errors: which.  No bytes, no text, no names.
 */
#ifndef STORE_UNSEAL_KEEP_H
#define STORE_UNSEAL_KEEP_H

#include "lib/json.h"
#include "store/store.h"

/*
 * The reduced record, for the caller to release; NULL: nothing of it is kept.
 * type is one of enum record_type; record an object.
 */
json_t *unseal_keep(
    const struct store *store, unsigned int type, const json_t *record);

#endif
