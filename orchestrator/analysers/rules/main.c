/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - loep-rules: what is in a bundle of YARA rules.
 *
 * Reads one bundle (the sources of one rule-set version), compiles and tries
 * each rule, and says of each whether it works, what it depends on, what the
 * index can tell of it, and what it costs.  It touches nothing but its input
 * and its output, trusts neither rules nor samples, and ends when the
 * scheduler's or the parent's channel does.
 */
#include "analysers/rules/rules.h"
#include "lib/limits.h"

static const struct cage rules_cage = {
    .name = "rules",
    .memory_bytes_max = LIMIT_ANALYSER_MEMORY_BYTES,
    .cpu_seconds_max = 2 * RULES_SECONDS_MAX,
};

static const struct analyser rules_analyser = {
    .name = "rules",
    .cage = &rules_cage,
    .load = rules_load,
    .info = rules_info,
    .analyse = rules_analyse,
};

int
main(void)
{
	return analyser_main(&rules_analyser);
}
