/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cage_landlock.c - Landlock, by its system calls (Documentation/
 * userspace-api/landlock.rst).  Debian 12's header knows version 2 only, so
 * the newer constants and the structure stand here.
 */
#include "lib/cage_landlock.h"

#include "lib/own.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Versions 3 (truncate), 5 (ioctl on devices). */
#define FS_TRUNCATE  (1ULL << 14)
#define FS_IOCTL_DEV (1ULL << 15)
/* Version 4. */
#define NET_BIND_TCP	(1ULL << 0)
#define NET_CONNECT_TCP (1ULL << 1)
/* Version 6. */
#define SCOPE_ABSTRACT_UNIX (1ULL << 0)
#define SCOPE_SIGNAL	    (1ULL << 1)

struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

#define FS_FILE_RIGHTS                                         \
 (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
     LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define FS_READ_RIGHTS \
 (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

int
cage_landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	return version < 0 ? 0 : (int)version;
}

/* All file system rights that this version knows. */
static uint64_t
fs_rights(int version)
{
	/* Version 1 ends at MAKE_SYM (bit 12); 13 is REFER. */
	uint64_t rights = (1ULL << 13) - 1;

	if (version >= 2)
		rights |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		rights |= FS_TRUNCATE;
	if (version >= 5)
		rights |= FS_IOCTL_DEV;
	return rights;
}

static int
allow_path(int ruleset, const struct cage_path *path, uint64_t handled)
{
	auto_close int fd = open(path->path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = {0};
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1)
		return ERR_SYS;
	switch (path->access) {
	case CAGE_READ:
		rule.allowed_access = FS_READ_RIGHTS;
		break;
	case CAGE_READ_EXEC:
		rule.allowed_access =
		    FS_READ_RIGHTS | LANDLOCK_ACCESS_FS_EXECUTE;
		break;
	case CAGE_READ_WRITE:
		rule.allowed_access = handled & ~LANDLOCK_ACCESS_FS_EXECUTE;
		break;
	}
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= FS_FILE_RIGHTS;
	rule.allowed_access &= handled;
	rule.parent_fd = fd;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		&rule, 0) == -1)
		return ERR_SYS;
	return ERR_OK;
}

int
cage_landlock(const struct cage *cage)
{
	int version = cage_landlock_version();
	struct ruleset_attr attr = {0};
	auto_close int ruleset = -1;
	size_t attr_size;

	if (version < 1) {
		errno = ENOSYS;
		return -1;
	}
	attr.handled_access_fs = fs_rights(version);
	attr_size = sizeof(attr.handled_access_fs);
	if (version >= 4) {
		if ((cage->groups & (CAGE_SOCKET | CAGE_TUN | CAGE_ANYTHING)) ==
		    0)
			attr.handled_access_net =
			    NET_BIND_TCP | NET_CONNECT_TCP;
		attr_size += sizeof(attr.handled_access_net);
	}
	if (version >= 6) {
		attr.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
		attr_size += sizeof(attr.scoped);
	}
	ruleset =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, attr_size, 0);
	if (ruleset == -1)
		return -1;
	for (const struct cage_path *p = cage->paths;
	     p != NULL && p->path != NULL; p++) {
		if (allow_path(ruleset, p, attr.handled_access_fs) != ERR_OK)
			return -1;
	}
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) == -1)
		return -1;
	return version;
}
