/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h - from a request to the call that answers it. */
#ifndef WEB_SERVE_H
#define WEB_SERVE_H

#include "web/exchange.h"

/* The callbacks for http_start(), whose arg is the struct web. */
extern const struct http_ops serve_ops;

/* Begins the once-a-second look at what takes too long. */
void serve_start(struct web *web);
/* The store says that a case changed. */
void serve_changed(struct web *web, const char *case_id);
/* Ends the loop when the last answer is out, or soon after anyway. */
void serve_stop(struct web *web);

#endif
