/* SPDX-License-Identifier: Apache-2.0 */
/* api.c - requests over the Unix socket with libcurl. */
#include "cli/proof.h"
#include "cli/remote.h"
#include "cli/text.h"
#include "cli/transfer.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <stdarg.h>

/* The longest answer that a command reads into memory. */
#define ANSWER_BYTES_MAX ((size_t)64 << 20)
#define PAGE		 500

void
fail(enum exit_status status, const char *fmt, ...)
{
	va_list ap;

	(void)fflush(stdout);
	(void)fprintf(stderr, "loep: ");
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fprintf(stderr, "\n");
	exit((int)status);
}

struct api *
api_new(const struct remote *remote)
{
	struct api *api = xcalloc(1, sizeof(*api));

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		fail(EXIT_FAILED, "cannot initialise libcurl");
	api->remote = remote;
	api->base = xasprintf("%s/api/v1",
	    remote->server != NULL ? remote->server : "http://localhost");
	if (remote->token != NULL) {
		auto_free char *header =
		    xasprintf("Authorization: Bearer %s", remote->token);

		api->headers = curl_slist_append(NULL, header);
	}
	api->curl = curl_easy_init();
	if (api->curl == NULL)
		fail(EXIT_FAILED, "cannot initialise libcurl");
	return api;
}

void
api_free(struct api *api)
{
	if (api == NULL)
		return;
	curl_easy_cleanup(api->curl);
	curl_slist_free_all(api->headers);
	curl_global_cleanup();
	free(api->base);
	free(api);
}

static bool
write_all(struct answer *a, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(a->fd, p, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			a->write_errno = errno;
			return false;
		}
		p += n;
		len -= (size_t)n;
		a->written += (uint64_t)n;
	}
	return true;
}

static size_t
on_body(char *p, size_t size, size_t count, void *arg)
{
	struct answer *a = arg;
	size_t len = size * count;
	long status = 0;

	(void)curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &status);
	/* A problem document must not end up in the file. */
	if (a->fd != -1 && status < 400)
		return write_all(a, p, len) ? len : 0;
	if (len > ANSWER_BYTES_MAX - a->len) {
		a->is_cut = true;
		return 0;
	}
	a->bytes = xrealloc(a->bytes, a->len + len + 1);
	memcpy(a->bytes + a->len, p, len);
	a->len += len;
	a->bytes[a->len] = '\0';
	return len;
}

/* printf with %s only, each argument escaped for a URL. */
static char *
format_url(struct api *api, const char *path, va_list ap)
{
	char *url = xstrdup(api->base);
	const char *percent;

	while ((percent = strchr(path, '%')) != NULL && percent[1] == 's') {
		char *value =
		    curl_easy_escape(api->curl, va_arg(ap, const char *), 0);
		char *longer = xasprintf("%s%.*s%s", url, (int)(percent - path),
		    path, value ? value : "");

		curl_free(value);
		free(url);
		url = longer;
		path = percent + 2;
	}
	{
		char *whole = xasprintf("%s%s", url, path);

		free(url);
		return whole;
	}
}

static void
prepare_tls(const struct remote *remote, CURL *curl)
{
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(
	    curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (remote->ca != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, remote->ca);
	if (remote->cert != NULL) {
		curl_easy_setopt(curl, CURLOPT_SSLCERT, remote->cert);
		curl_easy_setopt(curl, CURLOPT_SSLKEY,
		    remote->key != NULL ? remote->key : remote->cert);
	}
	if (remote->pin == NULL)
		return;
	curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, remote->pin);
	/* The one key that is good is known: who signed it does not matter,
	 * unless somebody named who must have. */
	if (remote->ca == NULL) {
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

struct curl_slist *
transfer_headers(const struct api *api, const char *header)
{
	struct curl_slist *all = curl_slist_append(NULL, header);

	for (const struct curl_slist *h = api->headers; h != NULL; h = h->next)
		all = curl_slist_append(all, h->data);
	return all;
}

void
transfer_prepare(
    const struct api *api, CURL *curl, const char *url, struct answer *a)
{
	curl_easy_reset(curl);
	*a = (struct answer){.fd = -1, .curl = curl};
	if (api->remote->server == NULL)
		curl_easy_setopt(
		    curl, CURLOPT_UNIX_SOCKET_PATH, api->remote->socket_path);
	else
		prepare_tls(api->remote, curl);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, api->headers);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "loep/" LOEP_VERSION);
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 512L * 1024);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
}

