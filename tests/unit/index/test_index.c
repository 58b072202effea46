/* SPDX-License-Identifier: Apache-2.0 */
/* test_index.c - units come, are found, merged, deleted, and lost. */
#include "fake.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct rig {
	char *folder;
	struct index *index;
	struct batch batch;
};

static int
setup(void **state)
{
	struct rig *rig = xcalloc(1, sizeof(*rig));

	rig->folder = folder_new();
	rig->index = open_index(rig->folder);
	batch_init(&rig->batch);
	*state = rig;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *rig = *state;

	index_free(rig->index);
	batch_release(&rig->batch);
	folder_free(rig->folder);
	free(rig);
	return 0;
}

static void
reopen(struct rig *rig)
{
	index_free(rig->index);
	rig->index = open_index(rig->folder);
}

static void
add(struct rig *rig, uint64_t seq, const char *text)
{
	batch_add(&rig->batch, seq, text, strlen(text));
	batch_to_index(&rig->batch, rig->index);
}

#define assert_answer(got, want)   \
 do {                              \
  auto_free char *got_ = (got);    \
                                   \
  assert_string_equal(got_, want); \
 } while (0)

static void
test_empty(void **state)
{
	struct rig *rig = *state;

	assert_answer(ask_run(rig->index, "text", 3), "1-3");
	assert_answer(ask_run(rig->index, "text", 0), "");
	reopen(rig);
	assert_answer(ask_run(rig->index, "text", 3), "1-3");
}

static void
test_found(void **state)
{
	struct rig *rig = *state;

	add(rig, 1, "some text with the words MimiKatz in it");
	add(rig, 2, "another text with nothing of interest, long enough");
	add(rig, 4, "");
	assert_answer(ask_run(rig->index, "mimikatz", 4), "1,3");
	assert_answer(ask_run(rig->index, "mimikatz", 5), "1,3,5");
	reopen(rig);
	assert_answer(ask_run(rig->index, "mimikatz", 4), "1,3");
	assert_int_equal(index_units(rig->index), 3);
}

static void
test_missing(void **state)
{
	struct rig *rig = *state;
	AUTO(ranges) gaps = {0};

	add(rig, 2, "x");
	add(rig, 3, "x");
	add(rig, 7, "x");
	assert_int_equal(index_delete(rig->index, 5), ERR_OK);
	index_missing(rig->index, 1, 4, &gaps);
	assert_int_equal(gaps.count, 4);
	assert_int_equal(gaps.list[0].first, 1);
	assert_int_equal(gaps.list[1].first, 4);
	assert_int_equal(gaps.list[2].first, 6);
	assert_int_equal(gaps.list[3].first, 8);
	assert_int_equal(ranges_total(&gaps), 4);
	index_missing(rig->index, 7, 100, &gaps);
	assert_int_equal(gaps.count, 1);
	assert_int_equal(gaps.list[0].first, 8);
	assert_int_equal(gaps.list[0].count, 100);
}

static void
test_same_unit_again(void **state)
{
	struct rig *rig = *state;

	add(rig, 1, "first bytes");
	add(rig, 1, "other bytes");
	assert_answer(ask_run(rig->index, "first bytes", 1), "1");
	assert_answer(ask_run(rig->index, "other bytes", 1), "");
	assert_int_equal(count_files(rig->folder, "segment-"), 1);
}

static void
test_always(void **state)
{
	struct rig *rig = *state;
	struct wire_out never;

	batch_add_always(&rig->batch, 1);
	batch_add(&rig->batch, 2, "bytes", 5);
	batch_to_index(&rig->batch, rig->index);
	cond_begin(&never);
	cond_op(&never, COND_FALSE, 0);
	assert_answer(ask_text(rig->index, &never, 2), "1");
	merge_all(rig->index);
	assert_answer(ask_text(rig->index, &never, 2), "1");
	wire_out_release(&never);
}

