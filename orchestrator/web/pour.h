/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pour.h - a request's body on its way into a pipe of the vault, as fast as
 * the vault takes it; nothing is kept here.
 */
#ifndef WEB_POUR_H
#define WEB_POUR_H

#include "web/http.h"

struct pour;

/* Nobody reads the pipe any more; called once, from the loop or pour_data(). */
typedef void pour_broken_fn(void *arg);

/* Takes the pipe.  The request must outlive the result. */
struct pour *pour_new(struct loop *loop, int pipe, struct http_req *http,
    pour_broken_fn *broken, void *arg);
/* Closes the pipe.  NULL is fine. */
void pour_free(struct pour *pour);
/* Takes bytes of the body (struct http_body_ops); wakes the request when there
 * is room again. */
size_t pour_data(struct pour *pour, const uint8_t *p, size_t len);
/* Bytes so far. */
int64_t pour_bytes(const struct pour *pour);
/* How long the vault has taken nothing while something waits, in ms. */
uint64_t pour_stalled_ms(const struct pour *pour);

#endif
