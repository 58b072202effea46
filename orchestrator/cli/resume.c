/* SPDX-License-Identifier: Apache-2.0 */
/* resume.c - create, append, ask where it stands, again and again. */
#include "cli/resume.h"

#include "cli/text.h"
#include "cli/transfer.h"
#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <ctype.h>
#include <errno.h>
#include <unistd.h>

/* Without a byte of progress for so long it is left to --resume. */
#define PATIENCE_MS    ((uint64_t)10 * 60 * 1000)
#define WAIT_MS_FIRST  ((uint64_t)500)
#define WAIT_MS_MAX    ((uint64_t)15000)
#define LOCATION_BYTES ((size_t)256)
/* What locations begin with. */
#define PREFIX	  "/api/v1"
#define NO_OFFSET ((int64_t)-1)

struct resume {
	struct api *api;
	const struct api_upload *upload;
	struct pending *what;
	char location[LOCATION_BYTES];
	int64_t offset; /* that the service has */
	int64_t sent;	/* of this request */
	int read_errno;
	/* of the last answer */
	long status;
	int64_t said; /* its Upload-Offset, or NO_OFFSET */
	char said_location[LOCATION_BYTES];
};

static size_t
on_header(char *p, size_t size, size_t count, void *arg)
{
	static const char offset[] = "upload-offset:";
	static const char location[] = "location:";
	const size_t len = size * count;
	struct resume *r = arg;
	char line[LOCATION_BYTES + 32];
	const char *value;

	if (len >= sizeof(line))
		return len;
	memcpy(line, p, len);
	line[len] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	value = strchr(line, ':');
	value = value == NULL ? "" : value + 1 + strspn(value + 1, " ");
	if (strncasecmp(line, offset, sizeof(offset) - 1) == 0 &&
	    isdigit((unsigned char)*value))
		r->said = strtoll(value, NULL, 10);
	else if (strncasecmp(line, location, sizeof(location) - 1) == 0)
		(void)snprintf(
		    r->said_location, sizeof(r->said_location), "%s", value);
	return len;
}

static size_t
on_read(char *p, size_t size, size_t count, void *arg)
{
	struct resume *r = arg;
	ssize_t n;

	do {
		n = pread(r->upload->fd, p, size * count,
		    (off_t)(r->offset + r->sent));
	} while (n == -1 && errno == EINTR);
	if (n == -1) {
		r->read_errno = errno;
		return CURL_READFUNC_ABORT;
	}
	r->sent += n;
	if (r->upload->progress != NULL)
		r->upload->progress(r->upload->arg,
		    (uint64_t)(r->offset + r->sent), r->upload->size);
	return (size_t)n;
}

static void
prepare(struct resume *r, const char *url, struct curl_slist *headers,
    struct answer *a)
{
	CURL *curl = r->api->curl;

	transfer_prepare(r->api, curl, url, a);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, r);
	r->said = NO_OFFSET;
	r->said_location[0] = '\0';
}

/* The location is a path of the same server, and begins as its API does. */
static char *
url_of(const struct resume *r)
{
	return xasprintf(
	    "%s%s", r->api->base, r->location + sizeof(PREFIX) - 1);
}

static CURLcode
perform(struct resume *r)
{
	CURLcode code = curl_easy_perform(r->api->curl);

	r->status = 0;
	(void)curl_easy_getinfo(
	    r->api->curl, CURLINFO_RESPONSE_CODE, &r->status);
	return code;
}

/* May the same request be good another time? */
static bool
is_passing(const struct resume *r, CURLcode code)
{
	switch (r->status) {
	case 0:
		return code != CURLE_OK &&
		       code != CURLE_PEER_FAILED_VERIFICATION &&
		       code != CURLE_SSL_PINNEDPUBKEYNOTMATCH;
	case 408:
	case 409:
	case 423:
	case 429:
		return true;
	default:
		/* A body that was cut off after an answer that was good. */
		return r->status >= 500 ||
		       (r->status < 400 && code != CURLE_OK);
	}
}

