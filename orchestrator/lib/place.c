/* SPDX-License-Identifier: Apache-2.0 */
/* place.c - where an address is. */
#include "lib/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
static const char path_letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    "-._~!$&'()*+,;=:@/?%";

static int
read_port(const char *text, size_t len, struct place *place)
{
	int port = 0;

	if (len == 0 || len >= sizeof(place->port) ||
	    strspn(text, "0123456789") < len)
		return ERR_FORMAT;
	for (size_t i = 0; i < len; i++)
		port = port * 10 + (text[i] - '0');
	if (port < 1 || port > 65535)
		return ERR_FORMAT;
	(void)snprintf(place->port, sizeof(place->port), "%d", port);
	return ERR_OK;
}

static int
read_name(
    const char *text, size_t len, const char *allowed, struct place *place)
{
	if (len == 0 || len >= sizeof(place->host) ||
	    strspn(text, allowed) < len)
		return ERR_FORMAT;
	for (size_t i = 0; i < len; i++)
		place->host[i] = text[i] >= 'A' && text[i] <= 'Z'
				     ? (char)(text[i] - 'A' + 'a')
				     : text[i];
	place->host[len] = '\0';
	return ERR_OK;
}

/* host, host:port, [address] or [address]:port; the port is there already. */
static int
read_authority(const char *text, size_t len, struct place *place)
{
	const char *end = text + len;
	const char *colon;
	int err;

	if (len > 0 && text[0] == '[') {
		const char *bracket = memchr(text, ']', len);

		if (bracket == NULL)
			return ERR_FORMAT;
		err = read_name(text + 1, (size_t)(bracket - text - 1),
		    "0123456789abcdefABCDEF:.", place);
		colon = bracket + 1;
		if (err == ERR_OK && colon < end && *colon != ':')
			err = ERR_FORMAT;
		if (colon == end)
			colon = NULL;
	} else {
		colon = memchr(text, ':', len);
		err = read_name(text,
		    colon == NULL ? len : (size_t)(colon - text), letters,
		    place);
	}
	if (err == ERR_OK && colon != NULL)
		err = read_port(colon + 1, (size_t)(end - colon - 1), place);
	place->is_loopback = strcmp(place->host, "localhost") == 0 ||
			     strcmp(place->host, "127.0.0.1") == 0 ||
			     strcmp(place->host, "::1") == 0;
	return err;
}

int
place_read(const char *url, struct place *ret_place)
{
	struct place place = {.is_tls = true};
	const char *rest = url;
	size_t len;
	int err;

	if (strlen(url) >= PLACE_URL_BYTES)
		return ERR_FORMAT;
	if (strncmp(url, "https://", 8) == 0) {
		rest += 8;
		(void)snprintf(place.port, sizeof(place.port), "443");
	} else if (strncmp(url, "http://", 7) == 0) {
		rest += 7;
		place.is_tls = false;
		(void)snprintf(place.port, sizeof(place.port), "80");
	} else {
		return ERR_FORMAT;
	}
	len = strcspn(rest, "/?#");
	err = read_authority(rest, len, &place);
	rest += len;
	if (err != ERR_OK || (!place.is_tls && !place.is_loopback) ||
	    strspn(rest, path_letters) != strlen(rest))
		return ERR_FORMAT;
	*ret_place = place;
	return ERR_OK;
}

int
place_read_host(const char *text, struct place *ret_place)
{
	struct place place = {.port = "443", .is_tls = true};

	if (read_authority(text, strlen(text), &place) != ERR_OK)
		return ERR_FORMAT;
	*ret_place = place;
	return ERR_OK;
}

bool
place_is_same(const struct place *a, const struct place *b)
{
	return a->is_tls == b->is_tls && strcmp(a->host, b->host) == 0 &&
	       strcmp(a->port, b->port) == 0;
}
