/* SPDX-License-Identifier: Apache-2.0 */
/* listing.c - pages of what an organisation has in the vault. */
#include "vault/listing.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

/* Folders that one page looks into. */
#define FOLDERS_MAX 4096

/* The blobs of one folder, blobs/ORG/xx/yy. */
struct folder {
	uint8_t (*sha256)[SHA256_BYTES];
	size_t count;
	size_t size;
};

static void
folder_release(struct folder *folder)
{
	free(folder->sha256);
	*folder = (struct folder){0};
}

OWN_RELEASE(folder)

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, SHA256_BYTES);
}

static bool
is_old(int dir, const char *name, uint64_t age_s)
{
	struct timespec now;
	struct stat st;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	/* The link into place changes the status: that is when it came. */
	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) && now.tv_sec > st.st_ctim.tv_sec &&
	       (uint64_t)(now.tv_sec - st.st_ctim.tv_sec) >= age_s;
}

static void
folder_add(struct folder *folder, const uint8_t sha256[SHA256_BYTES])
{
	if (folder->count == folder->size) {
		folder->size = folder->size ? 2 * folder->size : 64;
		folder->sha256 = xreallocarray(
		    folder->sha256, folder->size, sizeof(*folder->sha256));
	}
	memcpy(folder->sha256[folder->count++], sha256, SHA256_BYTES);
}

static int
folder_read(struct folder *folder, int fd, uint64_t age_s, struct fault *fault)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	uint8_t sha256[SHA256_BYTES];

	folder->count = 0;
	if (dir == NULL) {
		(void)close(fd);
		return fault_sys(fault, "listing a folder");
	}
	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			break;
		if (strlen(entry->d_name) == SHA256_HEX_BYTES - 1 &&
		    hex_decode(entry->d_name, sha256, sizeof(sha256)) ==
			ERR_OK &&
		    is_old(dirfd(dir), entry->d_name, age_s))
			folder_add(folder, sha256);
	}
	if (errno != 0)
		(void)fault_sys(fault, "listing a folder");
	(void)closedir(dir);
	if (folder->count > 0)
		qsort(folder->sha256, folder->count, sizeof(*folder->sha256),
		    compare);
	return fault->err;
}

/* What of the folder is behind the cursor; false when the page is full. */
static bool
take(struct listing *listing, const struct folder *folder)
{
	for (size_t i = 0; i < folder->count; i++) {
		const uint8_t *sha256 = folder->sha256[i];

		if (compare(sha256, listing->last) <= 0)
			continue;
		if (listing->count == LISTING_MAX)
			return false;
		memcpy(listing->sha256[listing->count++], sha256, SHA256_BYTES);
		memcpy(listing->last, sha256, SHA256_BYTES);
	}
	return true;
}

/* The folder of digests that begin so; -1 where there is none. */
static int
open_folder(
    const struct place *place, const char *org, unsigned int at, int *ret_fd)
{
	char name[PLACE_NAME_BYTES];

	(void)snprintf(name, sizeof(name), "blobs/%.36s/%02x/%02x", org,
	    at >> 8, at & 0xff);
	*ret_fd = openat(
	    place->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return *ret_fd == -1 && errno != ENOENT ? ERR_SYS : ERR_OK;
}

int
listing_read(struct listing *listing, const struct place *place,
    const char *org, const uint8_t behind[SHA256_BYTES], uint64_t age_s,
    struct fault *fault)
{
	AUTO(folder) folder = {0};
	unsigned int at = (unsigned int)(behind[0] << 8 | behind[1]);
	int fd;

	listing->count = 0;
	listing->is_end = false;
	memcpy(listing->last, behind, SHA256_BYTES);
	fault->err = place_check(place, fault);
	for (unsigned int i = 0; fault->err == ERR_OK && i < FOLDERS_MAX; i++) {
		if (open_folder(place, org, at, &fd) != ERR_OK)
			return fault_sys(fault, "opening a folder");
		if (fd != -1 &&
		    folder_read(&folder, fd, age_s, fault) != ERR_OK)
			return fault->err;
		if (fd != -1 && !take(listing, &folder))
			return ERR_OK;
		/* All of this folder is behind us. */
		memset(listing->last, 0xff, SHA256_BYTES);
		listing->last[0] = (uint8_t)(at >> 8);
		listing->last[1] = (uint8_t)at;
		if (at++ == 0xffff) {
			listing->is_end = true;
			return ERR_OK;
		}
	}
	return fault->err;
}
