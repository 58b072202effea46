/* SPDX-License-Identifier: Apache-2.0 */
/* tus_ask.h - the head of a request of tus. */
#ifndef WEB_TUS_ASK_H
#define WEB_TUS_ASK_H

#include "web/exchange.h"
#include "web/tus_head.h"

/* What a request says; the caller frees metadata. */
struct tus_ask {
	int64_t offset; /* Upload-Offset, of an append */
	int64_t length; /* Upload-Length, of a new upload */
	bool has_body;	/* a new upload comes with bytes */
	struct tus_checksum wanted;
	struct tus_metadata *metadata; /* of a new upload */
};

/*
 * Reads the headers that the route's operation needs.  False: they are not
 * sound, and the answer is out.
 */
bool tus_ask(struct exchange *x, struct tus_ask *ret_ask);

#endif
