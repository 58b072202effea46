/* SPDX-License-Identifier: Apache-2.0 */
/* analyser_child.c - the child process of an artefact or a pack. */
#include "lib/analyser_child.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/pack.h"
#include "lib/trial.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Where the contract of design.md puts the child's input and output. */
#define CHILD_IN_FD  3
#define CHILD_OUT_FD 4
/* Where a pack's scratch memory is. */
#define CHILD_SCRATCH_FD 5
/* The context is the scheduler's, so this only catches its mistakes. */
#define CONTEXT_DEPTH ((size_t)16)

void
child_order_release(struct child_order *order)
{
	if (order->input_fd != -1)
		(void)close(order->input_fd);
	if (order->out_fd != -1)
		(void)close(order->out_fd);
	if (order->scratch_fd != -1)
		(void)close(order->scratch_fd);
	free(order->context);
	free(order->list);
	*order = (struct child_order){
	    .input_fd = -1,
	    .out_fd = -1,
	    .scratch_fd = -1,
	};
}

struct cage
child_parent_cage(const struct analyser *analyser)
{
	struct cage parent = *analyser->cage;

	parent.groups |= CAGE_FORK;
	if (analyser->wants_files || analyser->compile != NULL)
		parent.groups |= CAGE_MEMFD;
	parent.cpu_seconds_max = 0;
	if (parent.files_max < 1024)
		parent.files_max = 1024;
	return parent;
}

/* fd out of the way of the places that children use. */
static int
lift(int fd)
{
	if (fd == -1 || fd > CHILD_SCRATCH_FD)
		return fd;
	return fcntl(fd, F_DUPFD_CLOEXEC, CHILD_SCRATCH_FD + 1);
}

static void
place(int fd, int at)
{
	if (fd != at && dup2(fd, at) == -1)
		_exit(ANALYSER_EXIT_START);
}

/* Leaves nothing open but standard error, input, output and scratch. */
static void
keep_descriptors(struct child_order *order)
{
	int in = lift(order->input_fd);
	int out = lift(order->out_fd);
	int scratch = lift(order->scratch_fd);
	unsigned int first_unused = CHILD_OUT_FD + 1;

	place(in, CHILD_IN_FD);
	place(out, CHILD_OUT_FD);
	if (scratch != -1) {
		place(scratch, CHILD_SCRATCH_FD);
		first_unused = CHILD_SCRATCH_FD + 1;
	}
	if (syscall(SYS_close_range, first_unused, ~0u, 0) == -1)
		_exit(ANALYSER_EXIT_START);
	/* The parent's pipe end may be non-blocking: it is shared. */
	(void)fcntl(CHILD_OUT_FD, F_SETFL, 0);
	order->input_fd = CHILD_IN_FD;
	order->out_fd = CHILD_OUT_FD;
	if (scratch != -1)
		order->scratch_fd = CHILD_SCRATCH_FD;
}

static void
narrow(const struct cage *cage, const struct child_order *order)
{
	const unsigned int writes = CAGE_FILES | CAGE_MEMFD;
	struct cage narrowed = *cage;
	uint64_t bytes = (uint64_t)order->memory_mib * MIB;
	struct rlimit files = {0, 0};

	if (bytes != 0 && (narrowed.memory_bytes_max == 0 ||
			      bytes < narrowed.memory_bytes_max))
		narrowed.memory_bytes_max = bytes;
	if (order->scratch_fd != -1)
		files.rlim_cur = files.rlim_max = PACK_BYTES_MAX;
	if ((cage->groups & writes) == 0 &&
	    setrlimit(RLIMIT_FSIZE, &files) == -1)
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

static json_t *
parse_context(const void *p, size_t len)
{
	json_t *context;

	if (json_parse(p, len, LIMIT_MSG_BYTES, CONTEXT_DEPTH, &context) !=
	    ERR_OK)
		_exit(ANALYSER_EXIT_START);
	return context;
}

static void
begin_out(struct analysis *analysis, int fd)
{
	analysis->out = record_out_new(fd);
	keep_last_words(analysis->out);
}

static void
live_one(const struct analyser *analyser, struct analysis *analysis,
    const struct child_order *order)
{
	json_t *context = parse_context(order->context, order->context_len);
	int err;

	if (json_member_text(context, "trial", NULL) != NULL)
		trial_run(json_member_text(context, "trial", NULL));
	analysis->context = context;
	analysis->input = input_new(order->input_fd, order->how, order->size);
	begin_out(analysis, order->out_fd);
	err = analyser->analyse(analysis);
	if (err == ERR_OK)
		record_done(analysis->out);
	record_flush(analysis->out);
	_exit(err == ERR_OK ? ANALYSER_EXIT_DONE : ANALYSER_EXIT_PARTIAL);
}

static uint64_t
to_us(struct timeval t)
{
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec;
}

/* CPU time of this process so far, and its peak. */
static uint64_t
used_so_far(uint64_t *ret_peak_kib)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	*ret_peak_kib = (uint64_t)usage.ru_maxrss;
	return to_us(usage.ru_utime) + to_us(usage.ru_stime);
}

