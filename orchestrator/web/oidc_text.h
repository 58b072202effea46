/* SPDX-License-Identifier: Apache-2.0 */
/* oidc_text.h - what the page behind a sign-in at a provider says. */
#ifndef WEB_OIDC_TEXT_H
#define WEB_OIDC_TEXT_H

enum oidc_text {
	OIDC_TEXT_TITLE,
	OIDC_TEXT_WORKED,
	OIDC_TEXT_ON,	   /* of the link that goes on */
	OIDC_TEXT_FAILED,  /* the heading */
	OIDC_TEXT_BACK,	   /* of the link back to the sign-in page */
	OIDC_TEXT_AWAY,	   /* the provider cannot be reached */
	OIDC_TEXT_EXPIRED, /* not from here, too late, or for the second time */
	OIDC_TEXT_PROVIDER, /* it said this: ... */
	OIDC_TEXT_TOKEN,
	OIDC_TEXT_ACR,
	OIDC_TEXT_UNLINKED, /* the subject follows */
	OIDC_TEXT_WAITING,  /* the code that a manager needs follows */
	OIDC_TEXT_TURNED_AWAY,
	OIDC_TEXT_CROWD,
	OIDC_TEXT_CLOSED,
	OIDC_TEXT_TAKEN,
	OIDC_TEXT_INVITATION,
	OIDC_TEXT_SECOND,
	OIDC_TEXT_ANOTHER, /* than the session's person */
	OIDC_TEXT_NOT_NOW, /* it was no new sign-in */
	OIDC_TEXTS
};

enum oidc_language {
	OIDC_NL,
	OIDC_FR,
	OIDC_DE,
	OIDC_EN,
	OIDC_LANGUAGES
};

/* The first of ours that an Accept-Language names (NULL = English). */
enum oidc_language oidc_language(const char *header);
/* "nl" and so on. */
const char *oidc_language_word(enum oidc_language language);
const char *oidc_text(enum oidc_text text, enum oidc_language language);

#endif
