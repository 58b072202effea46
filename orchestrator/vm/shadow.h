/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shadow.h - a small process that outlives this one for a moment.
 *
 * libvirt's QEMUs go on when their owner is killed, with a hostile guest in
 * them.  The shadow notices the end of its parent and kills them at once; the
 * next start reconciles the rest.
 */
#ifndef VM_SHADOW_H
#define VM_SHADOW_H

#include "lib/err.h"

/*
 * Forks it; call it in the cage and before any thread is made.  run_dir holds
 * the pid files of libvirt's embedded driver.
 */
int must_check shadow_start(const char *run_dir);

#endif
