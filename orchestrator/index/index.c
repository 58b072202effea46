/* SPDX-License-Identifier: Apache-2.0 */
/* index.c - the index of all units: its folder, segments and what they hold. */
#include "index/index.h"

#include "index/merge.h"
#include "lib/digest.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define KEY_NAME     "index.key"
#define KEY_TMP_NAME "index.key.new"
#define KEY_MAGIC    "loep-index-key-1 "
#define KEY_BYTES    (sizeof(KEY_MAGIC) - 1 + 2 * SEAL_KEY_BYTES + 1)

/* --- the key --- */

static int
read_key(int folder, uint8_t secret[SEAL_KEY_BYTES])
{
	auto_close int fd =
	    openat(folder, KEY_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[KEY_BYTES + 1];
	const size_t magic_len = sizeof(KEY_MAGIC) - 1;
	int err = ERR_FORMAT;

	if (fd == -1)
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_SYS;
	if (read(fd, text, sizeof(text)) == (ssize_t)KEY_BYTES &&
	    memcmp(text, KEY_MAGIC, magic_len) == 0) {
		text[KEY_BYTES - 1] = '\0';
		err = hex_decode(text + magic_len, secret, SEAL_KEY_BYTES);
	}
	seal_forget(text, sizeof(text));
	return err;
}

static int
make_key(int folder, uint8_t secret[SEAL_KEY_BYTES])
{
	auto_close int fd = openat(folder, KEY_TMP_NAME,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	char text[KEY_BYTES + 1];
	const size_t magic_len = sizeof(KEY_MAGIC) - 1;
	bool is_written;

	if (fd == -1)
		return ERR_SYS;
	random_bytes(secret, SEAL_KEY_BYTES);
	memcpy(text, KEY_MAGIC, magic_len);
	hex_encode(text + magic_len, secret, SEAL_KEY_BYTES);
	text[KEY_BYTES - 1] = '\n';
	is_written = write(fd, text, KEY_BYTES) == (ssize_t)KEY_BYTES;
	seal_forget(text, sizeof(text));
	if (!is_written || fsync(fd) == -1 ||
	    renameat(folder, KEY_TMP_NAME, folder, KEY_NAME) == -1 ||
	    fsync(folder) == -1)
		return ERR_SYS;
	return ERR_OK;
}

static int
load_key(struct index *index)
{
	uint8_t secret[SEAL_KEY_BYTES];
	int err = read_key(index->folder, secret);

	if (err == ERR_FORMAT)
		log_line(LOG_WARN, "msg=\"the index's key is damaged\" "
				   "next=\"a new key, and a new index\"");
	if (err == ERR_FORMAT || err == ERR_NOT_FOUND)
		err = make_key(index->folder, secret);
	if (err == ERR_OK)
		index_keys_init(&index->keys, secret);
	seal_forget(secret, sizeof(secret));
	return err;
}

/* --- segments --- */

static void
append(struct index *index, struct segment *segment)
{
	index->segments = xreallocarray(index->segments,
	    index->segments_count + 1, sizeof(struct segment *));
	index->segments[index->segments_count++] = segment;
	ranges_add_all(&index->units, &segment->units);
}

static void
count_units(struct index *index)
{
	ranges_clear(&index->units);
	for (size_t i = 0; i < index->segments_count; i++)
		ranges_add_all(&index->units, &index->segments[i]->units);
}

static int
write_manifest(struct index *index)
{
	auto_free uint64_t *ids = xcalloc(index->segments_count, sizeof(*ids));
	struct manifest manifest = {
	    .ids = ids,
	    .ids_count = index->segments_count,
	    .gone = index->gone,
	};

	for (size_t i = 0; i < index->segments_count; i++)
		ids[i] = index->segments[i]->id;
	return manifest_write(index->folder, &index->keys, &manifest);
}

static bool
load_segment(struct index *index, uint64_t id)
{
	struct segment *segment = NULL;
	int err = segment_open(index->folder, &index->keys, id, &segment);

	/* No two hold the same unit, or one would be found twice. */
	if (err == ERR_OK &&
	    ranges_common(&index->units, &segment->units) > 0) {
		segment_free(segment);
		err = ERR_CONFLICT;
	}
	if (err == ERR_OK) {
		append(index, segment);
		return true;
	}
	log_line(LOG_WARN,
	    "msg=\"a part of the index is lost\" segment=%016" PRIx64
	    " reason=%s next=\"its units are indexed again\"",
	    id, err_name((enum err)err));
	return false;
}

/* Removes what the manifest does not name: left by a crash, or unreadable. */
static void
sweep(struct index *index)
{
	int fd = openat(index->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		const char *name = entry->d_name;
		char own[SEGMENT_NAME_BYTES];
		bool is_known = strncmp(name, "segment-", 8) != 0 &&
				strncmp(name, "new-", 4) != 0 &&
				strcmp(name, MANIFEST_TMP_NAME) != 0;

		for (size_t i = 0; !is_known && i < index->segments_count;
		     i++) {
			segment_name(index->segments[i]->id, own);
			is_known = strcmp(name, own) == 0;
		}
		if (!is_known)
			(void)unlinkat(index->folder, name, 0);
	}
	(void)closedir(dir);
}

static int
load(struct index *index)
{
	AUTO(manifest) manifest = {0};
	size_t lost = 0;
	int err = manifest_read(index->folder, &index->keys, &manifest);

	if (err == ERR_SYS)
		return err;
	if (err != ERR_OK) {
		log_line(err == ERR_NOT_FOUND ? LOG_INFO : LOG_WARN,
		    "msg=\"the index is empty\" manifest=%s "
		    "next=\"all units are indexed\"",
		    err == ERR_NOT_FOUND ? "new" : "damaged");
		lost = 1;
	}
	for (size_t i = 0; i < manifest.ids_count; i++)
		lost += load_segment(index, manifest.ids[i]) ? 0 : 1;
	ranges_add_all(&index->gone, &manifest.gone);
	err = lost > 0 ? write_manifest(index) : ERR_OK;
	if (err == ERR_OK)
		sweep(index);
	return err;
}

int
index_open(int folder, struct index **ret_index)
{
	struct index *index = xcalloc(1, sizeof(*index));
	int err;

	index->folder = folder;
	err = load_key(index);
	if (err == ERR_OK)
		err = load(index);
	if (err != ERR_OK) {
		index_free(index);
		return err;
	}
	*ret_index = index;
	return ERR_OK;
}

void
index_free(struct index *index)
{
	if (index == NULL)
		return;
	merge_stop(index);
	for (size_t i = 0; i < index->segments_count; i++)
		segment_free(index->segments[i]);
	free(index->segments);
	ranges_release(&index->units);
	ranges_release(&index->gone);
	index_keys_release(&index->keys);
	(void)close(index->folder);
	free(index);
}

static bool
is_among(
    const struct segment *segment, struct segment *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i] == segment)
			return true;
	}
	return false;
}

