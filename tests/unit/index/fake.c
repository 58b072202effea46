/* SPDX-License-Identifier: Apache-2.0 */
/* fake.c - units and conditions for the tests of the index. */
#include "fake.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/sealed.h"
#include "lib/xalloc.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

uint64_t
rnd(uint64_t *state)
{
	/* xorshift64*, Marsaglia 2003 */
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1d;
}

void
batch_init(struct batch *b)
{
	b->count = 0;
	b->maker = column_maker_new();
	wire_out_init(&b->columns, GIB);
}

void
batch_release(struct batch *b)
{
	column_maker_free(b->maker);
	wire_out_release(&b->columns);
}

static void
put(struct batch *b, uint64_t seq, const struct column *column)
{
	uint8_t header[COLUMN_HEADER_BYTES];

	assert_true(b->count < 4096);
	b->seqs[b->count++] = seq;
	column_put_header(column, header);
	wire_put_raw(&b->columns, header, sizeof(header));
	wire_put_raw(&b->columns, column->bits, column_bits_len(column->class));
}

void
batch_add(struct batch *b, uint64_t seq, const void *p, size_t len)
{
	struct column column;

	column_begin(b->maker, len);
	column_feed(b->maker, p, len);
	column_end(b->maker, &column);
	put(b, seq, &column);
}

void
batch_add_always(struct batch *b, uint64_t seq)
{
	static const uint8_t head[COLUMN_HEAD_BYTES];
	const struct column column = {.head = head};

	put(b, seq, &column);
}

uint8_t *
batch_take(struct batch *b, size_t *ret_len)
{
	size_t head = columns_header_len(b->count);
	uint8_t *p = xmalloc(head + b->columns.len);

	columns_put_header(b->seqs, b->count, p);
	if (b->columns.len > 0)
		memcpy(p + head, b->columns.buf, b->columns.len);
	*ret_len = head + b->columns.len;
	wire_out_reset(&b->columns);
	b->count = 0;
	return p;
}

void
batch_to_index(struct batch *b, struct index *index)
{
	size_t len;
	auto_free uint8_t *p = batch_take(b, &len);

	assert_int_equal(index_add(index, p, len), ERR_OK);
}

char *
folder_new(void)
{
	char *path = xstrdup("/tmp/loep-index-XXXXXX");

	assert_non_null(mkdtemp(path));
	return path;
}

void
folder_free(char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(path);
	free(path);
}

struct index *
open_index(const char *folder)
{
	struct index *index = NULL;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_not_equal(fd, -1);
	assert_int_equal(index_open(fd, &index), ERR_OK);
	return index;
}

size_t
count_files(const char *folder, const char *prefix)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	size_t count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		count += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
	(void)closedir(dir);
	return count;
}

void
merge_all(struct index *index)
{
	int err;

	while (merge_begin(index, true)) {
		while ((err = merge_step(index)) == ERR_AGAIN)
			;
		assert_int_equal(err, ERR_OK);
	}
}

/* --- conditions --- */

void
cond_begin(struct wire_out *out)
{
	wire_out_init(out, COND_BYTES_MAX);
	wire_put_u8(out, COND_VERSION);
}

void
cond_run(struct wire_out *out, const char *text, unsigned int flags)
{
	wire_put_u8(out, COND_RUN);
	wire_put_u8(out, (uint8_t)flags);
	wire_put_u8(out, (uint8_t)strlen(text));
	wire_put_raw(out, text, strlen(text));
}

void
cond_size(struct wire_out *out, uint64_t min, uint64_t max)
{
	wire_put_u8(out, COND_SIZE);
	wire_put_u64(out, min);
	wire_put_u64(out, max);
}

void
cond_head(struct wire_out *out, unsigned int offset, const char *bytes)
{
	wire_put_u8(out, COND_HEAD);
	wire_put_u8(out, (uint8_t)offset);
	wire_put_u8(out, (uint8_t)strlen(bytes));
	wire_put_raw(out, bytes, strlen(bytes));
	for (size_t i = 0; i < strlen(bytes); i++)
		wire_put_u8(out, 0xff);
}

void
cond_op(struct wire_out *out, enum cond_op op, unsigned int count)
{
	wire_put_u8(out, (uint8_t)op);
	if (op == COND_AND || op == COND_OR)
		wire_put_u16(out, (uint16_t)count);
}

void
cond_min(struct wire_out *out, unsigned int count, unsigned int least)
{
	wire_put_u8(out, COND_MIN);
	wire_put_u16(out, (uint16_t)count);
	wire_put_u16(out, (uint16_t)least);
}

/* --- questions --- */

void
ask_index(struct index *index, const struct wire_out *cond, uint64_t last,
    struct candidates *ret)
{
	struct candidates_ask ask;
	const uint8_t *map;
	size_t len;
	int fd, answer = -1;

	candidates_ask_init(&ask);
	assert_int_equal(
	    candidates_ask_add(&ask, cond->buf, cond->len), ERR_OK);
	assert_int_equal(candidates_ask_seal(&ask, &fd), ERR_OK);
	candidates_ask_release(&ask);
	assert_int_equal(
	    sealed_map(fd, CANDIDATES_BYTES_MAX, &map, &len), ERR_OK);
	assert_int_equal(query_answer(index, map, len, last, &answer), ERR_OK);
	sealed_unmap(map, len);
	(void)close(fd);
	assert_int_equal(candidates_open(answer, 1, ret), ERR_OK);
}

char *
ask_text(struct index *index, const struct wire_out *cond, uint64_t last)
{
	struct candidates_iter iter;
	struct candidates c;
	char *text = xstrdup("");
	uint64_t first, count;

	ask_index(index, cond, last, &c);
	candidates_begin(&c, 0, &iter);
	while (candidates_next(&iter, &first, &count)) {
		char *old = text;

		text = count == 1
			   ? xasprintf("%s%s%llu", old, old[0] ? "," : "",
				 (unsigned long long)first)
			   : xasprintf("%s%s%llu-%llu", old, old[0] ? "," : "",
				 (unsigned long long)first,
				 (unsigned long long)(first + count - 1));
		free(old);
	}
	candidates_release(&c);
	return text;
}

char *
ask_run(struct index *index, const char *run, uint64_t last)
{
	struct wire_out cond;
	char *text;

	cond_begin(&cond);
	cond_run(&cond, run, 0);
	text = ask_text(index, &cond, last);
	wire_out_release(&cond);
	return text;
}