static enum exit_status
status_of(long http)
{
	switch (http) {
	case 401:
	case 403:
		return EXIT_DENIED;
	case 408:
	case 429:
	case 503:
	case 507:
		return EXIT_TEMPORARY;
	default:
		return EXIT_FAILED;
	}
}

__attribute__((noreturn)) static void
fail_problem(const struct answer *a, long http)
{
	json_t *problem = NULL;
	char title[256], detail[1024];

	if (a->bytes == NULL || json_parse(a->bytes, a->len, ANSWER_BYTES_MAX,
				    64, &problem) != ERR_OK)
		fail(status_of(http), "the service answered HTTP %ld", http);
	text_clean(
	    title, sizeof(title), json_member_text(problem, "title", "error"));
	text_clean(
	    detail, sizeof(detail), json_member_text(problem, "detail", ""));
	fail(status_of(http), "%s%s%s", title, detail[0] ? ": " : "", detail);
}

void
transfer_check(const struct api *api, const struct answer *a, CURLcode code)
{
	long http = 0;

	(void)curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &http);
	if (http >= 400)
		fail_problem(a, http);
	if (a->write_errno != 0)
		fail(EXIT_CANNOT_WRITE, "cannot write: %s",
		    strerror(a->write_errno));
	if (a->is_cut)
		fail(EXIT_FAILED, "the answer is too long to be shown");
	if (code == CURLE_PEER_FAILED_VERIFICATION ||
	    code == CURLE_SSL_PINNEDPUBKEYNOTMATCH)
		fail(EXIT_DENIED,
		    "%s does not prove that it is the right server: name its "
		    "certificate or authority with --ca, or its key with "
		    "--pin (on the server: loep tls-cert --show)",
		    api->remote->server);
	if (code == CURLE_COULDNT_CONNECT && api->remote->server != NULL)
		fail(EXIT_UNREACHABLE, "no Loep answers at %s",
		    api->remote->server);
	if (code == CURLE_COULDNT_CONNECT)
		fail(EXIT_UNREACHABLE,
		    "no Loep answers at %s: start it with "
		    "`loep start`, or name its state folder with --state",
		    api->remote->socket_path);
	if (code != CURLE_OK)
		fail(EXIT_UNREACHABLE,
		    "the service broke off: %s; try again, "
		    "or look at its log",
		    curl_easy_strerror(code));
}

/* Performs what is prepared; ends the program on any failure. */
static void
perform(struct api *api, struct answer *a)
{
	transfer_check(api, a, curl_easy_perform(api->curl));
}

json_t *
transfer_answer(const struct answer *a)
{
	json_t *json = NULL;

	if (a->len == 0)
		return json_object();
	if (json_parse(a->bytes, a->len, ANSWER_BYTES_MAX, 64, &json) != ERR_OK)
		fail(EXIT_FAILED,
		    "the service answered something that is no "
		    "JSON; are loep and loepd of the same version?");
	return json;
}

static json_t *
get(struct api *api, const char *url)
{
	struct answer a;
	json_t *json;

	transfer_prepare(api, api->curl, url, &a);
	perform(api, &a);
	json = transfer_answer(&a);
	free(a.bytes);
	return json;
}

json_t *
api_get(struct api *api, const char *path, ...)
{
	auto_free char *url = NULL;
	va_list ap;

	va_start(ap, path);
	url = format_url(api, path, ap);
	va_end(ap);
	return get(api, url);
}

