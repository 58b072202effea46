/* SPDX-License-Identifier: Apache-2.0 */
/* openpgp.c - encrypted OpenPGP messages, by their packet headers. */
#include "analysers/identify/openpgp.h"

#include <string.h>
#include <strings.h>

/* Packets in front of the encrypted data that are looked at. */
#define PACKETS_MAX 1024
/* A session key for one recipient is a few hundred bytes. */
#define PACKET_BYTES_MAX 65536
/* Bytes of armor that are decoded to see what is in it. */
#define ARMOR_BYTES 8192
/* Of a mail, how many bytes are searched for armor. */
#define MAIL_BYTES 262144

/* RFC 9580 section 5, "Packet Types". */
enum tag {
	TAG_PKESK = 1,
	TAG_SKESK = 3,
	TAG_SED = 9,
	TAG_MARKER = 10,
	TAG_SEIPD = 18,
	TAG_AEAD = 20, /* GnuPG's, before RFC 9580 */
	TAG_PADDING = 21
};

struct packet {
	unsigned int tag;
	const uint8_t *p; /* what of its body is there */
	size_t len;
	bool is_cut;	 /* the bytes end before its body does */
	bool is_partial; /* more of it follows, or its end is not told */
};

struct reader {
	const uint8_t *p;
	size_t len;
	size_t at;
};

static bool
take(struct reader *r, size_t len, uint64_t *ret_number)
{
	uint64_t n = 0;

	if (len > r->len - r->at)
		return false;
	for (size_t i = 0; i < len; i++)
		n = n << 8 | r->p[r->at + i];
	r->at += len;
	*ret_number = n;
	return true;
}

/* Section 4.2.1: one, two or five octets, or a part's length. */
static bool
new_length(struct reader *r, uint64_t *ret_len, bool *ret_partial)
{
	uint64_t first, rest = 0;

	if (!take(r, 1, &first))
		return false;
	*ret_partial = first >= 224 && first < 255;
	if (first < 192) {
		*ret_len = first;
	} else if (first < 224) {
		if (!take(r, 1, &rest))
			return false;
		*ret_len = ((first - 192) << 8) + rest + 192;
	} else if (*ret_partial) {
		*ret_len = (uint64_t)1 << (first & 31);
	} else {
		if (!take(r, 4, ret_len))
			return false;
	}
	return true;
}

/* Section 4.2.2; the last kind has no length at all. */
static bool
old_length(
    struct reader *r, unsigned int kind, uint64_t *ret_len, bool *ret_partial)
{
	*ret_partial = kind == 3;
	*ret_len = UINT64_MAX;
	return kind == 3 || take(r, (size_t)1 << kind, ret_len);
}

static bool
next_packet(struct reader *r, struct packet *ret_packet)
{
	struct packet packet = {0};
	uint64_t first, len;
	bool is_read;

	if (!take(r, 1, &first) || (first & 0x80) == 0)
		return false;
	if ((first & 0x40) != 0) {
		packet.tag = (unsigned int)first & 0x3f;
		is_read = new_length(r, &len, &packet.is_partial);
	} else {
		packet.tag = ((unsigned int)first >> 2) & 0xf;
		is_read = old_length(
		    r, (unsigned int)first & 3, &len, &packet.is_partial);
	}
	if (!is_read)
		return false;
	packet.p = r->p + r->at;
	packet.is_cut = len > r->len - r->at;
	packet.len = packet.is_cut ? r->len - r->at : (size_t)len;
	r->at += packet.len;
	*ret_packet = packet;
	return true;
}

static bool
is_encryption(unsigned int algorithm)
{
	/* RSA (1, 2), Elgamal (16), ECDH (18), X25519, X448 (25, 26), and
	 * what drafts have beside them (up to 36). */
	return algorithm == 1 || algorithm == 2 || algorithm == 16 ||
	       algorithm == 18 || (algorithm >= 25 && algorithm <= 36);
}

static void
note_key(struct openpgp *o, const uint8_t *id)
{
	uint64_t key = 0;

	for (size_t i = 0; i < 8; i++)
		key = key << 8 | id[i];
	if (o->keys_count < OPENPGP_KEYS_MAX)
		o->keys[o->keys_count++] = key;
}

