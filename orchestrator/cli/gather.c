/* SPDX-License-Identifier: Apache-2.0 */
/* gather.c - folders, single files and MISP exports into a bundle. */
#include "cli/gather.h"

#include "cli/api.h"
#include "cli/misp.h"
#include "cli/text.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define FOLDERS_MAX 64
/* Left-out files that are named one by one. */
#define NAMED_MAX 50

static const char *const kinds[] = {
    [GATHER_GUESS] = "guess",
    [GATHER_FOLDER] = "folder",
    [GATHER_ARCHIVE] = "archive",
    [GATHER_GIT] = "git",
    [GATHER_MISP] = "misp",
    [GATHER_TEXT] = "text",
};

bool
gather_kind_of(const char *word, enum gather_kind *ret_kind)
{
	for (size_t i = 1; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i], word) == 0) {
			*ret_kind = (enum gather_kind)i;
			return true;
		}
	}
	return false;
}

const char *
gather_kind_name(enum gather_kind kind)
{
	return kinds[kind];
}

static bool
ends_in(const char *path, const char *const *endings)
{
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot != NULL && endings[i] != NULL; i++) {
		if (strcasecmp(dot, endings[i]) == 0)
			return true;
	}
	return false;
}

bool
gather_is_rules(const char *path)
{
	static const char *const endings[] = {
	    ".yar", ".yara", ".rule", ".rules", ".inc", NULL};

	return ends_in(path, endings);
}

bool
gather_is_wanted(const char *path)
{
	return gather_is_rules(path) || bundle_is_sample(path);
}

void
gather_leave_out(struct gather *g, const char *path, const char *why)
{
	char clean[512];

	if (++g->left_out <= NAMED_MAX && !g->is_quiet)
		fprintf(stderr, "loep: not taken: %s: %s\n",
		    text_clean(clean, sizeof(clean), path), why);
	if (g->left_out == NAMED_MAX + 1 && !g->is_quiet)
		fprintf(stderr, "loep: more files are not taken\n");
}

void
gather_add(struct gather *g, const char *path, const void *text, size_t len)
{
	bool is_sample = bundle_is_sample(path);
	size_t max =
	    is_sample ? BUNDLE_SAMPLE_BYTES_MAX : BUNDLE_FILE_BYTES_MAX;
	int err;

	if (is_sample)
		err = bundle_add_sample(g->bundle, &g->source, path, text, len);
	else
		err = bundle_add(g->bundle, &g->source, path, text, len);
	if (err == ERR_OK)
		return;
	if (err == ERR_FORMAT) {
		gather_leave_out(g, path, "its path leads elsewhere");
	} else if (err == ERR_LIMIT && len > max) {
		gather_leave_out(g, path,
		    is_sample ? "a sample has at most 4 MiB"
			      : "it is longer than 32 MiB");
	} else if (err == ERR_LIMIT) {
		fail(EXIT_DATA,
		    "the rules are more than a version may hold: 160 MiB in "
		    "100000 files; add them as several sources");
	} else {
		fail(EXIT_CANNOT_WRITE, "cannot write: %s", strerror(errno));
	}
}

/* A whole file of at most max bytes; NULL and a reason otherwise. */
static char *
read_file(int fd, size_t max, size_t *ret_len, const char **ret_why)
{
	auto_free char *text = NULL;
	size_t len = 0, size = 0;
	ssize_t n = 1;

	while (n > 0) {
		if (len == size) {
			size = size == 0 ? 64 * KIB : 2 * size;
			if (size > max + 1)
				size = max + 1;
			text = xrealloc(text, size);
		}
		n = read(fd, text + len, size - len);
		if (n == -1 && errno == EINTR)
			n = 1;
		else if (n > 0)
			len += (size_t)n;
		if (len > max) {
			*ret_why = "it is too long";
			return NULL;
		}
	}
	*ret_why = strerror(errno);
	*ret_len = len;
	return n == -1 ? NULL : take_ptr(text);
}

