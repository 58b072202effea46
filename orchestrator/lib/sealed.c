/* SPDX-License-Identifier: Apache-2.0 */
/* sealed.c - bytes in sealed memory, to be handed to another program. */
#include "lib/sealed.h"
#include "lib/fileio.h"

#include "lib/own.h"

#include <fcntl.h>
#include <sys/mman.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

int
sealed_make(const char *name, const void *p, size_t len, int *ret_fd)
{
	auto_close int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd == -1)
		return ERR_SYS;
	if (file_write(fd, p, len) != ERR_OK ||
	    fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) == -1)
		return ERR_SYS;
	*ret_fd = take_fd(fd);
	return ERR_OK;
}

int
sealed_map(int fd, size_t len_max, const uint8_t **ret_map, size_t *ret_len)
{
	int seals = fcntl(fd, F_GET_SEALS);
	off_t size = lseek(fd, 0, SEEK_END);
	void *map;

	if (seals == -1 || (seals & SEALS) != SEALS || size <= 0 ||
	    (uintmax_t)size > len_max)
		return ERR_FORMAT;
	map = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return ERR_SYS;
	*ret_map = map;
	*ret_len = (size_t)size;
	return ERR_OK;
}

void
sealed_unmap(const uint8_t *map, size_t len)
{
	if (map != NULL)
		(void)munmap((void *)(uintptr_t)map, len);
}
