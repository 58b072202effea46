/* SPDX-License-Identifier: Apache-2.0 */
/* test_options.c - what may be asked of a run; guest images on disk. */
#include "vm/options.h"
#include "vm/profile.h"

#include "agents/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define DISK_SHA \
 "1044dec7206e8d7c9fbb4ae8f766668406d2567fc7fc1a160a9d4700fcf8f8e9"
#define KERNEL_SHA \
 "6923dd1bc0460082c5d55a831908c24a282860b7f1cd6c2b79cf1bc8857c639c"

static char folder[] = "/tmp/loep-profile-XXXXXX";

static int
parse(const char *text, struct options *o)
{
	char why[256];

	return options_parse(text, strlen(text), why, o);
}

static void
test_defaults(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse("", &o), ERR_OK);
	assert_int_equal(o.time_limit_s, 60);
	assert_int_equal(o.method, WIRE_M_AUTO);
	assert_true(o.has_network);
	assert_null(options_args(&o));
	options_release(&o);
}

static void
test_all(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(
	    parse("{\"seconds\":5,\"method\":\"member\",\"member\":\"a/b\","
		  "\"password\":\"infected\",\"args\":[\"x\",\"\"],"
		  "\"env\":{\"A\":\"1\"},\"uid\":1000,\"network\":\"none\","
		  "\"profile\":\"debian-12\",\"name\":\"else\"}",
		&o),
	    ERR_OK);
	assert_int_equal(o.time_limit_s, 5);
	assert_int_equal(o.method, WIRE_M_MEMBER);
	assert_string_equal(o.member, "a/b");
	assert_int_equal(json_array_size(options_args(&o)), 2);
	assert_int_equal(json_object_size(options_env(&o)), 1);
	assert_int_equal(o.uid, 1000);
	assert_false(o.has_network);
	options_release(&o);
}

static void
test_refusals(void **state)
{
	static const char *const bad[] = {
	    "[]",
	    "nonsense",
	    "{\"seconds\":0}",
	    "{\"seconds\":-1}",
	    "{\"seconds\":1e9}",
	    "{\"seconds\":100000}",
	    "{\"method\":\"fly\"}",
	    "{\"network\":\"real\"}",
	    "{\"args\":\"x\"}",
	    "{\"args\":[1]}",
	    "{\"env\":{\"A=B\":\"1\"}}",
	    "{\"env\":[\"A=1\"]}",
	    "{\"uid\":70000}",
	    "{\"member\":7}",
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(bad[i], &o), ERR_FORMAT);
}

static void
put(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static const char conf[] = "# comment\nname = one\ndisk = d.qcow2\n"
			   "kernel = k\nmemory_mib = 256\nvcpus=2\n"
			   "unknown = ignored\n";

static void
on_bad(const char *name, const char *why)
{
	assert_string_equal(name, "two");
	assert_true(strlen(why) > 0);
}

static void
test_a_profile(void **state)
{
	/* SHA-256 of "disk" and of "kernel". */
	static const char manifest[] =
	    "{\"image\":{\"sha256\":\"" DISK_SHA "\"},"
	    "\"kernel\":{\"sha256\":\"" KERNEL_SHA "\"}}";
	char why[PROFILE_WHY_BYTES];
	struct profile p, all[PROFILES_MAX];

	(void)state;
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(mkdir("one", 0700), 0);
	assert_int_equal(mkdir("two", 0700), 0);
	put("one/profile.conf", conf);
	assert_int_equal(profile_load(folder, "one", why, &p), ERR_FORMAT);
	put("one/manifest.json", manifest);
	put("one/d.qcow2", "disk");
	put("one/k", "kernel");
	assert_int_equal(profile_load(folder, "one", why, &p), ERR_OK);
	assert_int_equal(p.memory_mib, 256);
	assert_string_equal(p.cpu, "Nehalem");
	assert_int_equal(profile_verify(&p, why), ERR_OK);
	assert_true(profile_is_current(&p));
	assert_int_equal(profile_list(folder, all, PROFILES_MAX, on_bad), 1);
	put("one/d.qcow2", "other disk");
	assert_int_equal(profile_verify(&p, why), ERR_FORMAT);
	assert_non_null(strstr(why, "d.qcow2"));
	assert_false(profile_is_current(&p));
	assert_int_equal(profile_load(folder, "../x", why, &p), ERR_FORMAT);
}

static void
test_bad_profiles(void **state)
{
	static const char *const bad[] = {
	    "name = x\n",
	    "disk = x\n",
	    "name = x\ndisk = ../../etc/passwd\n",
	    "name = x\ndisk = /etc/passwd\n",
	    "name = x\ndisk = d\nmemory_mib = lots\n",
	    "name = x\ndisk = d\nvcpus = 0\n",
	    "name = x\ndisk = d\nvcpus = 100000\n",
	    "name = x\ndisk = d\ncmdline = \001\n",
	    "no equals sign\n",
	};
	char why[PROFILE_WHY_BYTES];
	struct profile p;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(
		    profile_parse(bad[i], strlen(bad[i]), "/x", why, &p),
		    ERR_OK);
}

static int
clean(void **state)
{
	static const char *const files[] = {
	    "one/profile.conf", "one/manifest.json", "one/d.qcow2", "one/k"};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		(void)unlink(files[i]);
	(void)rmdir("one");
	(void)rmdir("two");
	if (chdir("/") == -1)
		return 1;
	(void)rmdir(folder);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_all),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_a_profile),
	    cmocka_unit_test(test_bad_profiles),
	};

	if (mkdtemp(folder) == NULL)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, clean);
}
