/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - loep-identify: what an artefact is.
 *
 * Loads libmagic's database and OpenSSL's digests, enters its cage, then
 * reads one artefact per child and writes facts.  It touches nothing but its
 * input and its output, trusts the database and the scheduler's context, and
 * ends when the scheduler's or the parent's channel does.
 */
#include "analysers/identify/identify.h"
#include "lib/limits.h"

static const struct cage identify_cage = {
    .name = "identify",
    .groups = CAGE_FORK,
    .memory_bytes_max = LIMIT_ANALYSER_MEMORY_BYTES,
    .cpu_seconds_max = 2 * LIMIT_ANALYSER_SECONDS,
};

static const struct analyser identify_analyser = {
    .name = "identify",
    .cage = &identify_cage,
    .wants_files = true, /* libmagic, for ELF */
    .load = identify_load,
    .info = identify_info,
    .analyse = identify_analyse,
};

int
main(void)
{
	return analyser_main(&identify_analyser);
}
