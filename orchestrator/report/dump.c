/* SPDX-License-Identifier: Apache-2.0 */
/* dump.c - a case's dump, taken into memory. */
#include "report/dump.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

/* A case of 10,000 artefacts with findings takes some 100 MiB. */
#define DUMP_BYTES_MAX (512 * MIB)
#define LINE_BYTES_MAX (256 * KIB)
#define LINE_DEPTH_MAX ((size_t)24)
#define DOC_DEPTH_MAX  ((size_t)40)

json_t *
dump_rows(json_t *tables, const char *name)
{
	json_t *rows = json_object_get(tables, name);

	if (rows == NULL) {
		rows = json_array();
		(void)json_object_set_new(tables, name, rows);
	}
	return rows;
}

static int
take_line(json_t *tables, const char *line, size_t len)
{
	json_t *row = NULL;
	const char *table;
	int err;

	if (len == 0)
		return ERR_OK;
	err = json_parse(line, len, LINE_BYTES_MAX, LINE_DEPTH_MAX, &row);
	if (err != ERR_OK)
		return err;
	table = json_member_text(row, "table", NULL);
	if (table == NULL) {
		json_decref(row);
		return ERR_FORMAT;
	}
	(void)json_array_append_new(dump_rows(tables, table), row);
	return ERR_OK;
}

static int
read_all(struct input *input, char **ret_text, size_t *ret_len)
{
	uint64_t size = input_size(input);
	auto_free char *text = NULL;
	size_t len = 0;

	if (size > DUMP_BYTES_MAX)
		return ERR_LIMIT;
	text = xmalloc((size_t)size + 1);
	while (len < (size_t)size) {
		size_t n;
		int err = input_read_at(
		    input, len, text + len, (size_t)size - len, &n);

		if (err != ERR_OK)
			return err;
		if (n == 0)
			break;
		len += n;
	}
	*ret_text = take_ptr(text);
	*ret_len = len;
	return ERR_OK;
}

int
dump_read(struct input *input, json_t **ret_tables)
{
	auto_free char *text = NULL;
	auto_json json_t *tables = json_object();
	size_t len, at = 0;
	int err = read_all(input, &text, &len);

	while (err == ERR_OK && at < len) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t line =
		    end == NULL ? len - at : (size_t)(end - text) - at;

		err = take_line(tables, text + at, line);
		at += line + 1;
	}
	if (err == ERR_OK)
		*ret_tables = json_incref(tables);
	return err;
}

int
dump_read_document(struct input *input, json_t **ret_doc)
{
	auto_free char *text = NULL;
	auto_json json_t *doc = NULL;
	size_t len;
	int err = read_all(input, &text, &len);

	if (err == ERR_OK)
		err =
		    json_parse(text, len, DUMP_BYTES_MAX, DOC_DEPTH_MAX, &doc);
	if (err == ERR_OK &&
	    strcmp(json_member_text(doc, "format", ""), "loep-report") != 0)
		err = ERR_FORMAT;
	if (err == ERR_OK)
		*ret_doc = json_incref(doc);
	return err;
}
