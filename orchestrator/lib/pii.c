/* SPDX-License-Identifier: Apache-2.0 */
/* pii.c - personal data in text: the walk, paths, mails and the submitter's. */
#include "lib/pii.h"

#include "lib/pii_number.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAIL_LOCAL_MAX	((size_t)64) /* RFC 5321, 4.5.3.1.1 */
#define MAIL_DOMAIN_MAX ((size_t)255)
#define NAME_MAX_BYTES	((size_t)64)

static const char *const names[PII_TYPES] = {"mail", "user", "host", "phone",
    "iban", "national", "enterprise", "card", "address", "own"};

const char *
pii_type_name(enum pii_type type)
{
	return names[type];
}

/* The locale of a program must not change what is found. */
static bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_alnum(char c)
{
	return is_alpha(c) || (c >= '0' && c <= '9');
}

/* Letters of other scripts count as parts of a word. */
static bool
is_word(char c)
{
	return is_alnum(c) || (unsigned char)c >= 0x80 || c == '_';
}

static bool
is_separator(char c)
{
	return c == '\\' || c == '/';
}

/* --- what is the submitter's --- */

static bool
parse_range(const char *word, struct pii_range *ret)
{
	char text[INET6_ADDRSTRLEN + 5];
	struct pii_range range = {.prefix = 0};
	unsigned int bits;
	char *slash;

	if (strlen(word) >= sizeof(text))
		return false;
	(void)snprintf(text, sizeof(text), "%s", word);
	slash = strchr(text, '/');
	if (slash != NULL)
		*slash = '\0';
	range.is_v6 = strchr(text, ':') != NULL;
	if (inet_pton(range.is_v6 ? AF_INET6 : AF_INET, text, range.bytes) != 1)
		return false;
	bits = range.is_v6 ? 128 : 32;
	range.prefix = bits;
	if (slash != NULL) {
		size_t digits = strspn(slash + 1, "0123456789");

		if (digits == 0 || digits > 3 || slash[1 + digits] != '\0' ||
		    sscanf(slash + 1, "%3u", &range.prefix) != 1 ||
		    range.prefix > bits)
			return false;
	}
	*ret = range;
	return true;
}

void
pii_own_word(struct pii_own *own, const char *word)
{
	if (strlen(word) < 3 || strlen(word) >= PII_WORD_BYTES_MAX ||
	    own->word_count == PII_WORDS_MAX)
		return;
	(void)snprintf(
	    own->words[own->word_count], PII_WORD_BYTES_MAX, "%s", word);
	own->word_count++;
}

void
pii_own_scope(struct pii_own *own, const char *text)
{
	static const char between[] = " \t\r\n,;";

	for (;;) {
		char word[PII_WORD_BYTES_MAX];
		struct pii_range range;
		size_t len;

		text += strspn(text, between);
		len = strcspn(text, between);
		if (len == 0)
			return;
		if (len < sizeof(word)) {
			memcpy(word, text, len);
			word[len] = '\0';
			if (!parse_range(word, &range)) {
				if (strchr(word, '.') != NULL)
					pii_own_word(own, word);
			} else if (own->range_count < PII_RANGES_MAX) {
				own->ranges[own->range_count++] = range;
			}
		}
		text += len;
	}
}

static bool
is_in_range(const struct pii_range *range, const uint8_t *bytes)
{
	unsigned int whole = range->prefix / 8, rest = range->prefix % 8;

	if (memcmp(range->bytes, bytes, whole) != 0)
		return false;
	return rest == 0 ||
	       (range->bytes[whole] ^ bytes[whole]) >> (8 - rest) == 0;
}

/* An address of the ranges that begins at the text's start. */
static size_t
address_len(const char *p, size_t len, const struct pii_own *own)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t bytes[16];
	size_t n = 0;
	bool is_v6 = false;

	while (n < len && n < sizeof(text) - 1 &&
	       strchr("0123456789abcdefABCDEF.:", p[n]) != NULL && p[n] != '\0')
		n++;
	/* "see 192.0.2.7." and "192.0.2.7:443" */
	for (; n >= 3; n--) {
		memcpy(text, p, n);
		text[n] = '\0';
		is_v6 = strchr(text, ':') != NULL;
		if ((n == len || !is_alnum(p[n])) &&
		    inet_pton(is_v6 ? AF_INET6 : AF_INET, text, bytes) == 1)
			break;
	}
	if (n < 3)
		return 0;
	for (size_t i = 0; i < own->range_count; i++) {
		if (own->ranges[i].is_v6 == is_v6 &&
		    is_in_range(&own->ranges[i], bytes))
			return n;
	}
	return 0;
}

static size_t
word_len(const char *p, size_t len, const struct pii_own *own)
{
	for (size_t i = 0; i < own->word_count; i++) {
		size_t n = strlen(own->words[i]);

		if (n <= len && strncasecmp(p, own->words[i], n) == 0 &&
		    (n == len || !is_word(p[n])))
			return n;
	}
	return 0;
}

/* --- mails --- */

static bool
is_local(char c)
{
	return is_word(c) || (c != '\0' && strchr(".+-%~!#$&'*=?^{}|", c));
}

/* Around the "@" at `at`; nothing of it stands before `from`. */
static bool
mail_at(const char *text, size_t len, size_t from, size_t at,
    struct pii_hit *ret_hit)
{
	size_t begin = at, end = at + 1, label = end, dots = 0;

