/* SPDX-License-Identifier: Apache-2.0 */
/* input.c - an artefact's bytes by memory, range socket or pipe. */
#include "lib/input.h"
#include "lib/fileio.h"

#include "lib/own.h"
#include "lib/range.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct input {
	int fd;
	enum blob_open how;
	uint64_t size;
	uint64_t pos;	    /* BLOB_STREAM: where the pipe stands */
	const uint8_t *map; /* BLOB_MEMFD: once asked for */
	bool is_borrowed;   /* map is somebody else's, and fd is scratch */
	bool is_copied;	    /* to the scratch file */
};

struct input *
input_new(int fd, enum blob_open how, uint64_t size)
{
	struct input *input = xcalloc(1, sizeof(*input));

	input->fd = fd;
	input->how = how;
	input->size = size;
	return input;
}

struct input *
input_new_in_memory(const uint8_t *p, size_t size, int scratch_fd)
{
	struct input *input = input_new(scratch_fd, BLOB_MEMFD, size);

	input->map = p;
	input->is_borrowed = true;
	return input;
}

void
input_free(struct input *input)
{
	if (input == NULL)
		return;
	if (input->is_borrowed) {
		free(input);
		return;
	}
	if (input->map != NULL && input->size > 0)
		(void)munmap((void *)(uintptr_t)input->map, input->size);
	if (input->fd >= 0)
		(void)close(input->fd);
	free(input);
}

uint64_t
input_size(const struct input *input)
{
	return input->size;
}

/* One piece; *ret_len 0 only where the other side has ended. */
static int
read_piece(
    struct input *input, uint64_t offset, void *p, size_t len, size_t *ret_len)
{
	ssize_t n;

	if (input->how == BLOB_RANGE)
		return range_read(input->fd, offset, p, len, ret_len);
	do {
		if (input->how == BLOB_STREAM)
			n = read(input->fd, p, len);
		else
			n = pread(input->fd, p, len, (off_t)offset);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return ERR_SYS;
	if (input->how == BLOB_STREAM)
		input->pos += (size_t)n;
	*ret_len = (size_t)n;
	return ERR_OK;
}

/* A pipe only goes forward: read away what lies before offset. */
static int
skip_to(struct input *input, uint64_t offset)
{
	uint8_t waste[16384];

	if (offset < input->pos) {
		errno = ESPIPE;
		return ERR_SYS;
	}
	while (input->pos < offset) {
		size_t len = sizeof(waste);
		size_t got = 0;

		if (offset - input->pos < len)
			len = (size_t)(offset - input->pos);
		if (read_piece(input, input->pos, waste, len, &got) != ERR_OK)
			return ERR_SYS;
		if (got == 0) {
			errno = EIO;
			return ERR_SYS;
		}
	}
	return ERR_OK;
}

int
input_read_at(
    struct input *input, uint64_t offset, void *p, size_t len, size_t *ret_len)
{
	uint8_t *at = p;
	size_t done = 0;

	if (offset >= input->size)
		len = 0;
	else if (len > input->size - offset)
		len = (size_t)(input->size - offset);
	if (len > 0 && input->map != NULL) {
		memcpy(at, input->map + offset, len);
		done = len;
	}
	if (done < len && input->how == BLOB_STREAM &&
	    skip_to(input, offset) != ERR_OK)
		return ERR_SYS;
	while (done < len) {
		size_t got = 0;

		if (read_piece(input, offset + done, at + done, len - done,
			&got) != ERR_OK)
			return ERR_SYS;
		if (got == 0) {
			/* Fewer bytes than were promised: damage, or the
			 * vault is gone. */
			errno = EIO;
			return ERR_SYS;
		}
		done += got;
	}
	*ret_len = done;
	return ERR_OK;
}

const uint8_t *
input_map(struct input *input)
{
	struct stat st;
	void *map;

	if (input->map != NULL)
		return input->map;
	if (input->how != BLOB_MEMFD || input->size > SIZE_MAX / 2)
		return NULL;
	if (input->size == 0) {
		input->map = (const uint8_t *)"";
		return input->map;
	}
	/* A map beyond the end of the memory would be SIGBUS later. */
	if (fstat(input->fd, &st) == -1 || st.st_size < 0 ||
	    (uint64_t)st.st_size < input->size)
		return NULL;
	map = mmap(
	    NULL, (size_t)input->size, PROT_READ, MAP_PRIVATE, input->fd, 0);
	if (map == MAP_FAILED)
		return NULL;
	input->map = map;
	return input->map;
}

/* The bytes of a borrowed input in its scratch file, at their place. */
static int
copy_to_scratch(struct input *input)
{
	if (input->fd == -1 || ftruncate(input->fd, (off_t)input->size) == -1)
		return ERR_SYS;
	return file_write_at(input->fd, 0, input->map, (size_t)input->size);
}

int
input_fd(struct input *input)
{
	if (input->is_borrowed && !input->is_copied) {
		if (copy_to_scratch(input) != ERR_OK)
			return -1;
		input->is_copied = true;
	}
	return input->how == BLOB_MEMFD ? input->fd : -1;
}
