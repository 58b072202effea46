/* SPDX-License-Identifier: Apache-2.0 */
/* tun.c - putting our own device in the place of /dev/net/tun. */
#include "vm/tun.h"

#include "lib/own.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#define SYSTEM_TUN "/dev/net/tun"

static int
write_text(const char *path, const char *text)
{
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text);

	if (fd == -1 || write(fd, text, len) != (ssize_t)len)
		return ERR_SYS;
	return ERR_OK;
}

/* A user namespace gives the right to mount; our ids stay what they are. */
static int
enter_namespace(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[64];

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == -1 ||
	    write_text("/proc/self/setgroups", "deny") != ERR_OK)
		return ERR_SYS;
	(void)snprintf(map, sizeof(map), "%u %u 1\n", uid, uid);
	if (write_text("/proc/self/uid_map", map) != ERR_OK)
		return ERR_SYS;
	(void)snprintf(map, sizeof(map), "%u %u 1\n", gid, gid);
	return write_text("/proc/self/gid_map", map);
}

static int
drop_capabilities(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[2] = {0};

	return syscall(SYS_capset, &head, none) == -1 ? ERR_SYS : ERR_OK;
}

int
tun_use(const char *device)
{
	if (device == NULL || device[0] == '\0' ||
	    strcmp(device, SYSTEM_TUN) == 0)
		return ERR_OK;
	if (enter_namespace() != ERR_OK)
		return ERR_SYS;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount(device, SYSTEM_TUN, NULL, MS_BIND, NULL) == -1)
		return ERR_SYS;
	return drop_capabilities();
}
