/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attack - does to its guest and to the agent what root can do there, in the
 * way that its argument names, for the tests:
 *	kill	kills the agent past the checks of signals: as a control group
 *	noise	takes the channel from the agent and writes damaged frames,
 *		last of all good ones that claim another agent
 *	flood	takes the channel and writes without end
 *	disk	writes one file until the disk is full
 *	panic	makes the kernel panic
 * Run only inside a guest.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/wire.h"

#define GROUP  "/sys/fs/cgroup/attack/"
#define DRIVER "/sys/bus/virtio/drivers/virtio_console/"
#define PORT   "/dev/virtio-ports/org.loep.agent"

static int
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? -1 : write(fd, text, strlen(text));

	if (n == -1)
		(void)printf("%s: %s\n", path, strerror(errno));
	if (fd != -1)
		(void)close(fd);
	(void)fflush(stdout);
	return n == -1 ? -1 : 0;
}

/* The agent's process, by its name. */
static void
find_agent(char *pid, size_t size)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	char path[300], name[32];

	pid[0] = '\0';
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		FILE *f;

		(void)snprintf(
		    path, sizeof(path), "/proc/%s/comm", entry->d_name);
		f = fopen(path, "re");
		if (f == NULL)
			continue;
		if (fgets(name, sizeof(name), f) != NULL &&
		    strcmp(name, "loep-agent\n") == 0)
			(void)snprintf(pid, size, "%.15s", entry->d_name);
		(void)fclose(f);
	}
	if (dir != NULL)
		(void)closedir(dir);
}

/* Signals are refused, but a control group can be killed. */
static void
kill_agent(void)
{
	char pid[16];

	find_agent(pid, sizeof(pid));
	(void)mkdir(GROUP, 0755);
	(void)put(GROUP "cgroup.procs", pid);
	(void)put(GROUP "cgroup.kill", "1");
}

/* The console's device on the virtio bus: "virtio3". */
static void
find_console(char *name, size_t size)
{
	DIR *dir = opendir(DRIVER);
	const struct dirent *entry;

	name[0] = '\0';
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, "virtio", 6) == 0)
			(void)snprintf(name, size, "%.31s", entry->d_name);
	}
	if (dir != NULL)
		(void)closedir(dir);
}

/* Takes the port away from the agent; it lives, but can say nothing. */
static int
take_port(void)
{
	char name[64];
	int fd = -1;

	find_console(name, sizeof(name));
	(void)put(DRIVER "unbind", name);
	(void)put(DRIVER "bind", name);
	for (int i = 0; i < 20000 && fd == -1; i++) {
		fd = open(PORT, O_WRONLY | O_CLOEXEC);
		if (fd == -1)
			(void)usleep(500);
	}
	return fd;
}

static void
put_all(int fd, const uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n == -1 && errno != EINTR && errno != EAGAIN)
			_exit(1);
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
}

static void
noise(int fd)
{
	static uint8_t buf[65536];
	struct gwire_builder b;
	size_t len;

	for (unsigned int i = 0; i < 100; i++) {
		for (size_t at = 0; at < sizeof(buf); at++)
			buf[at] = (uint8_t)random();
		put_all(fd, buf, sizeof(buf));
		/* A frame that was good, but for one bit; and half of one. */
		gwire_begin(&b, buf, sizeof(buf), WIRE_DONE);
		gwire_put_number(&b, WIRE_K_CAUSE, WIRE_C_ENDED);
		len = gwire_end(&b, i);
		buf[len - 1] ^= 1;
		put_all(fd, buf, len);
		put_all(fd, buf, len / 2);
	}
}

static void
forge(int fd)
{
	static const enum gwire_type types[] = {WIRE_READY, WIRE_STARTED,
	    WIRE_FILE_BEGIN, WIRE_FILE_DATA, WIRE_FILE_DATA, WIRE_FILE_END};
	static uint8_t buf[WIRE_FRAME_BYTES];
	struct gwire_builder b;

	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		gwire_begin(&b, buf, sizeof(buf), types[i]);
		gwire_put_text(&b, WIRE_K_PATH, "../../../etc/passwd");
		gwire_put_text(&b, WIRE_K_DATA, "forged");
		put_all(fd, buf, gwire_end(&b, i));
	}
}

static void __attribute__((noreturn)) flood(int fd)
{
	static uint8_t buf[1 << 20];

	memset(buf, 'A', sizeof(buf));
	for (;;)
		put_all(fd, buf, sizeof(buf));
}

static void
fill_disk(void)
{
	static uint8_t buf[1 << 20];
	int fd = open("/var/tmp/full", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	unsigned int mib = 0;

	while (write(fd, buf, sizeof(buf)) == (ssize_t)sizeof(buf))
		mib++;
	(void)printf("full after %u MiB: %s\n", mib, strerror(errno));
	(void)fflush(stdout);
}

/* Out of memory is a panic when root says so. */
static void
panic(void)
{
	(void)put("/proc/sysrq-trigger", "c"); /* which the agent refuses */
	(void)put("/proc/sys/vm/panic_on_oom", "2");
	for (;;) {
		uint8_t *p = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

		if (p == MAP_FAILED)
			(void)usleep(1000);
	}
}

int
main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	int fd;

	if (strcmp(how, "kill") == 0) {
		kill_agent();
	} else if (strcmp(how, "noise") == 0) {
		fd = take_port();
		noise(fd);
		forge(fd);
	} else if (strcmp(how, "flood") == 0) {
		flood(take_port());
	} else if (strcmp(how, "disk") == 0) {
		fill_disk();
		return 0;
	} else if (strcmp(how, "panic") == 0) {
		panic();
	} else {
		return 2;
	}
	(void)sleep(600);
	return 0;
}
