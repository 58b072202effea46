/* SPDX-License-Identifier: Apache-2.0 */
/*
 * analyser_alone.h - an analyser by itself, for tests and people: one file,
 * records as JSON lines.  The same cage and the same child as under loepd.
 */
#ifndef LIB_ANALYSER_ALONE_H
#define LIB_ANALYSER_ALONE_H

#include "lib/analyser.h"

/* True when the process was started with arguments. */
bool analyser_alone_is_asked(void);
/* Analyses the file that the arguments name; the result is main()'s. */
int analyser_alone_main(const struct analyser *analyser);

#endif
