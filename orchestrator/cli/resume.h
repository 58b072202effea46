/* SPDX-License-Identifier: Apache-2.0 */
/* resume.h - large files, sent so that a cut costs no more than a moment. */
#ifndef CLI_RESUME_H
#define CLI_RESUME_H

#include "cli/api.h"
#include "cli/pending.h"

/*
 * Sends a file of known size by tus 1.0.0 and goes on by itself after a cut or
 * a restart of the service.  what->location is NULL for a new upload, and is
 * filled in; upload->fd is read with offsets.  Ends the program where the
 * service refuses, or cannot be reached for long; then the upload is
 * remembered.  Returns what api_upload() returns.
 */
json_t *resume_send(
    struct api *api, const struct api_upload *upload, struct pending *what);

#endif
