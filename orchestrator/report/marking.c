/* SPDX-License-Identifier: Apache-2.0 */
/* marking.c - the label of a report: how strict it is, and its colour. */
#include "report/marking.h"

#include "report/dump.h"

struct label
marking_highest(json_t *tables)
{
	static const char *const names[] = {
	    "case", "report", "submission", "artefact"};
	struct label highest = LABEL_LEAST;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t at;
		json_t *row;

		json_array_foreach(dump_rows(tables, names[i]), at, row)
		{
			struct label own = {
			    .tlp = label_tlp(json_member_text(row, "tlp", "")),
			    .pap = label_pap(json_member_text(row, "pap", "")),
			};

			highest = label_join(highest, own);
		}
	}
	return highest;
}

const char *
marking_colour(const char *tlp)
{
	/* By enum tlp. */
	static const char *const colours[] = {
	    "#FFFFFF", "#33FF00", "#FFC000", "#FFC000", "#FF2B2B"};

	return colours[label_tlp(tlp)];
}
