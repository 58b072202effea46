/* SPDX-License-Identifier: Apache-2.0 */
/* number.c - the numbers and texts that tokens stand for. */
#include "rules/number.h"

#include <string.h>

int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The unit behind a decimal number; 0 where it is none. */
static int64_t
unit_of(const char *p, size_t len)
{
	if (len == 0)
		return 1;
	if (len == 2 && memcmp(p, "KB", 2) == 0)
		return 1024;
	if (len == 2 && memcmp(p, "MB", 2) == 0)
		return (int64_t)1024 * 1024;
	return 0;
}

bool
number_of(const char *text, const struct token *token, int64_t *ret)
{
	const char *p = text + token->start;
	size_t len = token->end - token->start;
	int64_t base = 10;
	int64_t value = 0;
	int64_t unit;
	size_t i = 0;

	if (token->kind != TOKEN_NUMBER)
		return false;
	if (len > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'o')) {
		base = p[1] == 'x' ? 16 : 8;
		i = 2;
	}
	for (; i < len; i++) {
		int digit = hex_digit(p[i]);

		if (digit < 0 || digit >= base)
			break;
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	unit = unit_of(p + i, len - i);
	if (unit == 0 || (unit != 1 && base != 10) ||
	    __builtin_mul_overflow(value, unit, &value))
		return false;
	*ret = value;
	return true;
}

bool
text_of(const char *text, struct span span, uint8_t *dst, size_t *ret_len)
{
	size_t len = 0;

	if (span.end - span.start < 2 || text[span.end - 1] != '"')
		return false;
	for (size_t i = span.start + 1; i < span.end - 1; i++) {
		char c = text[i];

		if (c != '\\') {
			dst[len++] = (uint8_t)c;
			continue;
		}
		if (++i >= span.end - 1)
			return false;
		c = text[i];
		if (c == 'x') {
			if (span.end - 1 - i < 3 ||
			    hex_digit(text[i + 1]) < 0 ||
			    hex_digit(text[i + 2]) < 0)
				return false;
			dst[len++] = (uint8_t)(hex_digit(text[i + 1]) * 16 +
					       hex_digit(text[i + 2]));
			i += 2;
			continue;
		}
		if (c != 't' && c != 'n' && c != 'r' && c != '"' && c != '\\')
			return false;
		dst[len++] = (uint8_t)(c == 't'	  ? '\t'
				       : c == 'n' ? '\n'
				       : c == 'r' ? '\r'
						  : c);
	}
	*ret_len = len;
	return true;
}