static void
test_bad_batches(void **state)
{
	struct rig *rig = *state;
	auto_free uint8_t *p = NULL;
	size_t len;

	batch_add(&rig->batch, 1, "abcdef", 6);
	batch_add(&rig->batch, 2, "abcdef", 6);
	p = batch_take(&rig->batch, &len);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(index_add(rig->index, p, cut), ERR_FORMAT);
	/* The second number before the first. */
	p[16] = 1;
	assert_int_equal(index_add(rig->index, p, len), ERR_FORMAT);
	p[16] = 2;
	p[8] = 0;
	assert_int_equal(index_add(rig->index, p, len), ERR_FORMAT);
	assert_int_equal(count_files(rig->folder, "segment-"), 0);
	assert_int_equal(count_files(rig->folder, "new-"), 0);
}

/* --- merging and deleting --- */

/* What only this unit holds. */
static void
name_unit(uint64_t seq, char ret_name[33])
{
	uint64_t state = seq * 0x9e3779b97f4a7c15;

	for (size_t i = 0; i < 32; i++)
		ret_name[i] = (char)('a' + rnd(&state) % 26);
	ret_name[32] = '\0';
}

static void
fill(struct rig *rig, uint64_t first, size_t count)
{
	uint64_t state = first * 7919 + 1;
	char text[3000];

	for (size_t i = 0; i < count; i++) {
		size_t len = 40 + rnd(&state) % (sizeof(text) - 40);

		for (size_t b = 0; b < len; b++)
			text[b] = (char)('a' + rnd(&state) % 26);
		name_unit(first + i, text);
		batch_add(&rig->batch, first + i, text, len);
	}
	batch_to_index(&rig->batch, rig->index);
}

static void
check_filled(struct rig *rig, uint64_t last, uint64_t gone)
{
	for (uint64_t seq = 1; seq <= last; seq += 1 + seq / 50) {
		char run[33];
		struct wire_out cond;
		struct candidates c;
		struct candidates_iter iter;
		uint64_t first, count;
		bool is_found = false;

		name_unit(seq, run);
		cond_begin(&cond);
		cond_run(&cond, run, 0);
		ask_index(rig->index, &cond, last, &c);
		assert_int_equal(candidates_unindexed(&c), 0);
		assert_true(candidates_total(&c, 0) < 8);
		candidates_begin(&c, 0, &iter);
		while (candidates_next(&iter, &first, &count))
			is_found |= seq >= first && seq - first < count;
		assert_int_equal(is_found, seq != gone);
		candidates_release(&c);
		wire_out_release(&cond);
	}
}

static void
test_merge(void **state)
{
	struct rig *rig = *state;

	for (uint64_t i = 0; i < 20; i++)
		fill(rig, 1 + i * 70, 70);
	assert_int_equal(count_files(rig->folder, "segment-"), 20);
	check_filled(rig, 1400, 0);
	merge_all(rig->index);
	assert_int_equal(count_files(rig->folder, "segment-"), 1);
	assert_int_equal(count_files(rig->folder, "new-"), 0);
	check_filled(rig, 1400, 0);
	reopen(rig);
	check_filled(rig, 1400, 0);
	assert_int_equal(index_units(rig->index), 1400);
}

static void
test_delete(void **state)
{
	struct rig *rig = *state;
	char name[33];

	fill(rig, 1, 300);
	name_unit(17, name);
	assert_int_equal(index_delete(rig->index, 17), ERR_OK);
	check_filled(rig, 300, 17);
	reopen(rig);
	check_filled(rig, 300, 17);
	/* Its bits go, too. */
	assert_true(ranges_has(&rig->index->units, 17));
	merge_all(rig->index);
	assert_false(ranges_has(&rig->index->units, 17));
	check_filled(rig, 300, 17);
	/* It does not come back. */
	add(rig, 17, name);
	assert_answer(ask_run(rig->index, name, 300), "");
	assert_int_equal(index_units(rig->index), 299);
	/* All units of a segment. */
	for (uint64_t seq = 1; seq <= 300; seq++)
		assert_int_equal(index_delete(rig->index, seq), ERR_OK);
	merge_all(rig->index);
	assert_int_equal(index_bytes(rig->index), 0);
	reopen(rig);
	assert_int_equal(rig->index->segments_count, 0);
}

