/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c - the audit chain's canonical rows, its export and its check. */
#include "lib/audit.h"

#include <inttypes.h>

static const char head_open[] = "{\"head\":";
static const char head_signature[] = ",\"signature\":\"";
static const char head_key[] = "\",\"public_key\":\"";
static const char event_open[] = "{\"event\":";
static const char event_hash[] = ",\"hash\":\"";
static const char line_close[] = "\"}";

#define TEXT_LEN(s) (sizeof(s) - 1)
#define HEAD_TAIL_BYTES                                                    \
 (TEXT_LEN(head_signature) + 2 * (size_t)SIGN_BYTES + TEXT_LEN(head_key) + \
     2 * (size_t)SIGN_PUBLIC_BYTES + TEXT_LEN(line_close))
#define EVENT_TAIL_BYTES \
 (TEXT_LEN(event_hash) + 2 * (size_t)SHA256_BYTES + TEXT_LEN(line_close))

static void
put(struct wire_out *out, const char *s)
{
	wire_put_raw(out, s, strlen(s));
}

static void
put_text(struct wire_out *out, const char *s)
{
	const char *from = s;
	char escape[8];

	put(out, "\"");
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s >= 0x20 && *s != '"' && *s != '\\')
			continue;
		wire_put_raw(out, from, (size_t)(s - from));
		if ((unsigned char)*s >= 0x20)
			(void)snprintf(escape, sizeof(escape), "\\%c", *s);
		else
			(void)snprintf(escape, sizeof(escape), "\\u%04x",
			    (unsigned int)*s);
		put(out, escape);
		from = s + 1;
	}
	wire_put_raw(out, from, (size_t)(s - from));
	put(out, "\"");
}

static void
put_int(struct wire_out *out, int64_t n)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, n);
	put(out, text);
}

static void
put_hex(struct wire_out *out, const uint8_t *p, size_t len)
{
	char hex[2 * SIGN_BYTES + 1];

	hex_encode(hex, p, len);
	put(out, hex);
}

void
audit_row_put(const struct audit_row *row, struct wire_out *out)
{
	put(out, "{\"action\":");
	put_text(out, row->action);
	put(out, ",\"actor\":");
	put_text(out, row->actor);
	put(out, ",\"actor_kind\":");
	put_text(out, row->actor_kind);
	put(out, ",\"at\":");
	put_int(out, row->at);
	put(out, ",\"detail\":");
	put(out, row->detail);
	put(out, ",\"object\":");
	put_text(out, row->object);
	put(out, ",\"object_kind\":");
	put_text(out, row->object_kind);
	put(out, ",\"org\":");
	put_text(out, row->org);
	put(out, ",\"outcome\":");
	put_text(out, row->outcome);
	put(out, ",\"seq\":");
	put_int(out, row->seq);
	put(out, "}");
}

void
audit_row_hash(const uint8_t prev[SHA256_BYTES], const void *row, size_t len,
    uint8_t ret_hash[SHA256_BYTES])
{
	struct sha256 *sha = sha256_new();

	sha256_update(sha, prev, SHA256_BYTES);
	sha256_update(sha, row, len);
	sha256_final(sha, ret_hash);
	sha256_free(sha);
}

void
audit_head_put(int64_t at, int64_t head_seq,
    const uint8_t head_hash[SHA256_BYTES], struct wire_out *out)
{
	put(out, "{\"at\":");
	put_int(out, at);
	put(out, ",\"format\":\"loep-audit\",\"head_hash\":\"");
	put_hex(out, head_hash, SHA256_BYTES);
	put(out, "\",\"head_seq\":");
	put_int(out, head_seq);
	put(out, ",\"version\":");
	put_int(out, AUDIT_VERSION);
	put(out, "}");
}

void
audit_head_line_put(const void *head, size_t head_len,
    const uint8_t signature[SIGN_BYTES],
    const uint8_t public_key[SIGN_PUBLIC_BYTES], struct wire_out *out)
{
	put(out, head_open);
	wire_put_raw(out, head, head_len);
	put(out, head_signature);
	put_hex(out, signature, SIGN_BYTES);
	put(out, head_key);
	put_hex(out, public_key, SIGN_PUBLIC_BYTES);
	put(out, line_close);
	put(out, "\n");
}

void
audit_event_line_put(const void *row, size_t row_len,
    const uint8_t hash[SHA256_BYTES], struct wire_out *out)
{
	put(out, event_open);
	wire_put_raw(out, row, row_len);
	put(out, event_hash);
	put_hex(out, hash, SHA256_BYTES);
	put(out, line_close);
	put(out, "\n");
}

/* --- the check --- */

/* What is left to read of a line. */
struct cursor {
	const char *p;
	const char *end;
};

static bool
take(struct cursor *c, const char *text)
{
	size_t len = strlen(text);

	if (len > (size_t)(c->end - c->p) || memcmp(c->p, text, len) != 0)
		return false;
	c->p += len;
	return true;
}

