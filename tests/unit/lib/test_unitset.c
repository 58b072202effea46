/* SPDX-License-Identifier: Apache-2.0 */
/* test_unitset.c - sets of compile units, written, sealed and read. */
#include "lib/own.h"
#include "lib/unitset.h"
#include "lib/xalloc.h"
#include "mutate.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>

#include <cmocka.h>

static const uint8_t closure[SHA256_BYTES] = {1, 2, 3};
static const uint8_t digest[SHA256_BYTES] = {4, 5, 6};

static struct unit
one(const char *name, const char *text)
{
	return (struct unit){.closure = closure,
	    .text_digest = digest,
	    .namespace_name = "site/mail",
	    .name = name,
	    .text = text,
	    .text_len = strlen(text),
	    .flags = UNIT_NOISY | UNIT_PRIVATE};
}

static void
test_round_trip(void **state)
{
	static const char text[] = "rule a { condition: true }";
	struct unit unit = one("a", text);
	struct unitset_out out;
	struct unitset set;
	auto_close int fd = -1;

	(void)state;
	unitset_out_init(&out);
	assert_int_equal(unitset_add(&out, &unit), ERR_OK);
	unit = one("b", "");
	unit.namespace_name = "";
	unit.flags = 0;
	assert_int_equal(unitset_add(&out, &unit), ERR_OK);
	assert_int_equal(unitset_seal(&out, &fd), ERR_OK);
	unitset_out_release(&out);
	/* Nobody changes it any more. */
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 1), -1);

	assert_int_equal(unitset_open(&set, fd), ERR_OK);
	assert_int_equal(set.count, 2);
	assert_int_equal(unitset_next(&set, &unit), ERR_OK);
	assert_memory_equal(unit.closure, closure, sizeof(closure));
	assert_memory_equal(unit.text_digest, digest, sizeof(digest));
	assert_string_equal(unit.namespace_name, "site/mail");
	assert_string_equal(unit.name, "a");
	assert_string_equal(unit.text, text);
	assert_int_equal(unit.text_len, sizeof(text) - 1);
	assert_int_equal(unit.flags, UNIT_NOISY | UNIT_PRIVATE);
	assert_int_equal(unitset_next(&set, &unit), ERR_OK);
	assert_string_equal(unit.name, "b");
	assert_string_equal(unit.text, "");
	assert_int_equal(unitset_next(&set, &unit), ERR_NOT_FOUND);
	assert_int_equal(unitset_next(&set, &unit), ERR_NOT_FOUND);
	unitset_release(&set);
}

static void
test_refused_units(void **state)
{
	struct unitset_out out;
	struct unit unit = one("", "x");
	auto_free char *name = xcalloc(1, UNIT_NAMESPACE_BYTES_MAX + 2);
	size_t len;

	(void)state;
	unitset_out_init(&out);
	len = out.wire.len;
	assert_int_equal(unitset_add(&out, &unit), ERR_FORMAT);
	memset(name, 'n', UNIT_NAMESPACE_BYTES_MAX + 1);
	unit = one("a", "x");
	unit.namespace_name = name;
	assert_int_equal(unitset_add(&out, &unit), ERR_FORMAT);
	unit = one(name, "x");
	assert_int_equal(unitset_add(&out, &unit), ERR_FORMAT);
	unit = one("a", "x");
	unit.text_len = 2; /* its NUL */
	assert_int_equal(unitset_add(&out, &unit), ERR_FORMAT);
	unit = one("a", "x");
	unit.flags = UNIT_FLAGS + 1;
	assert_int_equal(unitset_add(&out, &unit), ERR_FORMAT);
	/* A full set refuses a unit, and stays what it was. */
	unit = one("a", "x");
	out.wire.size_max = len + 80;
	assert_int_equal(unitset_add(&out, &unit), ERR_LIMIT);
	assert_int_equal(out.wire.len, len);
	assert_int_equal(out.count, 0);
	unitset_out_release(&out);
}

static void
test_not_sealed(void **state)
{
	auto_close int fd = memfd_create("units", MFD_ALLOW_SEALING);
	auto_close int plain = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct unitset set;

	(void)state;
	assert_int_equal(write(fd, "LOEPUNIT\1\0\0\0\0\0\0\0", 16), 16);
	assert_int_equal(unitset_open(&set, fd), ERR_FORMAT);
	assert_int_equal(
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	assert_int_equal(unitset_open(&set, fd), ERR_FORMAT);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	assert_int_equal(unitset_open(&set, fd), ERR_OK);
	assert_int_equal(set.count, 0);
	unitset_release(&set);
	assert_int_equal(unitset_open(&set, plain), ERR_FORMAT);
}

static bool
take(void *arg, const uint8_t *p, size_t len)
{
	struct unitset set;
	struct unit unit;
	int err;

	(void)arg;
	if (unitset_init(&set, p, len) != ERR_OK)
		return false;
	while ((err = unitset_next(&set, &unit)) == ERR_OK)
		assert_int_equal(strlen(unit.text), unit.text_len);
	return err == ERR_NOT_FOUND;
}

static void
test_mutations(void **state)
{
	struct unit unit = one("name", "rule name { condition: false }");
	struct unitset_out out;
	struct mutate_result result;

	(void)state;
	unitset_out_init(&out);
	assert_int_equal(unitset_add(&out, &unit), ERR_OK);
	out.wire.buf[12] = 1;
	assert_true(take(NULL, out.wire.buf, out.wire.len));
	result = mutate_truncate(out.wire.buf, out.wire.len, take, NULL);
	assert_int_equal(result.tried, out.wire.len);
	assert_int_equal(result.taken, 0);
	result = mutate_extend(out.wire.buf, out.wire.len, take, NULL);
	assert_int_equal(result.taken, 0);
	result = mutate_flip(out.wire.buf, out.wire.len, take, NULL);
	assert_int_equal(result.tried, 8 * out.wire.len);
	unitset_out_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_refused_units),
	    cmocka_unit_test(test_not_sealed),
	    cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
