/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_scan.c - rule sets that the test writes, good and bad, and what a scan
 * with them tells: matches, facts, limits and errors.
 */
#include "analysers/yara/scan.h"

#include "../harness.h"
#include "analysers/yara/blocks.h"
#include "analysers/yara/compile.h"
#include "analysers/yara/match.h"
#include "lib/digests.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

static char folder[64];

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/loep-yara-XXXXXX");
	return mkdtemp(folder) == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
write_rules(const char *name, const char *text)
{
	auto_free char *path = xasprintf("%s/%s", folder, name);
	char *slash = strrchr(path, '/');
	FILE *file;

	*slash = '\0';
	(void)mkdir(path, 0700);
	*slash = '/';
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static struct harness
scan(struct ruleset *ruleset, const void *p, size_t len, const char *context)
{
	return harness_run(scan_analyse, ruleset, p, len, context);
}

static bool
has_match(struct ruleset *ruleset, const void *p, size_t len, const char *rule)
{
	struct harness run = scan(ruleset, p, len, "{}");
	bool is_there = harness_find(&run, "match", "rule", rule) != NULL;

	assert_int_equal(run.err, ERR_OK);
	harness_release(&run);
	return is_there;
}

/* The reason why a file (rule "") or rule was set aside, or NULL. */
static const char *
reason(const json_t *info, const char *file, const char *rule)
{
	size_t i;
	json_t *one;

	json_array_foreach(json_object_get(info, "set_aside"), i, one)
	{
		if (strcmp(json_member_text(one, "file", ""), file) == 0 &&
		    strcmp(json_member_text(one, "rule", ""), rule) == 0)
			return json_member_text(one, "why", "");
	}
	return NULL;
}

static void
test_match(void **state)
{
	struct ruleset *ruleset;
	struct harness run;
	json_t *match, *place;
	json_t *meta;

	(void)state;
	write_rules("sub/a.yar",
	    "rule hit : one two { meta: score = 70 author = \"x\" "
	    "author = \"y\" attack = \"T1059.004\" flag = true "
	    "strings: $a = \"needle\" $b = { 00 01 02 } "
	    "condition: any of them }\n"
	    "private rule hidden { condition: true }\n"
	    "rule uses { condition: hidden }\n");
	ruleset = ruleset_load(folder);
	run = scan(ruleset, "a needle, a needle\0\1\2", 21, "{}");
	assert_int_equal(run.err, ERR_OK);
	assert_int_equal(harness_count(&run, "match"), 2);
	assert_null(harness_find(&run, "match", "rule", "hidden"));
	match = harness_find(&run, "match", "rule", "hit");
	assert_string_equal(
	    json_member_text(match, "namespace", ""), "sub/a.yar");
	assert_int_equal(json_member_int(match, "score", 0), 70);
	assert_int_equal(json_array_size(json_object_get(match, "tags")), 2);
	assert_int_equal(json_array_size(json_object_get(match, "attack")), 1);
	meta = json_object_get(match, "meta");
	assert_int_equal(json_array_size(json_object_get(meta, "author")), 2);
	assert_true(json_is_true(json_object_get(meta, "flag")));
	assert_int_equal(json_member_int(match, "strings_total", 0), 3);
	place = json_array_get(json_object_get(match, "strings"), 1);
	assert_string_equal(json_member_text(place, "id", ""), "$a");
	assert_int_equal(json_member_int(place, "offset", 0), 12);
	assert_int_equal(json_member_int(place, "length", 0), 6);
	assert_string_equal(
	    json_member_text(place, "data", ""), "6e6565646c65");
	match = harness_find(&run, "match", "rule", "uses");
	assert_int_equal(
	    json_member_int(match, "score", 0), MATCH_SCORE_DEFAULT);
	harness_release(&run);
	ruleset_free(ruleset);
}

static void
test_externals(void **state)
{
	static const char context[] =
	    "{\"name\": \"x.tar.exe\", \"magic\": \"PE32 executable\", "
	    "\"owner\": \"me\"}";
	struct ruleset *ruleset;
	struct harness run;

	(void)state;
	write_rules("e.yar",
	    "rule given { condition: filename == \"x.tar.exe\" and "
	    "extension == \".exe\" and filepath contains \"x.tar\" and "
	    "filetype == \"EXE\" and owner == \"me\" }\n"
	    "rule unset { condition: filename == \"\" and extension == \"\" }");
	ruleset = ruleset_load(folder);
	run = scan(ruleset, "MZ", 2, context);
	assert_non_null(harness_find(&run, "match", "rule", "given"));
	assert_null(harness_find(&run, "match", "rule", "unset"));
	harness_release(&run);
	/* Nothing of the artefact before stays. */
	assert_true(has_match(ruleset, "x", 1, "unset"));
	ruleset_free(ruleset);
}

static void
test_set_aside(void **state)
{
	struct ruleset *ruleset;
	auto_json json_t *info = NULL;

	(void)state;
	write_rules("good.yar", "rule good { condition: true }");
	write_rules("mixed.yar",
	    "rule first { condition: true }\n"
	    "rule wrong { strings: $a = \"a\" condition: $b }\n"
	    "rule needs { condition: wrong }\n"
	    "rule last { condition: true }\n");
	write_rules("text.yar", "this is no rule\n");
	write_rules("module.yar",
	    "import \"androguard\"\nrule r { condition: true }\n");
	write_rules("index.yar", "include \"./good.yar\"\n");
	write_rules("ignored.txt", "rule no { condition: true }");
	ruleset = ruleset_load(folder);
	info = ruleset_info(ruleset);
	assert_true(has_match(ruleset, "x", 1, "good"));
	assert_true(has_match(ruleset, "x", 1, "first"));
	assert_true(has_match(ruleset, "x", 1, "last"));
	assert_false(has_match(ruleset, "x", 1, "needs"));
	assert_false(has_match(ruleset, "x", 1, "no"));
	assert_non_null(
	    strstr(reason(info, "mixed.yar", "wrong"), "undefined string"));
	assert_non_null(reason(info, "mixed.yar", "needs"));
	assert_null(reason(info, "mixed.yar", "first"));
	assert_null(reason(info, "good.yar", ""));
	assert_null(reason(info, "index.yar", ""));
	assert_int_equal(json_member_int(info, "rules", 0),
	    has_match(ruleset, "x", 1, "r") ? 4 : 3);
	ruleset_free(ruleset);
}

/* Loops in loops over the whole file: the others go on. */
static void
test_too_slow(void **state)
{
	struct ruleset *ruleset;
	auto_json json_t *info = NULL;

	(void)state;
	write_rules("slow.yar",
	    "rule fast { condition: true }\n"
	    "rule slow { condition: for any i in (0..filesize) : ("
	    "for any j in (0..filesize) : (uint8(i) + uint8(j) > 600)) }\n"
	    "rule after { condition: true }\n");
	ruleset = ruleset_load(folder);
	info = ruleset_info(ruleset);
	assert_non_null(reason(info, "slow.yar", "slow"));
	assert_non_null(strstr(reason(info, "slow.yar", "slow"), "too slow"));
	assert_int_equal(json_member_int(info, "set_aside_rules", 0), 1);
	assert_true(has_match(ruleset, "x", 1, "fast"));
	assert_true(has_match(ruleset, "x", 1, "after"));
	assert_int_equal(strlen(ruleset->digest), 64);
	ruleset_free(ruleset);
}

static void
test_unreadable(void **state)
{
	auto_free char *both = xasprintf("/no/such/folder:%s", folder);
	struct ruleset *ruleset;
	auto_json json_t *info = NULL;

	(void)state;
	write_rules("a.yar", "rule a { condition: true }");
	ruleset = ruleset_load(both);
	info = ruleset_info(ruleset);
	assert_non_null(reason(info, "/no/such/folder", ""));
	assert_true(has_match(ruleset, "x", 1, "a"));
	ruleset_free(ruleset);
	ruleset = ruleset_load("");
	assert_int_equal(ruleset->rule_count, 0);
	assert_false(has_match(ruleset, "x", 1, "a"));
	ruleset_free(ruleset);
}

/* Comments do not change the digest of a set; conditions do. */
static void
test_digest(void **state)
{
	static const char *const texts[] = {"rule a { condition: true }",
	    "// why\nrule a {\n\tcondition: true\n}\n",
	    "rule a { condition: false }"};
	char digests[3][SHA256_HEX_BYTES];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct ruleset *ruleset;

		write_rules("a.yar", texts[i]);
		ruleset = ruleset_load(folder);
		memcpy(digests[i], ruleset->digest, SHA256_HEX_BYTES);
		ruleset_free(ruleset);
	}
	assert_string_equal(digests[0], digests[1]);
	assert_string_not_equal(digests[0], digests[2]);
}

