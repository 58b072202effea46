/* SPDX-License-Identifier: Apache-2.0 */
/* transfer.h - one HTTP request with libcurl: what api.c and upload.c share. */
#ifndef CLI_TRANSFER_H
#define CLI_TRANSFER_H

#include "cli/api.h"

#include <curl/curl.h>

struct api {
	const struct remote *remote;
	char *base; /* "http://localhost/api/v1", or the server's */
	struct curl_slist *headers; /* of every request */
	CURL *curl;
};

struct answer {
	char *bytes;
	size_t len;
	int fd; /* where a download goes; -1 = into memory */
	uint64_t written;
	CURL *curl;
	bool is_cut;
	int write_errno;
};

/* Sets up a handle for the URL, whose answer goes to a (bytes: caller's). */
void transfer_prepare(
    const struct api *api, CURL *curl, const char *url, struct answer *a);
/* Ends the program with a sentence where the request that ended so failed. */
void transfer_check(
    const struct api *api, const struct answer *a, CURLcode code);
/* The headers of every request and one more; curl_slist_free_all(). */
struct curl_slist *transfer_headers(const struct api *api, const char *header);
/* The answer's JSON ({} where it is empty).  New reference. */
json_t *transfer_answer(const struct answer *a);

#endif
