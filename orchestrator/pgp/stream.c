/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c - what librnp reads from and writes to: descriptors, with bounds. */
#include "pgp/stream.h"

#include "lib/fileio.h"
#include "lib/openpgp.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Of a mail, what its armor is looked for in. */
#define HEAD_BYTES ((size_t)262144)

void
source_init(struct source *source, int fd, enum blob_open how, uint64_t size)
{
	*source = (struct source){.fd = fd, .bytes_max = UINT64_MAX};
	if (how != BLOB_STREAM || size != PGP_SIZE_UNKNOWN) {
		source->input = input_new(fd, how, size);
		source->fd = -1;
	}
	source->is_random = how != BLOB_STREAM;
}

void
source_release(struct source *source)
{
	input_free(source->input);
	if (source->fd != -1)
		(void)close(source->fd);
	*source = (struct source){.fd = -1};
}

void
source_seek_armor(struct source *source)
{
	static const char begin[] = "\n-----BEGIN PGP MESSAGE";
	uint8_t *head;
	const uint8_t *at;
	size_t len = 0;

	if (!source->is_random)
		return;
	head = xmalloc(HEAD_BYTES);
	if (input_read_at(source->input, 0, head, HEAD_BYTES, &len) == ERR_OK &&
	    len > 0 && (head[0] & 0x80) == 0) {
		at = memmem(head, len, begin, sizeof(begin) - 1);
		if (at != NULL)
			source->pos = (uint64_t)(at - head) + 1;
	}
	free(head);
}

static bool
on_read(void *arg, void *buf, size_t len, size_t *read_len)
{
	struct source *source = arg;
	uint64_t left = source->bytes_max - source->pos;
	size_t want = len < left ? len : (size_t)left;
	ssize_t n;

	*read_len = 0;
	if (want == 0)
		return true;
	if (source->input != NULL) {
		if (input_read_at(source->input, source->pos, buf, want,
			read_len) != ERR_OK) {
			source->is_failed = true;
			return false;
		}
	} else {
		do {
			n = read(source->fd, buf, want);
		} while (n == -1 && errno == EINTR);
		source->is_failed = n == -1;
		*read_len = n == -1 ? 0 : (size_t)n;
	}
	source->pos += *read_len;
	return !source->is_failed;
}

static void
on_read_end(void *arg)
{
	(void)arg;
}

static bool
on_write(void *arg, const void *buf, size_t len)
{
	struct sink *sink = arg;

	if (len > sink->bytes_max - sink->bytes) {
		sink->is_over = true;
		return false;
	}
	if (file_write(sink->fd, buf, len) != ERR_OK) {
		sink->is_failed = true;
		return false;
	}
	sink->bytes += len;
	return true;
}

static void
on_write_end(void *arg, bool is_discarded)
{
	(void)arg;
	(void)is_discarded;
}

int
source_open(struct source *source, rnp_input_t *ret_input)
{
	return rnp_input_from_callback(
		   ret_input, on_read, on_read_end, source) == RNP_SUCCESS
		   ? ERR_OK
		   : ERR_SYS;
}

int
sink_open(struct sink *sink, rnp_output_t *ret_output)
{
	return rnp_output_to_callback(
		   ret_output, on_write, on_write_end, sink) == RNP_SUCCESS
		   ? ERR_OK
		   : ERR_SYS;
}
