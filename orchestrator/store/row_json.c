/* SPDX-License-Identifier: Apache-2.0 */
/* row_json.c - a row as a JSON object. */
#include "store/row_json.h"

#include "lib/limits.h"
#include "lib/record.h"
#include "store/text.h"

#define NAME_BYTES 64
/* Deeper than records may nest: they stand inside other objects here. */
#define DEPTH_MAX (LIMIT_RECORD_DEPTH + 8)

void
row_json_time(int64_t us, char ret_text[ROW_JSON_TIME_BYTES])
{
	time_t s = (time_t)(us / 1000000);
	char date[32];
	struct tm tm;

	if (us < 0 || gmtime_r(&s, &tm) == NULL ||
	    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm) == 0) {
		(void)snprintf(ret_text, ROW_JSON_TIME_BYTES, "unknown");
		return;
	}
	(void)snprintf(ret_text, ROW_JSON_TIME_BYTES, "%s.%06lldZ", date,
	    (long long)(us % 1000000));
}

static json_t *
json_of(const struct query *q, int column, char type)
{
	char at[ROW_JSON_TIME_BYTES];
	const uint8_t *p;
	const char *text;
	json_t *json;
	size_t len;

	if (query_is_null(q, column))
		return json_null();
	switch (type) {
	case 'i':
		return json_integer(query_int(q, column));
	case 'f':
		return json_boolean(query_int(q, column) != 0);
	case 't':
		row_json_time(query_int(q, column), at);
		return json_string(at);
	case 'h':
		p = query_bytes(q, column, &len);
		return record_hex(p, len);
	case 'n':
		p = query_bytes(q, column, &len);
		return record_text(p, len);
	case 'j':
		text = query_text(q, column);
		if (json_parse(text, strlen(text), LIMIT_MSG_BYTES, DEPTH_MAX,
			&json) == ERR_OK)
			return json;
		return json_null();
	default:
		text = query_text(q, column);
		return record_text(text, strlen(text));
	}
}

json_t *
row_json(const struct query *q)
{
	json_t *object = json_object();
	char name[NAME_BYTES];
	const uint8_t *p;
	size_t len;

	for (int i = 0; i < query_columns(q); i++) {
		char *colon;

		(void)snprintf(name, sizeof(name), "%s", query_name(q, i));
		colon = strchr(name, ':');
		if (colon == NULL)
			continue;
		*colon = '\0';
		(void)json_object_set_new(
		    object, name, json_of(q, i, colon[1]));
		if (colon[1] != 'n' || query_is_null(q, i))
			continue;
		p = query_bytes(q, i, &len);
		if (text_is_utf8(p, len))
			continue;
		memcpy(colon, "_hex", sizeof("_hex"));
		(void)json_object_set_new(object, name, record_hex(p, len));
	}
	return object;
}
