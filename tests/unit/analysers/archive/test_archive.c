/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_archive.c - archives that the test writes itself, whole, encrypted,
 * bombs and damaged ones; and the hostile ones of libarchive's own tests.
 */
#include "analysers/archive/archive.h"

#include "../harness.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* Several pieces of what libarchive decompresses at a time. */
#define NOISE_BYTES 400000
#define PUBLIC_DATA "../shared/data/libarchive"

/* An archive under construction, in memory. */
struct maker {
	struct archive *archive;
	uint8_t *bytes;
	size_t size; /* of the buffer */
	size_t len;  /* what was written */
};

static void
maker_init(struct maker *maker, int format, int filter, const char *options,
    const char *password)
{
	maker->size = 24 * MIB;
	maker->bytes = xmalloc(maker->size);
	maker->archive = archive_write_new();
	assert_int_equal(format == ARCHIVE_FORMAT_AR_GNU
			     ? archive_write_set_format_ar_svr4(maker->archive)
			     : archive_write_set_format(maker->archive, format),
	    ARCHIVE_OK);
	assert_int_equal(
	    archive_write_add_filter(maker->archive, filter), ARCHIVE_OK);
	if (options != NULL)
		assert_int_equal(
		    archive_write_set_options(maker->archive, options),
		    ARCHIVE_OK);
	if (password != NULL)
		assert_int_equal(
		    archive_write_set_passphrase(maker->archive, password),
		    ARCHIVE_OK);
	(void)archive_write_set_bytes_in_last_block(maker->archive, 1);
	assert_int_equal(archive_write_open_memory(maker->archive, maker->bytes,
			     maker->size, &maker->len),
	    ARCHIVE_OK);
}

static struct archive_entry *
entry_new(const char *name, mode_t type, size_t size)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, (unsigned int)type);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)size);
	archive_entry_set_mtime(entry, 1700000000, 0);
	return entry;
}

static void
maker_add(struct maker *maker, const char *name, const void *p, size_t len)
{
	struct archive_entry *entry = entry_new(name, AE_IFREG, len);

	assert_int_equal(
	    archive_write_header(maker->archive, entry), ARCHIVE_OK);
	if (len > 0)
		assert_int_equal(
		    archive_write_data(maker->archive, p, len), len);
	archive_entry_free(entry);
}

static void
maker_add_link(struct maker *maker, const char *name, const char *target)
{
	struct archive_entry *entry = entry_new(name, AE_IFLNK, 0);

	archive_entry_set_symlink(entry, target);
	assert_int_equal(
	    archive_write_header(maker->archive, entry), ARCHIVE_OK);
	archive_entry_free(entry);
}

static void
maker_end(struct maker *maker)
{
	assert_int_equal(archive_write_close(maker->archive), ARCHIVE_OK);
	(void)archive_write_free(maker->archive);
}

static struct harness
unpack(const struct maker *maker, const char *context)
{
	return harness_run(
	    archive_analyse, NULL, maker->bytes, maker->len, context);
}

static json_int_t
fact_int(const struct harness *run, const char *member)
{
	return json_member_int(harness_fact(run, "archive"), member, -1);
}

static const char *
child_bytes(const struct harness *run, const char *name)
{
	return json_member_text(
	    harness_find(run, "child", "name", name), "bytes", "none");
}

static const char text_hex[] = "68656c6c6f0a"; /* "hello\n" */

