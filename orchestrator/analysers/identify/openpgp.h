/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openpgp.h - whether bytes are an encrypted OpenPGP message, as far as its
 * packet headers tell: nothing is decrypted, and no key is there.
 *
 * Such a message is stored in that form alone and opened by an explicit act
 * of people only (store/unseal.c), so it has to be known before anything else
 * is done with it.
 */
#ifndef IDENTIFY_OPENPGP_H
#define IDENTIFY_OPENPGP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Recipients that are named, at most. */
#define OPENPGP_KEYS_MAX 16

struct openpgp {
	/* "binary", "armor", "mail": how the message is wrapped. */
	const char *form;
	/* Key IDs of its recipients in order, 0 = hidden; the first ones. */
	uint64_t keys[OPENPGP_KEYS_MAX];
	size_t keys_count;
	size_t passwords; /* it can be opened with a password as well */
};

/*
 * Looks at the first len bytes of a file.  True where it is, by RFC 9580
 * section 10.3 (or 4880), an encrypted message: at least one packet with an
 * encrypted session key, then encrypted data; in binary form, in armor at the
 * file's start, or in a mail (RFC 3156, or armor in its body).  Where the
 * bytes end within a message that is one so far, it counts as one.
 */
bool openpgp_is_encrypted(
    const uint8_t *p, size_t len, struct openpgp *ret_openpgp);

#endif
