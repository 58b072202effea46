/* SPDX-License-Identifier: Apache-2.0 */
/* rescan.h - parts of loep rescan. */
#ifndef CLI_RESCAN_H
#define CLI_RESCAN_H

#include "cli/command.h"

/* Prints why a rule did or did not match an artefact; takes the answer. */
void rescan_print_proof(const struct cli *cli, json_t *proof);
/* ", about 7 s left" where that is known, else "". */
void rescan_time_left(const json_t *rescan, char *dst, size_t size);
/*
 * Prints changes added up by a word: rule, artefact, case or organisation;
 * another word ends the program.  Takes the list.
 */
void rescan_print_by(const struct cli *cli, json_t *changes, const char *word);

#endif
