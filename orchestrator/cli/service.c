/* SPDX-License-Identifier: Apache-2.0 */
/* service.c - loep init, start, stop. */
#include "cli/command.h"
#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* How long a start or stop may take; a cage, keys and a pool are behind it. */
#define START_MS 30000
#define STOP_MS	 90000
#define POLL_US	 100000

/* Makes the folders above the state folder, as mkdir -p does. */
static void
make_parents(const char *path)
{
	auto_free char *copy = xstrdup(path);

	for (char *p = copy + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		(void)mkdir(copy, 0755);
		*p = '/';
	}
}

static void
exec_parent(const struct cli *cli, char **args)
{
	auto_free char *path = xasprintf("%s/loepd", cli->programs_dir);

	(void)execv(path, args);
	fail(EXIT_UNREACHABLE, "cannot run %s: %s", path, strerror(errno));
}

int
cmd_init(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
	    {"org", required_argument, NULL, 'o'},
	    {"class", required_argument, NULL, 'c'},
	    {NULL, 0, NULL, 0},
	};
	char *args[] = {(char[]){"loepd"}, (char[]){"--init"},
	    (char[]){"--state"}, cli->state_dir, (char[]){"--org"},
	    (char[]){"CSIRT"}, (char[]){"--class"}, (char[]){"CSIRT"}, NULL};
	int c, status;
	pid_t pid;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'o')
			args[5] = optarg;
		else if (c == 'c')
			args[7] = optarg;
		else
			command_usage("init", EXIT_USAGE);
	}
	make_parents(cli->state_dir);
	pid = fork();
	if (pid == 0)
		exec_parent(cli, args);
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		fail(EXIT_FAILED, "cannot start loepd: %s", strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
	cert_first(cli);
	printf("Loep is made in %s\n"
	       "  keys           vault/keys (back them up: without them the "
	       "evidence is gone)\n"
	       "  database       db/loep.db\n"
	       "  certificate    tls/cert.pem (for HTTPS: [web] listen)\n"
	       "  configuration  loep.conf\n"
	       "Start it with: loep --state %s start\n",
	    cli->state_dir, cli->state_dir);
	return 0;
}

static void
wait_until_up(struct cli *cli, pid_t pid, const char *log)
{
	uint64_t end_ms = loop_now_ms() + START_MS;
	int status;

	while (!api_is_ready(cli->api)) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			fail(EXIT_UNREACHABLE,
			    "the service ended at once; "
			    "its log is %s",
			    log);
		if (loop_now_ms() > end_ms)
			fail(EXIT_UNREACHABLE,
			    "the service does not answer "
			    "yet; its log is %s",
			    log);
		(void)usleep(POLL_US);
	}
}

int
cmd_start(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
	    {"background", no_argument, NULL, 'b'},
	    {"config", required_argument, NULL, 'c'},
	    {NULL, 0, NULL, 0},
	};
	char *args[] = {(char[]){"loepd"}, (char[]){"--state"}, cli->state_dir,
	    NULL, NULL, NULL};
	auto_free char *log = xasprintf("%s/loepd.log", cli->state_dir);
	bool is_background = false;
	int c, fd;
	pid_t pid;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'b') {
			is_background = true;
		} else if (c == 'c') {
			args[3] = (char[]){"--config"};
			args[4] = optarg;
		} else {
			command_usage("start", EXIT_USAGE);
		}
	}
	if (!is_background)
		exec_parent(cli, args);
	if (api_is_up(cli->api))
		fail(EXIT_FAILED, "a Loep serves %s already", cli->state_dir);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd == -1)
		fail(EXIT_CANNOT_WRITE,
		    "cannot write %s: %s (has `loep init` "
		    "been run?)",
		    log, strerror(errno));
	pid = fork();
	if (pid == 0) {
		(void)setsid();
		if (dup2(fd, STDOUT_FILENO) == -1 ||
		    dup2(fd, STDERR_FILENO) == -1)
			_exit(71);
		exec_parent(cli, args);
	}
	(void)close(fd);
	wait_until_up(cli, pid, log);
	printf("Loep serves %s (process %d, log %s)\n", cli->state_dir,
	    (int)pid, log);
	return 0;
}

int
cmd_stop(struct cli *cli, int argc, char **argv)
{
	auto_free char *path = xasprintf("%s/loepd.lock", cli->state_dir);
	auto_close int fd = open(path, O_RDWR | O_CLOEXEC);
	uint64_t end_ms = loop_now_ms() + STOP_MS;
	char text[32] = "";
	pid_t pid;

	(void)argc;
	(void)argv;
	if (fd == -1 || read(fd, text, sizeof(text) - 1) <= 0 ||
	    flock(fd, LOCK_EX | LOCK_NB) == 0) {
		printf("No Loep serves %s.\n", cli->state_dir);
		return 0;
	}
	/* Only who holds the lock wrote this number. */
	pid = (pid_t)strtol(text, NULL, 10);
	if (pid <= 1 || kill(pid, SIGTERM) == -1)
		fail(EXIT_DENIED, "cannot stop process %d: %s", (int)pid,
		    strerror(errno));
	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (loop_now_ms() > end_ms)
			fail(EXIT_TEMPORARY, "process %d is still stopping",
			    (int)pid);
		(void)usleep(POLL_US);
	}
	printf("Stopped.\n");
	return 0;
}
