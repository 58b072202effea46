/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - trying each rule file, alone and in a caged process: does it
 * compile, and does it scan in reasonable time?  What does not is set aside,
 * rule by rule where that is possible, else as a file.
 */
#ifndef YARA_CHECK_H
#define YARA_CHECK_H

#include "analysers/yara/ruleset.h"

/* Compiling and trying one file, or one rule where the file failed. */
#define CHECK_SECONDS_MAX 10
/* Trying all; what is left then is set aside untried. */
#define CHECK_TOTAL_SECONDS_MAX 90
/* CPU time that one file's rules may take for the trial buffers, 1 MiB in
 * all: slower than 2 MiB/s is set aside, the slowest rules first. */
#define CHECK_COST_MS_MAX 500
#define CHECK_BUFFER_BYTES ((size_t)256 * 1024)
#define CHECK_BUFFERS 4

/* Exits the program where the cage cannot be entered. */
void check_all(struct ruleset *ruleset);

#endif
