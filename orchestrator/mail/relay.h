/* SPDX-License-Identifier: Apache-2.0 */
/* relay.h - what the configuration says of the relay, taken apart. */
#ifndef MAIL_RELAY_H
#define MAIL_RELAY_H

#include "mail/smtp.h"

/* By the word of `tls` in loep.conf. */
enum smtp_tls relay_tls(const char *word, const char *host);
/*
 * "host", "host:25" or "[::1]:25": the host, which the caller frees, and the
 * port ("25" where there is none), which lives as long as relay.
 */
char *relay_split(const char *relay, const char **ret_port);

#endif
