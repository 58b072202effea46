/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alone.h - loep-hunt by itself: rules over files, without the service.
 *
 *	loep-hunt --units FILE --paths-from FILE [--jobs N] [--seconds N]
 *
 * FILE of units is a set (lib/unitset.h); paths come one a line ("-" =
 * standard input).  This half opens and reads the files; rules are compiled
 * and files scanned in caged children, which see bytes in shared memory.  It
 * prints a JSON object a line: "path" beside a match or an error, and last
 * {"type": "end", "files", "bytes", "matches", "errors"}.  The exit status is
 * 0 when every file could be told of.
 */
#ifndef HUNT_ALONE_H
#define HUNT_ALONE_H

#include "lib/cage.h"

int hunt_alone(int argc, char **argv, const struct cage *cage);

#endif
