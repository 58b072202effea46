/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h - tries what a cage forbids, from inside it.
 *
 * The parent may ask a program for one trial (conf key "trial"), the scheduler
 * an analyser's child (member "trial" of the context): the real program in its
 * real cage then does one forbidden act and ends.  The sandbox tests use it;
 * nothing foreign can ask for it.
 */
#ifndef LIB_TRIAL_H
#define LIB_TRIAL_H

/* The act was refused (or there is no such act: TRIAL_UNKNOWN). */
#define TRIAL_REFUSED	0
#define TRIAL_SUCCEEDED 90
#define TRIAL_UNKNOWN	91

/*
 * Acts: "open:PATH" and "write:PATH" (create), "connect" (TCP to loopback),
 * "exec", "fork", "ptrace", "kill" (the parent), "memory:BYTES", "code"
 * (executable memory), "input" (write to descriptor 3).  Ends the process:
 * by one of the above, or killed by the cage.
 */
__attribute__((noreturn)) void trial_run(const char *act);

#endif
