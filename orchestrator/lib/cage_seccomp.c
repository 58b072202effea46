/* SPDX-License-Identifier: Apache-2.0 */
/* cage_seccomp.c - allow-lists of system calls by group. */
#include "lib/cage_seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* In alphabetical order, so that a change shows. */
static const char *const base[] = {
    "brk",
    "clock_getres",
    "clock_gettime",
    "clock_nanosleep",
    "close",
    "close_range",
    "copy_file_range",
    "dup",
    "dup2",
    "dup3",
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_wait",
    "eventfd2",
    "exit",
    "exit_group",
    "fadvise64",
    "fallocate",
    "fcntl",
    "fdatasync",
    "fstat",
    "fsync",
    "ftruncate",
    "futex",
    "get_robust_list",
    "getcpu",
    "getegid",
    "geteuid",
    "getgid",
    "getpeername",
    "getpgrp",
    "getpid",
    "getppid",
    "getrandom",
    "getrlimit",
    "getrusage",
    "getsockname",
    "getsockopt",
    "gettid",
    "gettimeofday",
    "getuid",
    "lseek",
    "madvise",
    "membarrier",
    "mremap",
    "munmap",
    "nanosleep",
    "pause",
    "poll",
    "ppoll",
    "pread64",
    "preadv",
    "pselect6",
    "pwrite64",
    "pwritev",
    "read",
    "readv",
    "recvfrom",
    "recvmmsg",
    "recvmsg",
    "restart_syscall",
    "rseq",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigtimedwait",
    "sched_getaffinity",
    "sched_yield",
    "select",
    "sendfile",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "set_robust_list",
    "set_tid_address",
    "setsockopt",
    "shutdown",
    "sigaltstack",
    "splice",
    "sysinfo",
    "tee",
    "time",
    "timerfd_create",
    "timerfd_settime",
    "times",
    "umask",
    "uname",
    "vmsplice",
    "write",
    "writev",
};

static const char *const files[] = {
    "access",
    "chdir",
    "faccessat",
    "faccessat2",
    "fchmod",
    "fchmodat",
    "fchown",
    "fgetxattr",
    "flock",
    "fstatfs",
    "getcwd",
    "getdents64",
    "link",
    "linkat",
    "lstat",
    "mkdir",
    "mkdirat",
    "newfstatat",
    "open",
    "openat",
    "readlink",
    "readlinkat",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "stat",
    "statfs",
    "statx",
    "symlinkat",
    "sync_file_range",
    "syncfs",
    "truncate",
    "unlink",
    "unlinkat",
    "utimensat",
};

static const char *const forks[] = {
    "kill",
    "pidfd_open",
    "pidfd_send_signal",
    "setpriority",
    "setrlimit",
    "wait4",
    "waitid",
};

static const char *const execs[] = {
    "execve", "execveat", "getpgid", "setpgid", "setsid"};
static const char *const accepts[] = {"accept", "accept4"};
static const char *const sockets[] = {
    "bind", "connect", "listen", "socket", "socketpair"};
static const char *const memfds[] = {"memfd_create", "pipe2", "socketpair"};

/* Refused with EACCES, not death: libraries try them and cope. */
static const char *const refused[] = {
    "access",
    "bind",
    "chdir",
    "connect",
    "faccessat",
    "faccessat2",
    "getcwd",
    "getdents64",
    "lstat",
    "mkdir",
    "open",
    "openat",
    "openat2",
    "readlink",
    "readlinkat",
    "socket",
    "stat",
    "statfs",
    "statx",
    "unlink",
    "unlinkat",
};

/* With CAGE_ANYTHING: what neither libvirt nor QEMU has any business with. */
static const char *const denied[] = {
    "acct",
    "add_key",
    "bpf",
    "delete_module",
    "finit_module",
    "init_module",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "move_mount",
    "open_by_handle_at",
    "perf_event_open",
    "pivot_root",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "quotactl",
    "reboot",
    "request_key",
    "swapoff",
    "swapon",
    "syslog",
    "userfaultfd",
};

struct list {
	scmp_filter_ctx ctx;
	int rules;
	bool is_failed;
};