/* One file below a folder: never through a link, never a device. */
static void
take_file(struct gather *g, const char *path, const char *name)
{
	auto_close int fd = open(
	    path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	auto_free char *text = NULL;
	const char *why = "";
	struct stat st;
	size_t len;

	if (fd == -1 || fstat(fd, &st) == -1) {
		gather_leave_out(g, name,
		    errno == ELOOP ? "it is a symbolic link" : strerror(errno));
		return;
	}
	if (!S_ISREG(st.st_mode)) {
		gather_leave_out(g, name, "it is no regular file");
		return;
	}
	text = read_file(fd, BUNDLE_FILE_BYTES_MAX, &len, &why);
	if (text == NULL)
		gather_leave_out(g, name, why);
	else
		gather_add(g, name, text, len);
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
take_folder(struct gather *g, const char *path, const char *name, int depth)
{
	struct dirent **entries;
	int count = depth > FOLDERS_MAX
			? -1
			: scandir(path, &entries, is_visible, alphasort);

	if (count == -1) {
		gather_leave_out(g, name[0] != '\0' ? name : path,
		    depth > FOLDERS_MAX ? "too deep" : strerror(errno));
		return;
	}
	for (int i = 0; i < count; i++) {
		const char *entry = entries[i]->d_name;
		auto_free char *below = xasprintf("%s/%s", path, entry);
		auto_free char *shown = xasprintf(
		    "%s%s%s", name, name[0] != '\0' ? "/" : "", entry);
		struct stat st;

		if (lstat(below, &st) == 0 && S_ISDIR(st.st_mode))
			take_folder(g, below, shown, depth + 1);
		else if (gather_is_wanted(shown))
			take_file(g, below, shown);
		free(entries[i]);
	}
	free(entries);
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static int
open_path(const char *path)
{
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
					: open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		fail(
		    EXIT_NO_INPUT, "cannot read %s: %s", path, strerror(errno));
	return fd;
}

static void
take_text(struct gather *g, const char *path)
{
	auto_close int fd = open_path(path);
	auto_free char *text = NULL;
	const char *why = "";
	size_t len;

	text = read_file(fd, BUNDLE_FILE_BYTES_MAX, &len, &why);
	if (text == NULL)
		fail(EXIT_DATA,
		    "cannot take %s: %s (a file of rules has at most 32 MiB)",
		    path, why);
	gather_add(g, strcmp(path, "-") == 0 ? "stdin.yar" : last_part(path),
	    text, len);
}

static int
on_misp_rule(void *arg, const char *path, const char *text, size_t len)
{
	gather_add(arg, path, text, len);
	return ERR_OK;
}

static void
take_misp(struct gather *g, const char *path)
{
	auto_close int fd = open_path(path);
	size_t before = g->bundle->files;
	auto_free char *text = NULL;
	const char *why = "";
	size_t len;
	int err;

	text = read_file(fd, BUNDLE_BYTES_MAX, &len, &why);
	if (text == NULL)
		fail(EXIT_DATA, "cannot take %s: %s", path, why);
	err = misp_read(text, len, on_misp_rule, g);
	if (err != ERR_OK)
		fail(EXIT_DATA,
		    "%s is no MISP export: it is %s; export the events as "
		    "JSON",
		    path,
		    err == ERR_LIMIT ? "too large or nested too deep"
				     : "not JSON");
	if (g->bundle->files == before)
		fail(EXIT_DATA,
		    "%s has no attribute of type yara that is not deleted",
		    path);
}

/* A work tree, or a repository without one. */
static bool
is_repository(const char *path)
{
	auto_free char *git = xasprintf("%s/.git", path);
	auto_free char *head = xasprintf("%s/HEAD", path);
	auto_free char *objects = xasprintf("%s/objects", path);
	struct stat st;

	return lstat(git, &st) == 0 ||
	       (lstat(head, &st) == 0 && lstat(objects, &st) == 0 &&
		   S_ISDIR(st.st_mode));
}

/* Text has no NUL in its first part; every kind of archive has. */
static bool
is_text(const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char head[4096];
	ssize_t n = fd == -1 ? -1 : read(fd, head, sizeof(head));

	return n >= 0 && memchr(head, '\0', (size_t)n) == NULL;
}

static enum gather_kind
guess(const char *path)
{
	static const char *const json[] = {".json", NULL};
	struct stat st;

	if (gather_is_remote(path))
		return GATHER_GIT;
	if (strcmp(path, "-") == 0)
		return GATHER_TEXT;
	if (stat(path, &st) == -1)
		fail(
		    EXIT_NO_INPUT, "cannot read %s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return is_repository(path) ? GATHER_GIT : GATHER_FOLDER;
	if (ends_in(path, json))
		return GATHER_MISP;
	if (gather_is_rules(path) || is_text(path))
		return GATHER_TEXT;
	return GATHER_ARCHIVE;
}

void
gather_path(struct gather *g, const char *place, enum gather_kind kind)
{
	const char *path = gather_local(place);

	g->kind = kind == GATHER_GUESS ? guess(path) : kind;
	switch (g->kind) {
	case GATHER_FOLDER:
		take_folder(g, path, "", 0);
		return;
	case GATHER_ARCHIVE:
		gather_archive(g, path);
		return;
	case GATHER_GIT:
		gather_git(g, path);
		return;
	case GATHER_MISP:
		take_misp(g, path);
		return;
	case GATHER_TEXT:
	case GATHER_GUESS:
	default:
		take_text(g, path);
	}
}
