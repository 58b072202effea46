/* SPDX-License-Identifier: Apache-2.0 */
/* base64.h - Base64 for rules/: the store and the command line use it, too. */
#ifndef RULES_BASE64_H
#define RULES_BASE64_H

#include "lib/base64.h"

#endif
