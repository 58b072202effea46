/* SPDX-License-Identifier: Apache-2.0 */
/* test_identify.c - digests, types and entropy against known answers. */
#include "analysers/identify/identify.h"

#include "../harness.h"
#include "analysers/identify/types.h"

#include <fcntl.h>
#include <math.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct harness
identify(const void *p, size_t len)
{
	return harness_run(identify_analyse, NULL, p, len, "{}");
}

static void
expect_fact(const struct harness *run, const char *key, const char *text)
{
	assert_string_equal(harness_fact_text(run, key), text);
}

/* FIPS 180-4 and RFC 1321 give these. */
static void
test_known_digests(void **state)
{
	struct harness run = identify("abc", 3);

	(void)state;
	assert_int_equal(run.err, ERR_OK);
	expect_fact(&run, "sha256",
	    "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
	expect_fact(&run, "sha1", "a9993e364706816aba3e25717850c26c9cd0d89d");
	expect_fact(&run, "md5", "900150983cd24fb0d6963f7d28e17f72");
	expect_fact(&run, "sha512",
	    "ddaf35a193617abacc417349ae204131"
	    "12e6fa4e89a97ea20a9eeee64b55d39a"
	    "2192992a274fc1a836ba3c23a3feebbd"
	    "454d4423643ce80e2a9ac94fa54ca49f");
	expect_fact(&run, "mime", "text/plain");
	expect_fact(&run, "encoding", "us-ascii");
	assert_int_equal(json_integer_value(harness_fact(&run, "size")), 3);
	assert_null(harness_fact(&run, "tlsh")); /* too few bytes */
	harness_release(&run);
}

static void
put_number(uint8_t *p, uint64_t n, int bytes, bool is_big_endian)
{
	for (int i = 0; i < bytes; i++)
		p[is_big_endian ? bytes - 1 - i : i] = (uint8_t)(n >> 8 * i);
}

/* An ELF file of one segment that ends at byte 300. */
static void
make_elf(uint8_t *p, bool is_64, bool is_big)
{
	const int word = is_64 ? 8 : 4;
	uint8_t *ph = p + (is_64 ? 64 : 52);

	memset(p, 0, 300);
	memcpy(p, "\177ELF", 4);
	p[4] = is_64 ? 2 : 1;
	p[5] = is_big ? 2 : 1;
	p[6] = 1;
	put_number(p + 16, 2, 2, is_big);
	put_number(p + 18, is_big ? 8 : 62, 2, is_big);
	put_number(p + (is_64 ? 32 : 28), (uint64_t)(ph - p), word, is_big);
	put_number(p + (is_64 ? 54 : 42), is_64 ? 56 : 32, 2, is_big);
	put_number(p + (is_64 ? 56 : 44), 1, 2, is_big);
	put_number(ph, 1, 4, is_big);
	put_number(ph + (is_64 ? 8 : 4), 200, word, is_big);
	put_number(ph + (is_64 ? 32 : 16), 100, word, is_big);
}

static void
expect_truncated(const void *p, size_t len, bool is_truncated)
{
	struct harness run = identify(p, len);
	json_t *error = harness_find(&run, "error", "what", "truncated");

	/* What could be read is there all the same. */
	assert_int_equal(run.err, ERR_OK);
	assert_non_null(harness_fact(&run, "sha256"));
	assert_int_equal(error != NULL, is_truncated);
	if (error != NULL)
		assert_non_null(strstr(
		    json_member_text(error, "text", ""), "reach to byte 300"));
	harness_release(&run);
}

static void
test_truncated_elf(void **state)
{
	static uint8_t file[300];

	(void)state;
	for (int i = 0; i < 4; i++) {
		make_elf(file, i & 1, i & 2);
		expect_truncated(file, sizeof(file), false);
		expect_truncated(file, sizeof(file) - 1, true);
		expect_truncated(file, 120, true);
	}
	/* Offsets that are nonsense are no end that is missing. */
	put_number(file + 64 + 8, UINT64_MAX - 3, 8, true);
	expect_truncated(file, sizeof(file), false);
}

static void
test_truncated_pe(void **state)
{
	static uint8_t file[300];

	(void)state;
	memcpy(file, "MZ", 2);
	put_number(file + 0x3c, 64, 4, false);
	memcpy(file + 64, "PE\0\0\x4c\x01", 6);
	put_number(file + 64 + 6, 1, 2, false);
	put_number(file + 88 + 16, 150, 4, false);
	put_number(file + 88 + 20, 150, 4, false);
	expect_truncated(file, sizeof(file), false);
	expect_truncated(file, 299, true);
	/* A program of DOS has no such headers. */
	put_number(file + 0x3c, 0xffff, 4, false);
	expect_truncated(file, 299, false);
}

static void
test_empty(void **state)
{
	struct harness run = identify("", 0);

	(void)state;
	assert_int_equal(run.err, ERR_OK);
	expect_fact(&run, "sha256",
	    "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855");
	expect_fact(&run, "md5", "d41d8cd98f00b204e9800998ecf8427e");
	expect_fact(&run, "magic", "empty");
	assert_int_equal(json_integer_value(harness_fact(&run, "size")), 0);
	assert_int_equal(
	    json_integer_value(harness_fact(&run, "entropy_milli")), 0);
	harness_release(&run);
}

static void
test_one_byte(void **state)
{
	struct harness run = identify("\xff", 1);

	(void)state;
	assert_int_equal(run.err, ERR_OK);
	expect_fact(&run, "md5", "00594fd4f42ba43fc1ca0427a0576295");
	expect_fact(&run, "mime", "application/octet-stream");
	harness_release(&run);
}

static void
test_types(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *mime;
	} files[] = {
	    {"#!/bin/sh\necho hello\n", 21, "text/x-shellscript"},
	    {"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", 15, "application/pdf"},
	    {"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0", 29,
		"image/png"},
	    {"PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22,
		"application/zip"},
	    {"\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0", 20,
		"application/gzip"},
	    {"{\"a\": [1, 2, {\"b\": null}]}\n", 27, "application/json"},
	    {"7z\xbc\xaf\x27\x1c\0\4\0\0\0\0\0\0\0\0", 16,
		"application/x-7z-compressed"},
	    {"{\\rtf1\\ansi hello}", 18, "text/rtf"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct harness run = identify(files[i].bytes, files[i].len);

		assert_int_equal(run.err, ERR_OK);
		expect_fact(&run, "mime", files[i].mime);
		harness_release(&run);
	}
}

static void
test_entropy(void **state)
{
	uint64_t counts[256] = {0};
	uint8_t all[1024];
	struct harness run;

	(void)state;
	counts[7] = 1000;
	assert_true(identify_entropy(counts, 1000) == 0);
	counts[9] = 1000;
	assert_true(fabs(identify_entropy(counts, 2000) - 1) < 1e-9);
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	run = identify(all, sizeof(all));
	assert_int_equal(
	    json_integer_value(harness_fact(&run, "entropy_milli")), 8000);
	assert_true(
	    fabs(json_real_value(harness_fact(&run, "entropy")) - 8) < 1e-9);
	harness_release(&run);
}

static void
fill_noise(uint8_t *p, size_t len, uint32_t seed)
{
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = (uint8_t)(seed >> 24);
	}
}

