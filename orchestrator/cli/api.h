/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.h - the service's API as the commands see it.
 *
 * A request that fails ends the program with one sentence that says what to
 * do, and an exit status of sysexits.h; so commands only handle success.
 */
#ifndef CLI_API_H
#define CLI_API_H

#include "lib/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses, documented in loep(1). */
enum exit_status {
	EXIT_FAILED = 1,       /* the service said no, or found damage */
	EXIT_USAGE = 64,       /* the command line is wrong */
	EXIT_DATA = 65,	       /* a file's content is wrong */
	EXIT_NO_INPUT = 66,    /* a file cannot be read */
	EXIT_UNREACHABLE = 69, /* the service does not answer */
	EXIT_CANNOT_WRITE = 73,
	EXIT_TEMPORARY = 75, /* try again later */
	EXIT_DENIED = 77
};

struct api;

struct remote;

/* remote is settled, and kept.  Never NULL. */
struct api *api_new(const struct remote *remote);
void api_free(struct api *api);

/* GET; the path may hold printf conversions whose arguments are escaped for
 * a URL (%s only).  New reference. */
json_t *api_get(struct api *api, const char *path, ...);
/* All items of a list, page by page (at most max of them; 0 = all). */
json_t *api_list(struct api *api, size_t max, const char *path, ...);
/* POST of a JSON object (borrowed; NULL = {}). */
json_t *api_post(struct api *api, const json_t *body, const char *path, ...);
/* GET into a file descriptor; returns the number of bytes. */
uint64_t api_download(struct api *api, int fd, const char *path, ...);
/* The same with a POST of a JSON object (borrowed). */
uint64_t api_download_post(
    struct api *api, int fd, const json_t *body, const char *path, ...);
/* True where the service answers at all; never ends the program. */
bool api_is_up(struct api *api);
/* True where all that a submission needs is there, too. */
bool api_is_ready(struct api *api);

/* Told about bytes sent so far; total is -1 where it is not known. */
typedef void api_progress_fn(void *arg, uint64_t sent, int64_t total);

struct api_upload {
	const char *path; /* of the API; NULL = a file of the submission */
	const char *submission;
	const char *name; /* bytes of the file name */
	size_t name_len;
	const char *kind;
	const char *sha256_hex; /* declared; NULL = none */
	int fd;
	int64_t size; /* -1 = until end of file */
	api_progress_fn *progress;
	void *arg;
};

/* Streams a file; the created artefact's description. */
json_t *api_upload(struct api *api, const struct api_upload *upload);

/* Told about each upload of a queue, in the order in which they were added;
 * made (borrowed) is as from api_upload(). */
typedef void api_uploaded_fn(void *arg, json_t *made, const char *name);
struct api_uploads;

/* Small files, several of them on their way at a time. */
struct api_uploads *api_uploads_new(
    struct api *api, api_uploaded_fn *done, void *arg);
/* Waits for a place.  Takes fd; copies the name.  submission, kind and
 * sha256_hex live until the end. */
void api_uploads_add(
    struct api_uploads *uploads, const struct api_upload *upload);
/* Waits for all of them, and frees the queue. */
void api_uploads_finish(struct api_uploads *uploads);

/* "loep: " + sentence on standard error, then exit. */
__attribute__((noreturn, format(printf, 2, 3))) void fail(
    enum exit_status status, const char *fmt, ...);

#endif
