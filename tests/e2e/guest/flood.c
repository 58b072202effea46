/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flood - floods a guest in the way that its argument names, for the tests:
 * "fork" processes, "files" small files, "console" output, "opens" one file
 * over and over, "disk" one file without end. Run only inside a guest.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void __attribute__((noreturn)) flood_fork(void)
{
	for (;;)
		(void)fork();
}

static void __attribute__((noreturn)) flood_files(void)
{
	char path[64];
	unsigned int i;

	for (i = 0;; i++) {
		int fd;

		(void)snprintf(path, sizeof(path), "/var/tmp/f%u", i);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		(void)!write(fd, path, strlen(path));
		(void)close(fd);
		if (i % 2 == 1)
			(void)unlink(path);
	}
}

static void __attribute__((noreturn)) flood_console(void)
{
	char line[4096];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (;;)
		(void)!write(1, line, sizeof(line));
}

static void __attribute__((noreturn)) flood_opens(void)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (fork() == 0)
			break;
	for (;;) {
		int fd = open("/tmp/one", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		(void)close(fd);
	}
}

static void __attribute__((noreturn)) flood_disk(void)
{
	static char block[65536];
	int fd = open("/var/tmp/big", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	memset(block, 'd', sizeof(block));
	for (;;)
		(void)!write(fd, block, sizeof(block));
}

int
main(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "";

	/* It changes the system it runs on: never outside of a guest. */
	if (access("/usr/sbin/loep-agent", X_OK) != 0) {
		(void)fprintf(stderr, "this is not a guest of Loep\n");
		return 2;
	}

	if (strcmp(what, "fork") == 0)
		flood_fork();
	if (strcmp(what, "files") == 0)
		flood_files();
	if (strcmp(what, "console") == 0)
		flood_console();
	if (strcmp(what, "opens") == 0)
		flood_opens();
	if (strcmp(what, "disk") == 0)
		flood_disk();
	return 2;
}
