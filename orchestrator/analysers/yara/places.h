/* SPDX-License-Identifier: Apache-2.0 */
/*
 * places.h - only those places of a file where the strings of slow rules can
 * be (rules/guard.h), as blocks that libyara scans.
 */
#ifndef YARA_PLACES_H
#define YARA_PLACES_H

#include "rules/guard.h"

#include <yara.h>

/*
 * As yr_scanner_scan_mem(), for rules for which nothing but these places and
 * the file's size counts (need.h); guard NULL: all of the file does.
 */
int places_scan(YR_SCANNER *scanner, const struct guard *guard,
    const uint8_t *p, size_t size);

#endif
