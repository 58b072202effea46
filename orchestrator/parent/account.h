/* SPDX-License-Identifier: Apache-2.0 */
/* account.h - the system user of each program where loepd starts as root. */
#ifndef PARENT_ACCOUNT_H
#define PARENT_ACCOUNT_H

#include "lib/err.h"

#include <sys/types.h>

/*
 * Looks the users up: each program's own (table.c), else `fallback` for all
 * that have none.  ERR_NOT_FOUND: we are root and there is neither; *ret_name
 * is the user that is missing.  As an ordinary user it does nothing.
 */
int must_check account_load(const char *fallback, const char **ret_name);
/* The uid of a program's user; our own where we are not root. */
uid_t account_uid(const char *user, gid_t *ret_gid);

#endif
