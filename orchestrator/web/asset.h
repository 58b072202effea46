/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asset.h - the files of the browser app, in memory.
 *
 * They are read once, before the cage: a request can name nothing but what is
 * in this table, and there is no file to be opened any more.  A new build
 * counts from the program's next start.
 */
#ifndef WEB_ASSET_H
#define WEB_ASSET_H

#include "web/exchange.h"

/* Bounds of what is taken in. */
#define ASSET_FILES_MAX	 ((size_t)512)
#define ASSET_BYTES_MAX	 ((size_t)32 * 1024 * 1024)
#define ASSET_ETAG_BYTES 35

struct asset {
	char *name; /* of a file in assets/; "" = the page */
	const char *type;
	uint8_t *bytes;
	size_t len;
	char etag[ASSET_ETAG_BYTES];
};

struct assets {
	struct asset files[ASSET_FILES_MAX];
	size_t count;
	size_t bytes;
};

/*
 * Reads index.html and the files of assets/ below dir into a table that the
 * caller owns (assets_free).  ERR_NOT_FOUND: there is no app; ERR_LIMIT: it
 * is too large; ERR_FORMAT: a file in assets/ has a name or an ending that
 * the app's build does not make; ERR_SYS.
 */
int must_check assets_load(const char *dir, struct assets **ret_assets);
/* NULL is fine. */
void assets_free(struct assets *assets);
/* A file of assets/ by its name, or the page by ""; NULL: there is none. */
const struct asset *assets_find(
    const struct assets *assets, const char *name, size_t len);

/*
 * Answers a GET or HEAD of "/", of a file, or of an address within the app
 * (which a browser asks for as a page, and gets the page).  False: it is none
 * of those, and nothing was answered.
 */
bool asset_answer(struct exchange *x);

#endif
