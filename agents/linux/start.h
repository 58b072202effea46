/* SPDX-License-Identifier: Apache-2.0 */
/* start.h - decides how a sample is started in this guest. */
#ifndef AGENTS_LINUX_START_H
#define AGENTS_LINUX_START_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../wire.h"

#define START_TEXT_BYTES 256
#define START_HEAD_BYTES 4096

struct start_plan {
	/* Program to run with the sample as its argument; "" runs it. */
	char interpreter[START_TEXT_BYTES];
	enum gwire_refusal refusal;  /* 0 when it can be started */
	char text[START_TEXT_BYTES]; /* why not, or how, in words */
};

/* What the decision rests on. */
struct start_input {
	enum gwire_method method;
	const char *name;	 /* file name, for its extension */
	const char *interpreter; /* WIRE_M_INTERPRETER: which; else NULL */
	const uint8_t *head;	 /* first bytes of the sample */
	size_t size;		 /* of head */
	/* Does the guest have this program? ret_path may be NULL. */
	bool (*has_program)(const char *name, char *ret_path, size_t size);
};

/* Fills the plan; never fails: what cannot be started is a refusal. */
void start_decide(const struct start_input *in, struct start_plan *ret_plan);

/*
 * has_program of the guest: an executable file of that name on the usual
 * path, or itself when it is a path.
 */
bool start_find_program(const char *name, char *ret_path, size_t size);

#endif
