/* SPDX-License-Identifier: Apache-2.0 */
/* text.h - what mails say, in Dutch, French, German and English. */
#ifndef MAIL_TEXT_H
#define MAIL_TEXT_H

#include <stddef.h>

enum text_language {
	TEXT_NL,
	TEXT_FR,
	TEXT_DE,
	TEXT_EN,
	TEXT_LANGUAGES
};

/* By "nl" and so on; English for any other. */
enum text_language text_language(const char *word);

/*
 * {number}, {class}, {services}, {opening}, {clock} and {days} stand for what
 * the mail's row says.
 */
struct text {
	const char *kind;
	struct {
		const char *subject;
		const char *body;
	} in[TEXT_LANGUAGES];
};

/* NULL where there is no such kind. */
const struct text *text_find(const char *kind);
/* "ack" in a crisis. */
#define TEXT_ACK_CRISIS "ack_crisis"

/* Sentences that more than one text uses. */
enum text_phrase {
	TEXT_AROUND_THE_CLOCK,
	TEXT_OFFICE_OPEN,
	TEXT_OFFICE_CLOSED, /* {opening} */
	TEXT_EXERCISE,
	TEXT_PORTAL, /* a link follows */
	TEXT_CLOSE,
	TEXT_PHRASES
};
const char *text_phrase(enum text_phrase phrase, enum text_language language);
/* The name of a service for people; the word itself where it has none. */
const char *text_service(const char *service, enum text_language language);

#endif
