/* SPDX-License-Identifier: Apache-2.0 */
/* message.c - a mail as it goes out. */
#include "mail/message.h"

#include "lib/base64.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "mail/text.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#define CRLF "\r\n"
/* Bytes of text in one encoded word: 60 characters of Base64, and with its
 * frame less than the 75 of RFC 2047. */
#define WORD_BYTES 45
/* Bytes of text in one line of the body. */
#define LINE_BYTES 57
/* More of a name is not shown. */
#define WORDS_BYTES_MAX 240
#define SECOND_US	((int64_t)1000000)
#define MINUTE_S	60

static void
put(struct wire_out *out, const char *text)
{
	wire_put_raw(out, text, strlen(text));
}

/* --- headers --- */

static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++) {
		/* No comments, quotes or encoded words by accident. */
		if (!isascii(*text) ||
		    (!isalnum((unsigned char)*text) &&
			strchr(" .,-+'/#[]:", *text) == NULL))
			return false;
	}
	return true;
}

/* The bytes of whole characters that fit. */
static size_t
whole(const char *p, size_t len, size_t max)
{
	size_t n = len < max ? len : max;

	while (n > 0 && n < len && ((unsigned char)p[n] & 0xc0) == 0x80)
		n--;
	return n == 0 ? (len < max ? len : max) : n;
}

void
message_put_words(struct wire_out *out, const char *text)
{
	char clean[WORDS_BYTES_MAX + 1];
	size_t len = whole(text, strlen(text), WORDS_BYTES_MAX);

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		clean[i] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
	}
	clean[len] = '\0';
	if (is_plain(clean)) {
		put(out, clean);
		return;
	}
	for (size_t at = 0; at < len;) {
		size_t n = whole(clean + at, len - at, WORD_BYTES);
		auto_free char *word = base64_encode(clean + at, n);

		put(out, at == 0 ? "=?UTF-8?B?" : CRLF " =?UTF-8?B?");
		put(out, word);
		put(out, "?=");
		at += n;
	}
}

/* Days and months are the same in every language (RFC 5322). */
static void
put_date(struct wire_out *out, int64_t at)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t s = (time_t)(at / SECOND_US);
	struct tm tm;
	char text[64];

	(void)gmtime_r(&s, &tm);
	(void)snprintf(text, sizeof(text),
	    "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000" CRLF,
	    days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
	put(out, text);
}

/* A mailbox: a name that may be foreign, and an address that was checked. */
static void
put_mailbox(struct wire_out *out, const char *header, const char *name,
    const char *address)
{
	put(out, header);
	if (name[0] != '\0' && is_plain(name) &&
	    strpbrk(name, ".,:[]") != NULL) {
		/* Those stand in quotes. */
		put(out, "\"");
		message_put_words(out, name);
		put(out, "\" ");
	} else if (name[0] != '\0') {
		message_put_words(out, name);
		put(out, " ");
	}
	put(out, "<");
	put(out, address);
	put(out, ">" CRLF);
}

static bool
is_address(const char *text)
{
	const char *at = strchr(text, '@');

	if (at == NULL || at == text || at[1] == '\0' || strlen(text) > 254)
		return false;
	for (; *text != '\0'; text++) {
		if (*text <= ' ' || *text >= 0x7f ||
		    strchr("<>()[]\\,;:\"", *text) != NULL)
			return false;
	}
	return true;
}

/* Numbers and ids: what is neither has no place in a header. */
static bool
is_id(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < 64 &&
	       strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == len;
}

/* --- the text --- */

static void
put_opening(struct wire_out *out, const json_t *detail)
{
	time_t s = (time_t)(json_member_int(detail, "opening_s", 0) +
			    json_member_int(detail, "offset_s", 0));
	struct tm tm;
	char text[32];

	(void)gmtime_r(&s, &tm);
	(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
	put(out, text);
}

static void
put_services(
    struct wire_out *out, const json_t *detail, enum text_language language)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(detail, "services"), i, item)
	{
		put(out, i == 0 ? "  - " : "\n  - ");
		put(out, text_service(json_string_value(item), language));
	}
}

static void put_filled(struct wire_out *out, const char *text,
    const struct message *m, enum text_language language);

