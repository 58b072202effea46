/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cage.c - entering the cage: privileges, limits, Landlock, then seccomp.
 *
 * The order matters: each step may need system calls that the next forbids.
 */
#include "lib/cage.h"

#include "lib/cage_landlock.h"
#include "lib/cage_seccomp.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILES_MAX_DEFAULT 1024

static int
fail(struct cage_report *report, const char *what)
{
	int saved = errno;

	(void)snprintf(report->json, sizeof(report->json),
	    "{\"error\":\"%s: %s\"}", what, strerror(saved));
	errno = saved;
	return ERR_SYS;
}

static int
limit(int resource, uint64_t value)
{
	struct rlimit now;
	struct rlimit r;

	if (getrlimit((__rlimit_resource_t)resource, &now) == -1)
		return ERR_SYS;
	/* A limit that is already lower stays. */
	if (now.rlim_max != RLIM_INFINITY && value > now.rlim_max)
		value = now.rlim_max;
	r.rlim_cur = r.rlim_max = value;
	if (setrlimit((__rlimit_resource_t)resource, &r) == -1)
		return ERR_SYS;
	return ERR_OK;
}

static int
limit_memory(const struct cage *cage)
{
#ifdef CAGE_DEVELOPER
	/* Sanitizers reserve terabytes of address space. */
	(void)cage;
	return ERR_OK;
#else
	if (cage->memory_bytes_max == 0)
		return ERR_OK;
	return limit(RLIMIT_AS, cage->memory_bytes_max);
#endif
}

static int
set_limits(const struct cage *cage)
{
	uint64_t files = cage->files_max ? cage->files_max : FILES_MAX_DEFAULT;

	if (limit(RLIMIT_CORE, 0) != ERR_OK ||
	    limit(RLIMIT_NOFILE, files) != ERR_OK)
		return ERR_SYS;
	/* Not 0 where no file may be made: the log may be a file, too. */
	if (cage->file_bytes_max != 0 &&
	    limit(RLIMIT_FSIZE, cage->file_bytes_max) != ERR_OK)
		return ERR_SYS;
	if (cage->cpu_seconds_max != 0 &&
	    limit(RLIMIT_CPU, cage->cpu_seconds_max) != ERR_OK)
		return ERR_SYS;
	/* The address space of a program that forks is its children's bound,
	 * set in cage_narrow(). */
	if (cage->groups & CAGE_FORK)
		return ERR_OK;
	return limit_memory(cage);
}

/* Capabilities of a user namespace would outlive no_new_privs. */
static int
drop_capabilities(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[2];

	memset(none, 0, sizeof(none));
	if (syscall(SYS_capset, &head, none) == -1)
		return ERR_SYS;
	return ERR_OK;
}

static void
describe(const struct cage *cage, struct cage_report *report, int landlock,
    int allowed)
{
	const bool has_net =
	    (cage->groups & (CAGE_SOCKET | CAGE_TUN | CAGE_ANYTHING)) != 0;
	size_t paths = 0;

	for (const struct cage_path *p = cage->paths;
	     p != NULL && p->path != NULL; p++)
		paths++;
	(void)snprintf(report->json, sizeof(report->json),
	    "{\"name\":\"%s\",\"no_new_privs\":true,\"dumpable\":%s,"
	    "\"capabilities\":\"%s\",\"landlock\":%d,\"paths\":%zu,"
	    "\"network\":\"%s\",\"seccomp\":\"%s\",\"calls_allowed\":%d,"
	    "\"fork\":%s,\"exec\":%s,\"memory_bytes_max\":%llu,"
	    "\"uid\":%u,\"developer\":%s}",
	    cage->name, cage->groups & CAGE_ANYTHING ? "true" : "false",
	    cage->groups & (CAGE_TUN | CAGE_ANYTHING) ? "kept" : "none",
	    landlock, paths, has_net ? "own namespace" : "none",
	    cage->groups & CAGE_ANYTHING ? "deny-list" : "allow-list", allowed,
	    cage->groups & (CAGE_FORK | CAGE_ANYTHING) ? "true" : "false",
	    cage->groups & (CAGE_EXEC | CAGE_ANYTHING) ? "true" : "false",
	    (unsigned long long)cage->memory_bytes_max, getuid(),
#ifdef CAGE_DEVELOPER
	    "true"
#else
	    "false"
#endif
	);
}

int
cage_enter(const struct cage *cage, struct cage_report *ret_report)
{
	int landlock, allowed;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return fail(ret_report, "no_new_privs");
	/* libvirt reads its own /proc entries, which this would hide. */
	if ((cage->groups & CAGE_ANYTHING) == 0 &&
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return fail(ret_report, "not dumpable");
	if ((cage->groups & (CAGE_TUN | CAGE_ANYTHING)) == 0 &&
	    drop_capabilities() != ERR_OK)
		return fail(ret_report, "dropping capabilities");
	if (set_limits(cage) != ERR_OK)
		return fail(ret_report, "resource limits");
	landlock = cage_landlock(cage);
	if (landlock <= 0)
		return fail(ret_report,
		    "Landlock (needs Linux 5.13 with lsm=landlock)");
	allowed = cage_seccomp(cage);
	if (allowed <= 0)
		return fail(ret_report, "seccomp");
	describe(cage, ret_report, landlock, allowed);
	return ERR_OK;
}

int
cage_narrow(const struct cage *cage)
{
	if (limit_memory(cage) != ERR_OK)
		return ERR_SYS;
	if (cage->cpu_seconds_max != 0 &&
	    limit(RLIMIT_CPU, cage->cpu_seconds_max) != ERR_OK)
		return ERR_SYS;
	return cage_seccomp_narrow(cage);
}
