/* SPDX-License-Identifier: Apache-2.0 */
/* copytree.c - copies of folders for backups. */
#include "cli/copytree.h"

#include "cli/api.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <sys/stat.h>

#define COPY_BYTES ((size_t)1 << 20)

static int
copy_bytes(int from, int to)
{
	auto_free char *buf = NULL;
	ssize_t got;

	/* Shares the blocks where the file system can. */
	while ((got = copy_file_range(from, NULL, to, NULL, COPY_BYTES, 0)) > 0)
		continue;
	if (got == 0)
		return 0;
	if (errno != EXDEV && errno != EINVAL && errno != ENOSYS &&
	    errno != EOPNOTSUPP)
		return -1;
	buf = xmalloc(COPY_BYTES);
	while ((got = read(from, buf, COPY_BYTES)) > 0) {
		for (ssize_t at = 0, put; at < got; at += put) {
			put = write(to, buf + at, (size_t)(got - at));
			if (put == -1)
				return -1;
		}
	}
	return (int)got;
}

void
copytree_file(struct copytree *t, const char *from, const char *to)
{
	auto_free char *draft = xasprintf("%s.new", to);
	auto_close int in = -1;
	auto_close int out = -1;
	struct stat st;

	in = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (in == -1 || fstat(in, &st) == -1)
		fail(
		    EXIT_NO_INPUT, "cannot read %s: %s", from, strerror(errno));
	(void)unlink(draft);
	out = open(
	    draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st.st_mode & 0700);
	if (out == -1 || copy_bytes(in, out) == -1 ||
	    (t->uid != (uid_t)-1 && fchown(out, t->uid, t->gid) == -1) ||
	    fsync(out) == -1 || rename(draft, to) == -1)
		fail(EXIT_CANNOT_WRITE, "cannot write %s: %s", to,
		    strerror(errno));
	t->copied++;
}

void
copytree_folder(const struct copytree *t, const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		fail(EXIT_CANNOT_WRITE, "cannot make the folder %s: %s", path,
		    strerror(errno));
	if (lstat(path, &st) == -1 || !S_ISDIR(st.st_mode))
		fail(EXIT_CANNOT_WRITE, "%s is not a folder", path);
	if (t->uid != (uid_t)-1 && lchown(path, t->uid, t->gid) == -1)
		fail(EXIT_CANNOT_WRITE, "cannot give %s away: %s", path,
		    strerror(errno));
}

static bool
is_there(const char *path, const struct stat *wanted)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size == wanted->st_size;
}

/* A file that goes away while we look was temporary, or is deleted. */
static void
take_file(
    struct copytree *t, const FTSENT *entry, const char *to, bool is_fixed)
{
	t->files++;
	t->bytes += (uint64_t)entry->fts_statp->st_size;
	if (!is_fixed || !is_there(to, entry->fts_statp))
		copytree_file(t, entry->fts_path, to);
	if (t->progress != NULL)
		t->progress(t);
}

static FTS *
open_tree(const char *path)
{
	char *copy = xstrdup(path);
	char *paths[] = {copy, NULL};
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);

	free(copy);
	if (tree == NULL)
		fail(
		    EXIT_NO_INPUT, "cannot read %s: %s", path, strerror(errno));
	return tree;
}

/* Deletes what only the copy has. */
static void
prune(const char *from, const char *to)
{
	FTS *tree = open_tree(to);
	FTSENT *entry;
	struct stat st;

	while ((entry = fts_read(tree)) != NULL) {
		auto_free char *origin =
		    xasprintf("%s%s", from, entry->fts_path + strlen(to));

		if (entry->fts_info != FTS_F && entry->fts_info != FTS_DP)
			continue;
		if (lstat(origin, &st) == 0 || errno != ENOENT)
			continue;
		if (entry->fts_info == FTS_F)
			(void)unlink(entry->fts_path);
		else
			(void)rmdir(entry->fts_path);
	}
	(void)fts_close(tree);
}

void
copytree_run(
    struct copytree *t, const char *from, const char *to, bool is_fixed)
{
	FTS *tree = open_tree(from);
	FTSENT *entry;

	while ((entry = fts_read(tree)) != NULL) {
		auto_free char *target =
		    xasprintf("%s%s", to, entry->fts_path + strlen(from));

		switch (entry->fts_info) {
		case FTS_D:
			copytree_folder(t, target);
			break;
		case FTS_F:
			take_file(t, entry, target, is_fixed);
			break;
		case FTS_DNR:
		case FTS_ERR:
			fail(EXIT_NO_INPUT, "cannot read %s: %s",
			    entry->fts_path, strerror(entry->fts_errno));
		default:
			break;
		}
	}
	(void)fts_close(tree);
	if (t->is_mirror)
		prune(from, to);
}
