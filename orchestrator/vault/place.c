/* SPDX-License-Identifier: Apache-2.0 */
/* place.c - names, links and syncs in the vault's folder. */
#include "vault/place.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Folders between tmp/ and a blob that was set aside. */
#define TREE_DEPTH 4

/* How the names of unfinished uploads begin in tmp/. */
#define PART_PREFIX "part-"

static const char *const subfolders[] = {"keys", "tmp", "blobs"};

bool
place_org_is_valid(const char *org)
{
	for (size_t i = 0; i < BLOB_ORG_BYTES - 1; i++) {
		const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
		const char c = org[i];

		if (is_dash
			? c != '-'
			: !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return org[BLOB_ORG_BYTES - 1] == '\0';
}

static int
sync_folder(const char *path)
{
	auto_close int fd =
	    open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd == -1 || fsync(fd) == -1 ? ERR_SYS : ERR_OK;
}

int
place_make(const char *state_dir, struct fault *fault)
{
	auto_free char *path = xasprintf("%s/vault", state_dir);

	if (mkdir(state_dir, 0700) == -1 && errno != EEXIST)
		return fault_sys(fault, "making the state folder");
	/* loepd may have made the folder itself, with the right owner. */
	if (mkdir(path, 0700) == 0) {
		if (sync_folder(state_dir) != ERR_OK)
			return fault_sys(fault, "syncing the state folder");
	} else if (errno != EEXIST) {
		return fault_sys(fault, "making the vault folder");
	}
	for (size_t i = 0; i < sizeof(subfolders) / sizeof(*subfolders); i++) {
		auto_free char *sub = xasprintf("%s/%s", path, subfolders[i]);

		if (mkdir(sub, 0700) == -1) {
			if (errno == EEXIST)
				return fault_set(fault, ERR_CONFLICT,
				    "%s is there already: not overwriting a "
				    "vault",
				    sub);
			return fault_sys(fault, "making folders");
		}
	}
	if (sync_folder(path) != ERR_OK)
		return fault_sys(fault, "syncing folders");
	return ERR_OK;
}

int
place_open(const char *state_dir, struct fault *fault, struct place **ret_place)
{
	auto_free char *path = xasprintf("%s/vault", state_dir);
	auto_close int fd = -1;
	struct place *place;
	struct stat st;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1 || fstat(fd, &st) == -1)
		return fault_sys(fault, path);
	for (size_t i = 0; i < sizeof(subfolders) / sizeof(*subfolders); i++) {
		if (faccessat(fd, subfolders[i], R_OK | X_OK, AT_EACCESS) == -1)
			return fault_sys(fault, subfolders[i]);
	}
	place = xcalloc(1, sizeof(*place));
	place->fd = take_fd(fd);
	place->path = take_ptr(path);
	place->dev = st.st_dev;
	place->ino = st.st_ino;
	*ret_place = place;
	return ERR_OK;
}

void
place_free(struct place *place)
{
	if (place == NULL)
		return;
	(void)close(place->fd);
	free(place->path);
	free(place);
}

int
place_lock(struct place *place, struct fault *fault)
{
	if (flock(place->fd, LOCK_EX | LOCK_NB) == -1)
		return fault_set(fault, ERR_CONFLICT,
		    "another process works in %s", place->path);
	return ERR_OK;
}

int
place_check(const struct place *place, struct fault *fault)
{
	struct stat st;

	if (stat(place->path, &st) == -1 || st.st_dev != place->dev ||
	    st.st_ino != place->ino)
		return fault_set(fault, ERR_UNAVAILABLE,
		    "the vault folder is not at its place");
	return ERR_OK;
}

bool
place_is_replaced(const struct place *place)
{
	struct stat st;

	return stat(place->path, &st) == 0 &&
	       (st.st_dev != place->dev || st.st_ino != place->ino);
}

void
place_tmp_name(char dst[PLACE_NAME_BYTES], uint64_t id)
{
	(void)snprintf(
	    dst, PLACE_NAME_BYTES, "tmp/%016llx", (unsigned long long)id);
}

void
place_part_name(char dst[PLACE_NAME_BYTES], const char *id, const char *suffix)
{
	(void)snprintf(
	    dst, PLACE_NAME_BYTES, "tmp/" PART_PREFIX "%.36s%s", id, suffix);
}

void
place_blob_name(char dst[PLACE_NAME_BYTES], const char *org,
    const uint8_t sha256[SHA256_BYTES])
{
	char hex[SHA256_HEX_BYTES];

	hex_encode(hex, sha256, SHA256_BYTES);
	(void)snprintf(dst, PLACE_NAME_BYTES, "blobs/%.36s/%.2s/%.2s/%s", org,
	    hex, hex + 2, hex);
}

/* The name of the folder that holds name. */
static void
folder_of(char dst[PLACE_NAME_BYTES], const char *name)
{
	const char *slash = strrchr(name, '/');

	assert(slash != NULL);
	(void)snprintf(
	    dst, PLACE_NAME_BYTES, "%.*s", (int)(slash - name), name);
}

void
place_dirs_add(struct place_dirs *dirs, const char *name)
{
	for (size_t i = 0; i < dirs->count; i++) {
		if (strcmp(dirs->names[i], name) == 0)
			return;
	}
	if (dirs->count == PLACE_DIRS_MAX) {
		dirs->is_full = true;
		return;
	}
	(void)snprintf(
	    dirs->names[dirs->count++], PLACE_NAME_BYTES, "%s", name);
}

/*
 * Makes the folders above name, from the top, but never the first level.  A
 * new folder is only durable once the one above it has been synced.
 */
static int
make_folders(
    const struct place *place, const char *name, struct place_dirs *dirs)
{
	char folder[PLACE_NAME_BYTES];
	char above[PLACE_NAME_BYTES];
	const char *slash = strchr(name, '/');

	while (slash != NULL && (slash = strchr(slash + 1, '/')) != NULL) {
		(void)snprintf(
		    folder, sizeof(folder), "%.*s", (int)(slash - name), name);
		if (mkdirat(place->fd, folder, 0700) == 0) {
			folder_of(above, folder);
			place_dirs_add(dirs, above);
		} else if (errno != EEXIST) {
			return ERR_SYS;
		}
	}
	return ERR_OK;
}

/* ERR_CONFLICT where the name is taken, ERR_NOT_FOUND without its folder. */
static int
link_once(const struct place *place, const char *tmp, const char *name)
{
	if (linkat(place->fd, tmp, place->fd, name, 0) == 0)
		return ERR_OK;
	if (errno == EEXIST)
		return ERR_CONFLICT;
	return errno == ENOENT ? ERR_NOT_FOUND : ERR_SYS;
}

int
place_link_also(const struct place *place, const char *tmp, const char *name,
    struct place_dirs *dirs, bool *ret_is_new)
{
	char folder[PLACE_NAME_BYTES];
	int err = link_once(place, tmp, name);

	if (err == ERR_NOT_FOUND) {
		if (make_folders(place, name, dirs) != ERR_OK)
			return ERR_SYS;
		err = link_once(place, tmp, name);
	}
	if (err != ERR_OK && err != ERR_CONFLICT)
		return ERR_SYS;
	folder_of(folder, name);
	place_dirs_add(dirs, folder);
	*ret_is_new = err == ERR_OK;
	return ERR_OK;
}

int
place_link(const struct place *place, const char *tmp, const char *name,
    struct place_dirs *dirs, bool *ret_is_new)
{
	int err = place_link_also(place, tmp, name, dirs, ret_is_new);

	if (err == ERR_OK && *ret_is_new && unlinkat(place->fd, tmp, 0) == -1)
		return ERR_SYS;
	return err;
}

int
place_replace(const struct place *place, const char *tmp, const char *name)
{
	return renameat(place->fd, tmp, place->fd, name) == -1 ? ERR_SYS
							       : ERR_OK;
}

static int
sync_name(const struct place *place, const char *name)
{
	auto_close int fd = openat(
	    place->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd == -1 || fsync(fd) == -1 ? ERR_SYS : ERR_OK;
}

int
place_sync_tmp(const struct place *place)
{
	return sync_name(place, "tmp");
}

size_t
place_sync_count(const struct place_dirs *dirs)
{
	return dirs->is_full ? 1 : dirs->count;
}

int
place_sync(
    const struct place *place, const struct place_dirs *dirs, size_t index)
{
	if (dirs->is_full)
		return syncfs(place->fd) == -1 ? ERR_SYS : ERR_OK;
	return sync_name(place, dirs->names[index]);
}

int
place_sync_all(const struct place *place, const struct place_dirs *dirs)
{
	for (size_t i = 0; i < place_sync_count(dirs); i++) {
		if (place_sync(place, dirs, i) != ERR_OK)
			return ERR_SYS;
	}
	return ERR_OK;
}

int
place_remove(const struct place *place, const char *name, struct fault *fault)
{
	char folder[PLACE_NAME_BYTES];

	if (unlinkat(place->fd, name, 0) == -1) {
		if (errno == ENOENT &&
		    faccessat(place->fd, "blobs", X_OK, AT_EACCESS) == 0)
			return fault_set(
			    fault, ERR_NOT_FOUND, "there is no such blob");
		return fault_sys(fault, "removing a blob");
	}
	folder_of(folder, name);
	if (sync_name(place, folder) != ERR_OK)
		return fault_sys(fault, "syncing a folder");
	return ERR_OK;
}

int
place_erase(const struct place *place, const char *org, struct fault *fault)
{
	char from[PLACE_NAME_BYTES];
	char to[PLACE_NAME_BYTES];
	uint64_t number;

	random_bytes(&number, sizeof(number));
	(void)snprintf(from, sizeof(from), "blobs/%.36s", org);
	(void)snprintf(
	    to, sizeof(to), "tmp/erased-%016llx", (unsigned long long)number);
	if (renameat(place->fd, from, place->fd, to) == -1 && errno != ENOENT)
		return fault_sys(fault, "setting erased blobs aside");
	return ERR_OK;
}

static DIR *
open_folder(int at, const char *name)
{
	auto_close int fd =
	    openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);

	if (dir != NULL)
		(void)take_fd(fd);
	return dir;
}

static bool
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Empties and removes a tree that is at most TREE_DEPTH folders deep. */
static void
remove_tree(int at, const char *name)
{
	DIR *dirs[TREE_DEPTH];
	char names[TREE_DEPTH][NAME_MAX + 1];
	struct dirent *entry;
	size_t depth = 0;

	dirs[0] = open_folder(at, name);
	if (dirs[0] == NULL)
		return;
	(void)snprintf(names[0], sizeof(names[0]), "%s", name);
	for (;;) {
		DIR *sub;

		entry = readdir(dirs[depth]);
		if (entry == NULL) {
			(void)closedir(dirs[depth]);
			(void)unlinkat(depth > 0 ? dirfd(dirs[depth - 1]) : at,
			    names[depth], AT_REMOVEDIR);
			if (depth-- == 0)
				return;
			continue;
		}
		if (is_dots(entry->d_name) ||
		    unlinkat(dirfd(dirs[depth]), entry->d_name, 0) == 0 ||
		    depth == TREE_DEPTH - 1)
			continue;
		sub = open_folder(dirfd(dirs[depth]), entry->d_name);
		if (sub == NULL)
			continue;
		dirs[++depth] = sub;
		(void)snprintf(
		    names[depth], sizeof(names[depth]), "%s", entry->d_name);
	}
}

static void
sweep(const struct place *place, bool is_erased)
{
	DIR *dir = open_folder(place->fd, "tmp");
	struct dirent *entry;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (is_dots(entry->d_name))
			continue;
		if (strncmp(entry->d_name, PART_PREFIX,
			sizeof(PART_PREFIX) - 1) == 0)
			continue;
		if (is_erased)
			remove_tree(dirfd(dir), entry->d_name);
		else
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	(void)closedir(dir);
}

void
place_sweep(const struct place *place)
{
	/* What a killed process linked may not be on the disk yet, and later
	 * commits rely on the folders above them. */
	(void)syncfs(place->fd);
	sweep(place, false);
}

void
place_sweep_erased(const struct place *place)
{
	sweep(place, true);
}
