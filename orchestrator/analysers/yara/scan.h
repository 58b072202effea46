/* SPDX-License-Identifier: Apache-2.0 */
/* scan.h - an artefact under the active rule set. */
#ifndef YARA_SCAN_H
#define YARA_SCAN_H

#include "analysers/yara/ruleset.h"
#include "lib/analyser.h"

/* MATCH records of one artefact; more are counted. */
#define SCAN_MATCHES_MAX 9000
/* ERROR records about strings that match too often. */
#define SCAN_STRINGS_MAX 20

/* Loads the folders of conf key "rules_dir"; a struct ruleset. */
void *scan_load(struct program *program);
void scan_info(
    void *data, char *engine, size_t engine_size, json_t **ret_detail);
/* The rules of a version from now on (analyser.h). */
int scan_compile(
    void *data, int units_fd, int image_fd, char *why, size_t why_size);
int scan_adopt(void *data, const struct analyser_rules *rules, int image_fd,
    char *why, size_t why_size);
/*
 * Writes matches and facts.  Uses of the context: name, path, filetype, owner,
 * limits.seconds.
 */
int scan_analyse(struct analysis *analysis);

#endif
