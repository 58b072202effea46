/* SPDX-License-Identifier: Apache-2.0 */
/* pcap.c - writing a packet capture. */
#include "simnet/pcap.h"

#include "lib/limits.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES (2 * MIB)
#define FULL_BYTES   MIB
#define SNAP_BYTES   65550u

/* Little-endian whatever the machine, so that captures can be compared. */
static void
put_le(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

void
pcap_init(struct pcap *pcap, int fd, uint64_t bytes_max)
{
	uint8_t *p;

	*pcap = (struct pcap){.fd = fd, .bytes_max = bytes_max};
	pcap->buf = xmalloc(BUFFER_BYTES);
	p = pcap->buf;
	memset(p, 0, PCAP_HEADER_BYTES);
	put_le(p, 0xa1b2c3d4u);
	p[4] = 2; /* version 2.4 */
	p[6] = 4;
	put_le(p + 16, SNAP_BYTES);
	put_le(p + 20, 1); /* LINKTYPE_ETHERNET */
	pcap->end = PCAP_HEADER_BYTES;
	pcap->bytes = PCAP_HEADER_BYTES;
}

void
pcap_release(struct pcap *pcap)
{
	if (pcap->fd != -1)
		(void)close(pcap->fd);
	free(pcap->buf);
	*pcap = (struct pcap){.fd = -1};
}

void
pcap_add(struct pcap *pcap, int64_t wall_us, const uint8_t *frame, size_t len)
{
	size_t need = PCAP_RECORD_BYTES + len;
	uint8_t *p;

	if (pcap->fd == -1 || need > pcap->bytes_max ||
	    pcap->bytes > pcap->bytes_max - need) {
		pcap->cut++;
		return;
	}
	if (pcap->start > 0 && need > BUFFER_BYTES - pcap->end) {
		memmove(pcap->buf, pcap->buf + pcap->start,
		    pcap->end - pcap->start);
		pcap->end -= pcap->start;
		pcap->start = 0;
	}
	if (need > BUFFER_BYTES - pcap->end) {
		pcap->cut++;
		return;
	}
	p = pcap->buf + pcap->end;
	put_le(p, (uint32_t)(wall_us / 1000000));
	put_le(p + 4, (uint32_t)(wall_us % 1000000));
	put_le(p + 8, (uint32_t)len);
	put_le(p + 12, (uint32_t)len);
	memcpy(p + PCAP_RECORD_BYTES, frame, len);
	pcap->end += need;
	pcap->bytes += need;
	pcap->packets++;
}

void
pcap_flush(struct pcap *pcap)
{
	while (pcap->fd != -1 && pcap->start < pcap->end) {
		ssize_t n = write(
		    pcap->fd, pcap->buf + pcap->start, pcap->end - pcap->start);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			return;
		if (n == -1) {
			(void)close(pcap->fd);
			pcap->fd = -1;
			break;
		}
		pcap->start += (size_t)n;
	}
	pcap->start = pcap->end = 0;
}

bool
pcap_is_pending(const struct pcap *pcap)
{
	return pcap->fd != -1 && pcap->start < pcap->end;
}

bool
pcap_is_full(const struct pcap *pcap)
{
	return pcap->end - pcap->start > FULL_BYTES;
}