/* Section 5.1: versions 2 and 3 name a key, version 6 its fingerprint. */
static bool
take_pkesk(struct openpgp *o, const struct packet *k)
{
	static const uint8_t hidden[8];
	size_t fingerprint;

	if (k->len < 12 || k->is_partial)
		return false;
	if (k->p[0] == 2 || k->p[0] == 3) {
		if (!is_encryption(k->p[9]))
			return false;
		note_key(o, k->p + 1);
		return true;
	}
	fingerprint = k->p[1];
	if (k->p[0] != 6 || fingerprint > k->len - 3 ||
	    (fingerprint != 0 && fingerprint != 21 && fingerprint != 33) ||
	    !is_encryption(k->p[2 + fingerprint]))
		return false;
	/* Of version 4 the key ID is the fingerprint's end, of 6 its start. */
	note_key(o, fingerprint == 0	? hidden
		    : fingerprint == 21 ? k->p + 3 + 12
					: k->p + 3);
	return true;
}

/* Section 5.3: version, [count,] cipher, [AEAD,] [count,] S2K specifier. */
static bool
take_skesk(struct openpgp *o, const struct packet *k)
{
	size_t at;
	unsigned int kind;

	if (k->len < 4 || k->is_partial)
		return false;
	switch (k->p[0]) {
	case 4:
		at = 2;
		break;
	case 5:
		at = 3;
		break;
	case 6:
		at = 5;
		break;
	default:
		return false;
	}
	if (at >= k->len)
		return false;
	kind = k->p[at];
	o->passwords++;
	return kind == 0 || kind == 1 || kind == 3 || kind == 4;
}

/* Sections 5.7, 5.13: what the message is about. */
static bool
is_data(const struct packet *k)
{
	if (k->len == 0)
		return k->is_cut;
	if (k->tag == TAG_SED)
		return true;
	if (k->tag == TAG_AEAD)
		return k->p[0] == 1;
	return k->p[0] == 1 || k->p[0] == 2;
}

/* At least one encrypted session key, then the data. */
static bool
is_message(const uint8_t *p, size_t len, struct openpgp *o)
{
	struct reader r = {p, len, 0};
	struct packet k;
	size_t session_keys = 0;

	for (size_t i = 0; i < PACKETS_MAX && next_packet(&r, &k); i++) {
		bool is_fine = k.len <= PACKET_BYTES_MAX;

		switch (k.tag) {
		case TAG_PKESK:
			is_fine = is_fine && take_pkesk(o, &k);
			session_keys++;
			break;
		case TAG_SKESK:
			is_fine = is_fine && take_skesk(o, &k);
			session_keys++;
			break;
		case TAG_MARKER:
			is_fine = k.len == 3 && memcmp(k.p, "PGP", 3) == 0;
			break;
		case TAG_PADDING:
			break;
		case TAG_SED:
		case TAG_SEIPD:
		case TAG_AEAD:
			return session_keys > 0 && is_data(&k);
		default:
			return false;
		}
		if (!is_fine)
			return false;
		/* There is no more to be seen of it. */
		if (k.is_cut || r.at == r.len)
			return session_keys > 0;
	}
	return false;
}

/* --- text --- */

struct line {
	const uint8_t *p;
	size_t len; /* without its end and blanks before that */
};

/* False at the end of the text. */
static bool
next_line(struct reader *r, struct line *ret_line)
{
	const uint8_t *start = r->p + r->at;
	const uint8_t *end;
	size_t len = r->len - r->at;

	if (len == 0)
		return false;
	end = memchr(start, '\n', len);
	if (end != NULL)
		len = (size_t)(end - start);
	r->at += end == NULL ? len : len + 1;
	while (len > 0 && (start[len - 1] == '\r' || start[len - 1] == ' ' ||
			      start[len - 1] == '\t'))
		len--;
	*ret_line = (struct line){start, len};
	return true;
}

static bool
begins(const struct line *line, const char *text)
{
	size_t len = strlen(text);

	return line->len >= len &&
	       strncasecmp((const char *)line->p, text, len) == 0;
}

static bool
is_armor(const struct line *line)
{
	return begins(line, "-----BEGIN PGP MESSAGE");
}

/* -1: none of the alphabet. */
static int
digit(uint8_t c)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	const char *at = c == '\0' ? NULL : strchr(alphabet, c);

	return at == NULL ? -1 : (int)(at - alphabet);
}

/* Base64 with line ends in it, up to what ends it: how many bytes. */
static size_t
decode(struct reader *r, uint8_t *dst, size_t size)
{
	uint32_t bits = 0;
	unsigned int held = 0;
	size_t len = 0;

	while (r->at < r->len && len < size) {
		uint8_t c = r->p[r->at++];
		int value = digit(c);

		if (value < 0 &&
		    (c == '\r' || c == '\n' || c == ' ' || c == '\t'))
			continue;
		if (value < 0)
			break;
		bits = bits << 6 | (uint32_t)value;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		dst[len++] = (uint8_t)(bits >> held & 0xff);
	}
	return len;
}