static void
add_one(struct list *l, uint32_t action, const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);
	int r;

	if (nr == __NR_SCMP_ERROR)
		return; /* newer than this libseccomp: stays forbidden */
	r = seccomp_rule_add(l->ctx, action, nr, 0);
	/* -EEXIST: two groups name the same call. */
	if (r != 0 && r != -EEXIST)
		l->is_failed = true;
	if (action == SCMP_ACT_ALLOW)
		l->rules++;
}

static void
add(struct list *l, uint32_t action, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_one(l, action, names[i]);
}

static void
add_if(struct list *l, int nr, struct scmp_arg_cmp cmp)
{
	if (seccomp_rule_add(l->ctx, SCMP_ACT_ALLOW, nr, 1, cmp) != 0)
		l->is_failed = true;
	l->rules++;
}

static void
refuse_with(struct list *l, int nr, unsigned int error)
{
	int r = seccomp_rule_add(l->ctx, SCMP_ACT_ERRNO(error), nr, 0);

	if (r != 0 && r != -EEXIST)
		l->is_failed = true;
}

static void
add_memory(struct list *l)
{
	/* Never executable. */
	add_if(l, SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	add_if(
	    l, SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	add_if(l, SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0));
	add_if(l, SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_VMA, 0));
	add_if(
	    l, SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NO_NEW_PRIVS, 0));
	add_if(l, SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP, 0));
	add_if(l, SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_PDEATHSIG, 0));
	/* Signals to oneself; abort() copes with the refusal in children. */
	add_if(l, SCMP_SYS(tgkill),
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
#ifndef CAGE_DEVELOPER
	if (seccomp_rule_add(l->ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(tgkill), 1,
		SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid(), 0)) != 0)
		l->is_failed = true;
#endif
}

/* Process creation: threads, or processes without new namespaces. */
static void
add_clone(struct list *l, unsigned int groups)
{
	const scmp_datum_t spaces = CLONE_NEWNS | CLONE_NEWCGROUP |
				    CLONE_NEWUTS | CLONE_NEWIPC |
				    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

	/* Its flags are behind a pointer: glibc then falls back to clone. */
	refuse_with(l, SCMP_SYS(clone3), ENOSYS);
	if (groups & CAGE_FORK) {
		add_if(
		    l, SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, spaces, 0));
		add_if(l, SCMP_SYS(prlimit64), SCMP_A0(SCMP_CMP_EQ, 0, 0));
		add(l, SCMP_ACT_ALLOW, forks, COUNT(forks));
	} else {
		add_if(l, SCMP_SYS(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0, 0));
	}
	if (groups & CAGE_THREADS) {
		if ((groups & CAGE_FORK) == 0)
			add_if(l, SCMP_SYS(clone),
			    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD,
				CLONE_THREAD));
		add_one(l, SCMP_ACT_ALLOW, "sched_setaffinity");
	}
}

/* fstat() of glibc is newfstatat with AT_EMPTY_PATH; stat() is refused. */
static void
add_fstat(struct list *l)
{
	add_if(l, SCMP_SYS(newfstatat), SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH, 0));
	if (seccomp_rule_add(l->ctx, SCMP_ACT_ERRNO(EACCES),
		SCMP_SYS(newfstatat), 1,
		SCMP_A3(SCMP_CMP_NE, AT_EMPTY_PATH, 0)) != 0)
		l->is_failed = true;
}

static void
add_groups(struct list *l, unsigned int groups)
{
	if (groups & CAGE_FILES)
		add(l, SCMP_ACT_ALLOW, files, COUNT(files));
	else
		add_fstat(l);
	/* A terminal behind a descriptor must not be typed into. */
	if (groups & CAGE_TUN) {
		add_one(l, SCMP_ACT_ALLOW, "ioctl");
	} else {
		add_if(l, SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, FIONREAD, 0));
	}
	if (groups & CAGE_EXEC)
		add(l, SCMP_ACT_ALLOW, execs, COUNT(execs));
	if (groups & CAGE_ACCEPT)
		add(l, SCMP_ACT_ALLOW, accepts, COUNT(accepts));
	if (groups & (CAGE_SOCKET | CAGE_TUN)) {
		add(l, SCMP_ACT_ALLOW, sockets, COUNT(sockets));
		add(l, SCMP_ACT_ALLOW, accepts, COUNT(accepts));
	}
	if (groups & CAGE_MEMFD)
		add(l, SCMP_ACT_ALLOW, memfds, COUNT(memfds));
}