static void
test_tlsh(void **state)
{
	uint8_t noise[8192];
	struct harness one, two, other;
	char tlsh[128];

	(void)state;
	fill_noise(noise, sizeof(noise), 1);
	one = identify(noise, sizeof(noise));
	(void)snprintf(
	    tlsh, sizeof(tlsh), "%s", harness_fact_text(&one, "tlsh"));
	assert_int_equal(strlen(tlsh), 72);
	assert_memory_equal(tlsh, "T1", 2);
	assert_int_equal(strspn(tlsh + 2, "0123456789ABCDEF"), 70);
	two = identify(noise, sizeof(noise));
	assert_string_equal(harness_fact_text(&two, "tlsh"), tlsh);
	fill_noise(noise, sizeof(noise), 2);
	other = identify(noise, sizeof(noise));
	assert_string_not_equal(harness_fact_text(&other, "tlsh"), tlsh);
	harness_release(&one);
	harness_release(&two);
	harness_release(&other);
}

/* Ranges and memory must say the same; pieces must join without a seam. */
static void
test_range(void **state)
{
	const size_t len = 3 * MIB + 12345;
	auto_free uint8_t *noise = xmalloc(len);
	struct harness memory, range;
	auto_close int file = -1;

	(void)state;
	fill_noise(noise, len, 7);
	file = harness_memory(noise, len);
	memory = identify(noise, len);
	range = harness_run_range(identify_analyse, NULL, file, len, "{}");
	assert_int_equal(range.err, ERR_OK);
	assert_true(json_equal(memory.records, range.records));
	harness_release(&memory);
	harness_release(&range);
}

