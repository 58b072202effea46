/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet.h - the headers of Ethernet, ARP, IPv4, ICMP, UDP and TCP as byte
 * offsets, and the arithmetic on them.  Nothing is ever cast to a structure:
 * the bytes come from a guest that may be hostile.
 */
#ifndef SIMNET_PACKET_H
#define SIMNET_PACKET_H

#include <stddef.h>
#include <stdint.h>

#define ETHER_BYTES	 14u
#define ETHER_ADDR_BYTES 6u
#define ETHERTYPE_IPV4	 0x0800u
#define ETHERTYPE_ARP	 0x0806u
#define ETHERTYPE_IPV6	 0x86ddu
/* A frame that we send: MTU 1500 and the header. */
#define FRAME_OUT_BYTES (ETHER_BYTES + 1500u)
/* A frame that we take: what a tap can deliver at most. */
#define FRAME_IN_BYTES 65550u

#define ARP_BYTES  28u
#define IPV4_BYTES 20u
#define ICMP_BYTES 8u
#define UDP_BYTES  8u
#define TCP_BYTES  20u

#define PROTO_ICMP 1u
#define PROTO_TCP  6u
#define PROTO_UDP  17u

static inline uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)((unsigned int)p[0] << 8 | p[1]);
}

static inline uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static inline void
put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

/* The Internet checksum (RFC 1071) of len bytes, with a sum to start from. */
uint16_t packet_checksum(uint32_t sum, const uint8_t *p, size_t len);
/*
 * Fills the IPv4 header (RFC 791) at p for payload_len bytes behind it, from
 * src to dst (host order), with its checksum.
 */
void packet_ipv4(uint8_t *p, unsigned int proto, uint32_t src, uint32_t dst,
    size_t payload_len);
/* The checksum of a UDP or TCP segment with its pseudo header. */
uint16_t packet_checksum_l4(unsigned int proto, uint32_t src, uint32_t dst,
    const uint8_t *p, size_t len);
/* "a.b.c.d" of a host-order address; dst holds 16 bytes. */
const char *packet_address(char dst[16], uint32_t address);

#endif
