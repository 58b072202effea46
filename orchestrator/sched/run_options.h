/* SPDX-License-Identifier: Apache-2.0 */
/* run_options.h - what was asked of a run, checked before loep-vm sees it. */
#ifndef SCHED_RUN_OPTIONS_H
#define SCHED_RUN_OPTIONS_H

#include "lib/json.h"

#include <stdint.h>

struct run_options {
	char profile[64];
	uint32_t seconds;
	char *json; /* owned: the text for RUN_START */
};

/*
 * Takes the known members of a detonate job's options: profile, seconds,
 * args (list of text), env (object of text), network, and what only concerns
 * how loep-vm starts the sample (method, interpreter, member, password, uid).
 * ERR_FORMAT: why (why_size bytes) says what is wrong.
 */
int must_check run_options_take(const json_t *options, char *why,
    size_t why_size, struct run_options *ret_options);
void run_options_release(struct run_options *options);

#endif