/* Adding and deleting while a merge is under way. */
static void
test_merge_meanwhile(void **state)
{
	struct rig *rig = *state;
	int steps = 0;

	for (uint64_t i = 0; i < 10; i++)
		fill(rig, 1 + i * 50, 50);
	assert_true(merge_begin(rig->index, true));
	while (merge_step(rig->index) == ERR_AGAIN) {
		if (steps == 5)
			fill(rig, 501, 50);
		if (steps == 9)
			assert_int_equal(index_delete(rig->index, 3), ERR_OK);
		if (steps++ == 20)
			fill(rig, 551, 50);
	}
	assert_true(steps > 20);
	check_filled(rig, 600, 3);
	merge_all(rig->index);
	check_filled(rig, 600, 3);
	reopen(rig);
	check_filled(rig, 600, 3);
	assert_false(ranges_has(&rig->index->units, 3));
}

/* --- damage --- */

static char *
first_file(const char *folder, const char *prefix)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	char *path = NULL;

	assert_non_null(dir);
	while (path == NULL && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			path = xasprintf("%s/%s", folder, entry->d_name);
	}
	(void)closedir(dir);
	assert_non_null(path);
	return path;
}

static void
flip(const char *path, off_t at, unsigned int bit)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t byte;

	assert_int_not_equal(fd, -1);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte = (uint8_t)(byte ^ 1U << bit);
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	(void)close(fd);
}

static off_t
size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* Whatever becomes of the file: no unit is ever missed. */
static void
must_find(struct rig *rig, uint64_t seq, const char *run)
{
	struct wire_out cond;
	struct candidates c;
	struct candidates_iter iter;
	uint64_t first, count;
	bool is_found = false;

	cond_begin(&cond);
	cond_run(&cond, run, 0);
	ask_index(rig->index, &cond, 100, &c);
	candidates_begin(&c, 0, &iter);
	while (candidates_next(&iter, &first, &count))
		is_found |= seq >= first && seq - first < count;
	candidates_release(&c);
	wire_out_release(&cond);
	assert_true(is_found);
}

static void
test_flipped_segment(void **state)
{
	struct rig *rig = *state;
	uint64_t random = 5;

	for (int i = 0; i < 300; i++) {
		auto_free char *path = NULL;
		off_t at;

		/* Pages that were looked at are looked at again. */
		index_distrust(rig->index);
		batch_add(&rig->batch, 1, "needle-in-one", 13);
		batch_add(&rig->batch, 2, "needle-in-two", 13);
		batch_to_index(&rig->batch, rig->index);
		path = first_file(rig->folder, "segment-");
		at = (off_t)(rnd(&random) % (uint64_t)size_of(path));
		/* Under an index that is open, and before it opens. */
		flip(path, at, (unsigned int)i % 8);
		if (i % 2 == 0)
			reopen(rig);
		must_find(rig, 1, "needle-in-one");
		must_find(rig, 2, "needle-in-two");
		reopen(rig);
		must_find(rig, 1, "needle-in-one");
	}
}

/* The padding of the first page alone may change without harm. */
static void
test_flip_is_noticed(void **state)
{
	struct rig *rig = *state;
	auto_free char *path = NULL;
	struct wire_out cond;
	struct candidates c;

	batch_add(&rig->batch, 1, "needle-in-one", 13);
	batch_to_index(&rig->batch, rig->index);
	path = first_file(rig->folder, "segment-");
	flip(path, 4096 + 7, 3);
	cond_begin(&cond);
	cond_run(&cond, "no-such-needle", 0);
	ask_index(rig->index, &cond, 1, &c);
	assert_int_equal(candidates_unindexed(&c), 1);
	candidates_release(&c);
	wire_out_release(&cond);
	/* And it comes again. */
	assert_int_equal(rig->index->segments_count, 0);
	assert_int_equal(count_files(rig->folder, "segment-"), 0);
}