static void
test_formats(void **state)
{
	static const struct {
		int format;
		int filter;
		const char *name;
	} kinds[] = {
	    {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE, "ustar"},
	    {ARCHIVE_FORMAT_TAR_PAX_RESTRICTED, ARCHIVE_FILTER_GZIP, "gzip"},
	    {ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_BZIP2, "bzip2"},
	    {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_XZ, "xz"},
	    {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_ZSTD, "zstd"},
	    {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_LZ4, "lz4"},
	    {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_LZIP, "lzip"},
	    {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_COMPRESS, "compress"},
	    {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_UU, "uu"},
	    {ARCHIVE_FORMAT_CPIO_SVR4_NOCRC, ARCHIVE_FILTER_NONE, "cpio"},
	    {ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, "zip"},
	    {ARCHIVE_FORMAT_7ZIP, ARCHIVE_FILTER_NONE, "7zip"},
	    {ARCHIVE_FORMAT_XAR, ARCHIVE_FILTER_NONE, "xar"},
	    {ARCHIVE_FORMAT_ISO9660, ARCHIVE_FILTER_NONE, "iso9660"},
	    {ARCHIVE_FORMAT_AR_GNU, ARCHIVE_FILTER_NONE, "ar"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct maker maker;
		struct harness run;
		json_t *child;

		maker_init(
		    &maker, kinds[i].format, kinds[i].filter, NULL, NULL);
		maker_add(&maker, "hello.txt", "hello\n", 6);
		maker_add(&maker, "empty", "", 0);
		maker_end(&maker);
		run = unpack(&maker, "{\"name\": \"x\"}");
		if (run.err != ERR_OK)
			print_message("# %s\n", kinds[i].name);
		assert_int_equal(run.err, ERR_OK);
		child = harness_find(&run, "child", "name", "hello.txt");
		assert_non_null(child);
		assert_string_equal(
		    json_member_text(child, "bytes", ""), text_hex);
		assert_string_equal(
		    json_member_text(child, "relation", ""), "archive_member");
		assert_non_null(harness_find(&run, "child", "name", "empty"));
		assert_int_equal(harness_count(&run, "child_end"), 2);
		assert_int_equal(harness_count(&run, "error"), 0);
		assert_int_equal(fact_int(&run, "children"), 2);
		harness_release(&run);
		free(maker.bytes);
	}
}

static void
test_streams(void **state)
{
	static const struct {
		int filter;
		const char *name;
	} kinds[] = {
	    {ARCHIVE_FILTER_GZIP, "note.txt.gz"},
	    {ARCHIVE_FILTER_BZIP2, "note.txt.bz2"},
	    {ARCHIVE_FILTER_XZ, "note.txt.xz"},
	    {ARCHIVE_FILTER_LZMA, "note.txt.lzma"},
	    {ARCHIVE_FILTER_ZSTD, "note.txt.zst"},
	    {ARCHIVE_FILTER_COMPRESS, "note.txt.Z"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		auto_free char *context =
		    xasprintf("{\"name\": \"%s\"}", kinds[i].name);
		struct maker maker;
		struct harness run;

		maker_init(
		    &maker, ARCHIVE_FORMAT_RAW, kinds[i].filter, NULL, NULL);
		maker_add(&maker, "x", "hello\n", 6);
		maker_end(&maker);
		run = unpack(&maker, context);
		assert_int_equal(run.err, ERR_OK);
		assert_string_equal(child_bytes(&run, "note.txt"), text_hex);
		assert_non_null(
		    harness_find(&run, "child", "relation", "decompressed"));
		harness_release(&run);
		free(maker.bytes);
	}
}

/* An archive that is compressed once more is a child, not its members. */
static void
test_zip_in_gzip(void **state)
{
	struct maker inner, outer;
	struct harness run;

	(void)state;
	maker_init(&inner, ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, NULL, NULL);
	maker_add(&inner, "a", "hello\n", 6);
	maker_end(&inner);
	maker_init(&outer, ARCHIVE_FORMAT_RAW, ARCHIVE_FILTER_GZIP, NULL, NULL);
	maker_add(&outer, "x", inner.bytes, inner.len);
	maker_end(&outer);
	run = unpack(&outer, "{\"name\": \"a.zip.gz\"}");
	assert_int_equal(run.err, ERR_OK);
	assert_int_equal(harness_count(&run, "child"), 1);
	assert_non_null(harness_find(&run, "child", "name", "a.zip"));
	harness_release(&run);
	free(inner.bytes);
	free(outer.bytes);
}

/* What it unpacks to is itself, as tests/integration/bombs.py makes it. */
static void
test_quine(void **state)
{
	static const unsigned char quine[] = {0x1f, 0x8b, 0x08, 0x08, 0x00,
	    0x00, 0x00, 0x00, 0x00, 0xff, 0x72, 0x2e, 0x67, 0x7a, 0x00, 0x00,
	    0x14, 0x00, 0xeb, 0xff, 0x1f, 0x8b, 0x08, 0x08, 0x00, 0x00, 0x00,
	    0x00, 0x00, 0xff, 0x72, 0x2e, 0x67, 0x7a, 0x00, 0x00, 0x14, 0x00,
	    0xeb, 0xff, 0x42, 0x88, 0x21, 0xc4, 0x00, 0x00, 0x05, 0x00, 0xfa,
	    0xff, 0x42, 0x88, 0x21, 0xc4, 0x00, 0x00, 0x05, 0x00, 0xfa, 0xff,
	    0x00, 0x05, 0x00, 0xfa, 0xff, 0x00, 0x14, 0x00, 0xeb, 0xff, 0x42,
	    0x88, 0x21, 0xc4, 0x00, 0x00, 0x05, 0x00, 0xfa, 0xff, 0x00, 0x05,
	    0x00, 0xfa, 0xff, 0x00, 0x14, 0x00, 0xeb, 0xff, 0x42, 0x88, 0x21,
	    0xc4, 0x00, 0x00, 0x14, 0x00, 0xeb, 0xff, 0x42, 0x88, 0x21, 0xc4,
	    0x00, 0x00, 0x14, 0x00, 0xeb, 0xff, 0x42, 0x88, 0x21, 0xc4, 0x00,
	    0x00, 0x14, 0x00, 0xeb, 0xff, 0x42, 0x88, 0x21, 0xc4, 0x00, 0x00,
	    0x14, 0x00, 0xeb, 0xff, 0x42, 0x88, 0x21, 0xc4, 0x00, 0x00, 0x00,
	    0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0xff, 0xff, 0x00, 0x12, 0x00,
	    0xed, 0xff, 0x42, 0x88, 0x21, 0xc4, 0x00, 0x00, 0x00, 0x00, 0xff,
	    0xff, 0x00, 0x00, 0x00, 0xff, 0xff, 0x00, 0x12, 0x00, 0xed, 0xff,
	    0x82, 0x8b, 0xc0, 0x45, 0x00, 0x01, 0x00, 0x00, 0xff, 0xff, 0x14,
	    0x4e, 0x56, 0x76, 0xce, 0x00, 0x00, 0x00, 0x82, 0x8b, 0xc0, 0x45,
	    0x00, 0x01, 0x00, 0x00, 0xff, 0xff, 0x14, 0x4e, 0x56, 0x76, 0xce,
	    0x00, 0x00, 0x00};
	struct harness run = harness_run(archive_analyse, NULL, quine,
	    sizeof(quine), "{\"name\": \"a.gz\"}");
	json_t *child = harness_find(&run, "child", "name", "r.gz");
	char hex[2 * sizeof(quine) + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(quine); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", quine[i]);
	assert_int_equal(run.err, ERR_OK);
	assert_int_equal(harness_count(&run, "child"), 1);
	/* The harness shows the beginning of what a child has. */
	assert_true(strlen(json_member_text(child, "bytes", "")) >= 64);
	assert_ptr_equal(
	    strstr(hex, json_member_text(child, "bytes", "-")), hex);
	assert_int_equal(fact_int(&run, "unpacked_bytes"), sizeof(quine));
	harness_release(&run);
}

static void
make_encrypted(struct maker *maker, const char *options, const char *password)
{
	maker_init(
	    maker, ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, options, password);
	maker_add(maker, "hello.txt", "hello\n", 6);
	maker_add(maker, "second.txt", "hello\n", 6);
	maker_end(maker);
}

static void
test_encrypted(void **state)
{
	static const char *const options[] = {"zip:encryption=traditional",
	    "zip:encryption=aes128", "zip:encryption=aes256"};
	static const struct {
		const char *password;
		const char *context;
		bool is_opened;
		bool is_given;
	} cases[] = {
	    {"infected", "{}", true, false},
	    {"novirus", "{}", true, false},
	    {"my secret", "{\"passwords\": [\"wrong\", \"my secret\"]}", true,
		true},
	    {"my secret", "{\"passwords\": [\"wrong\"]}", false, false},
	    {"my secret", "{}", false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(options) * COUNT(cases); i++) {
		const char *password = cases[i % COUNT(cases)].password;
		bool is_opened = cases[i % COUNT(cases)].is_opened;
		struct maker maker;
		struct harness run;
		json_t *used;

		make_encrypted(&maker, options[i / COUNT(cases)], password);
		run = unpack(&maker, cases[i % COUNT(cases)].context);
		assert_int_equal(run.err, ERR_OK);
		assert_int_equal(
		    harness_count(&run, "child"), is_opened ? 2 : 0);
		assert_int_equal(
		    harness_find(&run, "error", "what", "encrypted") == NULL,
		    is_opened);
		if (is_opened) {
			assert_string_equal(
			    child_bytes(&run, "hello.txt"), text_hex);
			used = json_object_get(
			    harness_find(&run, "child", "name", "hello.txt"),
			    "password");
			if (cases[i % COUNT(cases)].is_given)
				assert_int_equal(
				    json_member_int(used, "given", -1), 1);
			else
				assert_string_equal(
				    json_member_text(used, "known", ""),
				    password);
		}
		harness_release(&run);
		free(maker.bytes);
	}
}

static void
test_names(void **state)
{
	struct maker maker;
	struct harness run;
	json_t *child, *finding;

	(void)state;
	maker_init(
	    &maker, ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE, NULL, NULL);
	maker_add(&maker, "../../etc/cron.d/x", "a", 1);
	maker_add(&maker, "/abs", "b", 1);
	maker_add(&maker, "latin\xe9.txt", "c", 1);
	maker_add(&maker, "bill.pdf.exe", "d", 1);
	maker_add_link(&maker, "link", "/etc/shadow");
	maker_add_link(&maker, "good", "abs");
	maker_end(&maker);
	run = unpack(&maker, "{}");
	assert_int_equal(run.err, ERR_OK);
	assert_int_equal(harness_count(&run, "child"), 4);
	child = harness_find(&run, "child", "path", "../../etc/cron.d/x");
	assert_string_equal(json_member_text(child, "name", ""), "x");
	child = harness_find(&run, "child", "name_hex", "6c6174696ee92e747874");
	assert_string_equal(
	    json_member_text(child, "name", ""), "latin\xef\xbf\xbd.txt");
	finding = harness_find(&run, "finding", "name", "path_trick");
	assert_int_equal(json_member_int(finding, "count", 0), 3);
	finding = harness_find(&run, "finding", "name", "name_trick");
	assert_int_equal(json_member_int(finding, "count", 0), 1);
	assert_int_equal(
	    json_member_int(harness_fact(&run, "archive_links"), "count", 0),
	    2);
	harness_release(&run);
	free(maker.bytes);
}

/* One member of zeros far beyond the ratio, and a small one behind it. */
static void
test_bomb(void **state)
{
	const size_t len = LIMIT_EXPANSION_FLOOR_BYTES + 5 * MIB;
	auto_free uint8_t *zeros = xcalloc(1, len);
	struct maker maker;
	struct harness run;
	size_t i;
	json_t *one;
	size_t partial = 0;

	(void)state;
	maker_init(&maker, ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, NULL, NULL);
	maker_add(&maker, "bomb", zeros, len);
	maker_add(&maker, "hello.txt", "hello\n", 6);
	maker_end(&maker);
	run = unpack(&maker, "{}");
	assert_int_equal(run.err, ERR_LIMIT);
	assert_non_null(harness_find(&run, "limit", "limit", "expansion"));
	assert_int_equal(
	    json_member_int(
		harness_find(&run, "child", "name", "bomb"), "got", 0),
	    LIMIT_EXPANSION_FLOOR_BYTES);
	assert_int_equal(
	    json_member_int(
		harness_find(&run, "child", "name", "hello.txt"), "got", 0),
	    6);
	json_array_foreach(run.records, i, one) partial +=
	    json_is_true(json_object_get(one, "is_partial"));
	assert_int_equal(partial, 1);
	harness_release(&run);
	free(maker.bytes);
}

static void
test_many_members(void **state)
{
	struct maker maker;
	struct harness run;
	char name[32];

	(void)state;
	maker_init(
	    &maker, ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_GZIP, NULL, NULL);
	for (int i = 0; i < 30000; i++) {
		(void)snprintf(name, sizeof(name), "f%d", i);
		maker_add(&maker, name, "x", 1);
	}
	maker_end(&maker);
	run = unpack(&maker, "{}");
	assert_int_equal(run.err, ERR_LIMIT);
	assert_int_equal(harness_count(&run, "child"), LIMIT_CHILDREN);
	assert_int_equal(harness_count(&run, "child_end"), LIMIT_CHILDREN);
	assert_non_null(harness_find(&run, "limit", "limit", "children"));
	harness_release(&run);
	run = unpack(&maker, "{\"limits\": {\"children\": 3}}");
	assert_int_equal(harness_count(&run, "child"), 3);
	harness_release(&run);
	free(maker.bytes);
}

static void
test_depth(void **state)
{
	struct maker maker;
	struct harness run;

	(void)state;
	maker_init(&maker, ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, NULL, NULL);
	maker_add(&maker, "a", "hello\n", 6);
	maker_end(&maker);
	run = unpack(&maker, "{\"depth\": 7}");
	assert_int_equal(harness_count(&run, "child"), 1);
	harness_release(&run);
	run = unpack(&maker, "{\"depth\": 8}");
	assert_int_equal(run.err, ERR_LIMIT);
	assert_int_equal(harness_count(&run, "child"), 0);
	assert_non_null(harness_find(&run, "limit", "limit", "depth"));
	harness_release(&run);
	free(maker.bytes);
}

/* The size in a header is a claim: what is there counts. */
static void
test_lying_size(void **state)
{
	struct maker maker;
	struct harness run;
	uint8_t *at;

	(void)state;
	maker_init(&maker, ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE,
	    "zip:compression=store", NULL);
	maker_add(&maker, "a", "hello\n", 6);
	maker_end(&maker);
	/* The central directory's uncompressed size becomes 4 GiB - 2. */
	at = memmem(maker.bytes, maker.len, "PK\1\2", 4);
	assert_non_null(at);
	memcpy(at + 24, "\xfe\xff\xff\xff", 4);
	run = unpack(&maker, "{}");
	assert_true(json_member_int(harness_find(&run, "child", "name", "a"),
			"got", 0) <= 6);
	harness_release(&run);
	free(maker.bytes);
}

/* However an archive is cut or damaged: it ends, and says what is wrong. */
static void
test_damaged(void **state)
{
	static const int formats[] = {ARCHIVE_FORMAT_ZIP, ARCHIVE_FORMAT_7ZIP,
	    ARCHIVE_FORMAT_TAR_PAX_RESTRICTED, ARCHIVE_FORMAT_CPIO_POSIX,
	    ARCHIVE_FORMAT_XAR};
	uint32_t seed = 42;

	(void)state;
	for (size_t i = 0; i < COUNT(formats); i++) {
		struct maker maker;
		size_t whole;

		maker_init(&maker, formats[i], ARCHIVE_FILTER_NONE, NULL, NULL);
		for (int j = 0; j < 4; j++)
			maker_add(&maker, j % 2 ? "b/c.txt" : "a.txt",
			    "the same text, the same text\n", 29);
		maker_end(&maker);
		whole = maker.len;
		for (size_t cut = 0; cut < whole; cut += 1 + whole / 60) {
			struct harness run;

			maker.len = cut;
			run = unpack(&maker, "{}");
			assert_int_equal(harness_count(&run, "child"),
			    harness_count(&run, "child_end"));
			harness_release(&run);
		}
		maker.len = whole;
		for (int j = 0; j < 80; j++) {
			struct harness run;
			size_t at;
			uint8_t old;

			seed = seed * 1664525 + 1013904223;
			at = seed % whole;
			old = maker.bytes[at];
			maker.bytes[at] ^= (uint8_t)(1u << (seed >> 29));
			run = unpack(&maker, "{}");
			assert_int_equal(harness_count(&run, "child"),
			    harness_count(&run, "child_end"));
			maker.bytes[at] = old;
			harness_release(&run);
		}
		free(maker.bytes);
	}
}

static void
test_half_a_member(void **state)
{
	auto_free uint8_t *noise = xmalloc(NOISE_BYTES);
	struct maker maker;
	struct harness run;
	uint32_t seed = 7;

	(void)state;
	for (size_t i = 0; i < NOISE_BYTES; i++) {
		seed = seed * 1664525 + 1013904223;
		noise[i] = (uint8_t)(seed >> 24);
	}
	maker_init(
	    &maker, ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_GZIP, NULL, NULL);
	maker_add(&maker, "first", "hello\n", 6);
	maker_add(&maker, "noise", noise, NOISE_BYTES);
	maker_end(&maker);
	maker.len /= 2;
	run = unpack(&maker, "{}");
	assert_int_equal(run.err, ERR_FORMAT);
	assert_string_equal(child_bytes(&run, "first"), text_hex);
	assert_true(
	    json_member_int(harness_find(&run, "child", "name", "noise"), "got",
		0) > 10000);
	assert_non_null(harness_find(&run, "error", "what", "damaged"));
	harness_release(&run);
	/* Too little for even one piece: damaged, and not unknown. */
	maker.len = 5000;
	run = unpack(&maker, "{}");
	assert_int_equal(run.err, ERR_FORMAT);
	assert_non_null(harness_find(&run, "error", "what", "damaged"));
	harness_release(&run);
	free(maker.bytes);
}

static void
test_no_archive(void **state)
{
	static const char *const texts[] = {
	    "", "x", "just some text\n", "MZ\x90", "\177ELF"};
	struct harness run;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		run = harness_run(
		    archive_analyse, NULL, texts[i], strlen(texts[i]), "{}");
		assert_int_equal(run.err, ERR_FORMAT);
		assert_non_null(
		    harness_find(&run, "error", "what", "not_archive"));
		harness_release(&run);
	}
	run =
	    harness_run(archive_analyse, NULL, "\x89LZO\0\r\n\x1a\n", 9, "{}");
	assert_non_null(harness_find(&run, "error", "what", "unsupported"));
	harness_release(&run);
}

/* Large inputs come through a socket: the result is the same. */
static void
test_range(void **state)
{
	struct maker maker;
	struct harness memory, range;
	int file;

	(void)state;
	maker_init(&maker, ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, NULL, NULL);
	maker_add(&maker, "a", "hello\n", 6);
	maker_add(&maker, "b", "hello\n", 6);
	maker_end(&maker);
	memory = unpack(&maker, "{}");
	file = harness_memory(maker.bytes, maker.len);
	range = harness_run_range(archive_analyse, NULL, file, maker.len, "{}");
	assert_true(json_equal(memory.records, range.records));
	harness_release(&memory);
	harness_release(&range);
	(void)close(file);
	free(maker.bytes);
}

static size_t visited;

static int
visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	auto_close int fd = -1;
	struct harness run;

	(void)ftw;
	if (type != FTW_F || st->st_size > (off_t)(64 * MIB))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	run = harness_run_fd(archive_analyse, NULL, take_fd(fd), BLOB_MEMFD,
	    (uint64_t)st->st_size, "{\"name\": \"x\"}");
	assert_int_equal(
	    harness_count(&run, "child"), harness_count(&run, "child_end"));
	/* Never silence: children, or a reason why there are none. */
	assert_true(json_array_size(run.records) > 0);
	harness_release(&run);
	visited++;
	return 0;
}

/* Damaged and hostile on purpose: nothing may crash, all must end. */
static void
test_public(void **state)
{
	(void)state;
	if (access(PUBLIC_DATA, R_OK) != 0) {
		print_message("# %s is not there\n", PUBLIC_DATA);
		skip();
	}
	assert_int_equal(nftw(PUBLIC_DATA, visit, 16, FTW_PHYS), 0);
	assert_true(visited > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_formats),
	    cmocka_unit_test(test_streams),
	    cmocka_unit_test(test_zip_in_gzip),
	    cmocka_unit_test(test_quine),
	    cmocka_unit_test(test_encrypted),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_bomb),
	    cmocka_unit_test(test_many_members),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_lying_size),
	    cmocka_unit_test(test_damaged),
	    cmocka_unit_test(test_half_a_member),
	    cmocka_unit_test(test_no_archive),
	    cmocka_unit_test(test_range),
	    cmocka_unit_test(test_public),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	(void)archive_load(NULL);
	return cmocka_run_group_tests_name("archive", tests, NULL, NULL);
}
