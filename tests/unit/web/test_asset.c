/* SPDX-License-Identifier: Apache-2.0 */
/* test_asset.c - which files are taken in, and which are found. */
#include "web/asset.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

static char top[64];

static void
put(const char *name, const char *text)
{
	auto_free char *path = xasprintf("%s/%s", top, name);
	auto_close int fd =
	    open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void
drop(const char *name)
{
	auto_free char *path = xasprintf("%s/%s", top, name);

	assert_int_equal(unlink(path), 0);
}

static int
begin(void **state)
{
	auto_free char *path = NULL;

	(void)state;
	(void)snprintf(top, sizeof(top), "/tmp/loep-asset-XXXXXX");
	if (mkdtemp(top) == NULL)
		return -1;
	path = xasprintf("%s/assets", top);
	if (mkdir(path, 0700) == -1)
		return -1;
	put("index.html", "<!doctype html>");
	put("assets/index-abc.js", "1;");
	put("assets/index-abc.css", "");
	return 0;
}

static int
end(void **state)
{
	auto_free char *command = xasprintf("rm -rf '%s'", top);

	(void)state;
	return system(command);
}

static const struct asset *
find(const struct assets *assets, const char *name)
{
	return assets_find(assets, name, strlen(name));
}

static void
test_load(void **state)
{
	struct assets *assets = NULL;

	(void)state;
	assert_int_equal(assets_load(top, &assets), ERR_OK);
	assert_int_equal(assets->count, 3);
	assert_string_equal(find(assets, "")->type, "text/html; charset=utf-8");
	assert_string_equal(find(assets, "index-abc.js")->type,
	    "text/javascript; charset=utf-8");
	assert_memory_equal(find(assets, "index-abc.js")->bytes, "1;", 2);
	/* The first 16 bytes of the SHA-256 of nothing. */
	assert_string_equal(find(assets, "index-abc.css")->etag,
	    "\"e3b0c44298fc1c149afbf4c8996fb924\"");
	assert_null(find(assets, "index-abc"));
	assert_null(find(assets, "../index.html"));
	assert_null(find(assets, "index.html"));
	assert_null(find(NULL, ""));
	assets_free(assets);
}

static void
test_bad_folders(void **state)
{
	auto_free char *link = xasprintf("%s/assets/link.js", top);
	auto_free char *none = xasprintf("%s/none", top);
	struct assets *assets = NULL;

	(void)state;
	assert_int_equal(assets_load(none, &assets), ERR_NOT_FOUND);
	put("assets/run.sh", "");
	assert_int_equal(assets_load(top, &assets), ERR_FORMAT);
	drop("assets/run.sh");
	put("assets/a b.js", "");
	assert_int_equal(assets_load(top, &assets), ERR_FORMAT);
	drop("assets/a b.js");
	/* Nothing outside the folder gets in. */
	assert_int_equal(symlink("/etc/passwd", link), 0);
	assert_int_equal(assets_load(top, &assets), ERR_SYS);
	drop("assets/link.js");
	assert_int_equal(mkfifo(link, 0600), 0);
	assert_int_equal(assets_load(top, &assets), ERR_SYS);
	drop("assets/link.js");
	drop("index.html");
	assert_int_equal(assets_load(top, &assets), ERR_NOT_FOUND);
	put("index.html", "");
	assert_null(assets);
}

static void
test_bounds(void **state)
{
	auto_free char *path = xasprintf("%s/assets/large.js", top);
	struct assets *assets = NULL;
	char name[32];

	(void)state;
	put("assets/large.js", "");
	assert_int_equal(truncate(path, (off_t)ASSET_BYTES_MAX + 1), 0);
	assert_int_equal(assets_load(top, &assets), ERR_LIMIT);
	drop("assets/large.js");
	for (size_t i = 0; i < ASSET_FILES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "assets/n%zu.js", i);
		put(name, "");
	}
	assert_int_equal(assets_load(top, &assets), ERR_LIMIT);
	assert_null(assets);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_load, begin, end),
	    cmocka_unit_test_setup_teardown(test_bad_folders, begin, end),
	    cmocka_unit_test_setup_teardown(test_bounds, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
