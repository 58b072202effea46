/* SPDX-License-Identifier: Apache-2.0 */
/* dns.c - parsing queries and making answers. */
#include "simnet/dns.h"

#include "simnet/packet.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HEADER_BYTES 12u
#define LABEL_MAX    63u
/* RFC 1035 2.3.4: a name has 255 bytes. */
#define WIRE_NAME_MAX 255u
#define TTL_SECONDS   300u

enum dns_type {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_SRV = 33,
	TYPE_ANY = 255
};

/* One byte of a label as text that cannot be mistaken for structure. */
static size_t
put_label_byte(char *p, uint8_t c)
{
	if (c > 0x20 && c < 0x7f && c != '.' && c != '\\') {
		*p = (char)c;
		return 1;
	}
	(void)snprintf(p, 5, "\\%03u", (unsigned int)c);
	return 4;
}

int
dns_parse(const uint8_t *msg, size_t len, struct dns_question *ret_question)
{
	size_t pos = HEADER_BYTES, out = 0;
	struct dns_question q;

	if (len < HEADER_BYTES)
		return ERR_FORMAT;
	q.id = get16(msg);
	q.flags = get16(msg + 2);
	/* An answer, another opcode, no question. */
	if ((q.flags & 0xf800) != 0 || get16(msg + 4) == 0)
		return ERR_FORMAT;
	for (;;) {
		size_t label;

		if (pos >= len || pos - HEADER_BYTES > WIRE_NAME_MAX)
			return ERR_FORMAT;
		label = msg[pos++];
		if (label == 0)
			break;
		if (label > LABEL_MAX || label > len - pos)
			return ERR_FORMAT;
		/* 255 bytes become at most 4 * 255 characters. */
		if (out > 0)
			q.name[out++] = '.';
		for (; label > 0 && out < sizeof(q.name) - 8; label--)
			out += put_label_byte(q.name + out, msg[pos++]);
		if (label > 0)
			return ERR_FORMAT;
	}
	if (len - pos < 4)
		return ERR_FORMAT;
	q.name[out] = '\0';
	q.type = get16(msg + pos);
	q.class = get16(msg + pos + 2);
	q.end = pos + 4;
	*ret_question = q;
	return ERR_OK;
}

/* Everything that an answer is built with. */
struct answer {
	uint8_t *buf;
	size_t len;
	unsigned int records;
};

/* A record whose name is the question's (RFC 1035 4.1.4). */
static void
add_record(struct answer *a, unsigned int type, const void *data, size_t len)
{
	uint8_t *p = a->buf + a->len;

	if (len > DNS_ANSWER_BYTES - a->len - 12)
		return;
	put16(p, 0xc000 | HEADER_BYTES);
	put16(p + 2, type);
	put16(p + 4, 1);
	put32(p + 6, TTL_SECONDS);
	put16(p + 10, (unsigned int)len);
	memcpy(p + 12, data, len);
	a->len += 12 + len;
	a->records++;
}

/* prefix before the question's own name, as a compressed name. */
static void
add_name_below(struct answer *a, unsigned int type, const char *prefix,
    bool has_preference)
{
	uint8_t data[32];
	size_t len = 0, n = strlen(prefix);

	if (has_preference) {
		put16(data, 10);
		len = 2;
	}
	data[len++] = (uint8_t)n;
	memcpy(data + len, prefix, n);
	put16(data + len + n, 0xc000 | HEADER_BYTES);
	add_record(a, type, data, len + n + 2);
}

static void
add_address(struct answer *a, uint32_t address)
{
	uint8_t data[4];

	put32(data, address);
	add_record(a, TYPE_A, data, sizeof(data));
}

