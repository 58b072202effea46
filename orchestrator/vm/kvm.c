/* SPDX-License-Identifier: Apache-2.0 */
/* kvm.c - booting a kernel under KVM to see. */
#include "vm/kvm.h"

#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define QEMU	   "/usr/bin/qemu-system-x86_64"
#define BOOT_ID	   "/proc/sys/kernel/random/boot_id"
#define PROBE_MS   15000u
#define OUT_BYTES  65536u
#define ANSWER_MAX 512

static bool
read_text(const char *path, char *text, size_t size)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? -1 : read(fd, text, size - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return true;
}

/* The line of the cache: boot id, "yes" or "no", why. */
static bool
cached(const char *cache, const char *boot_id, bool *ret_works, char *why)
{
	char text[ANSWER_MAX];
	size_t n = strlen(boot_id);

	if (cache == NULL || !read_text(cache, text, sizeof(text)) ||
	    strncmp(text, boot_id, n) != 0 || text[n] != ' ')
		return false;
	*ret_works = strncmp(text + n + 1, "yes ", 4) == 0;
	text[strcspn(text, "\n")] = '\0';
	(void)snprintf(why, KVM_WHY_BYTES, "%.200s",
	    strlen(text + n) > 4 ? text + n + 4 : "");
	while (why[0] == ' ')
		memmove(why, why + 1, strlen(why));
	return true;
}

static void
keep(const char *cache, const char *boot_id, bool works, const char *why)
{
	FILE *f = cache == NULL ? NULL : fopen(cache, "we");

	if (f == NULL)
		return; /* asked anew next time */
	(void)fprintf(f, "%s %s %s\n", boot_id, works ? "yes" : "no", why);
	(void)fclose(f);
}

static pid_t
start_qemu(const char *kernel, int out)
{
	extern char **environ;
	auto_free char *image = xstrdup(kernel);
	char *argv[] = {(char[]){"qemu"}, (char[]){"-accel"}, (char[]){"kvm"},
	    (char[]){"-cpu"}, (char[]){"host"}, (char[]){"-m"}, (char[]){"256"},
	    (char[]){"-nodefaults"}, (char[]){"-no-user-config"},
	    (char[]){"-display"}, (char[]){"none"}, (char[]){"-no-reboot"},
	    (char[]){"-serial"}, (char[]){"stdio"}, (char[]){"-kernel"}, image,
	    (char[]){"-append"}, (char[]){"console=ttyS0 panic=-1"}, NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;

	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(
	    &actions, 0, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_adddup2(&actions, out, 1);
	(void)posix_spawn_file_actions_adddup2(&actions, out, 2);
	if (posix_spawn(&pid, QEMU, &actions, NULL, argv, environ) != 0)
		pid = -1;
	(void)posix_spawn_file_actions_destroy(&actions);
	return pid;
}

/* Reads until the kernel has said its name, QEMU ends, or time is up. */
static bool
read_boot(int in, char *why)
{
	auto_free char *text = xcalloc(1, OUT_BYTES + 1);
	uint64_t until_ms = loop_now_ms() + PROBE_MS;
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < OUT_BYTES && loop_now_ms() < until_ms) {
		struct pollfd set = {.fd = in, .events = POLLIN};

		if (poll(&set, 1, 200) <= 0)
			continue;
		n = read(in, text + len, OUT_BYTES - len);
		if (n > 0)
			len += (size_t)n;
		/* Its console comes up when memory, traps and clocks work. */
		if (memmem(text, len, "Linux version", 13) != NULL) {
			(void)snprintf(
			    why, KVM_WHY_BYTES, "a kernel booted under KVM");
			return true;
		}
	}
	text[strcspn(text, "\r\n")] = '\0';
	(void)snprintf(why, KVM_WHY_BYTES,
	    "/dev/kvm is there, but a kernel does not boot under it: %.120s",
	    text[0] != '\0' ? text : "no output in 15 s");
	return false;
}

static bool
boot_once(const char *kernel, char *why)
{
	auto_close int in = -1;
	int pipe_fds[2];
	bool works;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) == -1)
		return false;
	in = pipe_fds[0];
	pid = start_qemu(kernel, pipe_fds[1]);
	(void)close(pipe_fds[1]);
	if (pid == -1) {
		(void)snprintf(why, KVM_WHY_BYTES, QEMU " does not start");
		return false;
	}
	works = read_boot(in, why);
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	return works;
}

bool
kvm_works(const char *kernel, const char *cache, char why[KVM_WHY_BYTES])
{
	char boot_id[64] = "";
	bool works = false;

	if (access("/dev/kvm", R_OK | W_OK) == -1) {
		(void)snprintf(
		    why, KVM_WHY_BYTES, "/dev/kvm: %s", strerror(errno));
		return false;
	}
	(void)read_text(BOOT_ID, boot_id, sizeof(boot_id));
	boot_id[strcspn(boot_id, "\n")] = '\0';
	if (boot_id[0] != '\0' && cached(cache, boot_id, &works, why))
		return works;
	works = boot_once(kernel, why);
	if (boot_id[0] != '\0')
		keep(cache, boot_id, works, why);
	return works;
}
