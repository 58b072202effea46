/* SPDX-License-Identifier: Apache-2.0 */
/* words.h - the words of a report in its language (words.def). */
#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include "lib/json.h"

#define WORD(name, nl, fr, de, en) WORD_##name,
enum word {
#include "report/words.def"
	WORD_COUNT
};
#undef WORD

/* The language of the document: nl, fr, de or en; NULL is English. */
const char *words_language(const json_t *doc);
/* A word in the document's language. */
const char *words_get(const json_t *doc, enum word word);
/* The same for a word of the data ("malicious", "not done"); else as it is. */
const char *words_value(const json_t *doc, const char *value);

#endif