/* d.c.b.a.in-addr.arpa; 0 where the name is no such thing. */
static uint32_t
reverse_address(const char *name)
{
	unsigned int part[4];
	char rest[16] = "";

	if (sscanf(name, "%3u.%3u.%3u.%3u.%15s", &part[0], &part[1], &part[2],
		&part[3], rest) != 5 ||
	    strncasecmp(rest, "in-addr.arpa", 12) != 0)
		return 0;
	for (int i = 0; i < 4; i++) {
		if (part[i] > 255)
			return 0;
	}
	return part[3] << 24 | part[2] << 16 | part[1] << 8 | part[0];
}

static void
add_pointer(struct answer *a, const struct names *names, const char *query)
{
	uint32_t address = reverse_address(query);
	const char *name = names_of(names, address);
	uint8_t data[NAME_BYTES];
	char made[64];
	size_t len = 0;

	if (address == 0)
		return;
	(void)snprintf(made, sizeof(made), "host-%u-%u-%u-%u.example.net",
	    address >> 24, address >> 16 & 0xff, address >> 8 & 0xff,
	    address & 0xff);
	/* An escaped name would need unescaping; nobody asks for it back. */
	if (name == NULL || strchr(name, '\\') != NULL)
		name = made;
	while (*name != '\0') {
		size_t label = strcspn(name, ".");

		if (label == 0 || label > LABEL_MAX)
			return;
		data[len++] = (uint8_t)label;
		memcpy(data + len, name, label);
		len += label;
		name += label + (name[label] == '.');
	}
	data[len++] = 0;
	add_record(a, TYPE_PTR, data, len);
}

static enum name_type
name_type(unsigned int type)
{
	switch (type) {
	case TYPE_A:
	case TYPE_ANY:
		return NAME_A;
	case TYPE_AAAA:
		return NAME_AAAA;
	case TYPE_PTR:
		return NAME_PTR;
	case TYPE_MX:
		return NAME_MX;
	case TYPE_TXT:
		return NAME_TXT;
	case TYPE_NS:
	case TYPE_SOA:
		return NAME_NS;
	case TYPE_SRV:
		return NAME_SRV;
	default:
		return NAME_OTHER;
	}
}

static void
add_records(struct answer *a, const struct names *names,
    const struct dns_question *q, uint32_t address)
{
	static const char spf[] = "\013v=spf1 -all";

	switch (q->type) {
	case TYPE_A:
	case TYPE_ANY:
		add_address(a, address);
		break;
	case TYPE_MX:
		add_name_below(a, TYPE_MX, "mail", true);
		break;
	case TYPE_NS:
		add_name_below(a, TYPE_NS, "ns1", false);
		break;
	case TYPE_TXT:
		add_record(a, TYPE_TXT, spf, sizeof(spf) - 1);
		break;
	case TYPE_PTR:
		add_pointer(a, names, q->name);
		break;
	default:
		break;
	}
}

size_t
dns_answer(struct names *names, const uint8_t *msg, size_t len,
    uint8_t answer[DNS_ANSWER_BYTES])
{
	struct answer a = {.buf = answer};
	struct dns_question q;
	uint32_t address;

	if (dns_parse(msg, len, &q) != ERR_OK)
		return 0;
	/* PTR names are no hosts: they get no address of their own. */
	address = reverse_address(q.name) != 0
		      ? 0
		      : names_ask(names, q.name, name_type(q.type));
	memcpy(answer, msg, q.end);
	a.len = q.end;
	/* QR, AA, RA; RD as it came. */
	put16(answer + 2, 0x8480u | (q.flags & 0x0100u));
	put16(answer + 4, 1);
	add_records(&a, names, &q, address);
	put16(answer + 6, a.records);
	put16(answer + 8, 0);
	put16(answer + 10, 0);
	return a.len;
}

const char *
dns_types(char dst[64], uint32_t types)
{
	static const char *const names[] = {
	    "A", "AAAA", "PTR", "MX", "TXT", "NS", "SRV", "other"};
	size_t len = 0;

	dst[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((types >> i & 1) == 0)
			continue;
		len += (size_t)snprintf(
		    dst + len, 64 - len, "%s%s", len > 0 ? "," : "", names[i]);
	}
	return dst;
}
