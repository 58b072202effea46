/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - loep-archive: the members of an archive become artefacts.
 *
 * Enters its cage, then unpacks one level of one archive per child, in
 * memory, through libarchive.  It touches nothing but its input and its
 * output, trusts the scheduler's context only, and ends when the scheduler's
 * or the parent's channel does.
 */
#include "analysers/archive/archive.h"
#include "lib/limits.h"

static const struct cage archive_cage = {
    .name = "archive",
    .groups = CAGE_FORK,
    .memory_bytes_max = LIMIT_ANALYSER_MEMORY_BYTES,
    .cpu_seconds_max = 2 * LIMIT_ANALYSER_SECONDS,
};

static const struct analyser archive_analyser = {
    .name = "archive",
    .cage = &archive_cage,
    .load = archive_load,
    .info = archive_info,
    .analyse = archive_analyse,
};

int
main(void)
{
	return analyser_main(&archive_analyser);
}
