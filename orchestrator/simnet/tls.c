/* SPDX-License-Identifier: Apache-2.0 */
/* tls.c - reading a ClientHello. */
#include "simnet/tls.h"

#include "lib/log.h"
#include "simnet/packet.h"

#include <string.h>

#define RECORD_BYTES   5u
#define RECORD_MAX     16384u
#define HANDSHAKE      22
#define CLIENT_HELLO   1
#define RANDOM_BYTES   32u
#define EXTENSION_NAME 0

/* What is left of a message; a bad length empties it for good. */
struct cursor {
	const uint8_t *p;
	size_t len;
	bool is_bad;
};

static const uint8_t *
take(struct cursor *c, size_t n)
{
	const uint8_t *p = c->p;

	if (n > c->len) {
		c->len = 0;
		c->is_bad = true;
		return NULL;
	}
	c->p += n;
	c->len -= n;
	return p;
}

/* A vector with a length of width bytes in front. */
static struct cursor
vector(struct cursor *c, size_t width)
{
	const uint8_t *p = take(c, width);
	/* Empty, but somewhere: arithmetic on NULL is undefined. */
	struct cursor v = {.p = (const uint8_t *)""};
	size_t n = 0;

	for (size_t i = 0; p != NULL && i < width; i++)
		n = n << 8 | p[i];
	p = take(c, n);
	if (p != NULL) {
		v.p = p;
		v.len = n;
	}
	return v;
}

bool
tls_is_likely(const uint8_t *p, size_t len)
{
	return len > 0 && p[0] == HANDSHAKE && (len < 2 || p[1] == 3) &&
	       (len < 3 || p[2] <= 4);
}

static void
take_name(struct cursor extension, char ret_name[TLS_NAME_BYTES])
{
	struct cursor list = vector(&extension, 2);
	const uint8_t *kind = take(&list, 1);
	struct cursor name = vector(&list, 2);

	if (kind != NULL && *kind == 0 && name.len > 0)
		(void)log_quote_text(
		    ret_name, TLS_NAME_BYTES, name.p, name.len);
}

int
tls_hello(const uint8_t *p, size_t len, char ret_name[TLS_NAME_BYTES])
{
	struct cursor c = {.p = p, .len = len};
	struct cursor body, extensions;
	const uint8_t *kind;
	size_t need;

	ret_name[0] = '\0';
	if (len < RECORD_BYTES)
		return tls_is_likely(p, len) ? ERR_AGAIN : ERR_FORMAT;
	need = get16(p + 3);
	if (!tls_is_likely(p, len) || need > RECORD_MAX)
		return ERR_FORMAT;
	if (len - RECORD_BYTES < need)
		return ERR_AGAIN;
	c = (struct cursor){.p = p + RECORD_BYTES, .len = need};
	kind = take(&c, 1);
	if (kind == NULL || *kind != CLIENT_HELLO)
		return ERR_FORMAT;
	/* A hello over several records: its first part will do. */
	body = vector(&c, 3);
	(void)take(&body, 2 + RANDOM_BYTES);
	(void)vector(&body, 1); /* session */
	(void)vector(&body, 2); /* cipher suites */
	(void)vector(&body, 1); /* compression */
	if (body.is_bad || c.is_bad)
		return ERR_FORMAT;
	extensions = vector(&body, 2);
	while (extensions.len > 0) {
		const uint8_t *type = take(&extensions, 2);
		struct cursor extension = vector(&extensions, 2);

		if (type != NULL && get16(type) == EXTENSION_NAME)
			take_name(extension, ret_name);
	}
	return ERR_OK;
}
