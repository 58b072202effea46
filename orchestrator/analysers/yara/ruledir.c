/* SPDX-License-Identifier: Apache-2.0 */
/* ruledir.c - finding and reading the rule files of a folder. */
#include "analysers/yara/ruledir.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* Paths relative to the folder. */
struct paths {
	char **list;
	size_t count;
	size_t capacity;
};

static void
paths_add(struct paths *paths, char *path)
{
	if (paths->count == paths->capacity) {
		paths->capacity = paths->capacity * 2 + 64;
		paths->list = xreallocarray(
		    paths->list, paths->capacity, sizeof(*paths->list));
	}
	paths->list[paths->count++] = path;
}

static void
paths_release(struct paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->list[i]);
	free(paths->list);
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
is_rules(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL &&
	       (strcmp(dot, ".yar") == 0 || strcmp(dot, ".yara") == 0);
}

/* Sorts the entries of one folder into files and further folders. */
static void
list_one(const char *folder, const char *sub, struct paths *files,
    struct paths *folders)
{
	auto_free char *path = xasprintf("%s/%s", folder, sub);
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		auto_free char *name = NULL;
		struct stat st;

		if (entry->d_name[0] == '.')
			continue;
		name = xasprintf(
		    "%s%s%s", sub, sub[0] == '\0' ? "" : "/", entry->d_name);
		/* A link to a folder may lead in circles; one to a file may
		 * not. */
		if (fstatat(dirfd(dir), entry->d_name, &st,
			AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		if (S_ISDIR(st.st_mode))
			paths_add(folders, take_ptr(name));
		else if (is_rules(entry->d_name))
			paths_add(files, take_ptr(name));
	}
	if (dir != NULL)
		(void)closedir(dir);
}

/* Reads a whole file; NULL with the reason. */
static char *
read_rules(const char *path, size_t *ret_len, const char **ret_why)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	auto_free char *text = NULL;
	struct stat st;
	size_t len = 0;
	ssize_t n;

	if (fd == -1 || fstat(fd, &st) == -1) {
		*ret_why = strerror(errno);
		return NULL;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)RULEFILE_BYTES_MAX) {
		*ret_why = "no file, or one of more than 16 MiB";
		return NULL;
	}
	text = xmalloc((size_t)st.st_size + 1);
	while (len < (size_t)st.st_size) {
		n = read(fd, text + len, (size_t)st.st_size - len);
		if (n <= 0) {
			*ret_why = "cannot be read to its end";
			return NULL;
		}
		len += (size_t)n;
	}
	text[len] = '\0';
	if (memchr(text, '\0', len) != NULL) {
		*ret_why = "has a NUL byte in it";
		return NULL;
	}
	*ret_len = len;
	return take_ptr(text);
}

/* Namespaces are paths; the same path in a second folder gets its number. */
static char *
namespace_of(const struct ruleset *ruleset, size_t before, const char *path,
    size_t folder)
{
	for (size_t i = 0; i < before; i++) {
		if (strcmp(ruleset->files[i]->name, path) == 0)
			return xasprintf("%zu/%s", folder, path);
	}
	return xstrdup(path);
}

static void
add_file(struct ruleset *ruleset, const char *folder, const char *path,
    const char *name)
{
	auto_free char *full = xasprintf("%s/%s", folder, path);
	const char *why = "";
	size_t len = 0;
	char *text = NULL;

	if (ruleset->file_count == RULESET_FILES_MAX)
		why = "more files than one rule set may have";
	else
		text = read_rules(full, &len, &why);
	if (text == NULL) {
		ruleset_note(ruleset, name, why);
		return;
	}
	/* Some editors begin a file with a byte order mark. */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		memset(text, ' ', 3);
	ruleset->files = xreallocarray(ruleset->files, ruleset->file_count + 1,
	    sizeof(struct rule_file *));
	ruleset->files[ruleset->file_count++] = rulefile_new(name, text, len);
}

void
ruledir_read(struct ruleset *ruleset, const char *folder)
{
	struct paths folders = {0};
	struct paths files = {0};
	size_t before = ruleset->file_count;
	struct stat st;

	if (stat(folder, &st) == -1 || !S_ISDIR(st.st_mode)) {
		ruleset_note(ruleset, folder, "is no folder that can be read");
		return;
	}
	paths_add(&folders, xstrdup(""));
	for (size_t i = 0; i < folders.count && i < RULEDIR_FOLDERS_MAX; i++) {
		auto_free char *sub = xstrdup(folders.list[i]);

		list_one(folder, sub, &files, &folders);
	}
	if (folders.count > RULEDIR_FOLDERS_MAX)
		ruleset_note(ruleset, folder, "has too many folders in it");
	if (files.count > 0)
		qsort(files.list, files.count, sizeof(char *), by_bytes);
	for (size_t i = 0; i < files.count; i++) {
		auto_free char *name =
		    namespace_of(ruleset, before, files.list[i], before);

		add_file(ruleset, folder, files.list[i], name);
	}
	paths_release(&folders);
	paths_release(&files);
}