#ifdef CAGE_DEVELOPER
static void
add_developer(struct list *l)
{
	static const char *const more[] = {"getpriority", "gettid", "prctl",
	    "prlimit64", "readlink", "sched_getscheduler", "tgkill", "wait4"};

	add(l, SCMP_ACT_ALLOW, more, COUNT(more));
	/* The leak sanitizer's tracer shares the memory; processes of their
	 * own stay forbidden, as the cages' tests expect. */
	add_if(l, SCMP_SYS(clone),
	    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_VM, CLONE_VM));
}
#endif

static void
fill(struct list *l, unsigned int groups)
{
	add(l, SCMP_ACT_ALLOW, base, COUNT(base));
	add_memory(l);
	add_clone(l, groups);
	add_groups(l, groups);
#ifdef CAGE_DEVELOPER
	add_developer(l);
#endif
	/* isatty() of a stream that a library opens. */
	if ((groups & CAGE_TUN) == 0 &&
	    seccomp_rule_add(l->ctx, SCMP_ACT_ERRNO(ENOTTY), SCMP_SYS(ioctl), 1,
		SCMP_A1(SCMP_CMP_NE, FIONREAD, 0)) != 0)
		l->is_failed = true;
	for (size_t i = 0; i < COUNT(refused); i++) {
		int nr = seccomp_syscall_resolve_name(refused[i]);
		bool is_allowed = false;

		for (size_t j = 0; j < COUNT(files); j++) {
			if (strcmp(files[j], refused[i]) == 0)
				is_allowed |= (groups & CAGE_FILES) != 0;
		}
		for (size_t j = 0; j < COUNT(sockets); j++) {
			if (strcmp(sockets[j], refused[i]) == 0)
				is_allowed |=
				    (groups & (CAGE_SOCKET | CAGE_TUN)) != 0;
		}
		if (!is_allowed && nr != __NR_SCMP_ERROR)
			refuse_with(l, nr,
			    (groups & CAGE_CONNECTED) != 0 &&
				    strcmp(refused[i], "connect") == 0
				? EINPROGRESS
				: EACCES);
	}
}

int
cage_seccomp(const struct cage *cage)
{
	const bool is_open = (cage->groups & CAGE_ANYTHING) != 0;
	struct list l = {0};
	int r;

	l.ctx = seccomp_init(is_open ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS);
	if (l.ctx == NULL) {
		errno = ENOMEM;
		return -1;
	}
	(void)seccomp_attr_set(l.ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	(void)seccomp_attr_set(l.ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (is_open) {
		add(&l, SCMP_ACT_ERRNO(EPERM), denied, COUNT(denied));
		l.rules = (int)COUNT(denied);
	} else {
		fill(&l, cage->groups);
	}
	r = l.is_failed ? -EINVAL : seccomp_load(l.ctx);
	seccomp_release(l.ctx);
	if (r != 0) {
		errno = -r;
		return -1;
	}
	return l.rules;
}

/*
 * A child that parses one artefact.  The list below it already forbids what
 * the parent half may not do; this takes away what only the parent half needs.
 * Written by hand because building a list costs more than the parsing of a
 * small artefact.
 */
#define NARROW_KILL(nr)                           \
 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), \
     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define NARROW_REFUSE(nr, error)                  \
 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), \
     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))

int
cage_seccomp_narrow(const struct cage *cage)
{
	struct sock_filter code[] = {
	    BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifndef CAGE_DEVELOPER
	    NARROW_KILL(__NR_clone),
	    NARROW_KILL(__NR_kill),
#endif
	    /* The parent half makes the scratch memory of a pack's child. */
	    NARROW_KILL((cage->groups & CAGE_MEMFD) == 0
			    ? (unsigned int)__NR_memfd_create
			    : (unsigned int)__NR_pidfd_open),
	    NARROW_KILL(__NR_pidfd_open),
	    NARROW_KILL(__NR_pidfd_send_signal),
	    NARROW_KILL(__NR_socketpair),
	    NARROW_KILL(__NR_wait4),
	    NARROW_KILL(__NR_waitid),
	    NARROW_REFUSE(__NR_setrlimit, EPERM),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
	    .len = (unsigned short)COUNT(code),
	    .filter = code,
	};

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == -1)
		return ERR_SYS;
	return ERR_OK;
}
