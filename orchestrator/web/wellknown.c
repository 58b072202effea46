/* SPDX-License-Identifier: Apache-2.0 */
/* wellknown.c - whom to tell of a weakness, and the key to encrypt it to. */
#include "web/wellknown.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "web/stamp.h"

static void
put(struct exchange *x, const char *text)
{
	wire_put_raw(&x->out, text, strlen(text));
}

/*
 * RFC 9116.  It never looks forgotten.  The key is named by its fingerprint
 * (section 2.5.4): this program does not know its own address.
 */
static void
put_contact(struct exchange *x)
{
	const int64_t ahead_us = (int64_t)90 * 24 * 3600 * 1000000;
	char expires[STAMP_BYTES];
	auto_free char *text = xasprintf(
	    "Contact: %s\nExpires: %s\nPreferred-Languages: en, nl, fr, de\n",
	    x->web->security_contact,
	    stamp_put(expires, loop_wall_us() + ahead_us));

	put(x, text);
}

static void
on_row(void *arg, const struct values *row)
{
	struct exchange *x = arg;
	const bool is_key = x->match.route->kind == ROUTE_PUBLIC_KEY;
	auto_free char *text = values_text_dup(row,
	    (size_t)call_column(CALL_KEY_SERVICE, is_key ? "armor" : "fpr"));

	x->row_count++;
	if (!is_key)
		put(x, "Encryption: openpgp4fpr:");
	put(x, text);
	if (!is_key)
		put(x, "\n");
}

static void
on_end(void *arg, enum err err, const char *why, int fd)
{
	struct exchange *x = arg;

	if (fd != -1)
		(void)close(fd);
	x->call = 0;
	if (x->match.route->kind == ROUTE_SECURITY)
		exchange_answer(x, 200, "text/plain; charset=utf-8");
	else if (err == ERR_NOT_FOUND)
		exchange_fail(
		    x, err, "this service has no OpenPGP key that holds now");
	else if (err != ERR_OK)
		exchange_fail(x, err, why);
	else
		exchange_answer(x, 200, "application/pgp-keys");
}

void
wellknown_start(struct exchange *x)
{
	if (x->match.route->kind == ROUTE_SECURITY) {
		if (x->web->security_contact[0] == '\0') {
			exchange_fail(x, ERR_NOT_FOUND,
			    "nobody is named; an administrator can: [web] "
			    "security_contact");
			return;
		}
		put_contact(x);
	}
	exchange_call(x, CALL_KEY_SERVICE, NULL, on_row, on_end);
}
