/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.c - starting one program of the table. */
#include "parent/spawn.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define ARGS_MAX 16

__attribute__((noreturn)) static void
give_up(const char *what)
{
	log_line(LOG_ERROR,
	    "msg=\"cannot start a program\" step=\"%s\" "
	    "error=\"%s\"",
	    what, strerror(errno));
	_exit(71);
}

static void
take_descriptors(const struct spawn *spawn)
{
	int null_fd = open("/dev/null", O_RDWR);
	int channel = spawn->channel;

	if (null_fd == -1 || dup2(null_fd, 0) == -1)
		give_up("descriptor 0");
	if (channel != -1) {
		/* dup2() onto itself would leave close-on-exec set. */
		if (channel == 3)
			channel = fcntl(channel, F_DUPFD, 4);
		if (dup2(channel, 3) == -1)
			give_up("descriptor 3");
	}
	if (syscall(SYS_close_range, channel == -1 ? 3 : 4, ~0U, 0) == -1)
		give_up("closing descriptors");
}

static void
take_user(const struct spawn *spawn)
{
	if (geteuid() != 0 || spawn->uid == 0)
		return;
	if (setgroups(0, NULL) == -1 ||
	    setresgid(spawn->gid, spawn->gid, spawn->gid) == -1 ||
	    setresuid(spawn->uid, spawn->uid, spawn->uid) == -1)
		give_up("taking its user");
}

/* The namespaces belong to the program's uid: be that user before. */
static void
enter_namespaces(const struct spawn *spawn)
{
	if (spawn->user_ns == -1)
		return;
	if (setns(spawn->user_ns, CLONE_NEWUSER) == -1)
		give_up("entering the user namespace");
	if (setns(spawn->net_ns, CLONE_NEWNET) == -1)
		give_up("entering the network namespace");
}

static void
exec_child(const struct spawn *spawn, pid_t parent)
{
	char *argv[ARGS_MAX + 2] = {(char *)(uintptr_t)spawn->name};
	char *env[8];
	const char *sanitizer = getenv("ASAN_OPTIONS");
	size_t n = 0;

	for (size_t i = 0;
	     spawn->args != NULL && spawn->args[i] != NULL && i < ARGS_MAX; i++)
		argv[i + 1] = spawn->args[i];
	env[n++] = xstrdup("PATH=/usr/sbin:/usr/bin:/sbin:/bin");
	env[n++] = xstrdup("LC_ALL=C.UTF-8");
	env[n++] = xstrdup("TZ=UTC");
	env[n++] = xasprintf("HOME=%s", spawn->home ? spawn->home : "/");
	if (spawn->tunables != NULL)
		env[n++] = xasprintf("GLIBC_TUNABLES=%s", spawn->tunables);
	if (sanitizer != NULL)
		env[n++] = xasprintf("ASAN_OPTIONS=%s", sanitizer);
	env[n] = NULL;
	take_user(spawn);
	enter_namespaces(spawn);
	take_descriptors(spawn);
	/* After the change of uid, which would clear it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1)
		give_up("death signal");
	if (getppid() != parent)
		_exit(71); /* the parent ended in between */
	execve(spawn->path, argv, env);
	give_up(spawn->path);
}

int
spawn_program(const struct spawn *spawn, pid_t *ret_pid, int *ret_pidfd)
{
	pid_t parent = getpid();
	pid_t pid = fork();
	int pidfd;

	if (pid == -1)
		return ERR_SYS;
	if (pid == 0)
		exec_child(spawn, parent);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd == -1)
		return ERR_SYS;
	(void)fcntl(pidfd, F_SETFD, FD_CLOEXEC);
	*ret_pid = pid;
	*ret_pidfd = pidfd;
	return ERR_OK;
}