/* The sets by first bytes give what one set would give. */
static void
test_classes(void **state)
{
	struct ruleset *ruleset;

	(void)state;
	write_rules("c.yar", "import \"pe\"\n"
			     "rule mz { condition: uint16(0) == 0x5A4D }\n"
			     "rule elf { condition: uint32(0) == 0x464C457F }\n"
			     "rule not_pe { condition: not pe.is_pe }\n"
			     "rule every { condition: true }\n");
	ruleset = ruleset_load(folder);
	assert_true(has_match(ruleset, "MZxx", 4, "mz"));
	assert_true(has_match(ruleset, "MZxx", 4, "every"));
	assert_true(has_match(ruleset, "MZxx", 4, "not_pe"));
	assert_false(has_match(ruleset, "MZxx", 4, "elf"));
	assert_true(has_match(ruleset,
	    "\x7f"
	    "ELF",
	    4, "elf"));
	assert_true(has_match(ruleset,
	    "\x7f"
	    "ELF",
	    4, "not_pe"));
	assert_false(has_match(ruleset, "text", 4, "mz"));
	assert_true(has_match(ruleset, "text", 4, "not_pe"));
	assert_true(has_match(ruleset, "", 0, "every"));
	ruleset_free(ruleset);
}

static void
put_le(uint8_t *at, uint32_t v, size_t width)
{
	for (size_t i = 0; i < width; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

#define PE_BYTES ((size_t)1024)

/* A PE32 of one section at 0x1000 that imports one function of each DLL
 * (Microsoft, "PE Format"). */
static void
make_pe(uint8_t pe[PE_BYTES])
{
	uint8_t *head = pe + 0x40;
	uint8_t *optional = head + 24;
	uint8_t *section = optional + 224;
	uint8_t *data = pe + 0x200; /* RVA 0x1000 */

	memset(pe, 0, PE_BYTES);
	memcpy(pe, "MZ", 2);
	put_le(pe + 0x3c, 0x40, 4);
	memcpy(head, "PE\0\0", 4);
	put_le(head + 4, 0x14c, 2);	 /* i386 */
	put_le(head + 6, 1, 2);		 /* sections */
	put_le(head + 8, 1700000000, 4); /* timestamp */
	put_le(head + 20, 224, 2);
	put_le(head + 22, 0x0102, 2);
	put_le(optional, 0x10b, 2);
	put_le(optional + 16, 0x1000, 4); /* entry point */
	put_le(optional + 28, 0x400000, 4);
	put_le(optional + 32, 0x1000, 4);
	put_le(optional + 36, 0x200, 4);
	put_le(optional + 56, 0x2000, 4);
	put_le(optional + 60, 0x200, 4);
	put_le(optional + 68, 2, 2); /* subsystem: GUI */
	put_le(optional + 92, 16, 4);
	put_le(optional + 104, 0x1000, 4); /* imports */
	put_le(optional + 108, 60, 4);
	memcpy(section, ".text", 5);
	put_le(section + 8, 0x200, 4);
	put_le(section + 12, 0x1000, 4);
	put_le(section + 16, 0x200, 4);
	put_le(section + 20, 0x200, 4);
	put_le(section + 36, 0x60000020, 4);
	for (uint32_t i = 0; i < 2; i++) {
		uint8_t *import = data + 20 * i;

		put_le(import, 0x1080 + 16 * i, 4);
		put_le(import + 12, 0x1100 + 32 * i, 4);
		put_le(import + 16, 0x1080 + 16 * i, 4);
		put_le(data + 0x80 + 16 * i, 0x1180 + 32 * i, 4);
	}
	memcpy(data + 0x100, "KERNEL32.dll", 12);
	memcpy(data + 0x120, "USER32.dll", 10);
	memcpy(data + 0x182, "ExitProcess", 11);
	memcpy(data + 0x1a2, "MessageBoxA", 11);
}

static void
test_pe_facts(void **state)
{
	/* The definition: MD5 of "dll.function", lower case, by commas. */
	static const char imports[] = "kernel32.exitprocess,user32.messageboxa";
	struct ruleset *ruleset = ruleset_load("");
	struct digests *digests = digests_new();
	struct digests_hex hex;
	uint8_t pe[PE_BYTES];
	struct harness run;
	json_t *fact;

	(void)state;
	digests_update(digests, imports, strlen(imports));
	digests_final(digests, &hex);
	digests_free(digests);
	make_pe(pe);
	run = scan(ruleset, pe, sizeof(pe), "{}");
	assert_int_equal(run.err, ERR_OK);
	fact = harness_fact(&run, "pe");
	assert_non_null(fact);
	assert_string_equal(
	    json_member_text(fact, "imphash", ""), hex.hex[DIGEST_MD5]);
	assert_string_equal(json_member_text(fact, "machine_name", ""), "I386");
	assert_int_equal(json_member_int(fact, "timestamp", 0), 1700000000);
	assert_int_equal(json_member_int(fact, "number_of_sections", 0), 1);
	assert_int_equal(json_member_int(fact, "is_dll", -1), 0);
	assert_int_equal(json_array_size(harness_fact(&run, "pe_imports")), 2);
	assert_string_equal(
	    json_member_text(
		json_array_get(harness_fact(&run, "pe_sections"), 0), "name",
		""),
	    ".text");
	assert_null(harness_fact(&run, "elf"));
	harness_release(&run);
	/* Cut or damaged anywhere: no crash, and only what is there. */
	for (size_t len = 0; len < sizeof(pe); len += 7) {
		run = scan(ruleset, pe, len, "{}");
		assert_int_equal(run.err, ERR_OK);
		harness_release(&run);
	}
	ruleset_free(ruleset);
}

static void
test_elf_facts(void **state)
{
	auto_close int file = open("/usr/bin/true", O_RDONLY | O_CLOEXEC);
	static uint8_t buf[256 * 1024];
	ssize_t len = file == -1 ? -1 : read(file, buf, sizeof(buf));
	struct ruleset *ruleset;
	struct harness run;

	(void)state;
	if (len <= 0)
		skip();
	ruleset = ruleset_load("");
	run = scan(ruleset, buf, (size_t)len, "{}");
	assert_non_null(harness_fact(&run, "elf"));
	assert_true(json_array_size(harness_fact(&run, "elf_sections")) > 5);
	assert_true(json_array_size(harness_fact(&run, "elf_segments")) > 2);
	assert_null(harness_fact(&run, "pe"));
	harness_release(&run);
	ruleset_free(ruleset);
}

static void
test_too_many_matches(void **state)
{
	const size_t len = YR_MAX_STRING_MATCHES + MIB;
	auto_free uint8_t *letters = xmalloc(len);
	struct ruleset *ruleset;
	struct harness run;

	(void)state;
	memset(letters, 'q', len);
	write_rules("m.yar", "rule m { strings: $a = \"q\" condition: $a }");
	ruleset = ruleset_load(folder);
	run = scan(ruleset, letters, len, "{}");
	assert_non_null(
	    harness_find(&run, "error", "what", "too_many_matches"));
	harness_release(&run);
	ruleset_free(ruleset);
}

/* Slow only on what the trial does not have: the time limit is met. */
static void
test_timeout(void **state)
{
	auto_free uint8_t *zeros = xcalloc(1, MIB);
	struct ruleset *ruleset;
	struct harness run;

	(void)state;
	write_rules("t.yar",
	    "rule t { condition: filesize > 500KB and "
	    "for any i in (0..filesize) : (for any j in (0..filesize) : "
	    "(uint8(i) + uint8(j) > 600)) }");
	ruleset = ruleset_load(folder);
	assert_int_equal(ruleset->set_aside_rules, 0);
	run = scan(ruleset, zeros, MIB, "{\"limits\": {\"seconds\": 2}}");
	assert_int_equal(run.err, ERR_LIMIT);
	assert_non_null(harness_find(&run, "error", "what", "timeout"));
	harness_release(&run);
	ruleset_free(ruleset);
}

/* Blocks overlap: what lies on a seam is found, once, at its place. */
static void
test_blocks(void **state)
{
	const uint64_t size = 2 * BLOCK_BYTES + 5000;
	const uint64_t seam = BLOCK_BYTES - 3;
	int file = memfd_create("blocks", MFD_CLOEXEC);
	struct ruleset *ruleset;
	struct harness run;
	json_t *match;

	(void)state;
	assert_int_equal(ftruncate(file, (off_t)size), 0);
	assert_int_equal(pwrite(file, "head", 4, 0), 4);
	assert_int_equal(pwrite(file, "needle", 6, (off_t)seam), 6);
	write_rules("b.yar",
	    "rule seam { strings: $a = \"needle\" condition: #a == 1 and "
	    "uint32(0) == 0x64616568 and filesize > 64MB }");
	ruleset = ruleset_load(folder);
	run = harness_run_range(scan_analyse, ruleset, file, size, "{}");
	assert_int_equal(run.err, ERR_OK);
	match = harness_find(&run, "match", "rule", "seam");
	assert_non_null(match);
	assert_int_equal(
	    json_member_int(
		json_array_get(json_object_get(match, "strings"), 0), "offset",
		0),
	    seam);
	assert_non_null(harness_find(&run, "limit", "limit", "scan_blocks"));
	harness_release(&run);
	ruleset_free(ruleset);
	(void)close(file);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_match),
	    TEST(test_externals),
	    TEST(test_set_aside),
	    TEST(test_too_slow),
	    TEST(test_unreadable),
	    TEST(test_digest),
	    TEST(test_classes),
	    TEST(test_pe_facts),
	    TEST(test_elf_facts),
	    TEST(test_too_many_matches),
	    TEST(test_timeout),
	    TEST(test_blocks),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	digests_load();
	compile_load();
	return cmocka_run_group_tests_name("yara/scan", tests, NULL, NULL);
}
