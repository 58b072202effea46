/* SPDX-License-Identifier: Apache-2.0 */
/* rules_image.h - rule sets as loep-yara compiled them, kept in files. */
#ifndef STORE_RULES_IMAGE_H
#define STORE_RULES_IMAGE_H

#include "store/request.h"

/* Gives up what is being copied; its requests are gone already. */
void rules_image_stop(struct store *store);

#endif