/*
 * Section 6.2: headers, an empty line, Base64.  r stands behind the first line.
 * Armor holds signed and compressed messages, too: only its packets tell.
 */
static bool
armor_is_message(struct reader *r, struct openpgp *o)
{
	uint8_t bytes[ARMOR_BYTES];
	struct line line;
	size_t start;

	do {
		start = r->at;
		if (!next_line(r, &line))
			return false;
		if (line.len > 0 && memchr(line.p, ':', line.len) == NULL) {
			/* Some leave the empty line out. */
			r->at = start;
			break;
		}
	} while (line.len > 0);
	return is_message(bytes, decode(r, bytes, sizeof(bytes)), o);
}

static bool
is_blank(const struct line *line)
{
	for (size_t i = 0; i < line->len; i++) {
		if (line->p[i] != ' ' && line->p[i] != '\t')
			return false;
	}
	return true;
}

/* --- mails --- */

static bool
contains(const struct line *line, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; len <= line->len && i <= line->len - len; i++) {
		if (strncasecmp((const char *)line->p + i, text, len) == 0)
			return true;
	}
	return false;
}

/* RFC 5322: a name of printable characters, then a colon. */
static bool
is_field(const struct line *line)
{
	size_t i = 0;

	while (i < line->len && line->p[i] > 0x20 && line->p[i] < 0x7f &&
	       line->p[i] != ':')
		i++;
	return i > 0 && i < line->len && line->p[i] == ':';
}

struct mail {
	bool is_mail;	   /* it has fields that only mails have */
	bool is_encrypted; /* its Content-Type is that of RFC 3156 */
	bool is_content_type;
};

static void
take_field(struct mail *m, const struct line *line)
{
	static const char *const names[] = {"From:", "Received:", "Message-ID:",
	    "Return-Path:", "MIME-Version:", "Delivered-To:"};
	const bool is_folded =
	    line->len > 0 && (line->p[0] == ' ' || line->p[0] == '\t');

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		m->is_mail |= begins(line, names[i]);
	if (!is_folded)
		m->is_content_type = begins(line, "Content-Type:");
	if (m->is_content_type && contains(line, "multipart/encrypted"))
		m->is_encrypted = true;
}

/* r stands at the first line; at the body afterwards.  False: no mail. */
static bool
read_head(struct reader *r, struct mail *m)
{
	struct line line;
	bool is_first = true;

	while (next_line(r, &line)) {
		if (line.len == 0)
			return !is_first && m->is_mail;
		/* What mailboxes have before each mail. */
		if (!(is_first && begins(&line, "From ")) &&
		    !(!is_first && (line.p[0] == ' ' || line.p[0] == '\t')) &&
		    !is_field(&line))
			return false;
		take_field(m, &line);
		is_first = false;
	}
	return false;
}

static bool
mail_is_message(const uint8_t *p, size_t len, struct openpgp *o)
{
	struct reader r = {p, len < MAIL_BYTES ? len : MAIL_BYTES, 0};
	struct mail m = {0};
	struct line line;

	if (!read_head(&r, &m))
		return false;
	o->form = "mail";
	while (next_line(&r, &line)) {
		struct openpgp found = {.form = o->form};
		struct reader armor = r;

		/* The content type says it already: then whose it is. */
		if (is_armor(&line) && armor_is_message(&armor, &found)) {
			*o = found;
			return true;
		}
	}
	return m.is_encrypted;
}

static bool
text_is_message(const uint8_t *p, size_t len, struct openpgp *o)
{
	static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
	struct reader r = {p, len, 0};
	struct line line = {p, 0};

	if (len >= sizeof(mark) && memcmp(p, mark, sizeof(mark)) == 0)
		r.at = sizeof(mark);
	while (next_line(&r, &line) && is_blank(&line))
		continue;
	o->form = "armor";
	if (line.len > 0 && is_armor(&line) && armor_is_message(&r, o))
		return true;
	return mail_is_message(p, len, o);
}

bool
openpgp_is_encrypted(const uint8_t *p, size_t len, struct openpgp *ret_openpgp)
{
	struct openpgp found = {.form = "binary"};
	bool is_found;

	if (len == 0)
		return false;
	is_found = (p[0] & 0x80) != 0 && p[0] != 0xef
		       ? is_message(p, len, &found)
		       : text_is_message(p, len, &found);
	if (is_found)
		*ret_openpgp = found;
	return is_found;
}
