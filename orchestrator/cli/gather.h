/* SPDX-License-Identifier: Apache-2.0 */
/* gather.h - files of rules, from wherever they are, into a bundle. */
#ifndef CLI_GATHER_H
#define CLI_GATHER_H

#include "cli/bundle.h"

enum gather_kind {
	GATHER_GUESS,
	GATHER_FOLDER,
	GATHER_ARCHIVE,
	GATHER_GIT,
	GATHER_MISP,
	GATHER_TEXT
};

struct gather {
	struct bundle *bundle;
	struct bundle_source source;
	const char *programs_dir; /* where loep-archive is */
	bool may_fetch;		  /* from remote places */
	bool is_quiet;
	/* what came out */
	enum gather_kind kind; /* of the last path */
	size_t left_out;       /* files that were named and not taken */
	char revision[65];     /* commit of a repository; "" = none */
};

/* "folder", "git" ...; GATHER_GUESS and false where there is no such word. */
bool gather_kind_of(const char *word, enum gather_kind *ret_kind);
const char *gather_kind_name(enum gather_kind kind);
/* True for what can only be fetched: URL or HOST:PATH. */
bool gather_is_remote(const char *place);
/* A path: what follows "file://", or the place itself. */
const char *gather_local(const char *place);
/* Ends the program where a remote place is not one of https or ssh. */
void gather_check_remote(const char *place);
/* A place as others may read it: without password or token; to be freed. */
char *gather_shown(const char *place);
/* Does the name say that it is a file of rules? */
bool gather_is_rules(const char *path);
/* The same, or a sample of a rule (bundle.h). */
bool gather_is_wanted(const char *path);

/*
 * Adds what is at a path.  What cannot be read at all ends the program with a
 * sentence; single files that cannot be taken are named and counted.
 */
void gather_path(struct gather *g, const char *place, enum gather_kind kind);

/* --- for the parts (gather_archive.c, gather_git.c) --- */

/* Adds one file, or says why not. */
void gather_add(
    struct gather *g, const char *path, const void *text, size_t len);
/* Says that something is not taken, and counts it; path may be foreign. */
void gather_leave_out(struct gather *g, const char *path, const char *why);
void gather_archive(struct gather *g, const char *path);
void gather_git(struct gather *g, const char *path);

#endif
