/* SPDX-License-Identifier: Apache-2.0 */
/* test_conf.c - the configuration file. */
#include "lib/conf.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static char why[256];

static int
parse(const char *text, struct conf **ret_conf)
{
	why[0] = '\0';
	*ret_conf = NULL;
	return conf_parse(text, strlen(text), why, sizeof(why), ret_conf);
}

static void
refuses(const char *text, const char *expected)
{
	struct conf *conf;

	assert_int_equal(parse(text, &conf), ERR_FORMAT);
	assert_null(conf);
	if (strstr(why, expected) == NULL)
		fail_msg("\"%s\" does not contain \"%s\"", why, expected);
}

static void
test_empty_gives_defaults(void **state)
{
	struct conf *conf;
	const struct conf_key *keys;
	size_t count;

	(void)state;
	assert_int_equal(parse("", &conf), ERR_OK);
	keys = conf_keys(&count);
	assert_true(count > 10);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(
		    conf_get(conf, keys[i].name), keys[i].fallback);
		assert_true(strlen(keys[i].text) > 10);
		assert_non_null(strchr(keys[i].name, '.'));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(keys[i].name, keys[j].name);
	}
	conf_free(conf);
}

static void
test_values(void **state)
{
	struct conf *conf;

	(void)state;
	assert_int_equal(parse("# comment\r\n"
			       "[loepd]\r\n"
			       "  user =  /srv/a b = c # no comment \r\n"
			       "\n"
			       "\t[ web ]\n"
			       "connections=7\n"
			       "idle_seconds =",
			     &conf),
	    ERR_OK);
	assert_string_equal(
	    conf_get(conf, "loepd.user"), "/srv/a b = c # no comment");
	assert_string_equal(conf_get(conf, "web.connections"), "7");
	assert_string_equal(conf_get(conf, "web.idle_seconds"), "");
	assert_string_equal(conf_get(conf, "vm.slots"), "1");
	conf_free(conf);
}

/* More sections of one kind, each with values of its own. */
static void
test_named(void **state)
{
	static const char *const bad[] = {"[oidc.]\n", "[oidc.a.b]\n",
	    "[oidc.oidc]\n", "[web.a]\n", "[oidc.a]\nstrangers = wait\n",
	    "[oidc.a]\nsign_in_seconds = 1\n", "[oidc.a]\nother = 1\n",
	    "[oidc.a]\nlabel = 1\n[oidc]\n[oidc.a]\nlabel = 2\n",
	    "[oidc.a]\n[oidc.b]\n[oidc.c]\n[oidc.d]\n[oidc.e]\n[oidc.f]\n"
	    "[oidc.g]\n[oidc.h]\n"};
	struct conf *conf;

	(void)state;
	assert_int_equal(parse("[oidc.two]\nissuer = https://two\n"
			       "[oidc]\nissuer = https://one\nlabel = One\n"
			       "[oidc.three]\n[oidc.two]\nlabel = Two\n",
			     &conf),
	    ERR_OK);
	assert_string_equal(conf_get(conf, "oidc.issuer"), "https://one");
	assert_string_equal(conf_name(conf, "oidc", 0), "two");
	assert_string_equal(conf_name(conf, "oidc", 1), "three");
	assert_null(conf_name(conf, "oidc", 2));
	assert_null(conf_name(conf, "web", 0));
	assert_string_equal(
	    conf_get_of(conf, "oidc", "two", "issuer"), "https://two");
	assert_string_equal(conf_get_of(conf, "oidc", "two", "label"), "Two");
	/* Nothing is handed down from [oidc] but the defaults. */
	assert_string_equal(conf_get_of(conf, "oidc", "three", "label"), "");
	assert_string_equal(conf_get_of(conf, "oidc", "three", "ca_file"),
	    conf_get(conf, "oidc.ca_file"));
	conf_free(conf);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parse(bad[i], &conf) != ERR_FORMAT)
			fail_msg("taken: %s", bad[i]);
	}
}