static bool
take_hex(struct cursor *c, uint8_t *dst, size_t len)
{
	char hex[2 * SIGN_BYTES + 1];

	if (2 * len > (size_t)(c->end - c->p))
		return false;
	memcpy(hex, c->p, 2 * len);
	hex[2 * len] = '\0';
	c->p += 2 * len;
	return hex_decode(hex, dst, len) == ERR_OK;
}

/* Decimal digits without sign or leading zero. */
static bool
take_int(struct cursor *c, int64_t *ret_n)
{
	const char *start = c->p;
	int64_t n = 0;

	while (c->p < c->end && *c->p >= '0' && *c->p <= '9') {
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *c->p - '0', &n))
			return false;
		c->p++;
	}
	*ret_n = n;
	return c->p > start && (*start != '0' || c->p == start + 1);
}

static int
broken(struct audit_check *check, const char *what)
{
	if (!check->has_head)
		(void)snprintf(check->why, sizeof(check->why),
		    "the first line, the signed head: %s", what);
	else
		(void)snprintf(check->why, sizeof(check->why),
		    "entry %" PRId64 ": %s", check->seq + 1, what);
	return ERR_FORMAT;
}

void
audit_check_init(struct audit_check *check)
{
	*check = (struct audit_check){.seq = 0};
}

static bool
parse_head(struct audit_check *check, struct cursor c)
{
	int64_t version;

	return take(&c, "{\"at\":") && take_int(&c, &check->head_at) &&
	       take(&c, ",\"format\":\"loep-audit\",\"head_hash\":\"") &&
	       take_hex(&c, check->head_hash, SHA256_BYTES) &&
	       take(&c, "\",\"head_seq\":") && take_int(&c, &check->head_seq) &&
	       take(&c, ",\"version\":") && take_int(&c, &version) &&
	       version == AUDIT_VERSION && take(&c, "}") && c.p == c.end;
}

static int
check_head(struct audit_check *check, const char *line, size_t len)
{
	struct cursor c = {line, line + len};
	uint8_t signature[SIGN_BYTES];
	const char *head;
	size_t head_len;

	if (!take(&c, head_open) || (size_t)(c.end - c.p) < HEAD_TAIL_BYTES)
		return broken(check, "is not the head of an audit export");
	head = c.p;
	head_len = (size_t)(c.end - c.p) - HEAD_TAIL_BYTES;
	c.p += head_len;
	if (!take(&c, head_signature) || !take_hex(&c, signature, SIGN_BYTES) ||
	    !take(&c, head_key) ||
	    !take_hex(&c, check->public_key, SIGN_PUBLIC_BYTES) ||
	    !take(&c, line_close))
		return broken(check, "has no signature where it should be");
	if (!parse_head(check, (struct cursor){head, head + head_len}))
		return broken(check, "is malformed, or of another version");
	if (!sign_is_valid(check->public_key, head, head_len, signature))
		return broken(check, "its signature does not hold");
	check->has_head = true;
	return ERR_OK;
}

/* A canonical row ends with its number. */
static bool
row_has_seq(const char *row, size_t len, int64_t seq)
{
	char tail[40];
	int n;

	n = snprintf(tail, sizeof(tail), ",\"seq\":%" PRId64 "}", seq);
	return len >= (size_t)n &&
	       memcmp(row + len - (size_t)n, tail, (size_t)n) == 0;
}

int
audit_check_line(struct audit_check *check, const char *line, size_t len)
{
	struct cursor c = {line, line + len};
	uint8_t claimed[SHA256_BYTES], hash[SHA256_BYTES];
	const char *row;
	size_t row_len;

	if (!check->has_head)
		return check_head(check, line, len);
	if (!take(&c, event_open) || (size_t)(c.end - c.p) < EVENT_TAIL_BYTES)
		return broken(check, "is not an audit entry");
	row = c.p;
	row_len = (size_t)(c.end - c.p) - EVENT_TAIL_BYTES;
	c.p += row_len;
	if (!take(&c, event_hash) || !take_hex(&c, claimed, SHA256_BYTES) ||
	    !take(&c, line_close))
		return broken(check, "has no hash where it should be");
	if (!row_has_seq(row, row_len, check->seq + 1))
		return broken(check, "has another number: one is missing, "
				     "doubled or out of order");
	audit_row_hash(check->hash, row, row_len, hash);
	if (memcmp(hash, claimed, SHA256_BYTES) != 0)
		return broken(check, "was changed: its hash does not fit its "
				     "content and what stands before it");
	memcpy(check->hash, hash, SHA256_BYTES);
	check->seq++;
	return ERR_OK;
}

int
audit_check_end(struct audit_check *check)
{
	if (!check->has_head)
		return broken(check, "is missing");
	if (check->seq < check->head_seq)
		return broken(check, "is missing: the signed head says that "
				     "there are more");
	if (check->seq > check->head_seq ||
	    memcmp(check->hash, check->head_hash, SHA256_BYTES) != 0) {
		(void)snprintf(check->why, sizeof(check->why),
		    "the last entry (%" PRId64 ") is not the one that the "
		    "head was signed for",
		    check->seq);
		return ERR_FORMAT;
	}
	return ERR_OK;
}
