/* SPDX-License-Identifier: Apache-2.0 */
/* analyser_rules.c - other rules for an analyser. */
#include "lib/analyser_rules.h"

#include "lib/log.h"
#include "lib/own.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* Beyond its own limit of CPU time: on a machine that is busy. */
#define COMPILE_MS ((uint64_t)CHILD_COMPILE_SECONDS * 2 * 1000)

void
rules_loader_init(
    struct rules_loader *loader, const struct analyser *analyser, void *data)
{
	*loader = (struct rules_loader){
	    .analyser = analyser,
	    .data = data,
	    .known_fd = -1,
	    .pidfd = -1,
	    .image_fd = -1,
	    .end = {.rules.units_fd = -1, .image_fd = -1},
	};
}

static void
close_at(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

void
rules_loader_known(struct rules_loader *loader, const char *digest, int fd)
{
	close_at(&loader->known_fd);
	loader->known_fd = fd;
	(void)snprintf(
	    loader->known_digest, sizeof(loader->known_digest), "%s", digest);
}

/* What the child that is gone leaves. */
static void
clear(struct rules_loader *loader)
{
	loop_unwatch(loader->watch);
	loop_timer_cancel(loader->deadline);
	loader->watch = NULL;
	loader->deadline = NULL;
	loader->pid = 0;
	close_at(&loader->pidfd);
	close_at(&loader->image_fd);
	close_at(&loader->end.rules.units_fd);
}

void
rules_loader_stop(struct rules_loader *loader)
{
	struct child_end end;

	if (loader->pid != 0) {
		(void)syscall(
		    SYS_pidfd_send_signal, loader->pidfd, SIGKILL, NULL, 0);
		child_reap(loader->pid, ANALYSE_CANCELLED, &end);
	}
	clear(loader);
	close_at(&loader->known_fd);
}

/* Ends it: says how, and forgets. */
static void
conclude(struct rules_loader *loader)
{
	loader->ended(loader->arg, &loader->end);
	clear(loader);
}

static void
explain_child(struct rules_loader *loader, const struct child_end *end)
{
	char *why = loader->end.why;
	ssize_t n =
	    end->end == ANALYSE_CRASHED && end->code == ANALYSER_EXIT_PARTIAL
		? pread(loader->image_fd, why, CHILD_WHY_BYTES - 1, 0)
		: 0;

	loader->end.err = end->end == ANALYSE_MEMORY ? ERR_LIMIT : ERR_FORMAT;
	if (n > 0)
		why[n] = '\0';
	else
		(void)snprintf(why, RULES_WHY_BYTES,
		    "the process that compiles the rules ended (%s %u)",
		    end->end == ANALYSE_TIMEOUT ? "too late" : "status",
		    end->code);
}

static void
on_ended(void *arg, int fd, unsigned int events)
{
	struct rules_loader *loader = arg;
	struct rules_end *how = &loader->end;
	struct child_end end;

	(void)fd;
	(void)events;
	child_reap(loader->pid, ANALYSE_DONE, &end);
	loader->pid = 0;
	how->image_fd = -1;
	if (end.end != ANALYSE_DONE) {
		explain_child(loader, &end);
	} else if (fcntl(loader->image_fd, F_ADD_SEALS,
		       F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE |
			   F_SEAL_SEAL) == -1) {
		how->err = ERR_SYS;
	} else {
		how->err = loader->analyser->adopt(loader->data, &how->rules,
		    loader->image_fd, how->why, sizeof(how->why));
		if (how->err == ERR_OK)
			how->image_fd = loader->image_fd;
	}
	conclude(loader);
}

static void
on_deadline(void *arg)
{
	struct rules_loader *loader = arg;

	loader->deadline = NULL;
	(void)syscall(SYS_pidfd_send_signal, loader->pidfd, SIGKILL, NULL, 0);
}

static int
start_child(struct rules_loader *loader)
{
	struct child_order order = {.scratch_fd = -1};
	int err;

	loader->image_fd =
	    memfd_create("loep-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (loader->image_fd == -1)
		return ERR_SYS;
	order.input_fd = loader->end.rules.units_fd;
	order.out_fd = loader->image_fd;
	err = child_compile(loader->analyser, loader->data, &order,
	    &loader->pid, &loader->pidfd);
	if (err != ERR_OK)
		return err;
	log_line(LOG_INFO, "msg=\"compiling rules\" version=%llu",
	    (unsigned long long)loader->end.rules.number);
	loader->watch = loop_watch(
	    loader->loop, loader->pidfd, LOOP_READ, on_ended, loader);
	loader->deadline =
	    loop_timer(loader->loop, COMPILE_MS, on_deadline, loader);
	return ERR_OK;
}

/* What was compiled another time, where that is of these rules. */
static bool
adopt_known(struct rules_loader *loader)
{
	struct rules_end *end = &loader->end;
	auto_close int fd = take_fd(loader->known_fd);

	if (fd == -1 || strcmp(loader->known_digest, end->rules.digest) != 0)
		return false;
	end->err = loader->analyser->adopt(
	    loader->data, &end->rules, fd, end->why, sizeof(end->why));
	if (end->err != ERR_OK)
		log_line(
		    LOG_WARN, "msg=\"compiled anew\" reason=\"%s\"", end->why);
	return end->err == ERR_OK;
}

void
rules_loader_begin(struct rules_loader *loader, uint32_t request,
    const struct analyser_rules *rules)
{
	struct rules_end *end = &loader->end;
	int known_fd = take_fd(loader->known_fd);

	rules_loader_stop(loader);
	loader->known_fd = known_fd;
	*end = (struct rules_end){
	    .request = request,
	    .rules = *rules,
	    .image_fd = -1,
	};
	if (loader->analyser->compile == NULL) {
		end->err = loader->analyser->ruleset(loader->data,
		    rules->number, rules->digest, rules->units_fd, end->why,
		    sizeof(end->why));
		conclude(loader);
		return;
	}
	if (adopt_known(loader)) {
		conclude(loader);
		return;
	}
	end->why[0] = '\0';
	end->err = start_child(loader);
	if (end->err != ERR_OK)
		conclude(loader);
}
