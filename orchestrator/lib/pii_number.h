/* SPDX-License-Identifier: Apache-2.0 */
/* pii_number.h - part of pii.c: numbers that prove themselves. */
#ifndef LIB_PII_NUMBER_H
#define LIB_PII_NUMBER_H

#include "lib/pii.h"

/*
 * A phone number, IBAN, national number, enterprise number or card that
 * begins at `at`, where no word stands before; false where there is none.
 */
bool pii_number_at(
    const char *text, size_t len, size_t at, struct pii_hit *ret_hit);

#endif