json_t *
api_list(struct api *api, size_t max, const char *path, ...)
{
	auto_free char *base = NULL;
	auto_free char *cursor = xstrdup("");
	json_t *all = json_array();
	va_list ap;

	va_start(ap, path);
	base = format_url(api, path, ap);
	va_end(ap);
	do {
		char *first = cursor[0] ? strstr(base, "cursor=") : NULL;
		auto_free char *url = NULL;

		/* The page that the caller began with is behind us. */
		if (first != NULL)
			*first = '\0';
		url = xasprintf("%s%climit=%d%s%s", base,
		    strchr(base, '?') ? '&' : '?', PAGE,
		    cursor[0] ? "&cursor=" : "", cursor);
		auto_json json_t *page = get(api, url);
		const json_t *next = json_object_get(page, "next");
		char *escaped;

		(void)json_array_extend(all, json_object_get(page, "items"));
		free(cursor);
		escaped = json_is_string(next) ? curl_easy_escape(api->curl,
						     json_string_value(next), 0)
					       : NULL;
		cursor = xstrdup(escaped ? escaped : "");
		curl_free(escaped);
	} while (cursor[0] != '\0' && (max == 0 || json_array_size(all) < max));
	/* Pages are longer than what was asked for. */
	while (max != 0 && json_array_size(all) > max)
		(void)json_array_remove(all, json_array_size(all) - 1);
	return all;
}

/* Posts; once more where somebody had to show that it is them. */
static void
post(struct api *api, const char *url, const json_t *body, int fd,
    struct answer *a)
{
	auto_free char *text =
	    body == NULL ? xstrdup("{}") : json_canonical(body);
	struct curl_slist *headers =
	    transfer_headers(api, "Content-Type: application/json");
	bool is_again = false;
	CURLcode code;

	for (;;) {
		long http = 0;

		transfer_prepare(api, api->curl, url, a);
		curl_easy_setopt(api->curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(api->curl, CURLOPT_POSTFIELDS, text);
		a->fd = fd;
		code = curl_easy_perform(api->curl);
		(void)curl_easy_getinfo(
		    api->curl, CURLINFO_RESPONSE_CODE, &http);
		if (is_again || !proof_give(api, a, http))
			break;
		is_again = true;
		free(a->bytes);
	}
	curl_slist_free_all(headers);
	transfer_check(api, a, code);
}

json_t *
api_post(struct api *api, const json_t *body, const char *path, ...)
{
	auto_free char *url = NULL;
	struct answer a;
	json_t *json;
	va_list ap;

	va_start(ap, path);
	url = format_url(api, path, ap);
	va_end(ap);
	post(api, url, body, -1, &a);
	json = transfer_answer(&a);
	free(a.bytes);
	return json;
}

uint64_t
api_download(struct api *api, int fd, const char *path, ...)
{
	auto_free char *url = NULL;
	struct answer a;
	va_list ap;

	va_start(ap, path);
	url = format_url(api, path, ap);
	va_end(ap);
	transfer_prepare(api, api->curl, url, &a);
	a.fd = fd;
	perform(api, &a);
	free(a.bytes);
	return a.written;
}

uint64_t
api_download_post(
    struct api *api, int fd, const json_t *body, const char *path, ...)
{
	auto_free char *url = NULL;
	struct answer a;
	va_list ap;

	va_start(ap, path);
	url = format_url(api, path, ap);
	va_end(ap);
	post(api, url, body, fd, &a);
	free(a.bytes);
	return a.written;
}

bool
api_is_up(struct api *api)
{
	struct answer a;
	bool is_up;

	auto_free char *url = xasprintf("%s/whoami", api->base);

	transfer_prepare(api, api->curl, url, &a);
	is_up = curl_easy_perform(api->curl) == CURLE_OK;
	free(a.bytes);
	return is_up;
}

bool
api_is_ready(struct api *api)
{
	auto_json json_t *status = NULL;
	struct answer a;
	long http = 0;
	bool is_ready = false;

	auto_free char *url = xasprintf("%s/status", api->base);

	transfer_prepare(api, api->curl, url, &a);
	if (curl_easy_perform(api->curl) == CURLE_OK)
		(void)curl_easy_getinfo(
		    api->curl, CURLINFO_RESPONSE_CODE, &http);
	if (http == 200) {
		status = transfer_answer(&a);
		is_ready = strcmp(json_member_text(status, "vault", ""),
			       "connected") == 0 &&
			   strcmp(json_member_text(status, "scheduler", ""),
			       "connected") == 0;
	}
	free(a.bytes);
	return is_ready;
}