static void
test_errors_name_the_line(void **state)
{
	(void)state;
	refuses("user = x\n", "line 1: a [section] must come");
	refuses(
	    "[loepd]\n\nusr = x\n", "line 3: there is no key \"loepd.usr\"");
	refuses("[loepd]\nlog_level = a\nlog_level = b\n",
	    "line 3: this key was set before");
	refuses("[nothing]\n", "line 1: there is no section \"nothing\"");
	refuses("[loepd\n", "line 1: a section is");
	refuses("[", "line 1: a section is");
	refuses("[]", "line 1: a section's name");
	refuses("[LOEPD]", "line 1: a section's name");
	refuses("[loepd]\nuser /x\n", "line 2: expected \"key = value\"");
	refuses("[loepd]\n= x\n", "line 2: a key is");
	refuses("[loepd]\nState = x\n", "line 2: a key is");
	refuses("[loepd]\nuser = a\vb\n", "line 2: the value holds");
	/* A section's name is not a beginning of another. */
	refuses("[loep]\n", "there is no section");
}

static void
test_nul_is_refused(void **state)
{
	static const char text[] = "[loepd]\nuser = a\0b\n";
	struct conf *conf = NULL;

	(void)state;
	assert_int_equal(
	    conf_parse(text, sizeof(text) - 1, why, sizeof(why), &conf),
	    ERR_FORMAT);
	assert_null(conf);
}

static void
test_bounds(void **state)
{
	auto_free char *text = xmalloc(LIMIT_CONF_BYTES + 1);
	struct conf *conf = NULL;
	int len;

	(void)state;
	memset(text, '#', LIMIT_CONF_BYTES + 1);
	assert_int_equal(
	    conf_parse(text, LIMIT_CONF_BYTES, why, sizeof(why), &conf),
	    ERR_OK);
	conf_free(conf);
	conf = NULL;
	assert_int_equal(
	    conf_parse(text, LIMIT_CONF_BYTES + 1, why, sizeof(why), &conf),
	    ERR_LIMIT);
	assert_null(conf);
	assert_non_null(strstr(why, "longer than"));
	len = snprintf(text, LIMIT_CONF_BYTES, "[loepd]\nuser = ");
	memset(text + len, 'x', LIMIT_TEXT_BYTES);
	assert_int_equal(conf_parse(text, (size_t)len + LIMIT_TEXT_BYTES, why,
			     sizeof(why), &conf),
	    ERR_FORMAT);
	assert_int_equal(conf_parse(text, (size_t)len + LIMIT_TEXT_BYTES - 1,
			     why, sizeof(why), &conf),
	    ERR_OK);
	conf_free(conf);
	/* A name that does not fit is refused, not cut. */
	len = snprintf(text, LIMIT_CONF_BYTES, "[loepd]\n");
	memset(text + len, 'x', 64);
	(void)snprintf(text + len + 64, 8, "=1");
	refuses(text, "line 2: a key is");
}

static void
test_files(void **state)
{
	char path[] = "/tmp/loep-test-conf-XXXXXX";
	auto_close int fd = mkstemp(path);
	struct conf *conf = NULL;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "[vm]\nslots=3\n", 13), 13);
	assert_int_equal(
	    conf_read(path, false, why, sizeof(why), &conf), ERR_OK);
	assert_string_equal(conf_get(conf, "vm.slots"), "3");
	conf_free(conf);
	conf = NULL;
	assert_int_equal(unlink(path), 0);
	assert_int_equal(
	    conf_read(path, true, why, sizeof(why), &conf), ERR_OK);
	conf_free(conf);
	conf = NULL;
	assert_int_equal(
	    conf_read(path, false, why, sizeof(why), &conf), ERR_SYS);
	assert_non_null(strstr(why, path));
	assert_int_equal(
	    conf_read("/tmp", false, why, sizeof(why), &conf), ERR_SYS);
	assert_null(conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_empty_gives_defaults),
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_named),
	    cmocka_unit_test(test_errors_name_the_line),
	    cmocka_unit_test(test_nul_is_refused),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_files),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
