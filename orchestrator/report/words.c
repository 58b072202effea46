/* SPDX-License-Identifier: Apache-2.0 */
/* words.c - the words of a report in its language. */
#include "report/words.h"

#include <string.h>

enum language {
	NL,
	FR,
	DE,
	EN,
	LANGUAGE_COUNT
};

static const char *const codes[LANGUAGE_COUNT] = {"nl", "fr", "de", "en"};

#define WORD(name, nl, fr, de, en) [WORD_##name] = {nl, fr, de, en},
static const char *const words[WORD_COUNT][LANGUAGE_COUNT] = {
#include "report/words.def"
};
#undef WORD

static enum language
language_of(const json_t *doc)
{
	const char *code =
	    json_member_text(json_object_get(doc, "report"), "language", "en");

	for (int i = 0; i < LANGUAGE_COUNT; i++) {
		if (strcmp(codes[i], code) == 0)
			return (enum language)i;
	}
	return EN;
}

const char *
words_language(const json_t *doc)
{
	return codes[language_of(doc)];
}

const char *
words_get(const json_t *doc, enum word word)
{
	return words[word][language_of(doc)];
}

const char *
words_value(const json_t *doc, const char *value)
{
	static const struct {
		const char *value;
		enum word word;
	} values[] = {
	    {"malicious", WORD_MALICIOUS},
	    {"suspicious", WORD_SUSPICIOUS},
	    {"benign", WORD_BENIGN},
	    {"no_finding", WORD_NO_FINDING},
	    {"undetermined", WORD_UNDETERMINED},
	    {"low", WORD_LOW},
	    {"moderate", WORD_MODERATE},
	    {"high", WORD_HIGH},
	    {"not done", WORD_UNDONE},
	    {"cut", WORD_CUT},
	    {"contents", WORD_CONTENTS},
	    {"reverse engineering", WORD_REVERSING},
	    {"This report was made by machine analysis alone.",
		WORD_MACHINE_ALONE},
	    {"quarantined: not opened", WORD_QUARANTINED},
	    {"sealed: not opened", WORD_SEALED},
	    {"sealed: opened for one analysis, in memory alone", WORD_UNSEALED},
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (strcmp(values[i].value, value) == 0)
			return words_get(doc, values[i].word);
	}
	return value;
}
