/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_export.c - a report's JSON form on its way out: whatever stands in it,
 * each audience and format gets a whole file, within the ceiling.
 * fuzz-links: report
 */
#include "lib/own.h"
#include "report/export.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_labels(const json_t *list, enum tlp ceiling)
{
	size_t at;
	json_t *row;

	json_array_foreach(list, at, row)
	{
		if (label_tlp(json_member_text(row, "tlp", "")) > ceiling)
			abort();
	}
}

static void export(const json_t *doc, struct export_order *order)
{
	static const char *const formats[] = {"stix", "misp", "csv"};
	static const char *const lists[] = {"samples", "runs", "indicators"};
	auto_json json_t *content = export_content(doc, order);

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		check_labels(
		    json_object_get(content, lists[i]), order->ceiling);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		auto_free char *text = NULL;

		order->format = formats[i];
		text = export_write(content, order);
		if (text == NULL || text[0] == '\0')
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct export_order order = {.format = "csv",
	    .sharing_group = "7",
	    .scope = "192.0.2.0/24 water.example",
	    .people = "Jan Peeters\nAn Smets"};
	auto_json json_t *doc = NULL;
	auto_free char *cause = NULL;

	if (size < 1 ||
	    json_parse(data + 1, size - 1, size, 40, &doc) != ERR_OK)
		return 0;
	order.audience = (enum audience)(data[0] % (AUDIENCE_SUBMITTER + 1));
	order.ceiling = (enum tlp)(data[0] / 8 % 5);
	order.lacks_strict = data[0] >= 128;
	export(doc, &order);
	cause = notice_cause(doc);
	return 0;
}
