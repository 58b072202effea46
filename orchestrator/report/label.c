/* SPDX-License-Identifier: Apache-2.0 */
/* label.c - TLP 2.0 labels: their order and their colours. */
#include "report/label.h"

#include "report/dump.h"

static const struct {
	const char *label;
	const char *colour;
} labels[] = {
    {"TLP:CLEAR", "#FFFFFF"},
    {"TLP:GREEN", "#33FF00"},
    {"TLP:AMBER", "#FFC000"},
    {"TLP:AMBER+STRICT", "#FFC000"},
    {"TLP:RED", "#FF2B2B"},
};
#define LABELS (sizeof(labels) / sizeof(labels[0]))

static size_t
rank(const char *label)
{
	for (size_t i = 0; i < LABELS; i++) {
		if (strcmp(labels[i].label, label) == 0)
			return i;
	}
	return LABELS - 1;
}

const char *
label_highest(json_t *tables)
{
	static const char *const names[] = {"case", "submission", "artefact"};
	size_t highest = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t at;
		json_t *row;

		json_array_foreach(dump_rows(tables, names[i]), at, row)
		{
			size_t r = rank(json_member_text(row, "tlp", ""));

			if (r > highest)
				highest = r;
		}
	}
	return labels[highest].label;
}

const char *
label_colour(const char *label)
{
	return labels[rank(label)].colour;
}
