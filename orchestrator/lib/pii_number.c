/* SPDX-License-Identifier: Apache-2.0 */
/* pii_number.c - numbers that prove themselves by their check digits. */
#include "lib/pii_number.h"

#include <string.h>

#define DIGITS_MAX ((size_t)19) /* ISO/IEC 7812: a card's longest */
#define IBAN_MAX   ((size_t)34)

/* Digits as they stand, and where the text goes on behind each count. */
struct digits {
	uint8_t v[DIGITS_MAX];
	size_t end[DIGITS_MAX + 1];
	uint32_t gaps; /* bit n: a separator stands behind n digits */
	size_t count;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A run of digits with at most one separator between two. */
static void
take_digits(const char *text, size_t len, size_t at, struct digits *ret)
{
	size_t p = at;

	*ret = (struct digits){.count = 0};
	ret->end[0] = at;
	while (p < len && ret->count < DIGITS_MAX) {
		if (!is_digit(text[p])) {
			if (ret->count == 0 ||
			    strchr(" .-/", text[p]) == NULL ||
			    text[p] == '\0' || p + 1 >= len ||
			    !is_digit(text[p + 1]))
				return;
			ret->gaps |= UINT32_C(1) << ret->count;
			p++;
			continue;
		}
		ret->v[ret->count++] = (uint8_t)(text[p++] - '0');
		ret->end[ret->count] = p;
	}
}

/* A number of count digits, with gaps only where its form has them? */
static bool
has_form(const char *text, size_t len, const struct digits *d, size_t count,
    uint32_t gaps)
{
	uint32_t inner = d->gaps & ((UINT32_C(1) << count) - 1);
	size_t end = d->end[count];

	if (d->count < count || (inner & ~gaps) != 0)
		return false;
	return end == len || (!is_digit(text[end]) && !is_letter(text[end]) &&
				 text[end] != '_');
}

static uint64_t
value_of(const struct digits *d, size_t from, size_t count)
{
	uint64_t value = 0;

	for (size_t i = from; i < from + count; i++)
		value = value * 10 + d->v[i];
	return value;
}

/*
 * 11 digits: date of birth, serial, check = 97 - (first nine mod 97), with a
 * 2 before the nine for who was born from 2000 on.  Months of "bis" numbers
 * are 20 or 40 higher (Royal Decree of 3 April 1984).
 */
static bool
is_national(const struct digits *d)
{
	uint64_t first = value_of(d, 0, 9), check = value_of(d, 9, 2);
	uint64_t month = value_of(d, 2, 2), day = value_of(d, 4, 2);

	if (month > 52 || month % 20 > 12 || day > 31)
		return false;
	return check == 97 - first % 97 ||
	       check == 97 - (UINT64_C(2000000000) + first) % 97;
}

/* 10 digits, the first 0 or 1; check = 97 - (first eight mod 97). */
static bool
is_enterprise(const struct digits *d)
{
	return d->v[0] <= 1 && value_of(d, 0, 8) > 0 &&
	       value_of(d, 8, 2) == 97 - value_of(d, 0, 8) % 97;
}

/* ISO/IEC 7812-1, annex B; first digits of the payment networks. */
static bool
is_card(const struct digits *d, size_t count)
{
	unsigned int sum = 0;

	if (d->v[0] < 2 || d->v[0] > 6)
		return false;
	for (size_t i = 0; i < count; i++) {
		unsigned int v = d->v[count - 1 - i];

		if (i % 2 == 1)
			v = v < 5 ? 2 * v : 2 * v - 9;
		sum += v;
	}
	return sum % 10 == 0;
}

#define GAP(n) (UINT32_C(1) << (n))

static bool
plain_number(const char *text, size_t len, size_t at, struct pii_hit *ret_hit)
{
	static const uint32_t fours = GAP(4) | GAP(8) | GAP(12) | GAP(16);
	struct digits d;

	take_digits(text, len, at, &d);
	if (has_form(text, len, &d, 11, GAP(2) | GAP(4) | GAP(6) | GAP(9)) &&
	    is_national(&d)) {
		*ret_hit = (struct pii_hit){PII_NATIONAL, at, d.end[11] - at};
		return true;
	}
	if (has_form(text, len, &d, 10, GAP(4) | GAP(7)) && is_enterprise(&d)) {
		*ret_hit = (struct pii_hit){PII_ENTERPRISE, at, d.end[10] - at};
		return true;
	}
	for (size_t n = DIGITS_MAX; n >= 13; n--) {
		if (has_form(
			text, len, &d, n, n == 15 ? GAP(4) | GAP(10) : fours) &&
		    is_card(&d, n)) {
			*ret_hit =
			    (struct pii_hit){PII_CARD, at, d.end[n] - at};
			return true;
		}
	}
	return false;
}

/* ITU-T E.164: behind +32 come eight digits, or nine of a mobile. */
static bool
phone(const char *text, size_t len, size_t at, struct pii_hit *ret_hit)
{
	size_t p = at, digits = 0, end = at;

	if (len - at >= 3 && memcmp(text + at, "+32", 3) == 0)
		p += 3;
	else if (len - at >= 4 && memcmp(text + at, "0032", 4) == 0)
		p += 4;
	else
		return false;
	for (; p < len && digits < 11; p++) {
		/* "(0)" is dialled at home only. */
		if (len - p >= 3 && memcmp(text + p, "(0)", 3) == 0) {
			p += 2;
		} else if (is_digit(text[p])) {
			digits++;
			end = p + 1;
		} else if (text[p] == '\0' || strchr(" ./-", text[p]) == NULL ||
			   (p > at && strchr("./-", text[p - 1]) != NULL)) {
			break;
		}
	}
	if (digits < 8 || digits > 10)
		return false;
	*ret_hit = (struct pii_hit){PII_PHONE, at, end - at};
	return true;
}

/* ISO 13616: lengths of the registry for the countries of SEPA. */
static size_t
iban_length(const char country[2])
{
	static const char table[] =
	    "AD24 AT20 BE16 BG22 CH21 CY28 CZ24 DE22 DK18 EE20 ES24 FI18 FR27 "
	    "GB22 GI23 GR27 HR21 HU28 IE22 IS26 IT27 LI21 LT20 LU20 LV21 MC27 "
	    "MT31 NL18 NO15 PL28 PT25 RO24 SE24 SI19 SK24 SM27 VA22";

	for (const char *p = table; p[0] != '\0'; p += p[4] == '\0' ? 4 : 5) {
		if (p[0] == country[0] && p[1] == country[1])
			return (size_t)(p[2] - '0') * 10 + (size_t)(p[3] - '0');
	}
	return 0;
}

static unsigned int
mod_97(const char *iban, size_t count)
{
	unsigned int rest = 0;

	for (size_t i = 0; i < count; i++) {
		char c = iban[(i + 4) % count];

		if (is_digit(c))
			rest = (rest * 10 + (unsigned int)(c - '0')) % 97;
		else
			rest = (rest * 100 + (unsigned int)(c - 'A') + 10) % 97;
	}
	return rest;
}

static bool
iban(const char *text, size_t len, size_t at, struct pii_hit *ret_hit)
{
	char kept[IBAN_MAX];
	size_t count = 0, wanted = IBAN_MAX, p = at;

	for (; p < len && count < wanted; p++) {
		char c = text[p];

		/* In groups of four, on paper. */
		if ((c == ' ' || c == '-') && count > 0 && count % 4 == 0)
			continue;
		if (!is_digit(c) && !is_letter(c))
			return false;
		if ((count < 2) != is_letter(c) && count < 4)
			return false;
		kept[count++] =
		    c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
		if (count == 2)
			wanted = iban_length(kept);
		if (count == 2 && wanted == 0)
			return false;
	}
	if (count < wanted || mod_97(kept, count) != 1)
		return false;
	if (p < len && (is_digit(text[p]) || is_letter(text[p])))
		return false;
	*ret_hit = (struct pii_hit){PII_IBAN, at, p - at};
	return true;
}

bool
pii_number_at(const char *text, size_t len, size_t at, struct pii_hit *ret_hit)
{
	char c = text[at];

	if ((c == '+' || c == '0') && phone(text, len, at, ret_hit))
		return true;
	if (is_digit(c))
		return plain_number(text, len, at, ret_hit);
	if (!is_letter(c))
		return false;
	if (iban(text, len, at, ret_hit))
		return true;
	/* BE0123.456.789: the number of a VAT payer is the enterprise's. */
	return len - at > 3 && (c == 'B' || c == 'b') &&
	       (text[at + 1] == 'E' || text[at + 1] == 'e') &&
	       plain_number(
		   text, len, at + 2 + (text[at + 2] == ' '), ret_hit) &&
	       ret_hit->type == PII_ENTERPRISE;
}
