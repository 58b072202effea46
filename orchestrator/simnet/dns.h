/* SPDX-License-Identifier: Apache-2.0 */
/* dns.h - answers DNS queries (RFC 1035), over UDP and TCP alike. */
#ifndef SIMNET_DNS_H
#define SIMNET_DNS_H

#include "lib/err.h"
#include "simnet/names.h"

#define DNS_PORT 53
/* An answer: header, one question, a few records. */
#define DNS_ANSWER_BYTES ((size_t)1024)

struct dns_question {
	uint16_t id;
	uint16_t flags;
	uint16_t type;
	uint16_t class;
	size_t end; /* offset behind the question */
	char name[NAME_BYTES];
};

/*
 * Parses the header and the first question of a query.  ERR_FORMAT where it
 * is none or is damaged; compression is not allowed there.
 */
int must_check dns_parse(
    const uint8_t *msg, size_t len, struct dns_question *ret_question);
/*
 * Answers a query: every name has an address of its own, AAAA and what is
 * unknown an empty answer.  Returns the length of the answer in answer, or 0
 * where the message deserves none.
 */
size_t dns_answer(struct names *names, const uint8_t *msg, size_t len,
    uint8_t answer[DNS_ANSWER_BYTES]);
/* "A", "MX" ... into dst, comma-separated, from enum name_type bits. */
const char *dns_types(char dst[64], uint32_t types);

#endif