static void
put_base64(char **text, const char *key, const void *p, size_t len)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
	    "qrstuvwxyz0123456789+/";
	const uint8_t *bytes = p;
	auto_free char *value = xcalloc(len / 3 + 1, 4 + 1);
	char *longer, *at = value;

	for (size_t i = 0; i < len; i += 3) {
		const size_t n = len - i < 3 ? len - i : 3;
		const uint32_t bits =
		    (uint32_t)bytes[i] << 16 |
		    (n > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
		    (n > 2 ? (uint32_t)bytes[i + 2] : 0);

		for (size_t j = 0; j < 4; j++)
			*at++ = j > n ? '=' : digits[bits >> (18 - 6 * j) & 63];
	}
	longer = xasprintf(
	    "%s%s%s %s", *text, **text == '\0' ? "" : ",", key, value);
	free(*text);
	*text = longer;
}

static void
create(struct resume *r)
{
	const struct api_upload *u = r->upload;
	auto_free char *url =
	    xasprintf("%s/submissions/%s/uploads", r->api->base, u->submission);
	auto_free char *length =
	    xasprintf("Upload-Length: %lld", (long long)u->size);
	auto_free char *metadata = xstrdup("");
	auto_free char *line = NULL;
	struct curl_slist *headers =
	    transfer_headers(r->api, "Tus-Resumable: 1.0.0");
	struct answer a;

	put_base64(&metadata, "filename", u->name, u->name_len);
	put_base64(&metadata, "kind", u->kind, strlen(u->kind));
	if (u->sha256_hex != NULL)
		put_base64(
		    &metadata, "sha256", u->sha256_hex, strlen(u->sha256_hex));
	line = xasprintf("Upload-Metadata: %s", metadata);
	headers = curl_slist_append(headers, length);
	headers = curl_slist_append(headers, line);
	prepare(r, url, headers, &a);
	curl_easy_setopt(r->api->curl, CURLOPT_POSTFIELDS, "");
	/* Nothing was sent yet: it may as well be started again. */
	transfer_check(r->api, &a, perform(r));
	curl_slist_free_all(headers);
	free(a.bytes);
	if (strncmp(r->said_location, "/api/v1/uploads/", 16) != 0)
		fail(EXIT_FAILED,
		    "the service does not say where the upload "
		    "is; are loep and loepd of the same version?");
	(void)snprintf(
	    r->location, sizeof(r->location), "%s", r->said_location);
	r->what->location = r->location;
	pending_keep(r->what);
}

/* A last word: the service will not have it. */
static void
check(struct resume *r, const struct answer *a, CURLcode code)
{
	if (r->read_errno != 0)
		fail(EXIT_NO_INPUT, "cannot read %s: %s", r->upload->name,
		    strerror(r->read_errno));
	if (is_passing(r, code))
		return;
	/* What is not there any more need not be remembered. */
	if (r->status == 404 || r->status == 410)
		pending_forget(r->location);
	transfer_check(r->api, a, code);
}

/* Asks where the upload stands; false where that is not known now. */
static bool
ask(struct resume *r)
{
	auto_free char *url = url_of(r);
	struct curl_slist *headers =
	    transfer_headers(r->api, "Tus-Resumable: 1.0.0");
	struct answer a;
	CURLcode code;

	prepare(r, url, headers, &a);
	curl_easy_setopt(r->api->curl, CURLOPT_NOBODY, 1L);
	code = perform(r);
	curl_slist_free_all(headers);
	check(r, &a, code);
	free(a.bytes);
	if (code != CURLE_OK || r->status != 200 || r->said < 0 ||
	    r->said > r->upload->size)
		return false;
	r->offset = r->said;
	return true;
}

