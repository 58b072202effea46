/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loep-index - knows which stored artefacts a rule can match.
 *
 * Reads:  columns and conditions of the scheduler, from sealed memory; its
 *	   own folder STATE/index.
 * Writes: STATE/index.
 * Trusts: its key.  Not the columns, which caged programs made of foreign
 *	   bytes, beyond their shape; no file before its tags have been checked.
 * Ends:   when the parent says STOP or ends.  It may be killed at any moment:
 *	   what it has acknowledged is on the disk, and all of it is derived.
 */
#include "index/serve.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>

/* The index is mapped: address space is not memory. */
#define INDEX_MEMORY_BYTES_MAX ((uint64_t)64 << 40)
/* A predecessor that was killed may take a moment to let go. */
#define LOCK_TRIES   20
#define LOCK_WAIT_US 100000

static void
enter_cage(struct program *program, const char *path)
{
	const struct cage_path paths[] = {
	    {path, CAGE_READ_WRITE},
	    {NULL, CAGE_READ},
	};
	const struct cage cage = {
	    .name = "index",
	    .groups = CAGE_FILES | CAGE_MEMFD,
	    .paths = paths,
	    .memory_bytes_max = INDEX_MEMORY_BYTES_MAX,
	    .files_max = 65536,
	};

	program_enter_cage(program, &cage);
}

__attribute__((noreturn)) static void
refuse(const char *path, const char *what)
{
	log_line(LOG_ERROR, "msg=\"refusing to start\" reason=\"%s %s: %s\"",
	    what, path, strerror(errno));
	exit(78);
}

/* Opens the folder and keeps others out of it. */
static int
open_folder(const char *path)
{
	int fd;

	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		refuse(path, "cannot make");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		refuse(path, "cannot open");
	for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB) == -1; tries++) {
		if (tries == LOCK_TRIES)
			refuse(path, "another program holds");
		(void)usleep(LOCK_WAIT_US);
	}
	return fd;
}

int
main(void)
{
	static struct program program;
	static const struct program_ops ops = {.peer = serve_peer};
	auto_free char *path = NULL;
	struct index *index;
	int fd;

	program_start(&program, ROLE_INDEX, "loep-index");
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)umask(077);
	path = xasprintf("%s/index", program_conf(&program, "state_dir", "."));
	fd = open_folder(path);
	enter_cage(&program, path);
	if (index_open(fd, &index) != ERR_OK)
		refuse(path, "cannot use");
	program_run(&program, &ops, serve_new(&program, index));
	return 0;
}