static void
discard(struct index *index, struct segment *segment)
{
	char name[SEGMENT_NAME_BYTES];

	segment_name(segment->id, name);
	(void)unlinkat(index->folder, name, 0);
	segment_free(segment);
}

int
index_replace(struct index *index, struct segment *added,
    struct segment *const *removed, size_t count)
{
	struct segment **before = index->segments;
	size_t before_count = index->segments_count;
	int err;

	index->segments = xcalloc(before_count + 1, sizeof(*index->segments));
	index->segments_count = 0;
	for (size_t i = 0; i < before_count; i++) {
		if (!is_among(before[i], removed, count))
			index->segments[index->segments_count++] = before[i];
	}
	if (added != NULL)
		index->segments[index->segments_count++] = added;
	err = write_manifest(index);
	if (err != ERR_OK) {
		/* The old one counts, and what it names is all there. */
		free(index->segments);
		index->segments = before;
		index->segments_count = before_count;
		if (added != NULL)
			discard(index, added);
		return err;
	}
	for (size_t i = 0; i < before_count; i++) {
		if (is_among(before[i], removed, count))
			discard(index, before[i]);
	}
	free(before);
	count_units(index);
	return ERR_OK;
}

void
index_distrust(struct index *index)
{
	for (size_t i = 0; i < index->segments_count; i++) {
		struct segment *segment = index->segments[i];

		if (segment->seen != NULL)
			memset(segment->seen, 0,
			    (segment->pages / 64 + 1) * sizeof(uint64_t));
	}
}

/* Takes segments out of the list, and nothing else. */
static void
forget(struct index *index, struct segment *const *list, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < index->segments_count; i++) {
		struct segment *segment = index->segments[i];

		if (is_among(segment, list, count))
			segment_free(segment);
		else
			index->segments[kept++] = segment;
	}
	index->segments_count = kept;
	count_units(index);
}

void
index_drop_bad(struct index *index)
{
	auto_free struct segment **bad =
	    xcalloc(index->segments_count, sizeof(*bad));
	size_t count = 0;

	for (size_t i = 0; i < index->segments_count; i++) {
		if (index->segments[i]->is_bad)
			bad[count++] = index->segments[i];
	}
	if (count == 0)
		return;
	merge_stop(index);
	for (size_t i = 0; i < count; i++)
		log_line(LOG_WARN,
		    "msg=\"a part of the index is damaged\" "
		    "segment=%016" PRIx64 " units=%" PRIu64
		    " next=\"they are indexed again\"",
		    bad[i]->id, ranges_total(&bad[i]->units));
	if (index_replace(index, NULL, bad, count) == ERR_OK)
		return;
	/* The manifest cannot be written: at least here they do not count, and
	 * a restart will find them damaged again. */
	forget(index, bad, count);
}

