/* SPDX-License-Identifier: Apache-2.0 */
/* share.h - the commands about what leaves for others than its source. */
#ifndef CLI_SHARE_H
#define CLI_SHARE_H

#include "cli/command.h"

/* False where the verb is none of these. */
bool share_report(struct cli *cli, int argc, char **argv);

#endif
