/* SPDX-License-Identifier: Apache-2.0 */
/* grams.c - the columns of units, as DATA. */
#include "analysers/grams/grams.h"

#include "index/column.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

/* What is read at a time where the input cannot be mapped. */
#define READ_BYTES MIB

void *
grams_load(struct program *program)
{
	(void)program;
	return NULL;
}

void
grams_info(void *data, char *engine, size_t engine_size, json_t **ret_detail)
{
	(void)data;
	(void)snprintf(engine, engine_size, "loep-grams %s", LOEP_VERSION);
	*ret_detail = json_pack("{s:i}", "gram_bytes", (int)GRAM_BYTES);
}

/* A column in frames that are not too long. */
static void
put_column(struct record_out *out, const struct column *column)
{
	uint8_t header[COLUMN_HEADER_BYTES];
	size_t len = column_bits_len(column->class);

	column_put_header(column, header);
	record_data(out, header, sizeof(header));
	for (size_t at = 0; at < len; at += LIMIT_DATA_BYTES)
		record_data(out, column->bits + at,
		    len - at < LIMIT_DATA_BYTES ? len - at : LIMIT_DATA_BYTES);
}

static int
feed_reading(struct column_maker *maker, struct input *input)
{
	auto_free uint8_t *buf = xmalloc(READ_BYTES);
	uint64_t size = input_size(input);
	uint64_t at = 0;

	while (at < size) {
		size_t len;
		int err = input_read_at(input, at, buf, READ_BYTES, &len);

		if (err != ERR_OK)
			return err;
		if (len == 0)
			return ERR_SYS;
		column_feed(maker, buf, len);
		at += len;
	}
	return ERR_OK;
}

int
grams_analyse(struct analysis *analysis)
{
	/* In the child: what the parent half had would be copied page by
	 * page. */
	struct column_maker *maker = column_maker_new();
	const uint8_t *map = input_map(analysis->input);
	uint64_t size = input_size(analysis->input);
	struct column column;
	int err = ERR_OK;

	column_begin(maker, size);
	if (map != NULL)
		column_feed(maker, map, (size_t)size);
	else
		err = feed_reading(maker, analysis->input);
	if (err == ERR_OK) {
		column_end(maker, &column);
		put_column(analysis->out, &column);
	} else {
		record_error(
		    analysis->out, "input", "the unit cannot be read whole");
	}
	column_maker_free(maker);
	return err;
}
