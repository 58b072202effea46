/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cage.h - the cage that every program enters before its first foreign byte.
 *
 * no_new_privs, not dumpable, Landlock (file system and, where the kernel has
 * it, network and scopes), a seccomp allow-list, rlimits.  Every step must
 * succeed: a cage that cannot be entered is a refusal to start, and there is
 * no switch to run without.  (CAGE_DEVELOPER builds, made by `make SAN=...`,
 * widen the seccomp list by what a sanitizer needs, and nothing else.)
 */
#ifndef LIB_CAGE_H
#define LIB_CAGE_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What a program may do beyond the base group: read, write, close, poll,
 * memory without PROT_EXEC, clocks, signals to itself, exit, messages on
 * descriptors that it was given.
 */
enum cage_group {
	CAGE_FILES = 1 << 0,  /* open and change files below its paths */
	CAGE_FORK = 1 << 1,   /* fork, wait, kill and pidfd of its children */
	CAGE_EXEC = 1 << 2,   /* start programs below its paths */
	CAGE_ACCEPT = 1 << 3, /* accept on sockets that it was given */
	CAGE_SOCKET = 1 << 4, /* make sockets of its own */
	CAGE_THREADS = 1 << 5,
	CAGE_MEMFD = 1 << 6, /* make and seal memory files, pipes and pairs */
	CAGE_TUN = 1 << 7,   /* what simnet needs on its tap */
	/* Sockets come connected, and connect(2) on one says that it is under
	 * way (EINPROGRESS): libcurl 7.88 asks, whatever it was told. */
	CAGE_CONNECTED = 1 << 9,
	CAGE_ANYTHING = 1 << 8 /* vm only: no seccomp list (libvirt, QEMU);
				* Landlock and the rest still hold */
};

enum cage_access {
	CAGE_READ = 1,
	CAGE_READ_EXEC,
	CAGE_READ_WRITE
};

struct cage_path {
	const char *path;
	enum cage_access access;
};

struct cage {
	const char *name;
	unsigned int groups;	       /* enum cage_group bits */
	const struct cage_path *paths; /* ends with a NULL path; may be NULL */
	uint64_t memory_bytes_max;     /* address space; 0 = no bound */
	uint64_t files_max;	       /* open descriptors; 0 = 1024 */
	uint64_t file_bytes_max;  /* size of a written file; 0 = no bound */
	uint64_t cpu_seconds_max; /* 0 = no bound */
};

/* What a cage really is on this machine, for READY and `loep doctor`. */
struct cage_report {
	char json[2048];
};

/*
 * Enters the cage for the rest of the process's life.  Any failure: ERR_SYS
 * and a sentence in ret_report->json ({"error": "..."}); the caller exits.
 */
int must_check cage_enter(
    const struct cage *cage, struct cage_report *ret_report);
/*
 * Narrows a caged process further, for the child that an analyser forks for
 * one artefact: no fork, no new descriptors but memory, its own rlimits.
 */
int must_check cage_narrow(const struct cage *cage);
/* The Landlock version of the kernel, 0 = none. */
int cage_landlock_version(void);

#endif