/* The input ends before its size: what there was is told of. */
static void
test_cut_input(void **state)
{
	int file = harness_memory("abc", 3);
	struct harness run =
	    harness_run_range(identify_analyse, NULL, file, 2 * MIB, "{}");

	(void)state;
	assert_int_not_equal(run.err, ERR_OK);
	assert_non_null(harness_find(&run, "error", "what", "read"));
	assert_null(harness_fact(&run, "sha256"));
	harness_release(&run);
	(void)close(file);
}

static void
test_large(void **state)
{
	const size_t len = IDENTIFY_TLSH_BYTES_MAX + 1;
	auto_close int file = memfd_create("zeros", MFD_CLOEXEC);
	struct harness run;

	(void)state;
	assert_int_equal(ftruncate(file, (off_t)len), 0);
	run = harness_run_fd(
	    identify_analyse, NULL, take_fd(file), BLOB_MEMFD, len, "{}");
	assert_int_equal(run.err, ERR_OK);
	assert_non_null(harness_find(&run, "limit", "limit", "tlsh_bytes"));
	assert_int_equal(
	    json_integer_value(harness_fact(&run, "entropy_milli")), 0);
	harness_release(&run);
}

/* Details of ELF files lie all over the file. */
static void
test_elf(void **state)
{
	auto_close int file = open("/usr/bin/true", O_RDONLY | O_CLOEXEC);
	uint8_t buf[256 * 1024];
	ssize_t len = file == -1 ? -1 : read(file, buf, sizeof(buf));
	struct harness run;

	(void)state;
	if (len <= 0)
		skip();
	run = identify(buf, (size_t)len);
	assert_non_null(
	    strstr(harness_fact_text(&run, "magic"), "dynamically linked"));
	assert_non_null(
	    strstr(harness_fact_text(&run, "mime"), "application/x-"));
	expect_fact(&run, "encoding", "binary");
	harness_release(&run);
}

/* False where file(1) is missing. */
static bool
check_against_file(const char *path, size_t *plain)
{
	auto_free char *command =
	    xasprintf("file -b --mime '%s' 2>/dev/null", path);
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	static uint8_t buf[128 * 1024];
	struct types types;
	char answer[512], ours[512];
	FILE *pipe;
	ssize_t len;

	if (fd == -1 || (len = read(fd, buf, sizeof(buf))) <= 0 ||
	    len == (ssize_t)sizeof(buf))
		return true;
	pipe = popen(command, "r");
	if (pipe == NULL || fgets(answer, sizeof(answer), pipe) == NULL) {
		if (pipe != NULL)
			(void)pclose(pipe);
		return false;
	}
	(void)pclose(pipe);
	answer[strcspn(answer, "\n")] = '\0';
	assert_true(types_of(buf, (size_t)len, -1, &types));
	*plain += strcmp(types.mime, "text/plain") == 0;
	(void)snprintf(
	    ours, sizeof(ours), "%s; charset=%s", types.mime, types.encoding);
	if (memcmp(buf, "\177ELF", 4) != 0)
		assert_string_equal(ours, answer);
	return true;
}

/* The MIME types that are derived must be those that file(1) says. */
static void
test_same_as_file(void **state)
{
	FILE *list =
	    popen("find /usr/share/doc /usr/share/perl5 "
		  "/usr/share/misc -type f -size -100k 2>/dev/null | "
		  "grep -v \"'\" | sort | awk 'NR % 37 == 0' | head -n 120",
		"r");
	char path[4096];
	size_t plain = 0;
	size_t count = 0;

	(void)state;
	assert_non_null(list);
	while (fgets(path, sizeof(path), list) != NULL) {
		path[strcspn(path, "\n")] = '\0';
		if (!check_against_file(path, &plain)) {
			(void)pclose(list);
			print_message("file(1) is not installed\n");
			skip();
		}
		count++;
	}
	(void)pclose(list);
	if (count < 10) {
		print_message("no files to compare here\n");
		skip();
	}
	assert_true(plain > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known_digests),
	    cmocka_unit_test(test_empty),
	    cmocka_unit_test(test_truncated_elf),
	    cmocka_unit_test(test_truncated_pe),
	    cmocka_unit_test(test_one_byte),
	    cmocka_unit_test(test_types),
	    cmocka_unit_test(test_entropy),
	    cmocka_unit_test(test_tlsh),
	    cmocka_unit_test(test_range),
	    cmocka_unit_test(test_cut_input),
	    cmocka_unit_test(test_large),
	    cmocka_unit_test(test_elf),
	    cmocka_unit_test(test_same_as_file),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	(void)identify_load(NULL);
	return cmocka_run_group_tests_name("identify", tests, NULL, NULL);
}
