/* SPDX-License-Identifier: Apache-2.0 */
/* setup.h - what loep-vault does besides serving: --init and --check. */
#ifndef VAULT_SETUP_H
#define VAULT_SETUP_H

/*
 * Makes the folders and the site's keys below STATE and prints the public
 * signing key.  Returns the exit status: 1 where a vault is there already.
 */
int setup_init(const char *state_dir);
/*
 * Reads every blob below STATE from the disk and names each damaged one on
 * standard output.  Returns the exit status: 0 all whole, 1 damage, 2 could
 * not look.
 */
int setup_check(const char *state_dir);

#endif
