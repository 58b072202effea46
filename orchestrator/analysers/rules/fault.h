/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.h - going on after libyara's compiler has crashed on a rule.
 *
 * The child of an analyser cannot fork; what a crash leaves behind in this
 * process is believed by nobody (it is caged, and its records are checked),
 * but the other rules of a bundle shall not pay for one.
 */
#ifndef RULES_FAULT_H
#define RULES_FAULT_H

#include <setjmp.h>
#include <stdbool.h>

extern sigjmp_buf fault_place;

/*
 * if (FAULT_GUARD()) { ... fault_end(); } else { it crashed }.  Not nested.
 * Locals that are changed within are volatile.
 */
#define FAULT_GUARD() (fault_begin(), sigsetjmp(fault_place, 1) == 0)

void fault_begin(void);
void fault_end(void);

#endif