/* Sends what is left; false where it did not get to the end. */
static bool
append(struct resume *r)
{
	auto_free char *url = url_of(r);
	auto_free char *offset =
	    xasprintf("Upload-Offset: %lld", (long long)r->offset);
	struct curl_slist *headers =
	    transfer_headers(r->api, "Tus-Resumable: 1.0.0");
	CURL *curl = r->api->curl;
	struct answer a;
	CURLcode code;

	headers = curl_slist_append(
	    headers, "Content-Type: application/offset+octet-stream");
	headers = curl_slist_append(headers, offset);
	prepare(r, url, headers, &a);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "PATCH");
	curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE,
	    (curl_off_t)(r->upload->size - r->offset));
	curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 2048L * 1024);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(curl, CURLOPT_READDATA, r);
	r->sent = 0;
	code = perform(r);
	curl_slist_free_all(headers);
	check(r, &a, code);
	free(a.bytes);
	if (code != CURLE_OK || r->status != 204 || r->said < 0)
		return false;
	r->offset = r->said;
	return r->offset == r->upload->size;
}

static void
rest(uint64_t *wait_ms)
{
	progress_line("%llu s until the next attempt",
	    (unsigned long long)((*wait_ms + 999) / 1000));
	(void)usleep((useconds_t)(*wait_ms * 1000));
	*wait_ms = 2 * *wait_ms < WAIT_MS_MAX ? 2 * *wait_ms : WAIT_MS_MAX;
}

/* Until the service has all of it, and it is evidence. */
static void
send_all(struct resume *r, bool is_known)
{
	uint64_t moved_ms = loop_now_ms(), wait_ms = WAIT_MS_FIRST;
	int64_t reached = r->offset;

	for (;;) {
		if (is_known && append(r))
			return;
		is_known = ask(r);
		/* With all bytes there, that it answers means evidence. */
		if (is_known && r->offset == r->upload->size)
			return;
		if (is_known && r->offset > reached) {
			reached = r->offset;
			moved_ms = loop_now_ms();
			wait_ms = WAIT_MS_FIRST;
		}
		if (loop_now_ms() - moved_ms > PATIENCE_MS)
			fail(EXIT_TEMPORARY,
			    "the upload of %s does not get on; go on with it "
			    "later: loep submit --resume",
			    r->upload->name);
		rest(&wait_ms);
	}
}

/* An object of the service, which may be away for a moment; takes the URL. */
static json_t *
fetch(struct resume *r, char *url)
{
	const uint64_t since_ms = loop_now_ms();
	uint64_t wait_ms = WAIT_MS_FIRST;
	auto_free char *mine = url;
	struct answer a;
	json_t *json;

	for (;;) {
		CURLcode code;

		prepare(r, mine, r->api->headers, &a);
		code = perform(r);
		if (!is_passing(r, code) ||
		    loop_now_ms() - since_ms > PATIENCE_MS) {
			transfer_check(r->api, &a, code);
			break;
		}
		free(a.bytes);
		rest(&wait_ms);
	}
	json = transfer_answer(&a);
	free(a.bytes);
	return json;
}

/* What became of it, in the words of api_upload(). */
static json_t *
describe(struct resume *r)
{
	auto_json json_t *upload = fetch(r, url_of(r));
	const char *artefact = json_member_text(upload, "artefact", "");
	auto_json json_t *receipt = fetch(
	    r, xasprintf("%s/artefacts/%s/receipt", r->api->base, artefact));

	return json_pack("{s:s, s:s, s:I, s:s, s:O}", "artefact", artefact,
	    "sha256", json_member_text(upload, "sha256", ""), "size",
	    json_member_int(upload, "length", 0), "hash_state",
	    json_member_text(upload, "hash_state", "none"), "receipt",
	    json_object_get(receipt, "receipt"));
}

json_t *
resume_send(
    struct api *api, const struct api_upload *upload, struct pending *what)
{
	struct resume r = {.api = api, .upload = upload, .what = what};
	const bool is_new = what->location == NULL;
	json_t *made;

	if (is_new)
		create(&r);
	else
		(void)snprintf(
		    r.location, sizeof(r.location), "%s", what->location);
	what->location = r.location;
	send_all(&r, is_new);
	made = describe(&r);
	pending_forget(r.location);
	what->location = NULL;
	return made;
}
