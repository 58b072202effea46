/* SPDX-License-Identifier: Apache-2.0 */
/* prompt.h - secrets that a person types. */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

/*
 * Asks, and reads a line without showing it; from standard input as it is
 * where that is no terminal.  The caller frees.
 */
char *prompt_secret(const char *question);

#endif
