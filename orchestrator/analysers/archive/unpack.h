/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.h - one archive while it is unpacked: state and the single member. */
#ifndef ARCHIVE_UNPACK_H
#define ARCHIVE_UNPACK_H

#include "analysers/archive/budget.h"
#include "analysers/archive/member.h"
#include "analysers/archive/passwords.h"
#include "analysers/archive/reader.h"
#include "lib/analyser.h"
#include "lib/limits.h"

/* What became of one member. */
enum unpacked {
	UNPACKED_DONE = 0, /* written, whole or as far as it could be read */
	UNPACKED_LOCKED,   /* the password is wrong, or missing */
	UNPACKED_STOP	   /* nothing more can come from this archive */
};

struct unpack {
	struct analysis *analysis;
	struct reader *reader;
	struct budget budget;
	struct passwords passwords;
	struct notes notes;
	/* Members, by their number, that wait for a password. */
	uint8_t *locked;
	uint64_t locked_count;
	uint64_t unlocked; /* by a password that was tried */
	size_t password;   /* the one in use, when is_unlocking */
	bool is_unlocking;
	bool is_stream;	 /* one compressed file, no archive */
	bool is_limited; /* a LIMIT record was written */
	bool is_damaged; /* an ERROR record about damage was written */
	uint64_t errors;
	uint8_t *hold; /* an encrypted member's bytes */
	char relation[32];
	char fallback[LIMIT_NAME_BYTES]; /* the name where there is none */
};

/* An ERROR record about a member or the archive; only so many are written. */
void unpack_error(
    struct unpack *unpack, const char *what, const char *path, const char *why);
/* Reads the data of the member that the reader stands at. */
enum unpacked unpack_member(struct unpack *unpack, struct archive_entry *entry);

#endif
