/* SPDX-License-Identifier: Apache-2.0 */
/* number.h - the numbers and texts that tokens stand for. */
#ifndef RULES_NUMBER_H
#define RULES_NUMBER_H

#include "rules/lexer.h"
#include "rules/rule.h"

#include <stdint.h>

/* 23, 0x17, 0o27, 2KB, 2MB; false for everything else and what overflows. */
bool number_of(const char *text, const struct token *token, int64_t *ret);
/*
 * The bytes of "..." (span with its quotes) into dst, which holds as many as
 * the span; false where an escape is not one of libyara's.
 */
bool text_of(const char *text, struct span span, uint8_t *dst, size_t *ret_len);
/* The value of a hexadecimal digit, or -1. */
int hex_digit(char c);

#endif