/* The pack's memory, for good: the process does nothing else. */
static void
map_pack(const struct child_order *order, struct pack_view *view)
{
	struct stat st;
	void *map;

	/* A map beyond the end of the memory would be SIGBUS later. */
	if (order->size > PACK_BYTES_MAX || fstat(order->input_fd, &st) == -1 ||
	    st.st_size < 0 || (uint64_t)st.st_size < order->size)
		_exit(ANALYSER_EXIT_START);
	map = mmap(NULL, (size_t)order->size, PROT_READ,
	    MAP_PRIVATE | MAP_POPULATE, order->input_fd, 0);
	if (map == MAP_FAILED ||
	    pack_view_init(view, map, (size_t)order->size) != ERR_OK)
		_exit(ANALYSER_EXIT_START);
}

/* One item; the frames around its records are the caller's. */
static int
live_item(const struct analyser *analyser, struct analysis *analysis,
    const struct pack_view *view, uint32_t index)
{
	const uint8_t *p;
	size_t len;
	int err = pack_view_item(view, index, &p, &len);

	if (err != ERR_OK)
		_exit(ANALYSER_EXIT_START);
	analysis->input = input_new_in_memory(
	    p, len, analyser->wants_files ? CHILD_SCRATCH_FD : -1);
	err = analyser->analyse(analysis);
	if (err == ERR_OK)
		record_done(analysis->out);
	input_free(take_ptr(analysis->input));
	return err;
}

static void
live_pack(const struct analyser *analyser, struct analysis *analysis,
    const struct child_order *order)
{
	json_t *common = parse_context(order->context, order->context_len);
	uint8_t begin[PACK_BEGIN_BYTES], end[PACK_END_BYTES];
	const uint8_t *text;
	struct pack_view view;
	struct wire_in list;
	uint64_t before, peak_kib;
	uint32_t index;
	size_t len;
	int err;

	map_pack(order, &view);
	wire_in_init(&list, order->list, order->list_len);
	begin_out(analysis, order->out_fd);
	before = used_so_far(&peak_kib);
	while ((err = pack_list_get(&list, &index, &text, &len)) == ERR_OK) {
		json_t *context = parse_context(text, len);
		struct pack_end how = {.status = ANALYSER_EXIT_DONE};
		uint64_t now;

		(void)json_object_update_missing(context, common);
		analysis->context = context;
		pack_begin_put(begin, index);
		record_item_begin(analysis->out, begin, sizeof(begin));
		err = live_item(analyser, analysis, &view, index);
		if (err != ERR_OK)
			how.status = ANALYSER_EXIT_PARTIAL;
		now = used_so_far(&how.peak_kib);
		how.cpu_us = now - before;
		before = now;
		pack_end_put(end, &how);
		record_item_end(analysis->out, end, sizeof(end));
		json_decref(context);
	}
	record_flush(analysis->out);
	_exit(err == ERR_EOF ? ANALYSER_EXIT_DONE : ANALYSER_EXIT_START);
}

/* The child's whole life; ends without destructors: nothing is to be saved. */
__attribute__((noreturn)) static void
live(const struct analyser *analyser, void *data,
    const struct child_order *given, pid_t parent)
{
	struct analysis analysis = {.data = data};
	struct child_order order = *given;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
		_exit(ANALYSER_EXIT_START);
	keep_descriptors(&order);
	narrow(analyser->cage, &order);
	if (order.is_pack)
		live_pack(analyser, &analysis, &order);
	live_one(analyser, &analysis, &order);
	_exit(ANALYSER_EXIT_START);
}

/* What goes wrong is said where the image would have been. */
__attribute__((noreturn)) static void
live_compile(const struct analyser *analyser, void *data,
    const struct child_order *given, pid_t parent)
{
	struct cage cage = *analyser->cage;
	struct child_order order = *given;
	char why[CHILD_WHY_BYTES] = "";

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
		_exit(ANALYSER_EXIT_START);
	keep_descriptors(&order);
	cage.cpu_seconds_max = CHILD_COMPILE_SECONDS;
	if (cage_narrow(&cage) != ERR_OK)
		_exit(ANALYSER_EXIT_START);
	if (analyser->compile(
		data, CHILD_IN_FD, CHILD_OUT_FD, why, sizeof(why)) == ERR_OK)
		_exit(ANALYSER_EXIT_DONE);
	(void)!write(CHILD_OUT_FD, why, strlen(why));
	_exit(ANALYSER_EXIT_PARTIAL);
}

static int
watch_child(pid_t pid, pid_t *ret_pid, int *ret_pidfd)
{
	int pidfd;

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

int
child_start(const struct analyser *analyser, void *data,
    const struct child_order *order, pid_t *ret_pid, int *ret_pidfd)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid == -1)
		return ERR_SYS;
	if (pid == 0)
		live(analyser, data, order, parent);
	return watch_child(pid, ret_pid, ret_pidfd);
}

int
child_compile(const struct analyser *analyser, void *data,
    const struct child_order *order, pid_t *ret_pid, int *ret_pidfd)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid == -1)
		return ERR_SYS;
	if (pid == 0)
		live_compile(analyser, data, order, parent);
	return watch_child(pid, ret_pid, ret_pidfd);
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
