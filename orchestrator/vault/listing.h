/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listing.h - pages of what an organisation has in the vault, so that the
 * store can find what none of its rows knows: the blob of an upload whose end
 * a crash cut off.
 */
#ifndef VAULT_LISTING_H
#define VAULT_LISTING_H

#include "vault/place.h"

#define LISTING_MAX ((size_t)1024)

struct listing {
	uint8_t sha256[LISTING_MAX][SHA256_BYTES]; /* in order */
	size_t count;
	uint8_t last[SHA256_BYTES]; /* the next page begins behind it */
	bool is_end;
};

/*
 * The organisation's blobs behind a digest whose files have been as they are
 * for at least age_s seconds.  A page may be empty and still not the last.
 */
int must_check listing_read(struct listing *listing, const struct place *place,
    const char *org, const uint8_t behind[SHA256_BYTES], uint64_t age_s,
    struct fault *fault);

#endif
