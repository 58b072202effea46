/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - loep-yara: the active YARA rules on an artefact.
 *
 * Loads and tries the rules of its folders (which it trusts no further than
 * to be rules), enters its cage, then scans one artefact per child.  A version
 * of the rule set that the scheduler sends takes the folders' place.  It
 * touches nothing but its input and its output, and ends when the
 * scheduler's or the parent's channel does.
 */
#include "analysers/yara/scan.h"
#include "lib/limits.h"

static const struct cage yara_cage = {
    .name = "yara",
    .groups = CAGE_FORK,
    .memory_bytes_max = LIMIT_ANALYSER_MEMORY_BYTES,
    .cpu_seconds_max = 2 * LIMIT_ANALYSER_SECONDS,
};

static const struct analyser yara_analyser = {
    .name = "yara",
    .cage = &yara_cage,
    .load = scan_load,
    .info = scan_info,
    .analyse = scan_analyse,
    .compile = scan_compile,
    .adopt = scan_adopt,
};

int
main(void)
{
	return analyser_main(&yara_analyser);
}
