/* SPDX-License-Identifier: Apache-2.0 */
/* fake_vault.h - a vault that keeps its blobs in memory. */
#ifndef TESTS_STORE_FAKE_VAULT_H
#define TESTS_STORE_FAKE_VAULT_H

#include "fake.h"

void fake_vault_init(struct fake_vault *vault);
void fake_vault_release(struct fake_vault *vault);
/* Takes the channel's end; the blobs of an earlier one are still there. */
void fake_vault_connect(struct fake_vault *vault, struct loop *loop, int fd);
void fake_vault_drop(struct fake_vault *vault);
struct fake_blob *fake_vault_find(struct fake_vault *vault, const char *org,
    const uint8_t sha256[SHA256_BYTES]);

#endif