static void
put_clock(
    struct wire_out *out, const struct message *m, enum text_language language)
{
	const char *clock = json_member_text(m->detail, "clock", "");
	bool is_open = json_member_int(m->detail, "opening_s", 0) <=
		       m->created_at / SECOND_US + MINUTE_S;
	enum text_phrase phrase = strcmp(clock, "24x7") == 0
				      ? TEXT_AROUND_THE_CLOCK
				  : is_open ? TEXT_OFFICE_OPEN
					    : TEXT_OFFICE_CLOSED;

	put_filled(out, text_phrase(phrase, language), m, language);
}

static void
put_number(struct wire_out *out, json_int_t number)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%lld", (long long)number);
	put(out, text);
}

static void
put_variable(struct wire_out *out, const char *name, const struct message *m,
    enum text_language language)
{
	if (strcmp(name, "number") == 0)
		put(out, m->number);
	else if (strcmp(name, "class") == 0)
		put(out, json_member_text(m->detail, "class", ""));
	else if (strcmp(name, "days") == 0)
		put_number(out, json_member_int(m->detail, "days", 0));
	else if (strcmp(name, "opening") == 0)
		put_opening(out, m->detail);
	else if (strcmp(name, "services") == 0)
		put_services(out, m->detail, language);
	else
		put_clock(out, m, language);
}

/* The texts are ours: a {clock} stands in no phrase, so this ends. */
static void
put_filled(struct wire_out *out, const char *text, const struct message *m,
    enum text_language language)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "{");
		char name[16];

		wire_put_raw(out, text, len);
		text += len;
		if (*text == '\0')
			break;
		len = strcspn(text, "}");
		(void)snprintf(
		    name, sizeof(name), "%.*s", (int)len - 1, text + 1);
		put_variable(out, name, m, language);
		text += len + 1;
	}
}

/* Base64, so that no line of it can mean anything to a relay. */
static void
put_encoded(struct wire_out *out, const struct wire_out *body)
{
	for (size_t at = 0; at < body->len; at += LINE_BYTES) {
		size_t n = body->len - at;
		auto_free char *line = NULL;

		line = base64_encode(
		    body->buf + at, n < LINE_BYTES ? n : LINE_BYTES);
		put(out, line);
		put(out, CRLF);
	}
}

static void
put_body(struct wire_out *out, const struct message_sender *sender,
    const struct message *m, const char *text)
{
	enum text_language language = text_language(m->language);
	struct wire_out body;

	wire_out_init(&body, MESSAGE_BYTES_MAX / 2);
	put(&body, m->tlp);
	put(&body, "\n\n");
	if (m->is_exercise) {
		put(&body, text_phrase(TEXT_EXERCISE, language));
		put(&body, "\n\n");
	}
	put_filled(&body, text, m, language);
	if (sender->portal[0] != '\0') {
		put(&body, "\n");
		put(&body, text_phrase(TEXT_PORTAL, language));
		put(&body, "\n");
		put(&body, sender->portal);
		put(&body, "\n");
	}
	put(&body, "\n");
	put(&body, text_phrase(TEXT_CLOSE, language));
	put(&body, " - ");
	put(&body, m->tlp);
	put(&body, "\n");
	put_encoded(out, &body);
	if (body.is_failed)
		out->is_failed = true;
	wire_out_release(&body);
}

static void
put_subject(struct wire_out *out, const struct message_sender *sender,
    const struct message *m, const char *subject)
{
	enum text_language language = text_language(m->language);
	auto_free char *text = xasprintf("[%s #%s] %s%s%s%s%s", sender->prefix,
	    m->number, m->tlp, m->is_exercise || subject != NULL ? " " : "",
	    m->is_exercise ? text_phrase(TEXT_EXERCISE, language) : "",
	    m->is_exercise && subject != NULL ? ": " : "",
	    subject == NULL ? "" : subject);

	put(out, "Subject: ");
	message_put_words(out, text);
	put(out, CRLF);
}

/* NULL where no mail can be made of it. */
static const struct text *
text_of(const struct message_sender *sender, const struct message *m)
{
	bool is_crisis =
	    strcmp(m->kind, "ack") == 0 && strcmp(m->mode, "normal") != 0;

	if (strchr(sender->address, '@') == NULL || !is_address(m->address) ||
	    !is_id(m->id) || !is_id(m->number))
		return NULL;
	return text_find(is_crisis ? TEXT_ACK_CRISIS : m->kind);
}

