/* SPDX-License-Identifier: Apache-2.0 */
/*
 * member.h - one member of an archive as it is told of: the CHILD record's
 * body, and the notes on names and links that are collected over all members.
 */
#ifndef ARCHIVE_MEMBER_H
#define ARCHIVE_MEMBER_H

#include "lib/json.h"
#include "lib/record.h"

#include <archive_entry.h>
#include <stdbool.h>
#include <stdint.h>

/* Names shown as evidence of one kind of trick; all are counted. */
#define NOTES_EVIDENCE_MAX 50
/* Links and special files that are listed; all are counted. */
#define NOTES_LINKS_MAX 100

struct notes {
	unsigned int tricks; /* all enum name_trick bits met */
	json_t *path_evidence;
	json_t *name_evidence;
	json_t *links;
	json_t *specials;
	uint64_t files;
	uint64_t directories;
	uint64_t links_count;
	uint64_t specials_count;
	uint64_t encrypted;
	uint64_t path_tricks;
	uint64_t name_tricks;
};

void notes_init(struct notes *notes);
void notes_release(struct notes *notes);
/* Counts the member and notes what its name and link try. */
void notes_add(struct notes *notes, struct archive_entry *entry);
/* Writes the facts and findings. */
void notes_put(const struct notes *notes, struct record_out *out);

/* The name's bytes as the archive has them; "" where there is none. */
const char *member_path(struct archive_entry *entry);
/*
 * The body of the member's CHILD record.  fallback names a member that has no
 * usable name of its own.
 */
json_t *member_child(
    struct archive_entry *entry, const char *relation, const char *fallback);
/* Adds key as text, and key_hex where the bytes are not UTF-8. */
void member_set_name(
    json_t *object, const char *key, const char *name, size_t len);

#endif
