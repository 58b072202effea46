/* SPDX-License-Identifier: Apache-2.0 */
/* fileio.h - reads and writes of files that are whole or fail. */
#ifndef LIB_FILEIO_H
#define LIB_FILEIO_H

#include "lib/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * All len bytes from byte `at` of a file, into p: ERR_OK, ERR_EOF where the
 * file ends before that, or ERR_SYS with errno.  For descriptors that wait
 * (no O_NONBLOCK), as the others here; a signal is no error.
 */
int must_check file_read_at(int fd, uint64_t at, void *p, size_t len);
/* All of p, from byte `at` on: ERR_OK, or ERR_SYS with errno. */
int must_check file_write_at(int fd, uint64_t at, const void *p, size_t len);
/* All of p, where the file or pipe stands: ERR_OK, or ERR_SYS with errno. */
int must_check file_write(int fd, const void *p, size_t len);
/*
 * What a descriptor has from where it stands, max bytes at most, with a NUL
 * behind it; what cannot be read ends it.  The caller frees.
 */
char *file_read_text(int fd, size_t max, size_t *ret_len);

#endif
