/* SPDX-License-Identifier: Apache-2.0 */
/* place.h - where an address (https://host:port/path) is. */
#ifndef LIB_PLACE_H
#define LIB_PLACE_H

#include "lib/err.h"

#include <stdbool.h>

#define PLACE_HOST_BYTES 256
#define PLACE_PORT_BYTES 6
#define PLACE_URL_BYTES	 2048

struct place {
	char host[PLACE_HOST_BYTES]; /* lower case, without brackets */
	char port[PLACE_PORT_BYTES];
	bool is_tls;
	bool is_loopback; /* by its name: nobody else is asked */
};

/*
 * Reads an absolute address.  ERR_FORMAT for anything but https, or http on
 * loopback, without user and fragment, in the characters of RFC 3986.
 */
int must_check place_read(const char *url, struct place *ret_place);
/* "host", "host:port" or "[::1]:port"; the port that is missing is 443. */
int must_check place_read_host(const char *text, struct place *ret_place);
bool place_is_same(const struct place *a, const struct place *b);

#endif
