/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h - the verbs of `loep rules`. */
#ifndef CLI_RULES_H
#define CLI_RULES_H

#include "cli/command.h"

/* argv[0] is "rules", argv[1] the verb.  Each returns the exit status. */
int rules_add(struct cli *cli, int argc, char **argv);
int rules_preview(struct cli *cli, int argc, char **argv);
int rules_test(struct cli *cli, int argc, char **argv);

/* A version's number as the command line has it; "active" is 0. */
json_int_t rules_version(const char *text);
/* Waits until a version's rules are read; prints how it went. */
int rules_wait(struct cli *cli, json_int_t version);
/*
 * A pause while a version's rules are not read yet.  Ends the program where
 * what reads them has not run for a while; *away_s is 0 before the first.
 */
void rules_pause(struct cli *cli, json_int_t version, double *away_s);

#endif
