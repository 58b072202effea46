/* SPDX-License-Identifier: Apache-2.0 */
/* analyser_child.c - one artefact's child process. */
#include "lib/analyser_child.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/trial.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Where the contract of design.md puts the child's input and output. */
#define CHILD_IN_FD  3
#define CHILD_OUT_FD 4
/* The context is the scheduler's, so this only catches its mistakes. */
#define CONTEXT_DEPTH ((size_t)16)

void
child_order_release(struct child_order *order)
{
	if (order->input_fd != -1)
		(void)close(order->input_fd);
	if (order->out_fd != -1)
		(void)close(order->out_fd);
	free(order->context);
	*order = (struct child_order){.input_fd = -1, .out_fd = -1};
}

struct cage
child_parent_cage(const struct cage *cage)
{
	struct cage parent = *cage;

	parent.groups |= CAGE_FORK;
	parent.cpu_seconds_max = 0;
	if (parent.files_max < 1024)
		parent.files_max = 1024;
	return parent;
}

/* Leaves nothing open but standard error, the input and the output. */
static void
keep_descriptors(const struct child_order *order, int *ret_in, int *ret_out)
{
	int in = order->input_fd;
	int out = order->out_fd;

	if (out == CHILD_IN_FD)
		out = fcntl(out, F_DUPFD_CLOEXEC, CHILD_OUT_FD + 1);
	if (in != CHILD_IN_FD && dup2(in, CHILD_IN_FD) == -1)
		_exit(ANALYSER_EXIT_START);
	if (out != CHILD_OUT_FD && dup2(out, CHILD_OUT_FD) == -1)
		_exit(ANALYSER_EXIT_START);
	if (syscall(SYS_close_range, CHILD_OUT_FD + 1, ~0u, 0) == -1)
		_exit(ANALYSER_EXIT_START);
	/* The parent's pipe end may be non-blocking: it is shared. */
	(void)fcntl(CHILD_OUT_FD, F_SETFL, 0);
	*ret_in = CHILD_IN_FD;
	*ret_out = CHILD_OUT_FD;
}

static void
narrow(const struct cage *cage, uint32_t memory_mib)
{
	const unsigned int writes = CAGE_FILES | CAGE_MEMFD;
	struct cage narrowed = *cage;
	uint64_t bytes = (uint64_t)memory_mib * MIB;
	struct rlimit none = {0, 0};

	if (bytes != 0 && (narrowed.memory_bytes_max == 0 ||
			      bytes < narrowed.memory_bytes_max))
		narrowed.memory_bytes_max = bytes;
	if ((cage->groups & writes) == 0 &&
	    setrlimit(RLIMIT_FSIZE, &none) == -1)
		_exit(ANALYSER_EXIT_START);
	if (cage_narrow(&narrowed) != ERR_OK)
		_exit(ANALYSER_EXIT_START);
}

/* The records of this process, for its last words. */
static struct record_out *last_out;

static void
flush_last(void)
{
	if (last_out != NULL)
		record_flush_dying(last_out);
}

static void
on_fatal(int number)
{
	flush_last();
	if (number == SIGTERM || number == SIGXCPU)
		_exit(ANALYSER_EXIT_STOPPED);
	/* The handler is reset: returning meets the same fault again. */
}

/*
 * What was found before a crash is evidence.  The handler runs in a broken
 * process, but what that process writes is believed by nobody anyway.
 */
