/* SPDX-License-Identifier: Apache-2.0 */
/* bundle_parts.h - what bundle.c (lines) and collect.c (rules) share. */
#ifndef RULES_BUNDLE_PARTS_H
#define RULES_BUNDLE_PARTS_H

#include "rules/bundle.h"

/* Room for one more at the end of a growing list. */
#define GROW(list, count, capacity)                             \
 do {                                                           \
  if ((count) == (capacity)) {                                  \
   (capacity) = (capacity)*2 + 16;                              \
   (list) = xreallocarray((list), (capacity), sizeof(*(list))); \
  }                                                             \
 } while (0)

/* Finds the rules of all files, includes followed. */
void collect_rules(struct bundle *bundle);

#endif
