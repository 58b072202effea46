/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h - one bundle, from its bytes to RULE records. */
#ifndef RULES_ANALYSER_H
#define RULES_ANALYSER_H

#include "lib/analyser.h"

/* What one bundle may take when the context does not say. */
#define RULES_SECONDS_MAX 900
/* Bytes of a bundle. */
#define RULES_BUNDLE_BYTES_MAX (512 * MIB)

void *rules_load(struct program *program);
void rules_info(
    void *data, char *engine, size_t engine_size, json_t **ret_detail);
/*
 * Context: limits.seconds; limits.rule_cost_ms (what a rule may take for the
 * trial; 0 or none = anything that has an end).
 */
int rules_analyse(struct analysis *analysis);

#endif
