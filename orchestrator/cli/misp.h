/* SPDX-License-Identifier: Apache-2.0 */
/* misp.h - YARA rules out of a MISP export. */
#ifndef CLI_MISP_H
#define CLI_MISP_H

#include "lib/err.h"

#include <stddef.h>

/* Called with each rule text; path is made from its attribute's UUID. */
typedef int misp_rule_fn(
    void *arg, const char *path, const char *text, size_t len);

/*
 * Reads an export as MISP's REST interface gives it: an event, a list of them
 * or a list of attributes, however they are wrapped.  Attributes of type
 * "yara" that are not deleted are rules, inside of objects too.  ERR_FORMAT
 * where it is no JSON; stops with what fn returns other than ERR_OK.
 */
int must_check misp_read(
    const void *p, size_t len, misp_rule_fn *fn, void *arg);

#endif
