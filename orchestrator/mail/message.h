/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.h - a mail as it goes out (RFC 5322, MIME): headers that nothing
 * foreign can add to, a text in the reader's language, no content of cases.
 */
#ifndef MAIL_MESSAGE_H
#define MAIL_MESSAGE_H

#include "lib/err.h"
#include "lib/json.h"
#include "lib/wire.h"

#include <stdbool.h>
#include <stdint.h>

#define MESSAGE_BYTES_MAX ((size_t)65536)

/* Who sends. */
struct message_sender {
	const char *address;
	const char *name;   /* shown before it; may be "" */
	const char *prefix; /* of subjects: "CERT.be" */
	const char *portal; /* where to look, "" = nowhere */
};

/* What the store said of one mail. */
struct message {
	const char *id;
	const char *kind;
	const char *number;
	const char *address;
	const char *name; /* of the reader; foreign */
	const char *language;
	const char *tlp;
	const char *mode;
	bool is_exercise;
	const json_t *detail;
	int64_t created_at; /* microseconds since 1970 UTC */
};

/*
 * Writes the whole message, lines ended by CR LF.  ERR_FORMAT: there is no
 * text of that kind, or the address is none.  The same row gives the same
 * bytes, Message-ID included: who gets it twice can tell.
 */
int must_check message_put(struct wire_out *out,
    const struct message_sender *sender, const struct message *message);
/*
 * The same for a reader who has a key (RFC 3156): what is to be encrypted, a
 * MIME part with the subject in it; the mail around it, whose subject is the
 * number and the label, up to where the armored text stands; and that, with
 * the end.  Only the Message-ID is the same each time.
 */
int must_check message_put_inner(struct wire_out *out,
    const struct message_sender *sender, const struct message *message);
int must_check message_put_sealed(struct wire_out *out,
    const struct message_sender *sender, const struct message *message);
int must_check message_end_sealed(
    struct wire_out *out, const char *id, const uint8_t *armor, size_t len);
/*
 * A header's text (RFC 2047): as it is where it is plain, else as encoded
 * words; what controls a terminal or ends a line is a blank.
 */
void message_put_words(struct wire_out *out, const char *text);

#endif