static void
test_truncated_segment(void **state)
{
	struct rig *rig = *state;

	for (int i = 0; i < 40; i++) {
		auto_free char *path = NULL;

		batch_add(&rig->batch, 1, "needle-in-one", 13);
		batch_to_index(&rig->batch, rig->index);
		path = first_file(rig->folder, "segment-");
		assert_int_equal(truncate(path, size_of(path) * i / 40), 0);
		if (i % 2 == 0)
			reopen(rig);
		must_find(rig, 1, "needle-in-one");
		reopen(rig);
		must_find(rig, 1, "needle-in-one");
	}
}

static void
test_missing_segment(void **state)
{
	struct rig *rig = *state;
	auto_free char *path = NULL;

	add(rig, 1, "needle-in-one");
	path = first_file(rig->folder, "segment-");
	assert_int_equal(unlink(path), 0);
	reopen(rig);
	assert_answer(ask_run(rig->index, "anything", 2), "1-2");
}

/* A file of another version is not read, whatever is in it. */
static void
test_other_version(void **state)
{
	struct rig *rig = *state;
	auto_free char *segment = NULL;
	auto_free char *manifest = NULL;

	add(rig, 1, "needle-in-one");
	segment = first_file(rig->folder, "segment-");
	flip(segment, 8, 1);
	reopen(rig);
	assert_answer(ask_run(rig->index, "anything", 1), "1");
	add(rig, 1, "needle-in-one");
	manifest = first_file(rig->folder, "manifest");
	flip(manifest, 8, 1);
	reopen(rig);
	assert_answer(ask_run(rig->index, "anything", 1), "1");
	assert_int_equal(count_files(rig->folder, "segment-"), 0);
}

static void
test_other_key(void **state)
{
	struct rig *rig = *state;
	auto_free char *path = xasprintf("%s/index.key", rig->folder);

	add(rig, 1, "needle-in-one");
	assert_int_equal(unlink(path), 0);
	reopen(rig);
	assert_answer(ask_run(rig->index, "anything", 1), "1");
	add(rig, 1, "needle-in-one");
	assert_int_equal(truncate(path, 5), 0);
	reopen(rig);
	assert_answer(ask_run(rig->index, "anything", 1), "1");
}

/* Another's segment under this one's name. */
static void
test_swapped_segments(void **state)
{
	struct rig *rig = *state;
	auto_free char *first = NULL;
	auto_free char *second = NULL;
	auto_free char *aside = xasprintf("%s/aside", rig->folder);

	add(rig, 1, "needle-in-one");
	first = first_file(rig->folder, "segment-");
	assert_int_equal(rename(first, aside), 0);
	add(rig, 2, "needle-in-two");
	second = first_file(rig->folder, "segment-");
	assert_int_equal(rename(second, first), 0);
	assert_int_equal(rename(aside, second), 0);
	reopen(rig);
	assert_answer(ask_run(rig->index, "anything", 2), "1-2");
}

