/* SPDX-License-Identifier: Apache-2.0 */
/* process.c - another program, whose output is read. */
#include "cli/process.h"

#include "lib/cage_landlock.h"
#include "lib/own.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* What a caged program may write into a file, use up and map. */
#define FILE_BYTES_MAX ((rlim_t)2 << 30)
#define CPU_SECONDS    600
#define MEMORY_MAX     ((rlim_t)6 << 30)
#define CAGE_FAILED    126

static int
write_text(const char *path, const char *text)
{
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text);

	return fd != -1 && write(fd, text, len) == (ssize_t)len ? ERR_OK
								: ERR_SYS;
}

/* A user namespace in which we are who we are, and an empty network. */
static int
leave_network(void)
{
	unsigned int uid = geteuid();
	unsigned int gid = getegid();
	char map[64];

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC) == -1 ||
	    write_text("/proc/self/setgroups", "deny") != ERR_OK)
		return ERR_SYS;
	(void)snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	if (write_text("/proc/self/uid_map", map) != ERR_OK)
		return ERR_SYS;
	(void)snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	return write_text("/proc/self/gid_map", map);
}

/* Paths that exist on every system; Landlock refuses lists with others. */
static size_t
add_system(struct cage_path *paths)
{
	static const char *const run[] = {"/usr", "/bin", "/lib", "/lib64"};
	static const char *const read[] = {
	    "/etc", "/proc", "/dev/urandom", "/dev/random"};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(run) / sizeof(run[0]); i++) {
		if (access(run[i], F_OK) == 0)
			paths[count++] =
			    (struct cage_path){run[i], CAGE_READ_EXEC};
	}
	for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++) {
		if (access(read[i], F_OK) == 0)
			paths[count++] = (struct cage_path){read[i], CAGE_READ};
	}
	paths[count++] = (struct cage_path){"/dev/null", CAGE_READ_WRITE};
	return count;
}

static int
enter(const struct process_cage *c)
{
	const struct rlimit bytes = {FILE_BYTES_MAX, FILE_BYTES_MAX};
	const struct rlimit cpu = {CPU_SECONDS, CPU_SECONDS};
	const struct rlimit memory = {MEMORY_MAX, MEMORY_MAX};
	struct cage_path paths[20] = {{NULL, CAGE_READ}};
	const struct cage cage = {
	    .name = "process",
	    .groups = CAGE_ANYTHING,
	    .paths = paths,
	};
	size_t count;

	if (!c->has_network && leave_network() != ERR_OK)
		return ERR_SYS;
	count = add_system(paths);
	for (size_t i = 0; i < PROCESS_READABLE_MAX; i++) {
		if (c->readable[i] != NULL && access(c->readable[i], F_OK) == 0)
			paths[count++] =
			    (struct cage_path){c->readable[i], CAGE_READ};
	}
	if (c->writable != NULL)
		paths[count++] =
		    (struct cage_path){c->writable, CAGE_READ_WRITE};
	if (setrlimit(RLIMIT_FSIZE, &bytes) == -1 ||
	    setrlimit(RLIMIT_CPU, &cpu) == -1 ||
	    setrlimit(RLIMIT_AS, &memory) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    cage_landlock(&cage) == -1)
		return ERR_SYS;
	return ERR_OK;
}

/* In the child: never returns. */
__attribute__((noreturn)) static void
become(const struct process_spec *spec, int in, int out)
{
	static char *const no_env[] = {NULL};

	if (dup2(in, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1)
		_exit(CAGE_FAILED);
	/* Whatever our caller left open is none of its business. */
	if (spec->cage != NULL &&
	    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == -1)
		_exit(CAGE_FAILED);
	if (spec->cage != NULL && enter(spec->cage) != ERR_OK) {
		dprintf(STDERR_FILENO,
		    "loep: this machine does not let us make a cage for %s: "
		    "%s\n",
		    spec->path, strerror(errno));
		_exit(CAGE_FAILED);
	}
	if (spec->env == NULL)
		(void)execv(spec->path, spec->args);
	else
		(void)execve(spec->path, spec->args,
		    spec->env[0] == NULL ? no_env : spec->env);
	dprintf(STDERR_FILENO, "loep: cannot run %s: %s\n", spec->path,
	    strerror(errno));
	_exit(127);
}

static int
open_input(bool has_in, int fds[2])
{
	if (has_in)
		return pipe2(fds, O_CLOEXEC) == -1 ? ERR_SYS : ERR_OK;
	fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	fds[1] = -1;
	return fds[0] == -1 ? ERR_SYS : ERR_OK;
}

int
process_start(struct process *process, const struct process_spec *spec)
{
	int in[2], out[2];

	if (open_input(spec->has_in, in) != ERR_OK ||
	    pipe2(out, O_CLOEXEC) == -1)
		return ERR_SYS;
	(void)fflush(NULL);
	process->pid = fork();
	if (process->pid == -1)
		return ERR_SYS;
	if (process->pid == 0)
		become(spec, in[0], out[1]);
	(void)close(in[0]);
	(void)close(out[1]);
	process->in = in[1];
	process->out = fdopen(out[0], "r");
	return process->out == NULL ? ERR_SYS : ERR_OK;
}

int
process_end(struct process *process)
{
	int status = 0;

	if (process->in != -1)
		(void)close(process->in);
	if (process->out != NULL)
		(void)fclose(process->out);
	process->in = -1;
	process->out = NULL;
	while (waitpid(process->pid, &status, 0) == -1 && errno == EINTR)
		continue;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
