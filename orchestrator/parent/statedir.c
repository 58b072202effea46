/* SPDX-License-Identifier: Apache-2.0 */
/* statedir.c - the state folder: its layout and its lock. */
#include "parent/statedir.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

int
statedir_lock(const char *state_dir, int *ret_fd, pid_t *ret_holder)
{
	auto_free char *path = xasprintf("%s/loepd.lock", state_dir);
	auto_close int fd = -1;
	char text[32] = "";
	ssize_t len;

	*ret_holder = 0;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd == -1)
		return ERR_SYS;
	if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK)
			return ERR_SYS;
		len = read(fd, text, sizeof(text) - 1);
		if (len > 0)
			*ret_holder = (pid_t)strtol(text, NULL, 10);
		return ERR_CONFLICT;
	}
	(void)snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) == -1 ||
	    pwrite(fd, text, strlen(text), 0) != (ssize_t)strlen(text))
		return ERR_SYS;
	*ret_fd = take_fd(fd);
	return ERR_OK;
}

int
statedir_make(
    const char *state_dir, const char *name, mode_t mode, uid_t uid, gid_t gid)
{
	auto_free char *path = xasprintf("%s/%s", state_dir, name);
	struct stat st;

	if (mkdir(path, mode) == -1 && errno != EEXIST)
		return ERR_SYS;
	/* Never follow a link that somebody put there. */
	if (lstat(path, &st) == -1)
		return ERR_SYS;
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return ERR_SYS;
	}
	if (geteuid() == 0 && lchown(path, uid, gid) == -1)
		return ERR_SYS;
	return ERR_OK;
}
