/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - loep-grams: what the index keeps of each unit.
 *
 * Enters its cage, then reads the bytes of one unit, or of a pack of them,
 * per child, and writes their columns.  It interprets nothing, touches nothing
 * but its input and its output, and ends when the scheduler's or the parent's
 * channel does.
 */
#include "analysers/grams/grams.h"
#include "lib/limits.h"

static const struct cage grams_cage = {
    .name = "grams",
    .groups = CAGE_FORK,
    .memory_bytes_max = LIMIT_ANALYSER_MEMORY_BYTES,
    /* An image of 200 GB is read to its end. */
    .cpu_seconds_max = 3600,
};

static const struct analyser grams_analyser = {
    .name = "grams",
    .cage = &grams_cage,
    .load = grams_load,
    .info = grams_info,
    .analyse = grams_analyse,
};

int
main(void)
{
	return analyser_main(&grams_analyser);
}
