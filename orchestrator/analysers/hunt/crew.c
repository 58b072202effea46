/* SPDX-License-Identifier: Apache-2.0 */
/* crew.c - the caged children of a loep-hunt that runs by itself. */
#include "analysers/hunt/crew.h"

#include "analysers/hunt/hunt.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define WHY_BYTES 2048

/* What the caged process says once its rules are compiled. */
struct crew_ready {
	uint32_t err;
	char why[WHY_BYTES];
};

static bool
read_all(int fd, void *p, size_t len)
{
	uint8_t *at = p;

	while (len > 0) {
		ssize_t n = read(fd, at, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

/* A child's life: until its orders end. */
__attribute__((noreturn)) static void
live(
    const struct crew_member *member, const struct hunt *hunt, uint32_t seconds)
{
	struct record_out *out = record_out_new(member->records);
	auto_free char *name = xmalloc(CREW_NAME_BYTES);
	struct crew_order order;

	while (read_all(member->orders, &order, sizeof(order)) &&
	       order.name_len <= CREW_NAME_BYTES && order.slot < CREW_SLOTS &&
	       order.size <= CREW_SLOT_BYTES &&
	       read_all(member->orders, name, order.name_len)) {
		auto_json json_t *context = json_pack(
		    "{s:I, s:[i], s:o, s:{s:i}}", "unit", (json_int_t)order.id,
		    "sets", 1, "name", record_text(name, order.name_len),
		    "limits", "seconds", (int)seconds);

		(void)hunt_bytes(hunt,
		    member->buffers + order.slot * CREW_SLOT_BYTES,
		    (size_t)order.size, context, out);
		record_fact(out, "scanned", json_integer((json_int_t)order.id));
		record_flush(out);
	}
	_exit(0);
}

static void
close_others(const struct crew *crew, size_t own)
{
	for (size_t i = 0; i < crew->count; i++) {
		if (i == own)
			continue;
		(void)close(crew->members[i].orders);
		(void)close(crew->members[i].records);
	}
}

/* The process that compiles, and forks the children. */
__attribute__((noreturn)) static void
lead(const struct crew *crew, int units_fd, uint32_t seconds,
    const struct cage *cage, int ready_fd)
{
	struct cage outer = *cage;
	struct cage inner = *cage;
	struct cage_report report;
	struct crew_ready ready = {.err = ERR_OK};
	struct hunt *hunt;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	hunt = hunt_load(NULL);
	outer.groups |= CAGE_FORK;
	outer.cpu_seconds_max = inner.cpu_seconds_max = 0;
	if (cage_enter(&outer, &report) != ERR_OK) {
		ready.err = ERR_SYS;
		(void)snprintf(
		    ready.why, sizeof(ready.why), "%.1000s", report.json);
	} else {
		ready.err = (uint32_t)hunt_ruleset(
		    hunt, 1, "", units_fd, ready.why, sizeof(ready.why));
	}
	(void)!write(ready_fd, &ready, sizeof(ready));
	(void)close(ready_fd);
	if (ready.err != ERR_OK)
		_exit(1);
	for (size_t i = 0; i < crew->count; i++) {
		if (fork() != 0)
			continue;
		close_others(crew, i);
		/* The buffers are address space, too. */
		inner.memory_bytes_max +=
		    crew->count * CREW_SLOTS * CREW_SLOT_BYTES;
		if (cage_narrow(&inner) != ERR_OK)
			_exit(1);
		live(&crew->members[i], hunt, seconds);
	}
	close_others(crew, SIZE_MAX);
	while (wait(NULL) != -1 || errno == EINTR)
		;
	_exit(0);
}

/* The far ends of the pipes are the children's. */
static int
make_member(struct crew_member *near, struct crew_member *far)
{
	int orders[2], records[2];
	void *p =
	    mmap(NULL, CREW_SLOTS * CREW_SLOT_BYTES, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED || pipe2(orders, O_CLOEXEC) == -1 ||
	    pipe2(records, O_CLOEXEC) == -1)
		return ERR_SYS;
	near->buffers = far->buffers = p;
	near->orders = orders[1];
	far->orders = orders[0];
	near->records = records[0];
	far->records = records[1];
	return ERR_OK;
}

int
crew_start(struct crew *crew, size_t count, int units_fd, uint32_t seconds,
    const struct cage *cage, char *why, size_t why_size)
{
	struct crew far = {.count = count};
	struct crew_ready ready = {.err = ERR_EOF};
	int fds[2];
	int err = ERR_OK;

	*crew = (struct crew){.count = count};
	for (size_t i = 0; err == ERR_OK && i < count; i++)
		err = make_member(&crew->members[i], &far.members[i]);
	if (err != ERR_OK || pipe2(fds, O_CLOEXEC) == -1)
		return ERR_SYS;
	crew->pid = fork();
	if (crew->pid == -1)
		return ERR_SYS;
	if (crew->pid == 0) {
		(void)close(fds[0]);
		close_others(crew, SIZE_MAX);
		lead(&far, units_fd, seconds, cage, fds[1]);
	}
	(void)close(fds[1]);
	close_others(&far, SIZE_MAX);
	if (!read_all(fds[0], &ready, sizeof(ready)))
		(void)snprintf(ready.why, sizeof(ready.why),
		    "the process that compiles the rules ended");
	(void)close(fds[0]);
	(void)snprintf(why, why_size, "%s", ready.why);
	return (int)ready.err;
}

void
crew_end(struct crew *crew)
{
	for (size_t i = 0; i < crew->count; i++) {
		if (crew->members[i].orders != -1)
			(void)close(crew->members[i].orders);
		crew->members[i].orders = -1;
	}
	(void)waitpid(crew->pid, NULL, 0);
}
