/* SPDX-License-Identifier: Apache-2.0 */
/* title.h - what a case is called whose submitter gave no title. */
#ifndef LOEP_CLI_TITLE_H
#define LOEP_CLI_TITLE_H

/*
 * The name of the first of the paths, without its folders (they tell of the
 * submitter's machine), and how many more there are.  Empty where that path
 * has no name ("-", ".", "..", "/").  The caller frees it.
 */
char *title_of_paths(int count, char **paths);

#endif