/* Up to what the content is; subject NULL: number and label alone. */
static void
put_headers(struct wire_out *out, const struct message_sender *sender,
    const struct message *m, const char *subject)
{
	const char *domain = strchr(sender->address, '@');

	put_mailbox(out, "From: ", sender->name, sender->address);
	put_mailbox(out, "To: ", m->name, m->address);
	put_subject(out, sender, m, subject);
	put_date(out, m->created_at);
	put(out, "Message-ID: <");
	put(out, m->id);
	put(out, domain);
	/* All mails of a number are one thread. */
	put(out, ">" CRLF "References: <");
	put(out, m->number);
	put(out, domain);
	put(out, ">" CRLF "Auto-Submitted: auto-generated" CRLF
		 "X-Auto-Response-Suppress: All" CRLF "MIME-Version: 1.0" CRLF);
}

int
message_put(struct wire_out *out, const struct message_sender *sender,
    const struct message *m)
{
	const struct text *text = text_of(sender, m);
	enum text_language language = text_language(m->language);

	if (text == NULL)
		return ERR_FORMAT;
	put_headers(out, sender, m, text->in[language].subject);
	put(out, "Content-Type: text/plain; charset=utf-8" CRLF
		 "Content-Transfer-Encoding: base64" CRLF CRLF);
	put_body(out, sender, m, text->in[language].body);
	return out->is_failed ? (int)ERR_LIMIT : ERR_OK;
}

/* --- encrypted (RFC 3156 section 4) --- */

int
message_put_inner(struct wire_out *out, const struct message_sender *sender,
    const struct message *m)
{
	const struct text *text = text_of(sender, m);
	enum text_language language = text_language(m->language);

	if (text == NULL)
		return ERR_FORMAT;
	/* What the envelope does not say (RFC 9788). */
	put_subject(out, sender, m, text->in[language].subject);
	put(out, "Content-Type: text/plain; charset=utf-8; "
		 "protected-headers=\"v1\"" CRLF
		 "Content-Transfer-Encoding: base64" CRLF CRLF);
	put_body(out, sender, m, text->in[language].body);
	return out->is_failed ? (int)ERR_LIMIT : ERR_OK;
}

static void
put_boundary(struct wire_out *out, const char *id, const char *ending)
{
	put(out, CRLF "--loep-");
	put(out, id);
	put(out, ending);
	put(out, CRLF);
}

int
message_put_sealed(struct wire_out *out, const struct message_sender *sender,
    const struct message *m)
{
	if (text_of(sender, m) == NULL)
		return ERR_FORMAT;
	put_headers(out, sender, m, NULL);
	put(out, "Content-Type: multipart/encrypted; "
		 "protocol=\"application/pgp-encrypted\";" CRLF
		 "\tboundary=\"loep-");
	put(out, m->id);
	put(out, "\"" CRLF);
	put_boundary(out, m->id, "");
	put(out, "Content-Type: application/pgp-encrypted" CRLF CRLF
		 "Version: 1" CRLF);
	put_boundary(out, m->id, "");
	put(out, "Content-Type: application/octet-stream; "
		 "name=\"encrypted.asc\"" CRLF "Content-Disposition: inline; "
		 "filename=\"encrypted.asc\"" CRLF CRLF);
	return out->is_failed ? (int)ERR_LIMIT : ERR_OK;
}

int
message_end_sealed(
    struct wire_out *out, const char *id, const uint8_t *armor, size_t len)
{
	/* Armored text: letters, digits and a few signs, in lines. */
	for (size_t i = 0; i < len; i++) {
		bool is_end = armor[i] == '\n';

		if (armor[i] == '\r')
			continue;
		if (!is_end && (armor[i] < ' ' || armor[i] > '~'))
			return ERR_FORMAT;
		if (is_end)
			put(out, CRLF);
		else
			wire_put_raw(out, armor + i, 1);
	}
	put_boundary(out, id, "--");
	return out->is_failed ? (int)ERR_LIMIT : ERR_OK;
}
