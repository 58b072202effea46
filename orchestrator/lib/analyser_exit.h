/* SPDX-License-Identifier: Apache-2.0 */
/* analyser_exit.h - how an analyser's child says how it ended. */
#ifndef LIB_ANALYSER_EXIT_H
#define LIB_ANALYSER_EXIT_H

/*
 * How a child ends that did not crash.  PARTIAL: analyse() returned an error,
 * which its records explain.  MEMORY is xalloc's.
 */
enum analyser_exit {
	ANALYSER_EXIT_DONE = 0,
	ANALYSER_EXIT_PARTIAL = 65,
	ANALYSER_EXIT_MEMORY = 70,
	ANALYSER_EXIT_START = 71,  /* the child's cage could not be entered */
	ANALYSER_EXIT_OUTPUT = 74, /* nobody reads the records any more */
	ANALYSER_EXIT_STOPPED = 75 /* asked to end; has written what it had */
};

#endif
