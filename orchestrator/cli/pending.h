/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pending.h - uploads that are not finished, remembered for `loep submit
 * --resume`: one file each in $XDG_STATE_HOME/loep/uploads.
 */
#ifndef CLI_PENDING_H
#define CLI_PENDING_H

#include "lib/json.h"

#include <stdint.h>

/* What is sent, and where it goes; texts are borrowed. */
struct pending {
	const char *service;  /* its address, or its socket */
	const char *location; /* of the upload, a path */
	const char *number;   /* of its case */
	const char *path;     /* of the file, absolute */
	const char *name;     /* that it has as evidence */
	int64_t size;
	int64_t mtime_us; /* the file must not have changed since */
};

/* Remembers it.  Without a place to do so it is only said, once. */
void pending_keep(const struct pending *p);
void pending_forget(const char *location);
/* Those of that service: objects with the members of struct
 * pending, the oldest first.  New reference. */
json_t *pending_list(const char *service);

#endif
