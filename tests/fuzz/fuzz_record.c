/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_record.c - the frames that a hostile analyser may write.
 *
 * The first byte says in which steps the rest arrives: the result must not
 * depend on it.  fuzz-links:
 */
#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	size_t records;
	size_t data_bytes;
	uint64_t sum;
};

static void
mix(struct seen *seen, const void *p, size_t len)
{
	const uint8_t *at = p;

	for (size_t i = 0; i < len; i++)
		seen->sum = (seen->sum ^ at[i]) * 1099511628211u;
}

static int
see(void *arg, const struct record *record)
{
	struct seen *seen = arg;

	assert(record_type_name(record->type) != NULL);
	seen->records++;
	mix(seen, &record->type, sizeof(record->type));
	if (record->type == RECORD_DATA) {
		assert(record->body == NULL);
		seen->data_bytes += record->len;
		mix(seen, record->data, record->len);
	} else {
		auto_free char *text = json_canonical(record->body);

		assert(json_is_object(record->body));
		mix(seen, text, strlen(text));
	}
	return ERR_OK;
}

static int
feed(const uint8_t *data, size_t size, size_t step, struct seen *seen,
    bool *ret_complete)
{
	struct record_in *in = record_in_new(see, seen);
	int err = ERR_OK;

	for (size_t at = 0; at < size && err == ERR_OK; at += step) {
		size_t len = size - at < step ? size - at : step;
		auto_free void *copy = xmemdup(data + at, len);

		err = record_feed(in, copy, len);
	}
	*ret_complete = record_in_is_complete(in);
	record_in_free(in);
	return err;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole = {0}, split = {0};
	bool is_whole_complete, is_split_complete;
	int whole_err, split_err;

	if (size < 2)
		return 0;
	whole_err = feed(data + 1, size - 1, size, &whole, &is_whole_complete);
	split_err = feed(data + 1, size - 1, data[0] + (size_t)1, &split,
	    &is_split_complete);
	assert(whole_err == split_err);
	assert(is_whole_complete == is_split_complete);
	assert(whole.records == split.records);
	assert(whole.data_bytes == split.data_bytes);
	assert(whole.sum == split.sum);
	return 0;
}
