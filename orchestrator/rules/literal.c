/* SPDX-License-Identifier: Apache-2.0 */
/* literal.c - what a match of one string says about the file. */
#include "rules/literal.h"

#include "lib/base64.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "rules/hex.h"
#include "rules/number.h"

/* Bytes of the run that stands for a string under one XOR key: they come up
 * to 256 times. */
#define XOR_BYTES_MAX ((size_t)8)

static uint8_t *
widened(const uint8_t *p, size_t len)
{
	uint8_t *wide = xcalloc(2, len + 1);

	for (size_t i = 0; i < len; i++)
		wide[2 * i] = p[i];
	return wide;
}

/* libyara XORs the zeros of wide strings as well. */
static form_id
xor_form(struct form *form, const struct rule_string *string, const uint8_t *p,
    size_t len)
{
	form_id ids[256];
	uint8_t run[XOR_BYTES_MAX];
	size_t count = 0;

	if (len > XOR_BYTES_MAX)
		len = XOR_BYTES_MAX;
	if (len < COND_RUN_MIN)
		return FORM_TRUE;
	for (unsigned int key = string->xor_min; key <= string->xor_max;
	     key++) {
		for (size_t i = 0; i < len; i++)
			run[i] = (uint8_t)(p[i] ^ key);
		ids[count++] = form_run(form, run, len, false);
	}
	return form_or(form, ids, count);
}

static form_id
plain_form(struct form *form, const struct rule_string *string,
    const uint8_t *p, size_t len)
{
	form_id ids[2];
	size_t count = 0;

	if (string->flags & STRING_ASCII)
		ids[count++] = string->flags & STRING_XOR
				   ? xor_form(form, string, p, len)
				   : form_run(form, p, len, false);
	if ((string->flags & STRING_WIDE) && (string->flags & STRING_XOR)) {
		auto_free uint8_t *wide = widened(p, len);

		ids[count++] = xor_form(form, string, wide, 2 * len);
	} else if (string->flags & STRING_WIDE) {
		ids[count++] = form_run(form, p, len, true);
	}
	return form_or(form, ids, count);
}

/* The three places in a group of three bytes, of one text. */
static form_id
base64_forms(struct form *form, const struct rule_string *string,
    const uint8_t *p, size_t len, const char *alphabet)
{
	auto_free uint8_t *code = xmalloc((len + 4) / 3 * 4 + 4);
	form_id ids[6];
	size_t count = 0;

	for (unsigned int shift = 0; shift < 3; shift++) {
		size_t n = base64_inner(p, len, shift, alphabet, code);

		if (string->flags & STRING_BASE64)
			ids[count++] = form_run(form, code, n, false);
		if (string->flags & STRING_BASE64WIDE)
			ids[count++] = form_run(form, code, n, true);
	}
	return form_or(form, ids, count);
}

static form_id
base64_form(struct form *form, const char *text,
    const struct rule_string *string, const uint8_t *p, size_t len)
{
	size_t size = string->alphabet.end - string->alphabet.start;
	auto_free uint8_t *alphabet = xmalloc(size + 1);
	const char *used = base64_alphabet;
	form_id ids[2];
	size_t count = 0;
	size_t n = 0;

	if (size > 0) {
		if (!text_of(text, string->alphabet, alphabet, &n) || n != 64)
			return FORM_TRUE;
		used = (const char *)alphabet;
	}
	if (string->flags & STRING_ASCII)
		ids[count++] = base64_forms(form, string, p, len, used);
	if (string->flags & STRING_WIDE) {
		auto_free uint8_t *wide = widened(p, len);

		ids[count++] = base64_forms(form, string, wide, 2 * len, used);
	}
	return form_or(form, ids, count);
}

static form_id
text_form(struct form *form, const char *text, const struct rule_string *string)
{
	size_t size = string->value.end - string->value.start;
	auto_free uint8_t *p = xmalloc(size + 1);
	size_t len;

	if (!text_of(text, string->value, p, &len))
		return FORM_TRUE;
	if (string->flags & (STRING_BASE64 | STRING_BASE64WIDE))
		return base64_form(form, text, string, p, len);
	return plain_form(form, string, p, len);
}

form_id
literal_form(struct strand *strand, struct form *form, const char *text,
    const struct rule_string *string)
{
	const char *p = text + string->value.start;
	size_t len = string->value.end - string->value.start;
	form_id id = FORM_FALSE;

	if (string->is_odd)
		return FORM_TRUE;
	if (string->kind == STRING_TEXT)
		return text_form(form, text, string);
	/* Modifiers that change what is looked for: not of these kinds. */
	if (string->flags & (STRING_XOR | STRING_BASE64 | STRING_BASE64WIDE))
		return FORM_TRUE;
	if (string->kind == STRING_HEX)
		return hex_form(strand, form, p, len);
	if (string->flags & STRING_ASCII)
		id = regex_form(strand, form, p, len, false);
	if (string->flags & STRING_WIDE)
		id = form_or2(form, id, regex_form(strand, form, p, len, true));
	return id;
}

static form_id
text_head(struct form *form, const struct rule_string *string, const uint8_t *p,
    size_t len, size_t offset)
{
	uint8_t mask[COND_HEAD_MAX];

	if (len > COND_HEAD_MAX)
		len = COND_HEAD_MAX;
	for (size_t i = 0; i < len; i++) {
		bool is_letter = (p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'z';

		mask[i] =
		    is_letter && (string->flags & STRING_NOCASE) ? 0xdf : 0xff;
	}
	return form_head(form, offset, p, mask, len);
}

form_id
literal_head(struct form *form, const char *text,
    const struct rule_string *string, uint64_t offset)
{
	const char *p = text + string->value.start;
	size_t size = string->value.end - string->value.start;
	uint8_t bytes[COND_HEAD_MAX], mask[COND_HEAD_MAX];
	auto_free uint8_t *value = NULL;
	form_id id = FORM_FALSE;
	size_t len;

	if (string->is_odd || string->kind == STRING_REGEX ||
	    offset >= COND_HEAD_MAX ||
	    (string->flags & (STRING_XOR | STRING_BASE64 | STRING_BASE64WIDE)))
		return FORM_TRUE;
	if (string->kind == STRING_HEX) {
		len = hex_head(p, size, bytes, mask);
		return form_head(form, offset, bytes, mask, len);
	}
	value = xmalloc(size + 1);
	if (!text_of(text, string->value, value, &len))
		return FORM_TRUE;
	if (string->flags & STRING_ASCII)
		id = text_head(form, string, value, len, offset);
	if (string->flags & STRING_WIDE) {
		auto_free uint8_t *wide = widened(value, len);

		id = form_or2(
		    form, id, text_head(form, string, wide, 2 * len, offset));
	}
	return id;
}