static void
keep_last_words(struct record_out *out)
{
	/* A broken stack pointer must not keep the handler from running. */
	static uint8_t stack[16 * KIB];
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
#ifdef CAGE_DEVELOPER
	/* The sanitizers' own handlers tell more; nor do they like other
	 * stacks. */
	static const int numbers[] = {SIGTERM, SIGXCPU};
	const int flags = (int)SA_RESETHAND;
#else
	static const int numbers[] = {
	    SIGTERM, SIGXCPU, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
	const int flags = (int)(SA_ONSTACK | SA_RESETHAND);
#endif
	struct sigaction action = {
	    .sa_handler = on_fatal,
	    .sa_flags = flags,
	};

	last_out = out;
	xalloc_set_last_words(flush_last);
	(void)sigaltstack(&alternate, NULL);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		(void)sigaction(numbers[i], &action, NULL);
}

/* The child's whole life; ends without destructors: nothing is to be saved. */
__attribute__((noreturn)) static void
live(const struct analyser *analyser, void *data,
    const struct child_order *order, pid_t parent)
{
	struct analysis analysis = {.data = data};
	json_t *context = NULL;
	int in, out, err;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
		_exit(ANALYSER_EXIT_START);
	keep_descriptors(order, &in, &out);
	narrow(analyser->cage, order->memory_mib);
	err = json_parse(order->context, order->context_len, LIMIT_MSG_BYTES,
	    CONTEXT_DEPTH, &context);
	if (err != ERR_OK)
		_exit(ANALYSER_EXIT_START);
	if (json_member_text(context, "trial", NULL) != NULL)
		trial_run(json_member_text(context, "trial", NULL));
	analysis.context = context;
	analysis.input = input_new(in, order->how, order->size);
	analysis.out = record_out_new(out);
	keep_last_words(analysis.out);
	err = analyser->analyse(&analysis);
	if (err == ERR_OK)
		record_done(analysis.out);
	record_flush(analysis.out);
	_exit(err == ERR_OK ? ANALYSER_EXIT_DONE : ANALYSER_EXIT_PARTIAL);
}

int
child_start(const struct analyser *analyser, void *data,
    const struct child_order *order, pid_t *ret_pid, int *ret_pidfd)
{
	pid_t parent = getpid();
	pid_t pid = fork();
	int pidfd;

	if (pid == -1)
		return ERR_SYS;
	if (pid == 0)
		live(analyser, data, order, parent);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd == -1) {
		/* Without it there is no deadline: better no child. */
		(void)kill(pid, SIGKILL);
		(void)wait4(pid, NULL, 0, NULL);
		return ERR_SYS;
	}
	*ret_pid = pid;
	*ret_pidfd = pidfd;
	return ERR_OK;
}

static enum analyse_end
end_of_status(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGXCPU ? ANALYSE_TIMEOUT
						   : ANALYSE_CRASHED;
	if (WEXITSTATUS(status) == ANALYSER_EXIT_DONE)
		return ANALYSE_DONE;
	if (WEXITSTATUS(status) == ANALYSER_EXIT_MEMORY)
		return ANALYSE_MEMORY;
	if (WEXITSTATUS(status) == ANALYSER_EXIT_START)
		return ANALYSE_REFUSED;
	/* Nobody asked, so it was the CPU limit's signal. */
	if (WEXITSTATUS(status) == ANALYSER_EXIT_STOPPED)
		return ANALYSE_TIMEOUT;
	return ANALYSE_CRASHED;
}

static uint64_t
to_us(struct timeval t)
{
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec;
}

void
child_reap(pid_t pid, enum analyse_end killed_as, struct child_end *ret_end)
{
	struct rusage usage = {0};
	int status = 0;
	pid_t reaped;

	do {
		reaped = wait4(pid, &status, 0, &usage);
	} while (reaped == -1 && errno == EINTR);
	*ret_end = (struct child_end){
	    .end = end_of_status(status),
	    .code = (uint32_t)(WIFSIGNALED(status) ? WTERMSIG(status)
						   : WEXITSTATUS(status)),
	    .peak_kib = (uint64_t)usage.ru_maxrss,
	    .cpu_us = to_us(usage.ru_utime) + to_us(usage.ru_stime),
	};
	/* One that ended by itself just before the kill has ended well. */
	if (killed_as != ANALYSE_DONE &&
	    ((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
		ret_end->code == ANALYSER_EXIT_STOPPED))
		ret_end->end = killed_as;
}
