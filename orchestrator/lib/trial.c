/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c - tries what a cage forbids, from inside it. */
#include "lib/trial.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static bool
try_connect(void)
{
	struct sockaddr_in addr = {
	    .sin_family = AF_INET,
	    .sin_port = htons(9),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	/* A socket is one step too far already. */
	(void)connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	return fd != -1;
}

static bool
try_exec(void)
{
	char *args[] = {(char[]){"false"}, NULL};
	char *env[] = {NULL};

	/* Success shows as the status 1 of false(1), which is no refusal. */
	(void)execve("/bin/false", args, env);
	return false;
}

static bool
try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid != -1;
}

static bool
try_memory(const char *bytes)
{
	size_t size = (size_t)strtoull(bytes, NULL, 10);
	char *p = malloc(size);

	if (p == NULL)
		return false;
	/* So that the compiler cannot leave the allocation out. */
	*(volatile char *)p = 1;
	free(p);
	return true;
}

static bool
try_act(const char *act)
{
	if (strncmp(act, "open:", 5) == 0)
		return open(act + 5, O_RDONLY | O_CLOEXEC) != -1;
	if (strncmp(act, "write:", 6) == 0)
		return open(act + 6, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) !=
		       -1;
	if (strcmp(act, "connect") == 0)
		return try_connect();
	if (strcmp(act, "exec") == 0)
		return try_exec();
	if (strcmp(act, "fork") == 0)
		return try_fork();
	if (strcmp(act, "ptrace") == 0)
		return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
	if (strcmp(act, "kill") == 0)
		return kill(getppid(), 0) == 0;
	if (strncmp(act, "memory:", 7) == 0)
		return try_memory(act + 7);
	if (strcmp(act, "code") == 0)
		return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
	if (strcmp(act, "input") == 0)
		return pwrite(3, "x", 1, 0) == 1;
	_exit(TRIAL_UNKNOWN);
}

void
trial_run(const char *act)
{
	_exit(try_act(act) ? TRIAL_SUCCEEDED : TRIAL_REFUSED);
}
