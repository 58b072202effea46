/* SPDX-License-Identifier: Apache-2.0 */
/* magicdb.c - reading libmagic's compiled database. */
#include "analysers/identify/magicdb.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <ctype.h>
#include <fcntl.h>
#include <magic.h>
#include <sys/stat.h>

#define BYTES_MAX ((size_t)256 << 20)

static bool
read_all(int fd, void *p, size_t len)
{
	uint8_t *at = p;

	while (len > 0) {
		ssize_t n = read(fd, at, len);

		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
read_compiled(struct magicdb *db, int fd, size_t size)
{
	const size_t entry = sizeof(struct magicdb_entry);
	uint32_t head[4];

	if (size < entry || size % entry != 0 || size > BYTES_MAX)
		return false;
	db->entries = xmalloc(size);
	if (!read_all(fd, db->entries, size))
		return false;
	memcpy(head, db->entries, sizeof(head));
	db->count[0] = head[2];
	db->count[1] = head[3];
	return head[0] == MAGICDB_NUMBER && head[1] == MAGICDB_VERSION &&
	       db->count[0] + db->count[1] + 1 == size / entry;
}

/* A text file of one's own entries that has none. */
static bool
is_empty_source(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[1024];
	bool is_empty = true;

	if (file == NULL)
		return true; /* there is none at all */
	while (is_empty && fgets(line, sizeof(line), file) != NULL) {
		size_t n = strspn(line, " \t\r\n");

		is_empty = line[n] == '\0' || line[n] == '#';
	}
	(void)fclose(file);
	return is_empty;
}

/* One part of the path: what libmagic would load for it. */
static bool
add_part(struct magicdb *db, const char *part)
{
	size_t len = strlen(part);
	bool is_compiled = len > 4 && strcmp(part + len - 4, ".mgc") == 0;
	auto_free char *path =
	    xasprintf("%s%s", part, is_compiled ? "" : ".mgc");
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd == -1)
		return is_empty_source(part);
	if (db->entries != NULL || fstat(fd, &st) == -1 || st.st_size < 0)
		return false;
	return read_compiled(db, fd, (size_t)st.st_size);
}

bool
magicdb_read(struct magicdb *db)
{
	const char *path = magic_getpath(NULL, 0 /* to load */);
	auto_free char *list = xstrdup(path == NULL ? "" : path);
	char *rest = list;
	char *part;
	bool is_fine = true;

	*db = (struct magicdb){.entries = NULL};
	while (is_fine && (part = strsep(&rest, ":")) != NULL) {
		if (part[0] != '\0')
			is_fine = add_part(db, part);
	}
	if (!is_fine || db->entries == NULL) {
		magicdb_release(db);
		return false;
	}
	return true;
}

void
magicdb_release(struct magicdb *db)
{
	free(db->entries);
	*db = (struct magicdb){.entries = NULL};
}

void
magicdb_put_header(struct magicdb_entry *first, size_t tests, size_t names)
{
	const uint32_t head[4] = {
	    MAGICDB_NUMBER, MAGICDB_VERSION, (uint32_t)tests, (uint32_t)names};

	memset(first, 0, sizeof(*first));
	memcpy(first, head, sizeof(head));
}
