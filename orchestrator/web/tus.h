/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tus.h - uploads that outlive a cut: tus 1.0.0 with creation,
 * creation-with-upload, expiration, checksum and termination.
 *
 * What is here is the wire: the state of an upload is the store's and its
 * bytes are the vault's.  An offset goes out only after the store said that
 * the bytes before it are durable.
 */
#ifndef WEB_TUS_H
#define WEB_TUS_H

#include "web/exchange.h"

/* Takes over with the head of the request; the route is known. */
void tus_start(struct exchange *x);
/* The headers of an answer to OPTIONS. */
void tus_answer_options(struct exchange *x);
/*
 * The method that the client means: X-HTTP-Method-Override counts for POST to
 * an upload, where something on the way lets no other method through.
 */
const char *tus_method(const struct http_req *http, const char *method);

#endif
