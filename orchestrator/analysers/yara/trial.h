/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h - one rule file in the caged helper: compiled until nothing wrong
 * is left in it, then scanned with on buffers that make bad patterns slow.
 */
#ifndef YARA_TRIAL_H
#define YARA_TRIAL_H

#include "analysers/yara/check.h"
#include "analysers/yara/cost.h"

/* What the helper says, one at a time through a pipe. */
enum verdict_kind {
	VERDICT_BEGIN = 1, /* tries file (unit -1) or one unit of it next */
	VERDICT_ASIDE,	   /* file or unit is set aside */
	VERDICT_DONE,	   /* the file is tried */
	VERDICT_FINE	   /* all files together compile and are fast */
};

struct verdict {
	uint32_t kind;
	uint32_t file;
	int32_t unit;
	uint32_t line;
	char why[232];
};

_Static_assert(sizeof(struct verdict) <= 512,
    "a pipe passes it on whole (POSIX: PIPE_BUF)");

struct trial {
	struct rule_file *file;
	uint32_t index;
	int out; /* the pipe */
	const uint8_t (*buffers)[COST_BUFFER_BYTES];
};

/*
 * All files that are not set aside, at once: says VERDICT_FINE where they
 * compile and the whole set takes no longer than one file may.
 */
void trial_together(
    struct trial *trial, struct rule_file **files, size_t count);
/*
 * The file as a whole, and where is_timed what it costs; marks what it sets
 * aside.
 */
void trial_file(struct trial *trial, bool is_timed);
/* Each rule from first on by itself, as the whole did not come to an end. */
void trial_units(struct trial *trial, size_t first);

#endif
