/* SPDX-License-Identifier: Apache-2.0 */
/* shadow.c - killing what a dead owner left behind. */
#include "vm/shadow.h"

#include "lib/own.h"
#include "vm/hyper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define PASSES	 4
#define PAUSE_US 300000

/* True where pid still is the QEMU of that machine. */
static bool
is_machine(long pid, const char *name)
{
	char path[64], want[96], text[4096];
	auto_close int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%ld/cmdline", pid);
	(void)snprintf(want, sizeof(want), "guest=%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd == -1 ? -1 : read(fd, text, sizeof(text));
	return n > 0 && memmem(text, (size_t)n, want, strlen(want)) != NULL;
}

static void
kill_one(const char *run_dir, const char *file)
{
	char path[PROFILE_PATH_BYTES], name[64], text[32];
	auto_close int fd = -1;
	auto_close int pidfd = -1;
	ssize_t n;
	long pid;

	(void)snprintf(path, sizeof(path), "%s/%s", run_dir, file);
	(void)snprintf(
	    name, sizeof(name), "%.*s", (int)strcspn(file, "."), file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd == -1 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return;
	text[n] = '\0';
	pid = strtol(text, NULL, 10);
	if (pid <= 1)
		return;
	pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	/* Looked at after it was pinned: the number cannot be reused. */
	if (pidfd != -1 && is_machine(pid, name))
		(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
}

static void
kill_all(const char *run_dir)
{
	DIR *d = opendir(run_dir);
	struct dirent *e;

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);

		if (strncmp(e->d_name, MACHINE_PREFIX,
			strlen(MACHINE_PREFIX)) == 0 &&
		    len > 4 && strcmp(e->d_name + len - 4, ".pid") == 0)
			kill_one(run_dir, e->d_name);
	}
	(void)closedir(d);
}

/*
 * The QEMUs that libvirt starts to ask what QEMU can do: they have no pid file
 * at first, but the root folder stands in their command line.
 */
static void
kill_probe(long pid, const char *want)
{
	char path[64], text[4096];
	auto_close int fd = -1;
	auto_close int pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%ld/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd == -1 ? -1 : read(fd, text, sizeof(text));
	if (pidfd != -1 && n > 0 &&
	    memmem(text, (size_t)n, want, strlen(want)) != NULL)
		(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
}

static void
kill_probes(const char *run_dir)
{
	char want[PROFILE_PATH_BYTES + 32];
	const char *end = strstr(run_dir, "/run/");
	DIR *d = opendir("/proc");
	struct dirent *e;

	(void)snprintf(want, sizeof(want), "unix:%.*s/lib/qemu/qmp-",
	    (int)(end == NULL ? strlen(run_dir) : (size_t)(end - run_dir)),
	    run_dir);
	while (d != NULL && (e = readdir(d)) != NULL) {
		long pid = strtol(e->d_name, NULL, 10);

		if (pid > 1)
			kill_probe(pid, want);
	}
	if (d != NULL)
		(void)closedir(d);
}

__attribute__((noreturn)) static void
shadow_main(const char *run_dir, int in)
{
	char byte;

	(void)prctl(PR_SET_NAME, "loep-vm-shadow", 0, 0, 0);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	/* Nothing of the parent's may stay open because of us. */
	(void)dup2(in, 0);
	(void)syscall(SYS_close_range, 3u, ~0u, 0);
	while (read(0, &byte, 1) == -1 && errno == EINTR)
		continue;
	/* More than once: a QEMU may just be on its way. */
	for (int i = 0; i < PASSES; i++) {
		kill_all(run_dir);
		kill_probes(run_dir);
		(void)usleep(PAUSE_US);
	}
	_exit(0);
}

int
shadow_start(const char *run_dir)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return ERR_SYS;
	pid = fork();
	if (pid == 0)
		shadow_main(run_dir, fds[0]);
	(void)close(fds[0]);
	/* fds[1] stays open as long as we live. */
	return pid == -1 ? ERR_SYS : ERR_OK;
}
