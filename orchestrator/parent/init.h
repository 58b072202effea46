/* SPDX-License-Identifier: Apache-2.0 */
/* init.h - the first making of a state folder (`loep init`). */
#ifndef PARENT_INIT_H
#define PARENT_INIT_H

#include "lib/err.h"

struct init {
	const char *state_dir;
	const char *programs_dir;
	const char *org_name;
	const char *org_class;
	/* The uid that becomes the first administrator, as text. */
	const char *admin_uid;
};

/*
 * Makes folders, keys, database, first organisation and a commented
 * loep.conf.  Refuses (ERR_CONFLICT) where there is something already.  Says
 * on standard error what is wrong.
 */
int must_check init_run(const struct init *init);
/* Makes the folders that programs need; keeps what is there. */
int must_check init_folders(const char *state_dir);

#endif
