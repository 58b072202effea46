/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inet.h - where an address of the internet lies: may a service that others
 * give addresses to connect there?
 *
 * Addresses are 16 bytes; one of IPv4 is written as IPv6 maps it (RFC 4291
 * section 2.5.5.2), so that it is the same one however it was spelled.
 */
#ifndef LIB_INET_H
#define LIB_INET_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INET_BYTES	16
#define INET_RANGES_MAX 64

struct sockaddr;

struct inet_range {
	uint8_t address[INET_BYTES];
	unsigned int bits; /* of the 128 */
	bool is_four;
};

struct inet_ranges {
	size_t count;
	struct inet_range ranges[INET_RANGES_MAX];
};

/*
 * Reads "192.0.2.0/24 2001:db8::/32 198.51.100.7", separated by blanks; "" is
 * none.  ERR_FORMAT: something else, or bits behind the prefix; ERR_LIMIT:
 * more than INET_RANGES_MAX.
 */
int must_check inet_ranges_read(const char *text, struct inet_ranges *ret);
bool inet_ranges_have(
    const struct inet_ranges *ranges, const uint8_t address[INET_BYTES]);
/* ERR_FORMAT: neither IPv4 nor IPv6. */
int must_check inet_of(
    const struct sockaddr *from, uint8_t ret_address[INET_BYTES]);
/*
 * Is it somebody's on the open internet?  Not where the registries of special
 * addresses (IANA; RFC 6890) say that it is private, this machine, a link's, a
 * group's, reserved, for documents or tests, or leads to an address of IPv4
 * that nobody checked (6to4, Teredo, NAT64).
 */
bool inet_is_public(const uint8_t address[INET_BYTES]);

#endif
