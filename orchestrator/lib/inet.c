/* SPDX-License-Identifier: Apache-2.0 */
/* inet.c - where an address of the internet lies. */
#include "lib/inet.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define RANGE_TEXT_BYTES 64
#define FOUR_BITS	 96

static const uint8_t four_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};

/* IANA's registry of special-purpose addresses of IPv4, and groups. */
static const char not_four[] =
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 "
    "172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 "
    "192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 "
    "198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4";
/* Of IPv6 only this is given to anybody (RFC 4291 section 2.4), less these. */
static const char six[] = "2000::/3";
static const char not_six[] =
    "2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20";

static bool
is_four(const uint8_t address[INET_BYTES])
{
	return memcmp(address, four_prefix, sizeof(four_prefix)) == 0;
}

/* Are all bits from there on zero? */
static bool
is_zero_behind(const uint8_t address[INET_BYTES], unsigned int bits)
{
	for (unsigned int i = bits; i < 8 * INET_BYTES; i++) {
		if ((address[i / 8] & (0x80u >> (i % 8))) != 0)
			return false;
	}
	return true;
}

static int
read_bits(const char *text, unsigned int most, unsigned int *ret_bits)
{
	size_t len = strlen(text);
	unsigned int bits;

	if (len < 1 || len > 3 || strspn(text, "0123456789") != len)
		return ERR_FORMAT;
	bits = (unsigned int)strtoul(text, NULL, 10);
	if (bits > most)
		return ERR_FORMAT;
	*ret_bits = bits;
	return ERR_OK;
}

static int
read_range(const char *text, size_t len, struct inet_range *ret)
{
	char copy[RANGE_TEXT_BYTES];
	struct inet_range range = {.bits = 8 * INET_BYTES};
	char *slash;
	unsigned int bits;

	if (len >= sizeof(copy))
		return ERR_FORMAT;
	memcpy(copy, text, len);
	copy[len] = '\0';
	slash = strchr(copy, '/');
	if (slash != NULL)
		*slash++ = '\0';
	range.is_four = strchr(copy, ':') == NULL;
	if (range.is_four)
		memcpy(range.address, four_prefix, sizeof(four_prefix));
	if (inet_pton(range.is_four ? AF_INET : AF_INET6, copy,
		range.address + (range.is_four ? sizeof(four_prefix) : 0)) != 1)
		return ERR_FORMAT;
	if (slash != NULL) {
		if (read_bits(slash, range.is_four ? 32 : 128, &bits) != ERR_OK)
			return ERR_FORMAT;
		range.bits = range.is_four ? FOUR_BITS + bits : bits;
	}
	/* One that was meant to be smaller, or another. */
	if (!is_zero_behind(range.address, range.bits))
		return ERR_FORMAT;
	/* Spelled as IPv6 maps it. */
	range.is_four = is_four(range.address);
	*ret = range;
	return ERR_OK;
}

int
inet_ranges_read(const char *text, struct inet_ranges *ret)
{
	struct inet_ranges ranges = {.count = 0};
	size_t len;
	int err;

	for (text += strspn(text, " "); *text != '\0';
	     text += len, text += strspn(text, " ")) {
		len = strcspn(text, " ");
		if (ranges.count == INET_RANGES_MAX)
			return ERR_LIMIT;
		err = read_range(text, len, &ranges.ranges[ranges.count]);
		if (err != ERR_OK)
			return err;
		ranges.count++;
	}
	*ret = ranges;
	return ERR_OK;
}

static bool
is_in(const struct inet_range *range, const uint8_t address[INET_BYTES])
{
	unsigned int bytes = range->bits / 8;
	unsigned int rest = range->bits % 8;
	uint8_t mask = (uint8_t)(0xff00u >> rest);

	/* A range of IPv6, however wide, says nothing of IPv4. */
	if (range->is_four != is_four(address) ||
	    memcmp(range->address, address, bytes) != 0)
		return false;
	return rest == 0 ||
	       (range->address[bytes] & mask) == (address[bytes] & mask);
}

bool
inet_ranges_have(
    const struct inet_ranges *ranges, const uint8_t address[INET_BYTES])
{
	for (size_t i = 0; i < ranges->count; i++) {
		if (is_in(&ranges->ranges[i], address))
			return true;
	}
	return false;
}

int
inet_of(const struct sockaddr *from, uint8_t ret_address[INET_BYTES])
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (from->sa_family == AF_INET) {
		memcpy(&in, from, sizeof(in));
		memcpy(ret_address, four_prefix, sizeof(four_prefix));
		memcpy(ret_address + sizeof(four_prefix), &in.sin_addr, 4);
		return ERR_OK;
	}
	if (from->sa_family != AF_INET6)
		return ERR_FORMAT;
	memcpy(&in6, from, sizeof(in6));
	memcpy(ret_address, &in6.sin6_addr, INET_BYTES);
	return ERR_OK;
}

static bool
is_one_of(const char *list, const uint8_t address[INET_BYTES])
{
	struct inet_ranges ranges;

	/* A list that is ours: one that cannot be read forbids. */
	return inet_ranges_read(list, &ranges) != ERR_OK ||
	       inet_ranges_have(&ranges, address);
}

bool
inet_is_public(const uint8_t address[INET_BYTES])
{
	if (is_four(address))
		return !is_one_of(not_four, address);
	return is_one_of(six, address) && !is_one_of(not_six, address);
}
