/* SPDX-License-Identifier: Apache-2.0 */
/* ruledir.h - finding and reading the rule files of a folder. */
#ifndef YARA_RULEDIR_H
#define YARA_RULEDIR_H

#include "analysers/yara/ruleset.h"

/* Folders inside a folder. */
#define RULEDIR_FOLDERS_MAX ((size_t)5000)

/*
 * Adds every *.yar and *.yara below folder, in the order of their paths.
 * What cannot be read is set aside by name.
 */
void ruledir_read(struct ruleset *ruleset, const char *folder);

#endif
