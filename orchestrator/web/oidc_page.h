/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oidc_page.h - the page behind a sign-in at a provider: how it ended, and the
 * way on.  It needs neither the app nor a script, and looks like the app.
 */
#ifndef WEB_OIDC_PAGE_H
#define WEB_OIDC_PAGE_H

#include "web/exchange.h"
#include "web/oidc_text.h"

struct oidc_page {
	enum oidc_text heading;
	enum oidc_text text;
	const char *detail; /* foreign, or NULL */
	enum oidc_text link;
	const char *target; /* of ours */
	bool goes_on;	    /* by itself */
};

/* Answers it, in the browser's language. */
void oidc_page_answer(
    struct exchange *x, unsigned int status, const struct oidc_page *page);

#endif
