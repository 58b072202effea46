/* SPDX-License-Identifier: Apache-2.0 */
/* release.h - the commands about what leaves a case, and what goes. */
#ifndef CLI_RELEASE_H
#define CLI_RELEASE_H

#include "cli/command.h"

/* False where the verb is none of these. */
bool release_report(struct cli *cli, int argc, char **argv);
bool release_case(struct cli *cli, int argc, char **argv);

#endif
