/* SPDX-License-Identifier: Apache-2.0 */
/* tus_head.c - the headers of tus, which are foreign bytes. */
#include "web/tus_head.h"

#include <string.h>
#include <time.h>

int
tus_number(const char *text, int64_t *ret_number)
{
	int64_t n = 0;
	bool is_large = false;

	if (*text == '\0')
		return ERR_FORMAT;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return ERR_FORMAT;
		is_large |= __builtin_mul_overflow(n, 10, &n) ||
			    __builtin_add_overflow(n, *text - '0', &n);
	}
	if (is_large)
		return ERR_LIMIT;
	*ret_number = n;
	return ERR_OK;
}

/* 0 to 63, or -1. */
static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/*
 * Decodes RFC 4648 section 4, padded, of len characters.  ERR_FORMAT for
 * anything else, also for bits that would be dropped; ERR_LIMIT where dst is
 * too small.
 */
static int
decode(const char *p, size_t len, uint8_t *dst, size_t size, size_t *ret_len)
{
	size_t pad = 0, at = 0;

	if (len % 4 != 0)
		return ERR_FORMAT;
	while (pad < 2 && pad < len && p[len - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i < len; i += 4) {
		uint32_t bits = 0;
		size_t bytes = i + 4 == len ? 3 - pad : 3;

		for (size_t j = 0; j < 4; j++) {
			int digit = j > bytes ? 0 : base64_digit(p[i + j]);

			if (digit == -1)
				return ERR_FORMAT;
			bits = bits << 6 | (uint32_t)digit;
		}
		if ((bits & ((1U << (8 * (3 - bytes))) - 1)) != 0)
			return ERR_FORMAT;
		if (bytes > size - at)
			return ERR_LIMIT;
		for (size_t j = 0; j < bytes; j++)
			dst[at++] = (uint8_t)(bits >> (16 - 8 * j));
	}
	*ret_len = at;
	return ERR_OK;
}

int
tus_checksum(const char *text, struct tus_checksum *ret_sum)
{
	const size_t name_len = strcspn(text, " ");
	const char *value = text + name_len;
	struct tus_checksum sum = {.kind = checksum_by_name(text, name_len)};
	size_t len = 0;

	if (name_len == 0 || *value != ' ')
		return ERR_FORMAT;
	if (sum.kind == CHECKSUM_NONE)
		return ERR_NOT_FOUND;
	value++;
	if (decode(value, strlen(value), sum.bytes, sizeof(sum.bytes), &len) !=
		ERR_OK ||
	    len != checksum_bytes(sum.kind))
		return ERR_FORMAT;
	*ret_sum = sum;
	return ERR_OK;
}

/* One pair: the key's text, and its value's. */
struct pair {
	const char *key;
	size_t key_len;
	const char *value;
	size_t value_len;
};

static bool
is_key(const struct pair *pair, const char *name)
{
	return pair->key_len == strlen(name) &&
	       memcmp(pair->key, name, pair->key_len) == 0;
}

/* Lower-case hexadecimal digits, as sha256sum prints them. */
static int
take_sha256(
    const uint8_t *p, size_t len, struct tus_metadata *m, const char **ret_why)
{
	char hex[SHA256_HEX_BYTES];

	*ret_why = "\"sha256\" of Upload-Metadata is not 64 hexadecimal digits";
	if (len != SHA256_HEX_BYTES - 1)
		return ERR_FORMAT;
	memcpy(hex, p, len);
	hex[len] = '\0';
	if (hex_decode(hex, m->sha256, sizeof(m->sha256)) != ERR_OK)
		return ERR_FORMAT;
	m->has_sha256 = true;
	return ERR_OK;
}

static int
take_pair(const struct pair *pair, struct tus_metadata *m, const char **ret_why)
{
	uint8_t value[TUS_METADATA_BYTES];
	size_t len = 0;
	int err =
	    decode(pair->value, pair->value_len, value, sizeof(value), &len);

	*ret_why = "a value of Upload-Metadata is not Base64";
	if (err != ERR_OK)
		return err;
	if (is_key(pair, "filename")) {
		*ret_why = "\"filename\" of Upload-Metadata is too long";
		if (len > sizeof(m->filename))
			return ERR_LIMIT;
		memcpy(m->filename, value, len);
		m->filename_len = len;
	} else if (is_key(pair, "kind")) {
		*ret_why = "\"kind\" of Upload-Metadata is no kind";
		if (len >= sizeof(m->kind) || memchr(value, '\0', len) != NULL)
			return ERR_FORMAT;
		memcpy(m->kind, value, len);
		m->kind[len] = '\0';
		for (size_t i = 0; i < len; i++) {
			if (value[i] < 'a' || value[i] > 'z') {
				if (value[i] != '_')
					return ERR_FORMAT;
			}
		}
	} else if (is_key(pair, "sha256")) {
		return take_sha256(value, len, m, ret_why);
	}
	return ERR_OK;
}

/* Takes the text up to the next comma apart. */
static int
read_pair(const char *p, size_t len, struct pair *ret_pair)
{
	const char *space = memchr(p, ' ', len);
	const size_t key_len = space == NULL ? len : (size_t)(space - p);

	if (key_len == 0)
		return ERR_FORMAT;
	for (size_t i = 0; i < len; i++) {
		if (p[i] < ' ' || p[i] > '~')
			return ERR_FORMAT;
	}
	*ret_pair = (struct pair){.key = p, .key_len = key_len, .value = ""};
	if (space != NULL) {
		ret_pair->value = space + 1;
		ret_pair->value_len = len - key_len - 1;
	}
	return ERR_OK;
}

int
tus_metadata(
    const char *text, struct tus_metadata *ret_metadata, const char **ret_why)
{
	struct pair pairs[TUS_PAIRS_MAX];
	size_t count = 0;
	int err;

	memset(ret_metadata, 0, sizeof(*ret_metadata));
	*ret_why = "Upload-Metadata is too long";
	if (strlen(text) > TUS_METADATA_BYTES)
		return ERR_LIMIT;
	while (*text != '\0') {
		size_t len = strcspn(text, ",");
		struct pair *pair = &pairs[count];

		*ret_why = "Upload-Metadata has too many pairs";
		if (count == TUS_PAIRS_MAX)
			return ERR_LIMIT;
		/* Clients put a space behind the comma, too. */
		while (count > 0 && len > 0 && *text == ' ') {
			text++;
			len--;
		}
		*ret_why = "Upload-Metadata is not \"key base64,key base64\"";
		if (read_pair(text, len, pair) != ERR_OK)
			return ERR_FORMAT;
		*ret_why = "Upload-Metadata has a key twice";
		for (size_t i = 0; i < count; i++) {
			if (pairs[i].key_len == pair->key_len &&
			    memcmp(pairs[i].key, pair->key, pair->key_len) == 0)
				return ERR_FORMAT;
		}
		err = take_pair(pair, ret_metadata, ret_why);
		if (err != ERR_OK)
			return err;
		count++;
		text += len;
		if (*text == ',' && *++text == '\0') {
			*ret_why = "Upload-Metadata ends with a comma";
			return ERR_FORMAT;
		}
	}
	return ERR_OK;
}

const char *
tus_date(char dst[TUS_DATE_BYTES], int64_t time_us)
{
	const time_t seconds = (time_t)(time_us / 1000000);
	struct tm tm;

	/* No locale is set: names are English. */
	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(dst, TUS_DATE_BYTES, "%a, %d %b %Y %H:%M:%S GMT", &tm) ==
		0)
		dst[0] = '\0';
	return dst;
}
