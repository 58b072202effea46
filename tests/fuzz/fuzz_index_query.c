/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_index_query.c - questions to loep-index: conditions of any bytes over
 * an index of a few units, one of which is always a candidate.
 *
 * What is answered is an answer, the unit that is always a candidate is in
 * it, and the explanation agrees with it.  fuzz-links: index
 */
#include "index/column.h"
#include "index/index.h"
#include "index/query.h"
#include "lib/candidates.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>

#define UNITS 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
add_units(struct index *index)
{
	static const uint8_t head[COLUMN_HEAD_BYTES];
	struct column_maker *maker = column_maker_new();
	const struct column always = {.head = head};
	uint64_t seqs[UNITS];
	struct wire_out out;

	for (size_t i = 0; i < UNITS; i++)
		seqs[i] = i + 1;
	wire_out_init(&out, GIB);
	{
		uint8_t batch[8 + 8 * UNITS];

		columns_put_header(seqs, UNITS, batch);
		wire_put_raw(&out, batch, sizeof(batch));
	}
	for (size_t i = 0; i < UNITS; i++) {
		uint8_t header[COLUMN_HEADER_BYTES];
		char text[200];
		struct column column = always;

		if (i > 0) {
			(void)snprintf(text, sizeof(text),
			    "MZ unit %zu abcdefgh %zu", i, i * 7919);
			column_begin(maker, strlen(text));
			column_feed(maker, text, strlen(text));
			column_end(maker, &column);
		}
		column_put_header(&column, header);
		wire_put_raw(&out, header, sizeof(header));
		wire_put_raw(&out, column.bits, column_bits_len(column.class));
	}
	if (index_add(index, out.buf, out.len) != ERR_OK)
		abort();
	wire_out_release(&out);
	column_maker_free(maker);
}

static void
remove_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(folder);
}

/* Its files are mapped: they go as soon as it is open. */
static struct index *
the_index(void)
{
	static struct index *index;
	char folder[] = "/tmp/loep-fuzz-index-XXXXXX";
	int fd;

	if (index != NULL)
		return index;
	if (mkdtemp(folder) == NULL)
		abort();
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || index_open(fd, &index) != ERR_OK)
		abort();
	add_units(index);
	remove_folder(folder);
	return index;
}

static bool
is_candidate(const struct candidates *c, size_t cond, uint64_t seq)
{
	struct candidates_iter iter;
	uint64_t first, count;
	bool is_there = false;

	candidates_begin(c, cond, &iter);
	while (candidates_next(&iter, &first, &count)) {
		assert(first >= 1 && first + count - 1 <= UNITS + 1);
		is_there |= seq >= first && seq - first < count;
	}
	return is_there;
}

static void
check_answer(const uint8_t *data, size_t size, int fd)
{
	struct candidates c;
	struct wire_in in;
	uint32_t count;

	if (candidates_ask_open(&in, data, size, &count) != ERR_OK)
		abort();
	assert(candidates_open(fd, count, &c) == ERR_OK);
	assert(candidates_unindexed(&c) == 1);
	for (uint32_t i = 0; i < count; i++) {
		auto_json json_t *json = NULL;
		const uint8_t *cond;
		size_t len;

		if (candidates_ask_next(&in, &cond, &len) != ERR_OK)
			abort();
		assert(is_candidate(&c, i, 1));
		assert(is_candidate(&c, i, UNITS + 1));
		assert(
		    query_explain(the_index(), cond, len, 5, &json) == ERR_OK);
		assert(json_is_true(json_object_get(json, "candidate")) ==
		       is_candidate(&c, i, 5));
	}
	candidates_release(&c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = -1;

	if (query_answer(the_index(), data, size, UNITS + 1, &fd) == ERR_OK)
		check_answer(data, size, fd);
	return 0;
}
