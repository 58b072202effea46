/* SPDX-License-Identifier: Apache-2.0 */
/*
 * analyser_rules.h - other rules for an analyser: at once, or compiled in a
 * child while the rules from before hold.
 * Used by analyser.c only.
 */
#ifndef LIB_ANALYSER_RULES_H
#define LIB_ANALYSER_RULES_H

#include "lib/analyser_child.h"
#include "lib/loop.h"

#define RULES_WHY_BYTES ((size_t)2048)

/* How it went; the descriptor is borrowed. */
struct rules_end {
	uint32_t request;
	struct analyser_rules rules;
	int err;
	char why[RULES_WHY_BYTES]; /* what was set aside, or what is wrong */
	int image_fd;		   /* compiled now, worth keeping; or -1 */
};

typedef void rules_end_fn(void *arg, const struct rules_end *end);

/* One at a time: rules that come later end the compiling of earlier ones. */
struct rules_loader {
	const struct analyser *analyser;
	void *data;
	struct loop *loop;
	rules_end_fn *ended;
	void *arg;
	char known_digest[SHA256_HEX_BYTES];
	int known_fd; /* what was compiled another time; -1 = none */
	/* the child that compiles; pid 0 = none */
	struct rules_end end;
	pid_t pid;
	int pidfd;
	int image_fd;
	struct loop_watch *watch;
	struct loop_timer *deadline;
};

void rules_loader_init(
    struct rules_loader *loader, const struct analyser *analyser, void *data);
/* An image from another time, of rules with that digest; takes fd. */
void rules_loader_known(
    struct rules_loader *loader, const char *digest, int fd);
/*
 * Takes units_fd.  Calls ended() once, now or later, unless other rules come
 * before, or rules_loader_stop().
 */
void rules_loader_begin(struct rules_loader *loader, uint32_t request,
    const struct analyser_rules *rules);
/* Ends what goes on, without a word. */
void rules_loader_stop(struct rules_loader *loader);

#endif