/* --- changes --- */

struct adder {
	struct index *index;
	struct segment_writer *writer;
	struct block_maker *makers[COLUMN_CLASS_MAX + 1];
	size_t added;
};

static int
flush(struct adder *adder, uint8_t class)
{
	struct block block;
	uint8_t *bytes = block_maker_take(adder->makers[class], &block);

	return segment_writer_put(adder->writer, &block, bytes);
}

static int
add_column(struct adder *adder, uint64_t seq, const struct column *column)
{
	struct block_maker **maker = &adder->makers[column->class];

	if (ranges_has(&adder->index->units, seq) ||
	    ranges_has(&adder->index->gone, seq))
		return ERR_OK;
	if (*maker == NULL)
		*maker = block_maker_new(column->class);
	block_maker_add(*maker, seq, column);
	adder->added++;
	return block_maker_is_full(*maker) ? flush(adder, column->class)
					   : ERR_OK;
}

static int
add_all(
    struct adder *adder, const uint8_t *p, size_t len, size_t count, size_t at)
{
	struct column column;
	int err = ERR_OK;

	for (size_t i = 0; err == ERR_OK && i < count; i++) {
		err = column_next(p, len, &at, &column);
		if (err == ERR_OK)
			err = add_column(adder, columns_seq(p, i), &column);
	}
	for (size_t c = 0; err == ERR_OK && c <= COLUMN_CLASS_MAX; c++) {
		if (adder->makers[c] != NULL &&
		    block_maker_count(adder->makers[c]) > 0)
			err = flush(adder, (uint8_t)c);
	}
	return err;
}

static int
finish(struct index *index, struct segment_writer *writer)
{
	struct segment *segment;
	uint64_t id;
	int err = segment_writer_end(writer, &id);

	if (err == ERR_OK)
		err = segment_open(index->folder, &index->keys, id, &segment);
	if (err == ERR_OK)
		err = index_replace(index, segment, NULL, 0);
	return err;
}

int
index_add(struct index *index, const uint8_t *p, size_t len)
{
	struct adder adder = {.index = index};
	size_t count, at;
	int err = columns_check(p, len, &count, &at);

	if (err != ERR_OK)
		return err;
	err = segment_writer_new(index->folder, &index->keys, &adder.writer);
	if (err != ERR_OK)
		return err;
	err = add_all(&adder, p, len, count, at);
	if (err == ERR_OK && adder.added > 0)
		err = finish(index, adder.writer);
	segment_writer_free(adder.writer);
	for (size_t c = 0; c <= COLUMN_CLASS_MAX; c++)
		block_maker_free(adder.makers[c]);
	return err;
}

int
index_delete(struct index *index, uint64_t seq)
{
	int err;

	if (seq == 0 || seq > INT64_MAX)
		return ERR_FORMAT;
	if (ranges_has(&index->gone, seq) && !index->is_stale)
		return ERR_OK;
	/* Should the manifest fail, the unit is gone here already, which is
	 * no loss; whoever asked will ask again. */
	ranges_add(&index->gone, seq, 1);
	err = write_manifest(index);
	index->is_stale = err != ERR_OK;
	return err;
}

void
index_missing(const struct index *index, uint64_t from, uint64_t count_max,
    struct ranges *ret_gaps)
{
	AUTO(ranges) known = {0};
	AUTO(ranges) gaps = {0};
	uint64_t left = count_max;

	ranges_clear(ret_gaps);
	ranges_add_all(&known, &index->units);
	ranges_add_all(&known, &index->gone);
	ranges_gaps(&known, from == 0 ? 1 : from, INT64_MAX, SIZE_MAX, &gaps);
	for (size_t i = 0; i < gaps.count && left > 0; i++) {
		uint64_t n = gaps.list[i].count;

		n = n < left ? n : left;
		ranges_add(ret_gaps, gaps.list[i].first, n);
		left -= n;
	}
}

uint64_t
index_units(const struct index *index)
{
	return ranges_total(&index->units) -
	       ranges_common(&index->units, &index->gone);
}

uint64_t
index_bytes(const struct index *index)
{
	uint64_t total = 0;

	for (size_t i = 0; i < index->segments_count; i++)
		total += index->segments[i]->bytes;
	return total;
}
