/* SPDX-License-Identifier: Apache-2.0 */
/* alone.h - loep-pgp by hand: makes a key, shows keys (for `loep pgp-key`). */
#ifndef PGP_ALONE_H
#define PGP_ALONE_H

/*
 * loep-pgp --make-key USER-ID [--days N]	a secret key, armored
 * loep-pgp --show FILE [--passphrase-file FILE]	{"keys": [...]}
 *
 * Prints on standard output; the process's exit status.
 */
int alone_main(int argc, char **argv);

#endif
