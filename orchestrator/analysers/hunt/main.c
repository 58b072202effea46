/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - loep-hunt: changed rules on stored artefacts.
 *
 * Enters its cage with nothing loaded; rules come as compile units (RULESET)
 * and are compiled inside it.  Scans artefacts in children that touch nothing
 * but their input and their output, apart from live triage, which has its own
 * loep-yara.  Ends when the scheduler's or the parent's channel does.
 *
 * By hand: loep-hunt --units FILE --paths-from - (alone.h).
 */
#include "analysers/hunt/alone.h"
#include "analysers/hunt/hunt.h"
#include "lib/limits.h"

static const struct cage hunt_cage = {
    .name = "hunt",
    .groups = CAGE_FORK,
    .memory_bytes_max = LIMIT_ANALYSER_MEMORY_BYTES,
    .cpu_seconds_max = 2 * LIMIT_ANALYSER_SECONDS,
};

static const struct analyser hunt_analyser = {
    .name = "hunt",
    .cage = &hunt_cage,
    .load = hunt_load,
    .info = hunt_info,
    .analyse = hunt_analyse,
    .ruleset = hunt_ruleset,
};

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--units") == 0)
			return hunt_alone(argc, argv, &hunt_cage);
	}
	return analyser_main(&hunt_analyser);
}
