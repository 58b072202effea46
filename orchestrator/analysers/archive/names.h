/* SPDX-License-Identifier: Apache-2.0 */
/* names.h - member names of archives: what they are, what they try. */
#ifndef ARCHIVE_NAMES_H
#define ARCHIVE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* What a name may try against whoever unpacks or looks at it. */
enum name_trick {
	TRICK_ABSOLUTE = 1 << 0,  /* starts at the root */
	TRICK_PARENT = 1 << 1,	  /* has a component ".." */
	TRICK_DRIVE = 1 << 2,	  /* "C:" or "\\?\" */
	TRICK_CONTROL = 1 << 3,	  /* control characters */
	TRICK_LONG = 1 << 4,	  /* longer than a file system takes */
	TRICK_EMPTY = 1 << 5,	  /* no name at all */
	TRICK_BIDI = 1 << 6,	  /* turns the direction of the text */
	TRICK_PADDED = 1 << 7,	  /* hides its end behind spaces */
	TRICK_EXTENSION = 1 << 8, /* ".pdf.exe" */
	TRICK_LINK_OUT = 1 << 9,  /* a link to outside the archive */
	TRICK_COUNT = 10
};

/* Those that try to escape; the others try to deceive. */
#define TRICKS_PATH                                                          \
 (TRICK_ABSOLUTE | TRICK_PARENT | TRICK_DRIVE | TRICK_CONTROL | TRICK_LONG | \
     TRICK_EMPTY | TRICK_LINK_OUT)

/* "absolute", "parent" ...; bit is a single enum name_trick. */
const char *name_trick_word(unsigned int bit);
/* enum name_trick bits of a member's name. */
unsigned int name_tricks(const char *name, size_t len);
/* TRICK_LINK_OUT where a link's target is absolute or goes upwards. */
unsigned int name_target_tricks(const char *target, size_t len);
/*
 * The last component, parted by '/' or '\'; trailing separators do not count.
 * Empty where there is none, or where it is "." or "..".
 */
const char *name_base(const char *name, size_t len, size_t *ret_len);
/*
 * The name of what a compressed file holds: "a.txt.gz" -> "a.txt", "a.tgz" ->
 * "a.tar", "a" -> "a.unpacked".  Cut to size; always terminated.
 */
void name_unpacked(const char *name, char *ret_name, size_t size);

#endif
