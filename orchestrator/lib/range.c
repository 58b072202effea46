/* SPDX-License-Identifier: Apache-2.0 */
/* range.c - both sides of range reads. */
#include "lib/range.h"

#include "lib/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

static void
put_le(uint8_t *at, uint64_t v, size_t width)
{
	for (size_t i = 0; i < width; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

static int
broken(void)
{
	errno = EIO;
	return ERR_SYS;
}

int
range_ask(int sock, uint64_t offset, size_t len)
{
	uint8_t request[RANGE_REQUEST_BYTES];
	ssize_t n;

	if (len > RANGE_BYTES_MAX)
		len = RANGE_BYTES_MAX;
	put_le(request, offset, 8);
	put_le(request + 8, len, 4);
	do {
		n = send(sock, request, sizeof(request), MSG_NOSIGNAL);
	} while (n == -1 && errno == EINTR);
	return n == (ssize_t)sizeof(request) ? ERR_OK : broken();
}

int
range_take(int sock, void *p, size_t len, size_t *ret_len)
{
	uint8_t head[RANGE_ANSWER_BYTES];
	struct iovec parts[2];
	struct msghdr header = {.msg_iov = parts, .msg_iovlen = 2};
	struct wire_in in;
	size_t got;
	ssize_t n;

	if (len > RANGE_BYTES_MAX)
		len = RANGE_BYTES_MAX;
	parts[0] = (struct iovec){.iov_base = head, .iov_len = sizeof(head)};
	parts[1] = (struct iovec){.iov_base = p, .iov_len = len};
	do {
		n = recvmsg(sock, &header, 0);
	} while (n == -1 && errno == EINTR);
	if (n < (ssize_t)sizeof(head) || (header.msg_flags & MSG_TRUNC) != 0)
		return broken();
	wire_in_init(&in, head, sizeof(head));
	if (wire_get_u32(&in) != ERR_OK)
		return broken();
	got = wire_get_u32(&in);
	if (got != (size_t)n - sizeof(head))
		return broken();
	*ret_len = got;
	return ERR_OK;
}

int
range_read(int sock, uint64_t offset, void *p, size_t len, size_t *ret_len)
{
	if (range_ask(sock, offset, len) != ERR_OK)
		return ERR_SYS;
	return range_take(sock, p, len, ret_len);
}

int
range_get_request(
    const void *p, size_t len, uint64_t *ret_offset, uint32_t *ret_len)
{
	struct wire_in in;
	uint64_t offset;
	uint32_t want;

	wire_in_init(&in, p, len);
	offset = wire_get_u64(&in);
	want = wire_get_u32(&in);
	if (!wire_in_is_done(&in) || want > RANGE_BYTES_MAX)
		return ERR_PEER;
	*ret_offset = offset;
	*ret_len = want;
	return ERR_OK;
}

void
range_put_answer(
    uint8_t head[RANGE_ANSWER_BYTES], enum err status, uint32_t len)
{
	put_le(head, (uint32_t)status, 4);
	put_le(head + 4, len, 4);
}
