/* SPDX-License-Identifier: Apache-2.0 */
/* verify.h - re-hashing stored evidence. */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include "store/store.h"

/* Starts on what was not verified for the period; from the tick. */
void verify_due(struct store *store);

#endif
