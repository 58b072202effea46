/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plaintext.h - libmagic's words for a text that none of its tests knows:
 * encoding, very long lines, line ends, escapes, backspaces.
 *
 * libmagic goes through such a text five times to say them; most texts are of
 * this kind.  What it says for texts made here is compared with what is said
 * here before that is believed.
 */
#ifndef IDENTIFY_PLAINTEXT_H
#define IDENTIFY_PLAINTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the words for an encoding. */
#define PLAINTEXT_WORDS_BYTES ((size_t)64)

/* The words of this libmagic for ASCII and for UTF-8; "": not known. */
struct plaintext {
	char ascii[PLAINTEXT_WORDS_BYTES];
	char utf8[PLAINTEXT_WORDS_BYTES];
};

/* What libmagic says of a text; borrowed until the next call. */
typedef const char *plaintext_ask_fn(void *arg, const void *p, size_t len);

/* Learns libmagic's words, and whether it is one that is understood. */
void plaintext_learn(struct plaintext *plain, plaintext_ask_fn *ask, void *arg);
/*
 * Describes a text in proper UTF-8 without a mark, NUL or control characters of
 * data; NULL where libmagic is to do it.  Holds until the next call.
 */
const char *plaintext_describe(
    const struct plaintext *plain, bool is_ascii, const uint8_t *p, size_t len);

#endif
