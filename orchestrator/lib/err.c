/* SPDX-License-Identifier: Apache-2.0 */
/* err.c - names of the results. */
#include "lib/err.h"

static const char *const names[ERR_COUNT] = {
    [ERR_OK] = "ok",
    [ERR_SYS] = "system_error",
    [ERR_FORMAT] = "bad_format",
    [ERR_LIMIT] = "limit_met",
    [ERR_PEER] = "peer_misbehaved",
    [ERR_EOF] = "end_of_file",
    [ERR_AGAIN] = "try_again",
    [ERR_NOT_FOUND] = "not_found",
    [ERR_DENIED] = "denied",
    [ERR_CONFLICT] = "conflict",
    [ERR_NO_SPACE] = "no_space",
    [ERR_UNAVAILABLE] = "unavailable",
    [ERR_STALE] = "stale",
};

const char *
err_name(enum err err)
{
	if ((unsigned int)err >= ERR_COUNT)
		return "unknown";
	return names[err];
}
