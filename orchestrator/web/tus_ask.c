/* SPDX-License-Identifier: Apache-2.0 */
/* tus_ask.c - the head of a request of tus. */
#include "web/tus_ask.h"

#include "lib/xalloc.h"

/* Answers with the problem where it is one; true if it did. */
static bool
is_refused(struct exchange *x, int err, const char *why)
{
	if (err == ERR_OK)
		return false;
	exchange_fail(x, (enum err)err, why);
	return true;
}

static bool
has_offset_type(const struct exchange *x)
{
	const char *type = http_req_header(x->http, "Content-Type");

	return type != NULL && strcasecmp(type, TUS_TYPE) == 0;
}

/* False when an answer is out. */
static bool
read_checksum(struct exchange *x, struct tus_ask *ask)
{
	const char *text = http_req_header(x->http, "Upload-Checksum");
	int err;

	if (text == NULL)
		return true;
	err = tus_checksum(text, &ask->wanted);
	if (err == ERR_NOT_FOUND) {
		exchange_fail(x, ERR_FORMAT,
		    "Upload-Checksum is of an algorithm that is not known "
		    "here; there are: " TUS_CHECKSUMS);
		return false;
	}
	if (is_refused(x, err, "Upload-Checksum is not \"algorithm base64\""))
		return false;
	return true;
}

static bool
read_append(struct exchange *x, struct tus_ask *ask)
{
	const char *offset = http_req_header(x->http, "Upload-Offset");

	if (!has_offset_type(x)) {
		exchange_problem(x, 415, "the body must be " TUS_TYPE);
		return false;
	}
	if (offset == NULL || tus_number(offset, &ask->offset) == ERR_FORMAT) {
		exchange_fail(
		    x, ERR_FORMAT, "Upload-Offset is a number of bytes");
		return false;
	}
	/* Beyond every upload, so it cannot be where one stands. */
	if (tus_number(offset, &ask->offset) != ERR_OK)
		ask->offset = INT64_MAX;
	return read_checksum(x, ask);
}

static bool
read_begin(struct exchange *x, struct tus_ask *ask)
{
	const char *length = http_req_header(x->http, "Upload-Length");
	const char *metadata = http_req_header(x->http, "Upload-Metadata");
	const char *why = "";
	int err;

	if (length == NULL || http_req_header(x->http, "Upload-Concat") ||
	    http_req_header(x->http, "Upload-Defer-Length")) {
		exchange_fail(x, ERR_FORMAT,
		    "Upload-Length must say how long the file is; neither "
		    "deferred lengths nor concatenation are known here");
		return false;
	}
	err = tus_number(length, &ask->length);
	if (is_refused(x, err,
		err == ERR_LIMIT ? "the file is too long"
				 : "Upload-Length is a number of bytes"))
		return false;
	ask->metadata = xcalloc(1, sizeof(*ask->metadata));
	err =
	    tus_metadata(metadata == NULL ? "" : metadata, ask->metadata, &why);
	if (is_refused(x, err, why))
		return false;
	if (ask->metadata->filename_len == 0) {
		exchange_fail(
		    x, ERR_FORMAT, "Upload-Metadata must have a \"filename\"");
		return false;
	}
	ask->has_body = http_req_body_bytes(x->http) != 0;
	if (ask->has_body && !has_offset_type(x)) {
		exchange_problem(x, 415, "the body must be " TUS_TYPE);
		return false;
	}
	return read_checksum(x, ask);
}

static bool
read_plain(struct exchange *x)
{
	if (http_req_body_bytes(x->http) == 0)
		return true;
	exchange_fail(x, ERR_FORMAT, "this method takes no body");
	return false;
}

bool
tus_ask(struct exchange *x, struct tus_ask *ask)
{
	switch (x->match.route->op) {
	case CALL_UPLOAD_BEGIN:
		return read_begin(x, ask);
	case CALL_UPLOAD_APPEND:
		return read_append(x, ask);
	default:
		return read_plain(x);
	}
}
