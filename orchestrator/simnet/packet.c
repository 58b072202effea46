/* SPDX-License-Identifier: Apache-2.0 */
/* packet.c - header arithmetic. */
#include "simnet/packet.h"

#include <stdio.h>
#include <string.h>

#define TTL 64

uint16_t
packet_checksum(uint32_t sum, const uint8_t *p, size_t len)
{
	/* 64 KiB of 0xffff words fit in 32 bits. */
	for (; len > 1; p += 2, len -= 2)
		sum += get16(p);
	if (len == 1)
		sum += (uint32_t)p[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void
packet_ipv4(uint8_t *p, unsigned int proto, uint32_t src, uint32_t dst,
    size_t payload_len)
{
	memset(p, 0, IPV4_BYTES);
	p[0] = 0x45;
	put16(p + 2, (unsigned int)(IPV4_BYTES + payload_len));
	put16(p + 6, 0x4000); /* don't fragment */
	p[8] = TTL;
	p[9] = (uint8_t)proto;
	put32(p + 12, src);
	put32(p + 16, dst);
	put16(p + 10, packet_checksum(0, p, IPV4_BYTES));
}

uint16_t
packet_checksum_l4(unsigned int proto, uint32_t src, uint32_t dst,
    const uint8_t *p, size_t len)
{
	uint32_t sum = (src >> 16) + (src & 0xffff) + (dst >> 16) +
		       (dst & 0xffff) + proto + (uint32_t)len;

	return packet_checksum(sum, p, len);
}

const char *
packet_address(char dst[16], uint32_t address)
{
	(void)snprintf(dst, 16, "%u.%u.%u.%u", address >> 24,
	    address >> 16 & 0xff, address >> 8 & 0xff, address & 0xff);
	return dst;
}