	while (begin > from && at - begin < MAIL_LOCAL_MAX &&
	       is_local(text[begin - 1]))
		begin--;
	/* Within the bound, but not within a character. */
	while (begin < at && ((unsigned char)text[begin] & 0xc0) == 0x80)
		begin++;
	for (; end < len && end - at <= MAIL_DOMAIN_MAX; end++) {
		if (text[end] == '.') {
			if (end == label || end + 1 == len ||
			    !is_word(text[end + 1]))
				break;
			dots++;
			label = end + 1;
		} else if (!is_word(text[end]) && text[end] != '-') {
			break;
		}
	}
	while (end < len && ((unsigned char)text[end] & 0xc0) == 0x80)
		end++;
	if (begin == at || dots == 0)
		return false;
	*ret_hit = (struct pii_hit){PII_MAIL, begin, end - begin};
	return true;
}

/* --- paths --- */

static bool
has_prefix(const char *p, size_t len, const char *prefix)
{
	size_t n = strlen(prefix);

	return len >= n && strncasecmp(p, prefix, n) == 0;
}

/* Folders beside those of people. */
static bool
is_nobody(const char *p, size_t len)
{
	static const char *const folders[] = {
	    "public", "default", "default user", "all users", "shared", "."};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (len == strlen(folders[i]) &&
		    strncasecmp(p, folders[i], len) == 0)
			return true;
	}
	/* The mark of a name that is redacted already. */
	return len == 0 || p[0] == ' ' ||
	       (len > 5 && memcmp(p, "user#", 5) == 0);
}

/* The name of a folder: to the next separator, spaces included, else a word. */
static size_t
folder_len(const char *p, size_t len)
{
	size_t n = 0, word = len;

	for (; n < len && n < NAME_MAX_BYTES; n++) {
		if (p[n] == ' ' && word == len)
			word = n;
		if (is_separator(p[n]) || (unsigned char)p[n] < 0x20 ||
		    strchr(":*?\"<>|,;()'", p[n]) != NULL)
			break;
	}
	if (n < len && is_separator(p[n]))
		return n;
	if (word < n)
		return word;
	while (n > 0 && n < len && ((unsigned char)p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* At a separator: what stands behind a folder in which people have theirs. */
static bool
user_at(const char *text, size_t len, size_t at, struct pii_hit *ret_hit)
{
	static const char *const folders[] = {
	    "users", "home", "documents and settings"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		size_t p = at + 1, n;

		if (!has_prefix(text + p, len - p, folders[i]))
			continue;
		p += strlen(folders[i]);
		if (p >= len || !is_separator(text[p]))
			continue;
		while (p < len && is_separator(text[p]))
			p++;
		n = folder_len(text + p, len - p);
		if (is_nobody(text + p, n))
			continue;
		*ret_hit = (struct pii_hit){PII_USER, p, n};
		return true;
	}
	return false;
}

/* \\HOST\share; the doubled separators of an escaped path are none. */
static bool
host_at(const char *text, size_t len, size_t at, struct pii_hit *ret_hit)
{
	size_t p = at + 2, n = 0;

	if (len - at < 4 || text[at + 1] != '\\')
		return false;
	if (at > 0 && (is_word(text[at - 1]) || text[at - 1] == ':' ||
			  text[at - 1] == '.'))
		return false;
	while (p < len && text[p] == '\\')
		p++;
	while (n < len - p && (is_word(text[p + n]) || text[p + n] == '-' ||
				  text[p + n] == '.'))
		n++;
	/* \\.\pipe and \\?\ are the machine's own. */
	if (n == 0 || p + n >= len || text[p + n] != '\\' || text[p] == '.')
		return false;
	*ret_hit = (struct pii_hit){PII_HOST, p, n};
	return true;
}

/* --- the walk --- */

/* What begins at a word's start: one of the submitter's, or a number. */
static bool
word_at(const char *text, size_t len, const struct pii_own *own, size_t at,
    struct pii_hit *ret_hit)
{
	size_t n = 0;

	if (own != NULL && (n = address_len(text + at, len - at, own)) > 0)
		*ret_hit = (struct pii_hit){PII_ADDRESS, at, n};
	else if (own != NULL && (n = word_len(text + at, len - at, own)) > 0)
		*ret_hit = (struct pii_hit){PII_OWN, at, n};
	else
		return pii_number_at(text, len, at, ret_hit);
	return true;
}

static bool
hit_at(const char *text, size_t len, const struct pii_own *own, size_t at,
    struct pii_hit *ret_hit)
{
	char c = text[at];

	if (c == '\\' && host_at(text, len, at, ret_hit))
		return true;
	if (is_separator(c))
		return user_at(text, len, at, ret_hit);
	if (c == '+' || is_word(c)) {
		if (at == 0 || !is_word(text[at - 1]))
			return word_at(text, len, own, at, ret_hit);
	} else if (c == ':' && own != NULL) {
		size_t n = address_len(text + at, len - at, own);

		*ret_hit = (struct pii_hit){PII_ADDRESS, at, n};
		return n > 0;
	}
	return false;
}

bool
pii_next(const char *text, size_t len, const struct pii_own *own, size_t *at,
    struct pii_hit *ret_hit)
{
	size_t from = *at;

	for (size_t i = from; i < len; i++) {
		struct pii_hit hit;

		if (text[i] == '@' ? !mail_at(text, len, from, i, &hit)
				   : !hit_at(text, len, own, i, &hit))
			continue;
		*at = hit.offset + hit.len;
		*ret_hit = hit;
		return true;
	}
	*at = len;
	return false;
}
