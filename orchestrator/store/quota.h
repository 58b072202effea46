/* SPDX-License-Identifier: Apache-2.0 */
/* quota.h - what an organisation may still store. */
#ifndef STORE_QUOTA_H
#define STORE_QUOTA_H

#include "store/request.h"

/*
 * May the organisation open one more upload of that many bytes (0 = not
 * known)?  What is under way counts as stored.  ERR_LIMIT with a sentence.
 */
int must_check quota_check(struct request *r, const char *org, int64_t bytes);

#endif
