/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.h - what went wrong, for the one who asked: a result and a sentence.
 * Carried by value from the worker that met it to the answer.
 */
#ifndef VAULT_FAULT_H
#define VAULT_FAULT_H

#include "lib/err.h"

struct fault {
	int err; /* enum err */
	char why[200];
};

/* Notes err and a sentence; returns err. */
int fault_set(struct fault *fault, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/*
 * Notes errno: a full disk is ERR_NO_SPACE, everything else means that the
 * vault cannot work now (ERR_UNAVAILABLE).  what names the attempt.
 */
int fault_sys(struct fault *fault, const char *what);

#endif
