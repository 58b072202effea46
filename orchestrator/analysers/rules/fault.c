/* SPDX-License-Identifier: Apache-2.0 */
/* fault.c - going on after a crash of libyara. */
#include "analysers/rules/fault.h"

#include <signal.h>
#include <stddef.h>

sigjmp_buf fault_place;

static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static struct sigaction before[NUMBERS];

static void
on_fault(int number)
{
	(void)number;
	fault_end();
	siglongjmp(fault_place, 1);
}

void
fault_begin(void)
{
#ifndef CAGE_DEVELOPER
	/* The sanitizers' own reports are worth more. */
	struct sigaction action = {
	    .sa_handler = on_fault, .sa_flags = (int)SA_ONSTACK};

	for (size_t i = 0; i < NUMBERS; i++)
		(void)sigaction(numbers[i], &action, &before[i]);
#else
	(void)on_fault;
	(void)before;
#endif
}

void
fault_end(void)
{
#ifndef CAGE_DEVELOPER
	for (size_t i = 0; i < NUMBERS; i++)
		(void)sigaction(numbers[i], &before[i], NULL);
#endif
}
