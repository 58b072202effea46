/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smtp.h - one mail at a time to the relay (RFC 5321), by libcurl, over
 * connections that the dialer made.
 */
#ifndef MAIL_SMTP_H
#define MAIL_SMTP_H

#include "lib/err.h"
#include "lib/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum smtp_tls {
	SMTP_TLS_REQUIRED,
	SMTP_TLS_TRY, /* where the relay offers it */
	SMTP_TLS_NONE
};

struct smtp_conf {
	const char *host;
	const char *port;
	const char *hello; /* what we call ourselves */
	const char *user;  /* "" = no log-in */
	const char *password;
	enum smtp_tls tls;
	const void *authorities; /* PEM; who signs the relay's certificate */
	size_t authorities_len;
	int dialer; /* borrowed */
};

enum smtp_outcome {
	SMTP_SENT,  /* the relay said that it has it */
	SMTP_LATER, /* it may be taken another time */
	SMTP_AWAY,  /* the same, and nobody is at the relay's address */
	SMTP_NEVER  /* it said that it will not */
};

/* why is for people; what a relay said in it may be anything. */
typedef void smtp_done_fn(
    void *arg, enum smtp_outcome outcome, const char *why);

struct smtp;

/* Before the cage: libcurl reads files of its own.  ERR_SYS: it cannot. */
int must_check smtp_new(
    struct loop *loop, const struct smtp_conf *conf, struct smtp **ret_smtp);
void smtp_free(struct smtp *smtp);
bool smtp_is_busy(const struct smtp *smtp);
/*
 * Sends one; fn is called from the loop.  Copies the message; from and to are
 * copied, too.  Only when it is not busy.
 */
struct smtp_mail {
	const char *from;
	const char *to;
	const void *bytes;
	size_t len;
};
void smtp_send(struct smtp *smtp, const struct smtp_mail *mail,
    smtp_done_fn *fn, void *arg);

#endif
