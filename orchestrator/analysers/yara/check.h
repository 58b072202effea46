/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - trying each rule file, alone and in a caged process: does it
 * compile, and does it scan in reasonable time?  What does not is set aside,
 * rule by rule where that is possible, else as a file.
 */
#ifndef YARA_CHECK_H
#define YARA_CHECK_H

#include "analysers/yara/ruleset.h"

/* CPU time for one file, or for one rule where the file failed. */
#define CHECK_SECONDS_MAX 10
/* Wall-clock time for all; what is left then is set aside untried. */
#define CHECK_TOTAL_SECONDS_MAX 300
/* CPU time that all rules of a file may take for the trial buffers, 1 MiB in
 * all, and one rule where they take longer: 2 MiB/s and 10 MiB/s. */
#define CHECK_COST_MS_MAX      500
#define CHECK_RULE_COST_MS_MAX 100

/* Exits the program where the cage cannot be entered. */
void check_all(struct ruleset *ruleset);

#endif
