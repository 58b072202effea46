/* SPDX-License-Identifier: Apache-2.0 */
/* Starting of the sample and of the unpacker. */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A fork bomb must not starve the agent of process ids. */
#define RUN_PIDS_MAX 2000
#define ARGS_MAX     (WIRE_STRINGS_MAX + 4)

static int
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return -1;
	n = write(fd, text, strlen(text));
	(void)close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

void
spawn_prepare_cgroup(void)
{
	char text[64];
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

	(void)write_file(
	    "/sys/fs/cgroup/cgroup.subtree_control", "+memory +pids");
	(void)mkdir(SPAWN_CGROUP, 0755);
	(void)snprintf(
	    text, sizeof(text), "%lld", (long long)pages * page / 4 * 3);
	(void)write_file(SPAWN_CGROUP "/memory.max", text);
	(void)snprintf(text, sizeof(text), "%d", RUN_PIDS_MAX);
	(void)write_file(SPAWN_CGROUP "/pids.max", text);
}

void
spawn_kill_cgroup(void)
{
	(void)write_file(SPAWN_CGROUP "/cgroup.kill", "1");
}

void
spawn_remove_cgroup(void)
{
	(void)rmdir(SPAWN_CGROUP);
}

static void
child_fail(int status)
{
	int error = errno;

	(void)!write(status, &error, sizeof(error));
	_exit(127);
}

/* In the child; never returns. Descriptors: all the rest is CLOEXEC. */
static void __attribute__((noreturn))
child_run(const struct spawn_request *req, int go, int status)
{
	const struct sched_param normal = {0};
	const struct rlimit files = {1024, 524288};
	char *argv[ARGS_MAX];
	const char *program = req->path;
	struct sigaction sa = {.sa_handler = SIG_DFL};
	sigset_t none;
	size_t n = 0, i;
	char byte;
	int sig;

	(void)setsid();
	(void)sched_setscheduler(0, SCHED_OTHER, &normal);
	(void)setrlimit(RLIMIT_NOFILE, &files);
	for (sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &sa, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (read(go, &byte, 1) != 1)
		_exit(127);
	if (req->interpreter[0] != '\0') {
		program = req->interpreter;
		argv[n++] = strdup(req->interpreter);
	}
	argv[n++] = strdup(req->path);
	for (i = 0; req->args[i] != NULL && n < ARGS_MAX - 1; i++)
		argv[n++] = req->args[i];
	argv[n] = NULL;
	(void)umask(022);
	if (chdir(req->directory) == -1)
		(void)!chdir("/");
	if (req->uid != 0 &&
	    (setgroups(1, &req->gid) == -1 ||
		setresgid(req->gid, req->gid, req->gid) == -1 ||
		setresuid(req->uid, req->uid, req->uid) == -1))
		child_fail(status);
	(void)execve(program, argv, req->env);
	child_fail(status);
	_exit(127);
}

static void
close_pair(int fds[2])
{
	if (fds[0] != -1)
		(void)close(fds[0]);
	if (fds[1] != -1)
		(void)close(fds[1]);
}

static int
child_stdio(int out, int err)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null == -1 || dup2(null, 0) == -1 || dup2(out, 1) == -1 ||
	    dup2(err, 2) == -1)
		return -1;
	return 0;
}

static void
join_cgroup(pid_t pid)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	(void)write_file(SPAWN_CGROUP "/cgroup.procs", text);
	/* The agent's own protection is not inherited by the sample. */
	(void)snprintf(text, sizeof(text), "/proc/%d/oom_score_adj", (int)pid);
	(void)write_file(text, "500");
}

int
spawn_prepare(const struct spawn_request *req, struct spawned *ret_child)
{
	int go[2] = {-1, -1}, status[2] = {-1, -1}, out[2] = {-1, -1},
	    err[2] = {-1, -1};
	pid_t pid = -1;

	if (pipe2(go, O_CLOEXEC) == 0 && pipe2(status, O_CLOEXEC) == 0 &&
	    pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0)
		pid = fork();
	if (pid == 0) {
		(void)close(go[1]);
		if (child_stdio(out[1], err[1]) == -1)
			child_fail(status[1]);
		child_run(req, go[0], status[1]);
	}
	if (pid == -1) {
		close_pair(go);
		close_pair(status);
		close_pair(out);
		close_pair(err);
		return -1;
	}
	(void)close(go[0]);
	(void)close(status[1]);
	(void)close(out[1]);
	(void)close(err[1]);
	join_cgroup(pid);
	(void)fcntl(out[0], F_SETFL, O_NONBLOCK);
	(void)fcntl(err[0], F_SETFL, O_NONBLOCK);
	ret_child->pid = pid;
	ret_child->go = go[1];
	ret_child->status = status[0];
	ret_child->out = out[0];
	ret_child->err = err[0];
	return 0;
}

int
spawn_release(struct spawned *child)
{
	int error = 0;
	ssize_t n = write(child->go, "", 1);

	(void)close(child->go);
	child->go = -1;
	if (n == 1) {
		do {
			n = read(child->status, &error, sizeof(error));
		} while (n == -1 && errno == EINTR);
	}
	(void)close(child->status);
	child->status = -1;
	return n == (ssize_t)sizeof(error) ? error : 0;
}

int
spawn_helper(char *const argv[], unsigned int timeout_ms)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	static char search[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	static char locale[] = "LC_ALL=C";
	static char *const env[] = {search, locale, NULL};
	unsigned int waited;
	pid_t pid = fork();
	int status;

	if (pid == -1)
		return -1;
	if (pid == 0) {
		const struct sched_param normal = {0};
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		(void)sched_setscheduler(0, SCHED_OTHER, &normal);
		(void)dup2(null, 0);
		(void)dup2(null, 1);
		(void)dup2(null, 2);
		(void)execve(argv[0], argv, env);
		_exit(127);
	}
	for (waited = 0; waited < timeout_ms; waited += 10) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		(void)nanosleep(&pause, NULL);
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	return -1;
}
