/* SPDX-License-Identifier: Apache-2.0 */
/* describe.h - what a key says of itself. */
#ifndef PGP_DESCRIBE_H
#define PGP_DESCRIBE_H

#include "lib/json.h"

#include <rnp/rnp.h>
#include <rnp/rnp_err.h>

#define DESCRIBE_USER_IDS_MAX	   16
#define DESCRIBE_USER_ID_BYTES_MAX 256
#define DESCRIBE_SUBKEYS_MAX	   64

/*
 * fpr, algorithm, bits, curve, created, expires, is_revoked, user_ids, ids of a
 * primary key, as lib/openpgp.h has them; and problems, of this list:
 *
 *   weak_algorithm	RSA, DSA or ElGamal below 2048 bits
 *   weak_hash		it says of itself what it says with SHA-1 or MD5 only
 *   no_encryption	nothing of it can be encrypted to
 *   no_user_id		nobody's name is on it
 *   revoked, expired
 *   invalid		its own signatures do not hold
 *
 * A new reference; NULL where librnp says nothing of it.
 */
json_t *describe_key(rnp_key_handle_t key);
/* The key that usage ("encrypt") falls to, or NULL; the caller destroys. */
rnp_key_handle_t describe_subkey(rnp_key_handle_t key, const char *usage);
/* The public half without what others signed, armored; the caller frees with
 * rnp_buffer_destroy().  NULL: it is too large, or cannot be. */
char *describe_armor(rnp_key_handle_t key, size_t *ret_len);

#endif
