/* SPDX-License-Identifier: Apache-2.0 */
/* grams.h - the columns of units, as DATA. */
#ifndef ANALYSERS_GRAMS_GRAMS_H
#define ANALYSERS_GRAMS_GRAMS_H

#include "lib/analyser.h"

void *grams_load(struct program *program);
void grams_info(
    void *data, char *engine, size_t engine_size, json_t **ret_detail);
/* Writes the column of each unit of the input (lib/columns.h), in order. */
int grams_analyse(struct analysis *analysis);

#endif
