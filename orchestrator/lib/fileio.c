/* SPDX-License-Identifier: Apache-2.0 */
/* fileio.c - reads and writes of files that are whole or fail. */
#include "lib/fileio.h"

#include "lib/xalloc.h"

#include <errno.h>
#include <unistd.h>

int
file_read_at(int fd, uint64_t at, void *p, size_t len)
{
	uint8_t *dst = p;

	while (len > 0) {
		ssize_t n = pread(fd, dst, len, (off_t)at);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return ERR_SYS;
		if (n == 0)
			return ERR_EOF;
		dst += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return ERR_OK;
}

int
file_write_at(int fd, uint64_t at, const void *p, size_t len)
{
	const uint8_t *src = p;

	while (len > 0) {
		ssize_t n = pwrite(fd, src, len, (off_t)at);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return ERR_SYS;
		src += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return ERR_OK;
}

int
file_write(int fd, const void *p, size_t len)
{
	const uint8_t *src = p;

	while (len > 0) {
		ssize_t n = write(fd, src, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return ERR_SYS;
		src += n;
		len -= (size_t)n;
	}
	return ERR_OK;
}

char *
file_read_text(int fd, size_t max, size_t *ret_len)
{
	char *text = xmalloc(max + 1);
	size_t len = 0;
	ssize_t n;

	while (len < max && (n = read(fd, text + len, max - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	*ret_len = len;
	return text;
}
