/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upload.c - files on their way to the service, several at a time.
 *
 * A small file is durable after a few milliseconds of waiting for the disk;
 * the service makes many durable with one wait, if it has many.
 */
#include "cli/transfer.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <unistd.h>

/* Uploads at a time; web serves more, but the disk gains no more by them. */
#define UPLOADS_MAX 16
/* A service that is busy, or one of whose parts comes back, is asked again. */
#define TRIES_MAX   20
#define TRY_WAIT_US 500000

struct sending {
	struct api_upload upload;
	struct curl_slist *headers;
	struct answer answer;
	CURL *curl;
	uint64_t sent;
	int read_errno;
	unsigned int tries;
	bool is_busy;  /* on its way */
	bool is_ended; /* and its answer is there, but not handed over */
};

struct api_uploads {
	struct api *api;
	CURLM *multi;
	api_uploaded_fn *done;
	void *arg;
	struct sending slots[UPLOADS_MAX];
	/* Slots are taken in turn, and handed over in the same order. */
	size_t next;
	size_t first;
	size_t count;
};

static size_t
on_read(char *p, size_t size, size_t count, void *arg)
{
	struct sending *s = arg;
	ssize_t n;

	do {
		n = read(s->upload.fd, p, size * count);
	} while (n == -1 && errno == EINTR);
	if (n == -1) {
		s->read_errno = errno;
		return CURL_READFUNC_ABORT;
	}
	s->sent += (uint64_t)n;
	if (s->upload.progress != NULL)
		s->upload.progress(s->upload.arg, s->sent, s->upload.size);
	return (size_t)n;
}

static char *
upload_url(const struct api *api, CURL *curl, const struct api_upload *u)
{
	char *name, *url;

	if (u->path != NULL)
		return xasprintf("%s%s", api->base, u->path);
	name = curl_easy_escape(curl, u->name, (int)u->name_len);
	url = xasprintf("%s/submissions/%s/files?filename=%s&kind=%s%s%s",
	    api->base, u->submission, name ? name : "", u->kind,
	    u->sha256_hex ? "&sha256=" : "",
	    u->sha256_hex ? u->sha256_hex : "");

	curl_free(name);
	return url;
}

static void
prepare(const struct api *api, CURL *curl, struct sending *s)
{
	auto_free char *url = upload_url(api, curl, &s->upload);

	s->curl = curl;
	s->headers =
	    transfer_headers(api, "Content-Type: application/octet-stream");
	if (s->upload.size < 0)
		s->headers =
		    curl_slist_append(s->headers, "Transfer-Encoding: chunked");
	transfer_prepare(api, curl, url, &s->answer);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, s->headers);
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(
	    curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)s->upload.size);
	if (s->upload.size < 0 || s->upload.size > 512L * 1024)
		curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 2048L * 1024);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(curl, CURLOPT_READDATA, s);
	curl_easy_setopt(curl, CURLOPT_PRIVATE, s);
}

/* Ends the program where the upload failed.  New reference. */
static json_t *
finish(const struct api *api, struct sending *s, CURLcode code)
{
	json_t *made;

	if (s->read_errno != 0)
		fail(EXIT_NO_INPUT, "cannot read %s: %s", s->upload.name,
		    strerror(s->read_errno));
	transfer_check(api, &s->answer, code);
	made = transfer_answer(&s->answer);
	curl_slist_free_all(s->headers);
	free(s->answer.bytes);
	s->headers = NULL;
	s->answer.bytes = NULL;
	return made;
}

json_t *
api_upload(struct api *api, const struct api_upload *upload)
{
	struct sending s = {.upload = *upload};

	prepare(api, api->curl, &s);
	return finish(api, &s, curl_easy_perform(api->curl));
}

struct api_uploads *
api_uploads_new(struct api *api, api_uploaded_fn *done, void *arg)
{
	struct api_uploads *u = xcalloc(1, sizeof(*u));

	u->api = api;
	u->done = done;
	u->arg = arg;
	u->multi = curl_multi_init();
	if (u->multi == NULL)
		fail(EXIT_FAILED, "cannot initialise libcurl");
	return u;
}

/* Nothing was accepted, and the file can be read again from its start. */
static bool
try_again(struct api_uploads *u, struct sending *s)
{
	long http = 0;

	(void)curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &http);
	if (http != 503 || s->read_errno != 0 || ++s->tries > TRIES_MAX ||
	    lseek(s->upload.fd, 0, SEEK_SET) == -1)
		return false;
	(void)usleep(TRY_WAIT_US);
	(void)curl_multi_remove_handle(u->multi, s->curl);
	curl_slist_free_all(s->headers);
	free(s->answer.bytes);
	s->sent = 0;
	prepare(u->api, s->curl, s);
	return curl_multi_add_handle(u->multi, s->curl) == CURLM_OK;
}

static void
take_ended(struct api_uploads *u)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(u->multi, &left)) != NULL) {
		struct sending *s = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(
		    message->easy_handle, CURLINFO_PRIVATE, (char **)&s);
		if (try_again(u, s))
			continue;
		/* Says so and ends the program when it failed. */
		if (s->read_errno == 0)
			transfer_check(
			    u->api, &s->answer, message->data.result);
		s->is_ended = true;
		(void)curl_multi_remove_handle(u->multi, message->easy_handle);
	}
}

/* Hands over what ended, in the order in which it was added. */
static void
hand_over(struct api_uploads *u)
{
	while (u->count > 0 && u->slots[u->first].is_ended) {
		struct sending *s = &u->slots[u->first];
		auto_json json_t *made = finish(u->api, s, CURLE_OK);

		(void)close(s->upload.fd);
		u->done(u->arg, made, s->upload.name);
		free((char *)(uintptr_t)s->upload.name);
		s->is_busy = false;
		u->first = (u->first + 1) % UPLOADS_MAX;
		u->count--;
	}
}

static void
turn(struct api_uploads *u)
{
	int running;

	if (curl_multi_perform(u->multi, &running) != CURLM_OK ||
	    (running > 0 &&
		curl_multi_poll(u->multi, NULL, 0, 1000, NULL) != CURLM_OK))
		fail(EXIT_UNREACHABLE, "the uploads broke off; try again");
	take_ended(u);
	hand_over(u);
}

void
api_uploads_add(struct api_uploads *u, const struct api_upload *upload)
{
	struct sending *s = &u->slots[u->next];
	CURL *curl;

	while (s->is_busy)
		turn(u);
	curl = s->curl != NULL ? s->curl : curl_easy_init();
	if (curl == NULL)
		fail(EXIT_FAILED, "cannot initialise libcurl");
	*s = (struct sending){.upload = *upload, .is_busy = true};
	s->upload.name = xstrdup(upload->name);
	prepare(u->api, curl, s);
	if (curl_multi_add_handle(u->multi, curl) != CURLM_OK)
		fail(EXIT_FAILED, "cannot start another upload");
	u->next = (u->next + 1) % UPLOADS_MAX;
	u->count++;
}

void
api_uploads_finish(struct api_uploads *u)
{
	while (u->count > 0)
		turn(u);
	for (size_t i = 0; i < UPLOADS_MAX; i++)
		curl_easy_cleanup(u->slots[i].curl);
	curl_multi_cleanup(u->multi);
	free(u);
}