/* A manifest that was written in part only, at each byte. */
static void
test_torn_manifest(void **state)
{
	struct rig *rig = *state;
	auto_free char *manifest = xasprintf("%s/manifest", rig->folder);
	auto_free char *tmp = xasprintf("%s/manifest.new", rig->folder);
	uint8_t bytes[4096];
	ssize_t len;
	int fd;

	add(rig, 1, "needle-in-one");
	fd = open(manifest, O_RDONLY | O_CLOEXEC);
	len = read(fd, bytes, sizeof(bytes));
	(void)close(fd);
	assert_true(len > 24 && len < 4096);
	/* The new one beside the old: the old one counts. */
	for (ssize_t cut = 0; cut <= len; cut++) {
		fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		assert_int_equal(write(fd, bytes, (size_t)cut), cut);
		(void)close(fd);
		reopen(rig);
		assert_answer(ask_run(rig->index, "needle-in-two", 1), "");
		assert_int_equal(access(tmp, F_OK), -1);
	}
	/* The only one: nothing is indexed. */
	for (ssize_t cut = 0; cut < len; cut++) {
		assert_int_equal(truncate(manifest, cut), 0);
		reopen(rig);
		assert_answer(ask_run(rig->index, "needle-in-two", 1), "1");
		add(rig, 1, "needle-in-one");
		assert_answer(ask_run(rig->index, "needle-in-two", 1), "");
		reopen(rig);
		assert_answer(ask_run(rig->index, "needle-in-two", 1), "");
	}
}

/* --- a full disk --- */

static void
test_disk_full(void **state)
{
	struct rig *rig = *state;
	struct rlimit old, small;
	auto_free uint8_t *p = NULL;
	size_t len;
	int err = ERR_OK;

	for (uint64_t i = 0; i < 9; i++)
		fill(rig, 1 + i * 50, 50);
	batch_add(&rig->batch, 1000, "abcdef", 6);
	p = batch_take(&rig->batch, &len);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 3000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(index_add(rig->index, p, len), ERR_NO_SPACE);
	assert_true(merge_begin(rig->index, true));
	while ((err = merge_step(rig->index)) == ERR_AGAIN)
		;
	assert_int_equal(err, ERR_NO_SPACE);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(count_files(rig->folder, "new-"), 0);
	check_filled(rig, 450, 0);
	merge_all(rig->index);
	assert_int_equal(index_add(rig->index, p, len), ERR_OK);
	check_filled(rig, 450, 0);
}

/* --- kill -9 --- */

static void
be_busy(struct rig *rig, uint64_t seq, int out)
{
	for (;; seq += 10) {
		fill(rig, seq, 10);
		if (write(out, &seq, sizeof(seq)) != sizeof(seq))
			_exit(1);
		if (merge_begin(rig->index, true)) {
			for (int i = 0; i < 30; i++)
				(void)!merge_step(rig->index);
		}
	}
}

static void
test_killed_at_any_moment(void **state)
{
	struct rig *rig = *state;
	uint64_t random = 11, next = 1, seq;

	for (int i = 0; i < 25; i++) {
		int fds[2], status;
		pid_t pid;

		assert_int_equal(pipe(fds), 0);
		pid = fork();
		assert_int_not_equal(pid, -1);
		if (pid == 0)
			be_busy(rig, next, fds[1]);
		(void)close(fds[1]);
		assert_int_equal(read(fds[0], &seq, 8), 8);
		(void)usleep((useconds_t)(rnd(&random) % 60000));
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		while (read(fds[0], &next, 8) == 8)
			seq = next;
		(void)close(fds[0]);
		reopen(rig);
		/* What was acknowledged is there, and at most one batch more. */
		assert_true(index_units(rig->index) >= seq + 9);
		assert_true(index_units(rig->index) <= seq + 19);
		assert_int_equal(count_files(rig->folder, "new-"), 0);
		assert_int_equal(count_files(rig->folder, "segment-"),
		    rig->index->segments_count);
		next = index_units(rig->index) + 1;
		check_filled(rig, next - 1, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	    T(test_empty),
	    T(test_found),
	    T(test_missing),
	    T(test_same_unit_again),
	    T(test_always),
	    T(test_bad_batches),
	    T(test_merge),
	    T(test_delete),
	    T(test_merge_meanwhile),
	    T(test_flipped_segment),
	    T(test_flip_is_noticed),
	    T(test_truncated_segment),
	    T(test_missing_segment),
	    T(test_other_version),
	    T(test_other_key),
	    T(test_swapped_segments),
	    T(test_torn_manifest),
	    T(test_disk_full),
	    T(test_killed_at_any_moment),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
