/* SPDX-License-Identifier: Apache-2.0 */
/* asset.c - the files of the browser app, in memory. */
#include "web/asset.h"

#include "lib/digest.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/*
 * Scripts and styles from here alone, none within the page, so that no name
 * or message that finds its way into the page can be one; requests go to this
 * site only; nobody frames it.  A report is shown in a frame of its own, which
 * its own policy shuts (exchange.c).
 */
#define POLICY_APP                                                          \
 "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' " \
 "blob: data:; connect-src 'self'; frame-src 'self'; form-action 'none'; "  \
 "frame-ancestors 'none'; base-uri 'none'; "                                \
 "require-trusted-types-for 'script'; trusted-types 'none'"
/* Names of files hold the digest of what is in them. */
#define CACHE_FOREVER "public, max-age=31536000, immutable"
/* The page names them: it is asked for again each time. */
#define CACHE_PAGE "no-cache"
/* What the page may use of the machine that it runs on. */
#define PERMISSIONS "camera=(), geolocation=(), microphone=(), payment=()"

#define ETAG_DIGEST_BYTES ((size_t)16)

static const struct {
	const char *ending;
	const char *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".woff2", "font/woff2"},
};

static const char *
type_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]);
	     i++) {
		if (strcmp(dot, types[i].ending) == 0)
			return types[i].type;
	}
	return NULL;
}

static bool
is_file_name(const char *name)
{
	return name[0] != '.' && name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
						   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						   "0123456789-_.")] == '\0';
}

/* All of a regular file, into memory that the caller frees. */
static int
read_file(int dir, const char *name, size_t most, struct asset *asset)
{
	auto_close int fd =
	    openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	auto_free uint8_t *bytes = NULL;
	struct stat st;
	size_t size;
	ssize_t n;

	if (fd == -1)
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_SYS;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return ERR_SYS;
	if ((uintmax_t)st.st_size > most)
		return ERR_LIMIT;
	size = (size_t)st.st_size;
	bytes = xmalloc(size + 1);
	while (asset->len < size) {
		n = read(fd, bytes + asset->len, size - asset->len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_SYS;
		asset->len += (size_t)n;
	}
	asset->bytes = take_ptr(bytes);
	return ERR_OK;
}

static void
set_etag(struct asset *asset)
{
	uint8_t digest[SHA256_BYTES];

	sha256_once(asset->bytes, asset->len, digest);
	asset->etag[0] = '"';
	hex_encode(asset->etag + 1, digest, ETAG_DIGEST_BYTES);
	asset->etag[1 + 2 * ETAG_DIGEST_BYTES] = '"';
	asset->etag[2 + 2 * ETAG_DIGEST_BYTES] = '\0';
}

/* Takes in the file of this name as what is asked for as that one. */
static int
add(struct assets *assets, int dir, const char *file, const char *name)
{
	struct asset *asset = &assets->files[assets->count];
	int err;

	if (assets->count == ASSET_FILES_MAX)
		return ERR_LIMIT;
	asset->type = type_of(file);
	if (asset->type == NULL || !is_file_name(file))
		return ERR_FORMAT;
	err = read_file(dir, file, ASSET_BYTES_MAX - assets->bytes, asset);
	if (err != ERR_OK)
		return err;
	asset->name = xstrdup(name);
	set_etag(asset);
	assets->bytes += asset->len;
	assets->count++;
	return ERR_OK;
}

static int
add_all(struct assets *assets, DIR *folder)
{
	const struct dirent *entry;
	int err = ERR_OK;

	while (err == ERR_OK && (entry = readdir(folder)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		err = add(assets, dirfd(folder), entry->d_name, entry->d_name);
	}
	return err;
}

int
assets_load(const char *dir, struct assets **ret_assets)
{
	struct assets *assets;
	auto_close int top = open(dir, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	int sub, err;
	DIR *folder;

	if (top == -1)
		return errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND
							   : ERR_SYS;
	sub = openat(
	    top, "assets", O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW);
	folder = sub == -1 ? NULL : fdopendir(sub);
	if (folder == NULL) {
		if (sub != -1)
			(void)close(sub);
		return ERR_NOT_FOUND;
	}
	assets = xcalloc(1, sizeof(*assets));
	err = add(assets, top, "index.html", "");
	if (err == ERR_OK)
		err = add_all(assets, folder);
	(void)closedir(folder);
	if (err == ERR_OK)
		*ret_assets = assets;
	else
		assets_free(assets);
	return err;
}

void
assets_free(struct assets *assets)
{
	for (size_t i = 0; assets != NULL && i < assets->count; i++) {
		free(assets->files[i].name);
		free(assets->files[i].bytes);
	}
	free(assets);
}

const struct asset *
assets_find(const struct assets *assets, const char *name, size_t len)
{
	for (size_t i = 0; assets != NULL && i < assets->count; i++) {
		const struct asset *asset = &assets->files[i];

		if (strlen(asset->name) == len &&
		    memcmp(asset->name, name, len) == 0)
			return asset;
	}
	return NULL;
}

/* --- answers --- */

static bool
is_text(const struct target_text *text, const char *other)
{
	return text->len == strlen(other) &&
	       memcmp(text->p, other, text->len) == 0;
}

/* Does a browser ask for a page?  Programs that mistype a path hear so. */
static bool
wants_page(const struct exchange *x)
{
	const char *accept = http_req_header(x->http, "Accept");

	return accept != NULL && strstr(accept, "text/html") != NULL;
}

/* What is asked for; NULL: nothing of the app. */
static const struct asset *
find_meant(const struct exchange *x)
{
	const struct assets *assets = x->web->assets;
	const struct target_text *first = &x->target.segments[0];
	size_t count = x->target.segment_count;

	if (count == 0 || (count == 1 && first->len == 0))
		return assets_find(assets, "", 0);
	if (is_text(first, "assets"))
		return count == 2 && x->target.segments[1].len > 0
			   ? assets_find(assets, x->target.segments[1].p,
				 x->target.segments[1].len)
			   : NULL;
	/* "/favicon.ico" and the like are no addresses within the app. */
	if (is_text(first, "api") || memchr(first->p, '.', first->len) ||
	    !wants_page(x))
		return NULL;
	return assets_find(assets, "", 0);
}

bool
asset_answer(struct exchange *x)
{
	const char *method = http_req_method(x->http);
	const struct asset *asset;
	const char *tag;

	if ((strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) ||
	    http_req_body_bytes(x->http) != 0)
		return false;
	asset = find_meant(x);
	if (asset == NULL)
		return false;
	x->policy = POLICY_APP;
	x->cache = asset->name[0] == '\0' ? CACHE_PAGE : CACHE_FOREVER;
	http_answer_header(x->http, "ETag", asset->etag);
	tag = http_req_header(x->http, "If-None-Match");
	if (tag != NULL && strstr(tag, asset->etag) != NULL) {
		exchange_headers(x, 304, NULL);
		http_answer_static(x->http, 304, "", 0);
		return true;
	}
	http_answer_header(x->http, "Permissions-Policy", PERMISSIONS);
	exchange_headers(x, 200, asset->type);
	http_answer_static(x->http, 200, asset->bytes, asset->len);
	return true;
}
